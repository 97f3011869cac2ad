"""Statistics of latencies: exact quantiles, spreads over rounds, and what the charts are drawn of.

Latencies are seconds here and milliseconds in what leaves this module with `_ms` in its name.
"""

import dataclasses
import math
import statistics
from collections.abc import Sequence

# Up to which share of the requests; 100 is the slowest.
CURVE_PERCENTS = (0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99,
                  99.995, 99.999, 100)
NAMED_PERCENTS = {"p50_ms": 50, "p90_ms": 90, "p99_ms": 99, "p99_9_ms": 99.9, "slowest_ms": 100}


@dataclasses.dataclass(frozen=True)
class Spread:
    """One figure over the rounds of one server."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Median, least and most of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def quantile(ordered: Sequence[float], percent: float) -> float:
    """The least value that `percent` of the ordered values do not exceed (nearest rank).

    No interpolation: the result is a latency that some request had.
    """
    if not ordered:
        return math.nan
    # Rounded first, for 99.9 / 100 * 1000 is a little more than 999.
    rank = math.ceil(round(percent / 100 * len(ordered), 6))
    return ordered[max(rank, 1) - 1]


def latency_figures(ordered: Sequence[float]) -> dict[str, float]:
    """Mean and the quantiles that the tables show, in milliseconds, of ordered seconds."""
    mean = math.fsum(ordered) / len(ordered) if ordered else math.nan
    return {"mean_ms": mean * 1e3,
            **{name: quantile(ordered, percent) * 1e3 for name, percent in NAMED_PERCENTS.items()}}


def curve(ordered: Sequence[float]) -> list[list[float]]:
    """[percent, milliseconds] pairs, as far as there are requests enough to tell them apart."""
    resolved = [p for p in CURVE_PERCENTS
                if p == 100 or round((100 - p) / 100 * len(ordered), 6) >= 1]
    return [[p, quantile(ordered, p) * 1e3] for p in resolved] if ordered else []


def median_curve(curves: Sequence[list[list[float]]]) -> list[list[float]]:
    """The median over the rounds of each point that all of their curves have."""
    by_percent = [dict(map(tuple, points)) for points in curves if points]
    shared = [p for p in CURVE_PERCENTS if by_percent and all(p in points for points in by_percent)]
    return [[p, statistics.median(points[p] for points in by_percent)] for p in shared]


def timeline(samples: Sequence[tuple[float, float]], bins: int = 120) -> list[list[float]]:
    """[second, median ms, slowest ms] of the requests that started in each bin of the run."""
    if not samples:
        return []
    length = max(start for start, _ in samples) or 1e-9
    found: list[list[float]] = [[] for _ in range(bins)]
    for start, latency in samples:
        found[min(int(start / length * bins), bins - 1)].append(latency)
    return [[(i + 0.5) * length / bins, statistics.median(latencies) * 1e3, max(latencies) * 1e3]
            for i, latencies in enumerate(found) if latencies]


def lateness(starts: Sequence[float], clients: int, period: float) -> list[float]:
    """How many seconds after its due time each request started; `starts` is ordered.

    Each of `clients` is to start a request every `period` seconds, at a phase of its own that is
    not known. The requests that start `clients` apart belong to one phase, and the earliest of
    them, less the periods before it, shows the schedule that the others are held to.
    """
    late = [0.0] * len(starts)
    for phase in range(min(clients, len(starts))):
        own = range(phase, len(starts), clients)
        shifts = [starts[k] - turn * period for turn, k in enumerate(own)]
        due = min(shifts)
        for k, shift in zip(own, shifts):
            late[k] = shift - due
    return late
