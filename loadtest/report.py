"""The tables: from what was measured to cells, and these as Markdown or for a terminal."""

import dataclasses
import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

from loadtest import figures

Report = dict[str, Any]
Rounds = list[dict[str, Any]]
# What the project began from: hey, 1 000 000 requests, 100 workers, 5 000 000 live objects, on 12
# hardware threads under Windows with Go 1.24, as published by github.com/VoolFI71/go-arena.
SEED = {"rps": (53251, 104454), "slowest_ms": (378, 72), "p99_ms": (5.6, 2.5)}
SEED_TITLE = "The table that this began from"
SEED_COLLECTOR = ("high", "near 0")
SEED_COLUMNS = ("go_heap", "go_arena", "logboom_heap", "logboom_arena", "logboom_sync")
# What is compared for the sentences about who is ahead: figure, its name, whether more is better.
CONTESTS = (("rps", "RPS", True), ("p50_ms", "p50", False), ("p99_ms", "p99", False),
            ("slowest_ms", "slowest", False), ("cpu_us", "CPU per request", False))
UNITS = {"rps": "/s", "p50_ms": " ms", "p99_ms": " ms", "slowest_ms": " ms", "cpu_us": " us"}


@dataclasses.dataclass
class Table:
    """Cells as text; the first column names the row."""

    title: str
    intro: str
    head: list[str]
    rows: list[list[str]]


def number(value: float) -> str:
    """Three digits or more, thousands apart; what was counted as a whole stays whole."""
    if value is None or math.isnan(value):
        return "–"
    if abs(value) >= 99.95 or isinstance(value, int) or value == 0:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def values_of(rounds: Rounds, name: str) -> list[float]:
    """One figure of each round that has it; `cpu_us` is the sum of its two."""
    if name == "cpu_us":
        return [r["user_us"] + r["system_us"] for r in rounds if "user_us" in r]
    return [r[name] for r in rounds if r.get(name) is not None and not math.isnan(r[name])]


def cell(rounds: Rounds, name: str) -> str:
    """Median [least, most]; the median alone where all are equal."""
    values = values_of(rounds, name)
    if not values:
        return "–"
    found = figures.spread(values)
    middle = found.median
    if all(isinstance(value, int) for value in values):
        middle = int(middle) if middle == int(middle) else middle
    least, most = number(found.least), number(found.most)
    return number(middle) if least == most else f"{number(middle)} [{least}, {most}]"


def median(rounds: Rounds, name: str) -> float | None:
    values = values_of(rounds, name)
    return figures.spread(values).median if values else None


def collector(rounds: Rounds) -> str:
    """Pauses, cycles and CPU of the garbage collector."""
    if not values_of(rounds, "gc_cycles"):
        return "none"
    return (f"{cell(rounds, 'gc_pause_ms')} ms in {cell(rounds, 'gc_cycles')} cycles, "
            f"{cell(rounds, 'gc_cpu_ms')} ms of CPU")


def group_of(report: Report, table: str, setting: str | None = None) -> dict[str, Rounds]:
    """Row key to rounds, of a table's group; of the only one if none is named."""
    groups = report["results"].get(table, {})
    if setting is None:
        return next(iter(groups.values()), {})
    return groups.get(setting, {})


def rows_of(report: Report, group: dict[str, Rounds], cells: Callable[[str, Rounds], list[str]]
            ) -> list[list[str]]:
    """A line for each server that has figures, in the order of the report's rows."""
    return [[row["name"], *cells(row["key"], group[row["key"]])]
            for row in report["rows"] if group.get(row["key"])]


def tables(report: Report) -> list[Table]:
    """Every table that has something in it, the first one first."""
    made = [seed_table(report), speed_table(report), cost_table(report), *rate_tables(report),
            *bulk_tables(report), *connection_tables(report)]
    return [table for table in made if table.rows]


def seed_table(report: Report) -> Table:
    """The table that the project began from, and the same rows here."""
    group = group_of(report, "requests")
    names = {row["key"]: row["name"] for row in report["rows"]}
    lines = [["RPS", *map(number, SEED["rps"])], ["slowest, ms", *map(number, SEED["slowest_ms"])],
             ["p99, ms", *map(number, SEED["p99_ms"])],
             ["garbage collector, CPU ms", *SEED_COLLECTOR],
             ["stored before the reply", "no", "no"]]
    columns = [key for key in SEED_COLUMNS if key in names]
    for key in columns:
        rounds = group.get(key, [])
        shown = [cell(rounds, name) for name in ("rps", "slowest_ms", "p99_ms")]
        collected = cell(rounds, "gc_cpu_ms") if values_of(rounds, "gc_cycles") else "none"
        shown += [collected if rounds else "–",
                  {"logboom_sync": "yes"}.get(key, "no") if rounds else "–"]
        for line, text in zip(lines, shown):
            line.append(text)
    head = ["", "published: heap", "published: Go Arena", *(names[key] for key in columns)]
    plan = report["plan"]
    return Table(SEED_TITLE,
                 f"Published: 1 000 000 requests, 100 workers of `hey`, 5 000 000 live objects; 12 "
                 f"hardware threads, Windows, Go 1.24. The other columns were measured here: "
                 f"{number(plan['requests'])} requests, {plan['connections']} workers, "
                 f"{number(report['ballast_objects'])} live objects, {report['hardware_threads']} "
                 f"hardware threads, which the server shares with `hey`.",
                 head, lines if group else [])


def speed_table(report: Report) -> Table:
    def cells(_: str, rounds: Rounds) -> list[str]:
        names = ("rps", "mean_ms", "p50_ms", "p90_ms", "p99_ms", "p99_9_ms", "slowest_ms", "errors")
        return [cell(rounds, name) for name in names]

    plan = report["plan"]
    return Table("Single records: speed",
                 f"`hey -n {plan['requests']} -c {plan['connections']}`, one record of "
                 f"{report['record_bytes']} bytes a request, keep-alive. Latencies in ms, to 0.1 ms"
                 f", exact quantiles of all requests. hey is a closed loop: a worker waits for its "
                 f"reply, so while a server stalls nothing is sent and little is counted; the "
                 f"tables at fixed rates show stalls in full.",
                 ["server", "RPS", "mean", "p50", "p90", "p99", "p99.9", "slowest", "errors"],
                 rows_of(report, group_of(report, "requests"), cells))


def cost_table(report: Report) -> Table:
    def cells(key: str, rounds: Rounds) -> list[str]:
        checked = report["checked"].get(key, {})
        faults = [r["minor_faults"] + r["major_faults"] for r in rounds if "minor_faults" in r]
        stored = cell(rounds, "stored_mb")
        return [cell(rounds, "user_us"), cell(rounds, "system_us"), counted(checked, "allocations"),
                counted(checked, "allocated_bytes"),
                cell([{"faults": f} for f in faults], "faults"),
                "?" if key.startswith("peer_") else collector(rounds),
                cell(rounds, "peak_resident_mb"), cell(rounds, "resident_mb"),
                "?" if key.startswith("peer_") else "0" if stored == "–" else stored]

    plan, objects = report["plan"], number(report["ballast_objects"])
    return Table("Single records: cost",
                 f"CPU of the server's processes per request in us. Heap allocations and their "
                 f"bytes per request were counted in a pass of their own, over "
                 f"{number(plan['counted_requests'])} requests on connections in use already, in "
                 f"windows of which the median is taken, so that closing a full segment of the "
                 f"store is not counted among few. Page faults and garbage collection: of the "
                 f"whole run. Memory at its peak and before the first request; servers that parse "
                 f"hold {objects} live objects. Stored: what `logboom cat` reads back after the "
                 f"run, warm-up included, each record of it counted.",
                 ["server", "user us", "system us", "allocations", "bytes", "page faults",
                  "GC pauses", "peak MB", "at start MB", "stored MB"],
                 rows_of(report, group_of(report, "requests"), cells))


def counted(checked: dict[str, float | None], name: str) -> str:
    value = checked.get(name)
    return "–" if value is None else number(value)


def bulk_tables(report: Report) -> list[Table]:
    def cells(_: str, rounds: Rounds) -> list[str]:
        return [cell(rounds, name) for name in ("mb_s", "records_s", "mb_cpu_s", "p50_ms", "p99_ms",
                                                "slowest_ms", "errors")]

    return [Table(f"Bulk: {setting} records a body",
                  f"One record a line, {setting} lines a body, 16 workers of `hey`, "
                  f"{number(report['plan']['bulk_megabytes'])} MB a run. Latencies are of bodies.",
                  ["server", "MB/s", "records/s", "MB per CPU second", "p50", "p99", "slowest",
                   "errors"], rows_of(report, group, cells))
            for setting, group in report["results"].get("bulk", {}).items()]


def connection_tables(report: Report) -> list[Table]:
    def cells(_: str, rounds: Rounds) -> list[str]:
        return [cell(rounds, name) for name in ("rps", "cpu_us", "p50_ms", "p99_ms", "slowest_ms",
                                                "errors", "peak_resident_mb")]

    return [Table(f"{number(int(setting))} connections",
                  "`h2load --h1`, a closed loop, for hey keeps 500 connections at most.",
                  ["server", "RPS", "CPU us", "p50", "p99", "slowest", "errors", "peak MB"],
                  rows_of(report, group, cells))
            for setting, group in report["results"].get("connections", {}).items()]


def rate_tables(report: Report) -> list[Table]:
    def cells(_: str, rounds: Rounds) -> list[str]:
        return [cell(rounds, name) for name in ("rps", "p50_ms", "p99_ms", "p99_9_ms", "slowest_ms",
                                                "late_percent", "cpu_us", "errors")]

    return [Table(f"{number(int(setting))} requests/s offered",
                  "`h2load --h1 --rps`: requests are due at fixed times whether the server answers "
                  "or not, and latency counts from when a request was due, from h2load's request "
                  "log. So a stall counts for all requests that were due in it. Late: the share "
                  "sent more than 1 ms after it was due, for their connection still waited.",
                  ["server", "answered/s", "p50", "p99", "p99.9", "slowest", "late %", "CPU us",
                   "errors"], rows_of(report, group, cells))
            for setting, group in report["results"].get("rates", {}).items()]


def verdict(report: Report) -> list[str]:
    """Sentences: where Logboom is ahead of each other server, and where it is not."""
    group = group_of(report, "requests")
    names = {row["key"]: row["name"] for row in report["rows"]}
    others = [row["key"] for row in report["rows"] if group.get(row["key"])
              and (row["key"].startswith("go_") or row["kind"] == "peer")]
    sentences = []
    for ours in ("logboom_arena", "logboom_sync"):
        for other in others:
            ahead, behind = contest(group.get(ours, []), group[other])
            if ahead:
                sentences.append(f"{names[ours]} is ahead of {names[other]}: {'; '.join(ahead)}.")
            if behind:
                sentences.append(f"{names[ours]} is **not** ahead of {names[other]}: "
                                 f"{'; '.join(behind)}.")
    return sentences


def contest(ours: Rounds, others: Rounds) -> tuple[list[str], list[str]]:
    """What is better in the medians, and what is not, with the figures."""
    ahead, behind = [], []
    for name, title, more in CONTESTS:
        mine, theirs = values_of(ours, name), values_of(others, name)
        if not mine or not theirs:
            continue
        a, b = figures.spread(mine), figures.spread(theirs)
        text = f"{title} {number(a.median)} against {number(b.median)}{UNITS[name]}"
        if overlap(a, b):
            text += " (ranges overlap)"
        better = a.median > b.median if more else a.median < b.median
        (ahead if better else behind).append(text)
    return ahead, behind


def overlap(a: figures.Spread, b: figures.Spread) -> bool:
    """Whether the order of the two medians may be chance."""
    return a.least <= b.most and b.least <= a.most


def remarks(report: Report) -> list[str]:
    """Rows that are missing or failed, and runs that were left out."""
    names = {row["key"]: row["name"] for row in report["rows"]}
    idle = [names[key] for key, rounds in group_of(report, "requests").items()
            if values_of(rounds, "gc_cycles") and not any(values_of(rounds, "gc_cycles"))]
    return [*(f"{names[key]}: {reason}." for key, reason in report["problems"].items()),
            *([f"{', '.join(idle)}: the garbage collector never ran, for it waits until about as "
               "much has been allocated as is live; more requests show it."] if idle else []),
            *(f"Left out: {what}." for what in report["left_out"])]


def markdown(report: Report) -> str:
    """The whole report as a page."""
    parts = [f"# Load test of {report['date']}", "\n".join(
        f"* {name}: {value}" for name, value in head_of(report).items())]
    parts += ["\n".join(f"* {line}" for line in lines)
              for lines in (verdict(report), remarks(report)) if lines]
    parts += [f"## {table.title}\n\n{table.intro}\n\n{markdown_table(table)}"
              for table in tables(report)]
    return "\n\n".join(parts) + "\n"


def head_of(report: Report) -> dict[str, str]:
    rounds, others = report["plan"]["rounds"], report["plan"]["other_rounds"]
    further = f", {others} in the further tables," if others != rounds else ","
    return {"command": f"`{report['command']}`", **report["machine"],
            "figures": f"medians [least, most] over {rounds} round{'s' if rounds > 1 else ''}"
                       f"{further} in each of which the servers take turns, every run with a "
                       "freshly started and warmed-up server; each server was checked to do its "
                       "work first"}


def markdown_table(table: Table) -> str:
    lines = [table.head, ["---", *["---:"] * (len(table.head) - 1)], *table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def terminal(report: Report) -> str:
    """The same for people in front of a terminal."""
    parts = [f"{name:18} {value}" for name, value in head_of(report).items()]
    for table in tables(report):
        parts += ["", table.title, terminal_table(table)]
    sentences = [line.replace("**", "") for line in (*verdict(report), *remarks(report))]
    return "\n".join([*parts, "", *sentences])


def terminal_table(table: Table) -> str:
    lines = [table.head, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.head))]
    return "\n".join("  ".join(text.ljust(widths[0]) if i == 0 else text.rjust(widths[i])
                               for i, text in enumerate(line)).rstrip() for line in lines)


def write_docs(report: Report, root: pathlib.Path) -> list[pathlib.Path]:
    """Puts the figures between the marks of docs/benchmarks.md and README.md."""
    page = markdown(report).split("\n", 1)[1].strip().replace("\n## ", "\n### ")
    seed = seed_table(report)
    short = [f"`{report['command']}` on {report['machine']['machine']}, "
             f"{report['machine']['commit']}:", markdown_table(seed),
             "\n".join(f"* {line}" for line in (*verdict(report), *remarks(report)))]
    written = []
    for name, text in (("docs/benchmarks.md", page), ("README.md", "\n\n".join(short))):
        path = root / name
        path.write_text(between_marks(path.read_text(), text))
        written.append(path)
    return written


def between_marks(page: str, text: str) -> str:
    """The page with `text` in the place of what the load test wrote before."""
    begin, end = "<!-- loadtest: begin -->", "<!-- loadtest: end -->"
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"the page has no {begin} … {end}")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def to_json(report: Report) -> str:
    """The report with null for what is not a number."""
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        if isinstance(value, list):
            return [plain(part) for part in value]
        if isinstance(value, float):
            return round(value, 6) if math.isfinite(value) else None
        return value

    return json.dumps(plain(report), ensure_ascii=False, allow_nan=False) + "\n"


def load(path: pathlib.Path) -> Report:
    return json.loads(path.read_text(encoding="utf-8"))
