"""Charts as SVG text: bars, latency by percentile, latency over time, ranges.

Colours are left to the page's style sheet: a server's marks carry the class `s-KEY`.
"""

import dataclasses
import html
import math
from collections.abc import Iterable, Sequence

from loadtest import figures
from loadtest.report import number

LABEL_WIDTH = 190.0
LINE = 30.0
PERCENT_TICKS = (0, 50, 90, 99, 99.9, 99.99, 99.999)


@dataclasses.dataclass(frozen=True)
class Bar:
    """A server's bar: its parts from left to right, and the whole's range over the rounds.

    `missing` stands in the place of a bar that cannot be drawn.
    """

    key: str
    name: str
    parts: tuple[float, ...] = ()
    least: float = 0.0
    most: float = 0.0
    missing: str = ""


@dataclasses.dataclass(frozen=True)
class Series:
    """A server's points."""

    key: str
    name: str
    points: Sequence[Sequence[float]]


def svg(width: float, height: float, parts: Iterable[str], title: str) -> str:
    return (f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
            f'aria-label="{html.escape(title)}">{"".join(parts)}</svg>')


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f"{html.escape(words)}</text>")


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def path(points: Iterable[tuple[float, float]], kind: str) -> str:
    steps = " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<path d="M{steps}" class="{kind}"/>'


def bars(rows: Sequence[Bar], unit: str, title: str, width: float) -> str:
    """Horizontal bars from zero, each with its value and a whisker from least to most."""
    most = max((max(row.most, sum(row.parts)) for row in rows), default=0.0) or 1.0
    scale = (width - LABEL_WIDTH - 110) / most
    parts = []
    for i, row in enumerate(rows):
        y = i * LINE + 4
        parts.append(text(LABEL_WIDTH - 10, y + 15, row.name, "label", "end"))
        if row.missing:
            parts.append(text(LABEL_WIDTH, y + 15, row.missing, "muted"))
            continue
        x = LABEL_WIDTH
        for turn, part in enumerate(row.parts):
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(part * scale, 1):.1f}" '
                         f'height="20" rx="2" class="bar s-{row.key} part{turn}"/>')
            x += part * scale
        if row.most > row.least:
            left, right = LABEL_WIDTH + row.least * scale, LABEL_WIDTH + row.most * scale
            parts.append(line(left, y + 10, right, y + 10, "whisker"))
            parts += [line(end, y + 6, end, y + 14, "whisker") for end in (left, right)]
        x = max(x, LABEL_WIDTH + row.most * scale)
        parts.append(text(x + 8, y + 15, f"{number(sum(row.parts))} {unit}", "value"))
    return svg(width, len(rows) * LINE + 4, parts, title)


class LogScale:
    """Milliseconds to a coordinate, by decades; `begin` is the coordinate of the least."""

    def __init__(self, values: Sequence[float], begin: float, end: float):
        positive = [value for value in values if value > 0] or [1.0]
        self.low = math.floor(math.log10(min(positive)) * 2) / 2
        self.high = max(math.ceil(math.log10(max(positive)) * 2) / 2, self.low + 0.5)
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        place = math.log10(max(value, 10**self.low))
        share = (place - self.low) / (self.high - self.low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        decades = range(math.ceil(self.low), math.floor(self.high) + 1)
        if len(decades) > 1:
            return [10.0**decade for decade in decades]
        return [10.0**decade * step for decade in range(math.floor(self.low), len(decades) + 3)
                for step in (1, 2, 5) if self.low <= math.log10(10.0**decade * step) <= self.high]


def percentile_place(percent: float) -> float:
    """Each further nine takes the same room."""
    return -math.log10(1 - percent / 100)


def percentiles(rows: Sequence[Series], requests: int, width: float = 1140.0,
                height: float = 430.0) -> str:
    """Latency by percentile, both logarithmic; the slowest request at the right end."""
    left, right, top, bottom = 60.0, width - 240, 14.0, height - 44
    values = [ms for row in rows for _, ms in row.points]
    y_of = LogScale(values, bottom, top)
    last = max(math.log10(max(requests, 10)), 1.0)

    def x_of(percent: float) -> float:
        place = last if percent == 100 else percentile_place(percent)
        return left + min(place / last, 1.0) * (right - left)

    parts = latency_grid(y_of, left, right)
    for percent in PERCENT_TICKS:
        if percentile_place(percent) < last - 0.3:
            parts += [line(x_of(percent), top, x_of(percent), bottom, "grid"),
                      text(x_of(percent), bottom + 20, f"{percent:g} %", "tick", "middle")]
    parts += [line(right, top, right, bottom, "grid"),
              text(right, bottom + 20, "slowest", "tick", "middle"),
              text((left + right) / 2, height - 4, "share of the requests that were as fast",
                   "muted", "middle")]
    for row in rows:
        points = [(x_of(percent), y_of(ms)) for percent, ms in row.points]
        parts.append(path(points, f"curve s-{row.key}"))
        slowest = f"{row.name}: slowest {number(row.points[-1][1])} ms"
        parts.append(dot(points[-1], row.key, slowest))
    labels = [(y_of(row.points[-1][1]), row) for row in rows]
    for y, row in spread_labels(labels, 17.0, bottom):
        parts.append(text(right + 12, y + 4, f"{row.name}  {number(row.points[-1][1])} ms",
                          f"label s-{row.key}"))
    return svg(width, height, parts, "Latency by percentile")


def latency_grid(y_of: LogScale, left: float, right: float) -> list[str]:
    parts = []
    for tick in y_of.ticks():
        parts += [line(left, y_of(tick), right, y_of(tick), "grid"),
                  text(left - 8, y_of(tick) + 4, f"{tick:g} ms", "tick", "end")]
    return parts


def dot(at: tuple[float, float], key: str, title: str, kind: str = "dot") -> str:
    return (f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="4" class="{kind} s-{key}">'
            f"<title>{html.escape(title)}</title></circle>")


def spread_labels(labels: list[tuple[float, Series]], room: float, bottom: float
                  ) -> list[tuple[float, Series]]:
    """Moves labels apart vertically, upwards from the bottom where they would leave the chart."""
    placed: list[tuple[float, Series]] = []
    for y, row in sorted(labels, key=lambda label: label[0]):
        placed.append((max(y, placed[-1][0] + room) if placed else y, row))
    over = max(placed[-1][0] - bottom, 0.0) if placed else 0.0
    return [(y - over, row) for y, row in placed]


def timelines(rows: Sequence[Series], width: float = 1140.0) -> str:
    """One strip a server: median and slowest latency over the run, on one scale."""
    strip, left, right = 92.0, LABEL_WIDTH, width - 14
    values = [ms for row in rows for point in row.points for ms in point[1:]]
    parts = []
    for i, row in enumerate(rows):
        top = i * strip + 8
        bottom = top + strip - 26
        y_of = LogScale(values, bottom, top)
        length = row.points[-1][0] or 1.0
        parts += [text(0, top + 14, row.name, f"label s-{row.key}"),
                  text(0, top + 32, f"{length:.1f} s", "muted"), *latency_grid(y_of, left, right)]
        across = [(left + at / length * (right - left), median, slowest)
                  for at, median, slowest in row.points]
        upper = [(x, y_of(slowest)) for x, _, slowest in across]
        lower = [(x, y_of(median)) for x, median, _ in across]
        parts += [path([*upper, *reversed(lower)], f"area s-{row.key}"),
                  path(upper, f"thin s-{row.key}"), path(lower, f"curve s-{row.key}")]
        worst = max(range(len(across)), key=lambda k: across[k][2])
        parts.append(slowest_mark(upper[worst], row, worst, (left, right)))
    return svg(width, len(rows) * strip + 6, parts, "Latency over time")


def slowest_mark(at: tuple[float, float], row: Series, index: int, edges: tuple[float, float]
                 ) -> str:
    second, _, slowest = row.points[index]
    words = f"{number(slowest)} ms at {second:.1f} s"
    beyond = at[0] > edges[1] - 150
    return (dot(at, row.key, f"slowest: {words}", "mark")
            + text(at[0] + (-10 if beyond else 10), at[1] + 4, words, "value halo",
                   "end" if beyond else "start"))


def ranges(rows: Sequence[Series], title: str, width: float) -> str:
    """A line for each server from its median latency to its slowest; `points` are
    [percent, ms] pairs, each a dot."""
    left, right = LABEL_WIDTH, width - 74
    x_of = LogScale([ms for row in rows for _, ms in row.points], left, right)
    bottom = len(rows) * LINE + 4
    parts = []
    for tick in x_of.ticks():
        parts += [line(x_of(tick), 0, x_of(tick), bottom, "grid"),
                  text(x_of(tick), bottom + 16, f"{tick:g} ms", "tick", "middle")]
    for i, row in enumerate(rows):
        y = i * LINE + 16
        points = [(x_of(ms), y) for _, ms in row.points]
        parts += [text(left - 10, y + 4, row.name, "label", "end"),
                  path(points, f"curve s-{row.key}")]
        for at, (percent, ms) in zip(points, row.points):
            name = "slowest" if percent == 100 else f"p{percent:g}"
            parts.append(dot(at, row.key, f"{row.name}: {name} {number(ms)} ms",
                             "mark" if percent == 100 else "dot"))
        parts.append(text(points[-1][0] + 9, y + 4, f"{number(row.points[-1][1])} ms", "value"))
    return svg(width, bottom + 22, parts, title)


def named_points(medians: dict[str, float | None]) -> list[list[float]]:
    """[percent, ms] pairs of the quantiles that the tables show."""
    return [[percent, medians[name]] for name, percent in figures.NAMED_PERCENTS.items()
            if medians.get(name) is not None and name != "p90_ms"]
