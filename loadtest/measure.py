"""The runs: which there are, in which order, and what is taken down of each.

Every run starts a server of its own in an empty directory, warms it up, loads it once, and ends it.
The servers of a table take turns in every round (A B C, A B C, ...), so that whatever the machine
does meanwhile hits all alike.
"""

import dataclasses
import pathlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

from loadtest import check, clients, figures
from loadtest.clients import Outcome
from loadtest.process import LoadError, Usage
from loadtest.progress import Progress
from loadtest.servers import Lab, Logboom, Row, Running, running

# The rows of the tables beside the first one: what people choose between.
COMPARED = ("go_heap", "go_arena", "logboom_arena", "logboom_sync")
START_SECONDS = 3.0
REQUESTS_PER_SECOND = 25_000  # a guess for the time left, until runs have been timed
BULK_CONNECTIONS = 16
SPARE_DESCRIPTORS = 200
CLIENT_SECONDS_MIN = 20.0

Figures = dict[str, Any]


class WorkNotDone(LoadError):
    """A server answered 2xx and did not do what that means."""


@dataclasses.dataclass
class Plan:
    """How much of everything is measured; see the help of the options of the same names."""

    tables: list[str]
    rounds: int  # of the first table
    other_rounds: int
    requests: int
    connections: int
    warm_up: int
    counted_requests: int
    bulk_records: list[int]
    bulk_megabytes: float
    connection_counts: list[int]
    connection_requests: int
    rates: list[int]
    rate_seconds: float


@dataclasses.dataclass(frozen=True)
class Step:
    """One run. `setting` is the table's row group: records a body, connections, or a rate."""

    table: str
    setting: int
    row: Row
    round: int
    seconds: float
    run: Callable[[float], Figures]


class Measurement:
    """Takes all runs of a plan; what comes of it is in `results`, ready for JSON."""

    def __init__(self, plan: Plan, lab: Lab, rows: list[Row], progress: Progress):
        self.plan, self.lab, self.progress = plan, lab, progress
        self.rows = rows
        # Why a row has no figures, by its key, and what was left out besides.
        self.problems: dict[str, str] = {}
        self.left_out: list[str] = []
        self.checked: dict[str, check.Checked] = {}
        self.results: dict[str, dict[str, dict[str, list[Figures]]]] = {}

    def run(self) -> None:
        for row in self.rows:
            reason = row.missing(self.lab)
            if reason:
                self.problems[row.key] = reason
        steps = list(self.steps())
        checks = [row for row in self.rows if row.key not in self.problems]
        self.progress.plan(sum(step.seconds for step in steps) + START_SECONDS * len(checks))
        for row in checks:
            self.check(row)
        for step in steps:
            if step.row.key not in self.problems:
                self.take(step)

    def check(self, row: Row) -> None:
        with self.progress.step(f"{row.name}: does it do the work?", START_SECONDS):
            try:
                self.checked[row.key] = check.check(row, self.lab, self.plan.counted_requests)
            except LoadError as error:
                self.problems[row.key] = f"failed the check: {error}"

    def take(self, step: Step) -> None:
        label = f"{step.row.name}: {label_of(step.table, step.setting)}, round {step.round + 1}"
        if not self.progress.has_time_for(step.seconds):
            self.left_out.append(f"{label} (no time left)")
            self.progress.drop(step.seconds)
            return
        with self.progress.step(label, step.seconds):
            timeout = max(self.progress.seconds_left(), CLIENT_SECONDS_MIN)
            try:
                found = step.run(min(timeout, CLIENT_SECONDS_MIN + 20 * step.seconds))
            except WorkNotDone as error:
                self.disqualify(step.row, str(error))
                return
            except LoadError as error:
                self.left_out.append(f"{label} ({error})")
                return
        group = self.results.setdefault(step.table, {}).setdefault(str(step.setting), {})
        group.setdefault(step.row.key, []).append(found)

    def disqualify(self, row: Row, reason: str) -> None:
        """Figures of a server that does not do the work are worth nothing."""
        self.problems[row.key] = f"failed the check: {reason}"
        for table in self.results.values():
            for group in table.values():
                group.pop(row.key, None)

    def steps(self) -> Iterator[Step]:
        """All runs in their order."""
        makers = {"requests": self.requests_steps, "bulk": self.bulk_steps,
                  "connections": self.connections_steps, "rates": self.rates_steps}
        for table in self.plan.tables:
            yield from makers[table]()

    def requests_steps(self) -> Iterator[Step]:
        if not self.tool("hey", "hey", "the tables of single records and of bulk loads"):
            return
        load = Load(self.body(1), 1, self.plan.requests, self.plan.connections, self.plan.warm_up)
        yield from self.rounds("requests", 1, self.rows, load.requests, load.with_hey)

    def bulk_steps(self) -> Iterator[Step]:
        if not shutil.which("hey"):
            return
        for records in self.plan.bulk_records:
            body = self.body(records)
            bodies = self.plan.bulk_megabytes * 1e6 / body.stat().st_size
            requests = max(round(bodies / BULK_CONNECTIONS), 1) * BULK_CONNECTIONS
            load = Load(body, records, requests, BULK_CONNECTIONS, BULK_CONNECTIONS)
            yield from self.rounds("bulk", records, self.compared(), requests * records / 10,
                                   load.with_hey)

    def connections_steps(self) -> Iterator[Step]:
        if not self.tool("h2load", "nghttp2-client", "the tables of connections and of rates"):
            return
        for count in self.plan.connection_counts:
            if count + SPARE_DESCRIPTORS > self.lab.files_max:
                self.left_out.append(f"{count} connections: a process may open "
                                     f"{self.lab.files_max} files here (ulimit -n)")
                continue
            requests = max(round(self.plan.connection_requests / count), 2) * count
            load = Load(self.body(1), 1, requests, count, min(requests, count * 2))
            yield from self.rounds("connections", count, self.compared("nginx"), requests,
                                   load.with_h2load)

    def rates_steps(self) -> Iterator[Step]:
        if not shutil.which("h2load"):
            return
        for rate in self.plan.rates:
            load = Load(self.body(1), 1, rate, self.plan.connections, self.plan.warm_up,
                        self.plan.rate_seconds)
            expected = (self.plan.rate_seconds + 1) * REQUESTS_PER_SECOND
            yield from self.rounds("rates", rate, self.compared(), expected, load.paced)

    def rounds(self, table: str, setting: int, rows: list[Row], requests: float,
               run: Callable[[Row, Lab, float], Figures]) -> Iterator[Step]:
        seconds = START_SECONDS + requests / REQUESTS_PER_SECOND
        turns = self.plan.rounds if table == "requests" else self.plan.other_rounds
        for turn in range(turns):
            for row in rows:
                if row.key not in self.problems:
                    yield Step(table, setting, row, turn, seconds,
                               lambda timeout, row=row: run(row, self.lab, timeout))

    def compared(self, *others: str) -> list[Row]:
        return [row for row in self.rows if row.kind == "peer" or row.key in COMPARED + others]

    def tool(self, program: str, package: str, use: str) -> bool:
        """Whether a client is installed; what is left out without it is noted."""
        found = shutil.which(program) is not None
        if not found:
            self.left_out.append(f"{use}: {program} is not installed (package {package})")
        return found

    def body(self, records: int) -> pathlib.Path:
        """A file with a body of so many records."""
        path = self.lab.directory / f"body-{records}"
        if not path.exists():
            path.write_bytes(check.bulk(records))
        return path


@dataclasses.dataclass
class Load:
    """What is sent to each server of a group."""

    body: pathlib.Path
    records: int
    requests: int  # of a paced load: a second
    connections: int
    warm_up: int
    seconds: float = 0.0

    def with_hey(self, row: Row, lab: Lab, timeout: float) -> Figures:
        """A closed loop of hey."""
        output = lab.directory / "hey.csv"
        return self.measure(row, lab, clients.hey, lambda url: clients.hey(
            url, self.body, self.requests, self.connections, output, timeout))

    def with_h2load(self, row: Row, lab: Lab, timeout: float) -> Figures:
        """A closed loop of h2load."""
        log = lab.directory / "h2load.log"
        return self.measure(row, lab, clients.h2load_closed, lambda url: clients.h2load_closed(
            url, self.body, self.requests, self.connections, log, timeout))

    def paced(self, row: Row, lab: Lab, timeout: float) -> Figures:
        """A fixed offered load."""
        log = lab.directory / "h2load.log"
        found = self.measure(row, lab, clients.h2load_closed, lambda url: clients.h2load_paced(
            url, self.body, self.requests, self.seconds, log, timeout))
        return {**found, "offered_rps": self.requests}

    def measure(self, row: Row, lab: Lab, warm: Callable[..., Outcome],
                run: Callable[[str], Outcome]) -> Figures:
        """Warms the server up with a closed loop, runs, and holds it to what it answered 2xx."""
        with running(row, lab) as server:
            warm_requests = max(self.warm_up // self.connections, 1) * self.connections
            warmed = warm(server.url, self.body, warm_requests, self.connections,
                          lab.directory / "warm-up", CLIENT_SECONDS_MIN + warm_requests / 500)
            before, counted = server.usage(), server.counters()
            outcome = run(server.url)
            server.hold_to_life()
            after, counted_after = server.usage(), server.counters()
            server.stop()
            stored = stored_by(row, lab, server)
        hold_to_account([warmed, outcome], self.records, counted_after, stored)
        return {**self.client_figures(outcome), **server_figures(server, outcome, before, after),
                **self.bulk_figures(outcome, before, after),
                **collector_figures(counted, counted_after), **stored}

    def client_figures(self, outcome: Outcome) -> Figures:
        ordered = outcome.ordered()
        late = sum(waited > 1e-3 for waited in outcome.late)
        return {"rps": len(ordered) / outcome.seconds, "seconds": outcome.seconds,
                "requests": outcome.requested, "errors": outcome.errors,
                **figures.latency_figures(ordered), "curve": figures.curve(ordered),
                "timeline": figures.timeline(outcome.samples),
                **({"late_percent": late / len(outcome.late) * 100} if outcome.late else {})}

    def bulk_figures(self, outcome: Outcome, before: Usage, after: Usage) -> Figures:
        megabytes = self.body.stat().st_size / 1e6
        cpu = after.user + after.system - before.user - before.system
        return {"records_s": len(outcome.samples) * self.records / outcome.seconds,
                "mb_s": len(outcome.samples) * megabytes / outcome.seconds,
                "mb_cpu_s": outcome.answered * megabytes / cpu if cpu > 0 else None}


def server_figures(server: Running, outcome: Outcome, before: Usage, after: Usage) -> Figures:
    if server.pid is None:
        return {}
    requests = max(outcome.answered, 1)
    return {"user_us": (after.user - before.user) / requests * 1e6,
            "system_us": (after.system - before.system) / requests * 1e6,
            "minor_faults": after.minor_faults - before.minor_faults,
            "major_faults": after.major_faults - before.major_faults,
            "resident_mb": server.resident_at_start / 1e6,
            "peak_resident_mb": after.peak_resident / 1e6}


def collector_figures(before: Figures, after: Figures) -> Figures:
    """What the garbage collector did meanwhile; nothing if there is none."""
    if "gc_cycles" not in after:
        return {}
    return {"gc_pause_ms": after["gc_pause_ms"] - before["gc_pause_ms"],
            "gc_cycles": after["gc_cycles"] - before["gc_cycles"],
            "gc_cpu_ms": (after["gc_cpu_seconds"] - before["gc_cpu_seconds"]) * 1e3}


def stored_by(row: Row, lab: Lab, server: Running) -> Figures:
    """What can be read back of a server that has ended."""
    if not isinstance(row, Logboom):
        return {}
    records = read = 0
    with row.reading_back(lab, server.directory) as lines:
        for line in lines:
            records += 1
            read += len(line)
    return {"stored_records": records, "stored_mb": read / 1e6}


def hold_to_account(outcomes: list[Outcome], records: int, counters: Figures, stored: Figures
                    ) -> None:
    """WorkNotDone if fewer records were taken than were answered 2xx, or more than were sent."""
    least = records * sum(run.answered for run in outcomes)
    most = records * sum(run.requested + run.ramps_sent for run in outcomes)
    for taken, verb in ((counters.get("records"), "parsed"),
                        (stored.get("stored_records"), "can be read back")):
        if taken is not None and not least <= taken <= most:
            raise WorkNotDone(f"of {least} records answered 2xx, {taken} {verb}")


def label_of(table: str, setting: int) -> str:
    """A group of runs in words."""
    return {"requests": "single records", "bulk": f"{setting} records a body",
            "connections": f"{setting} connections",
            "rates": f"{setting} requests/s offered"}[table]
