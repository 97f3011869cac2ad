"""The load generators: hey, a closed loop, and h2load at a fixed rate; what they report, parsed."""

import bisect
import dataclasses
import pathlib
from collections.abc import Iterable

from loadtest import figures
from loadtest.process import run_to_end

# h2load's connections are made one after the other, so that they do not send in step.
RAMP_SECONDS = 1.0


@dataclasses.dataclass
class Outcome:
    """What the clients saw of one run: (start, latency) in seconds of each request answered 2xx."""

    requested: int
    samples: list[tuple[float, float]]
    seconds: float
    late: list[float] = dataclasses.field(default_factory=list)
    # Of a paced run: what was sent and answered 2xx in its ramps.
    ramps_sent: int = 0
    ramps_answered: int = 0

    @property
    def errors(self) -> int:
        """Requests without a 2xx: another status, a broken connection, or no reply in time."""
        return self.requested - len(self.samples)

    @property
    def answered(self) -> int:
        """All requests of the run that were answered 2xx, those of the ramps too."""
        return len(self.samples) + self.ramps_answered

    def ordered(self) -> list[float]:
        """The latencies from the fastest to the slowest."""
        return sorted(latency for _, latency in self.samples)


def parse_hey(lines: Iterable[str], requested: int) -> Outcome:
    """Reads `hey -o csv`, in which requests without any reply have no line."""
    samples = []
    first, last = float("inf"), 0.0
    for line in lines:
        cells = line.rstrip().split(",")
        if len(cells) != 8 or cells[0] == "response-time":
            continue
        start, latency = float(cells[7]), float(cells[0])
        first, last = min(first, start), max(last, start + latency)
        if cells[6].startswith("2"):
            samples.append((start, latency))
    return Outcome(requested, samples, max(last - first, 1e-9))


def hey(url: str, body: pathlib.Path, requests: int, connections: int,
        output: pathlib.Path, timeout: float) -> Outcome:
    """Sends `requests` (a multiple of `connections`) over keep-alive connections, each of which
    sends its next when the last is answered."""
    command = ["hey", "-n", str(requests), "-c", str(connections), "-m", "POST", "-D", str(body),
               "-T", "application/json", "-o", "csv", url]
    with output.open("w", encoding="ascii") as file:
        run_to_end(command, file, timeout)
    with output.open(encoding="ascii") as file:
        outcome = parse_hey(file, requests)
    output.unlink()
    return outcome


def parse_h2load(lines: Iterable[str], requested: int) -> Outcome:
    """Reads h2load's log of the requests."""
    rows = log_rows(lines)
    if not rows:
        return Outcome(requested, [], 1e-9)
    first = rows[0][0]
    samples = [(start - first, taken) for start, status, taken in rows if 200 <= status < 300]
    return Outcome(requested, samples, max(end_of(rows) - first, 1e-9))


def parse_paced(lines: Iterable[str], requested: int, clients: int, period: float,
                ramp: float) -> Outcome:
    """Reads h2load's log of a run at a fixed rate, without the ramps at both ends.

    A latency counts from when the request was due: h2load sends a request late if its connection
    still waits for the reply before, and does not count that itself.
    """
    rows = log_rows(lines)
    begin = rows[0][0] + ramp if rows else 0.0
    first = bisect.bisect_left(rows, (begin,))
    turns = int((requested / clients * period - ramp) / period)
    steady = rows[first:first + turns * clients]
    if not steady:
        return Outcome(requested, [], 1e-9)
    late = figures.lateness([row[0] for row in steady], clients, period)
    samples = [(start - waited - begin, taken + waited)
               for (start, status, taken), waited in zip(steady, late) if 200 <= status < 300]
    lost = requested - len(rows)
    seconds = max(end_of(steady) - steady[0][0], len(steady) / clients * period)
    answered = sum(200 <= status < 300 for _, status, _ in rows)
    return Outcome(len(steady) + lost, samples, seconds, late,
                   requested - lost - len(steady), answered - len(samples))


def log_rows(lines: Iterable[str]) -> list[tuple[float, int, float]]:
    """(start in seconds, status, seconds taken) of each request, in the order of their starts."""
    return sorted((int(start) / 1e6, int(status), int(taken) / 1e6)
                  for start, status, taken in (line.split("\t")[:3] for line in lines))


def end_of(rows: list[tuple[float, int, float]]) -> float:
    """When the last reply came."""
    return max(start + taken for start, _, taken in rows)


def h2load_closed(url: str, body: pathlib.Path, requests: int, connections: int,
                  log: pathlib.Path, timeout: float) -> Outcome:
    """Like hey(), for very many connections, of which hey keeps 500 only."""
    run_h2load(url, body, ["-n", str(requests), "-c", str(connections)], log, timeout)
    with log.open(encoding="ascii") as file:
        return parse_h2load(file, requests)


def h2load_paced(url: str, body: pathlib.Path, rate: float, seconds: float, log: pathlib.Path,
                 timeout: float) -> Outcome:
    """Offers `rate` requests a second for `seconds`, after a ramp of RAMP_SECONDS."""
    # At most 50 a second for each connection, lest h2load's timer send several at once.
    clients = max(min(100, int(rate)), round(rate / 50))
    period = clients / rate
    requests = clients * max(round((seconds + RAMP_SECONDS) / period), 2)
    step_ms = max(round(RAMP_SECONDS / clients * 1e3), 1)
    batch = max(round(clients * step_ms / 1e3 / RAMP_SECONDS), 1)
    options = ["-n", str(requests), "-c", str(clients), f"--rps={1 / period:.6f}",
               "-r", str(batch), f"--rate-period={step_ms}ms"]
    run_h2load(url, body, options, log, timeout)
    with log.open(encoding="ascii") as file:
        return parse_paced(file, requests, clients, period, RAMP_SECONDS)


def run_h2load(url: str, body: pathlib.Path, options: list[str], log: pathlib.Path,
               timeout: float) -> None:
    # h2load appends to its log.
    log.unlink(missing_ok=True)
    run_to_end(["h2load", "--h1", "-t", "1", *options, "-d", str(body), "-H",
                "content-type: application/json", f"--log-file={log}", url], None, timeout)
