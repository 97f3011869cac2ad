"""`./dev loadtest`: measures, prints the tables, and writes Markdown, JSON and a page."""

import argparse
import contextlib
import dataclasses
import datetime
import os
import pathlib
import platform
import re
import shlex
import signal
import sys
import tempfile

from example_record import RECORD_BYTES

from loadtest import ROOT, check, machine, page, process, report
from loadtest.baseline_build import Baseline
from loadtest.measure import Measurement, Plan
from loadtest.progress import Progress
from loadtest.servers import Lab, Row, all_rows

TABLES = ("requests", "rates", "bulk", "connections")
QUICK_SECONDS = 170.0
FULL = {"rounds": 3, "other_rounds": 3, "requests": 1_000_000, "warm_up": 20_000,
        "bulk_megabytes": 400.0, "bulk_records": [100, 1000],
        "connection_counts": [10, 100, 1000, 10_000],
        "connection_requests": 200_000, "rates": [1000, 5000, 10_000, 20_000],
        "rate_seconds": 10.0}
QUICK = {"rounds": 2, "other_rounds": 1, "requests": 40_000, "warm_up": 5_000,
         "bulk_megabytes": 40.0, "bulk_records": [100, 1000],
         "connection_counts": [10, 1000], "connection_requests": 20_000,
         "rates": [5000], "rate_seconds": 2.0}

EPILOG = """\
servers (--rows):
  go_heap        Go with the standard heap: fasthttp, encoding/json, live heap objects beside it
  go_arena       the same with fastjson and the module github.com/VoolFI71/go-arena
  logboom_heap   Logboom, `store.durability: memory`, `arena.allocator: heap`, live heap objects
  logboom_arena  the same with `arena.allocator: arena`
  logboom_sync   Logboom as it is by default: everything is synced to disk before it is answered
  nginx, floor   limits: a web server and a bare epoll loop that answer with a constant

tables (--tables):
  requests       single records, closed loop of hey: the table that the project began from
  rates          fixed offered loads of h2load. In a closed loop nothing is sent while a server
                 stalls, so stalls are hidden from it; here they are not.
  bulk           100 and 1000 records a body
  connections    10 to 10 000 connections, closed loop of h2load

Each server is first checked to do its work: what it took is counted, and what Logboom stored is
read back, after every run too. A server that answers 2xx without that gets no figures and makes
the exit code 1. What a row lacks (Go 1.24, a module, nginx, hey, h2load) is named with its
package; the rest runs. ^C ends everything that was started.

The packages are those of the roles build, test and loadtest in dependencies.txt, which `./dev
loadtest` installs. Where systemd runs, Debian's nginx starts a service on port 80 when it is
installed, which the load test does not use: `systemctl disable --now nginx` ends it.
"""


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def names(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev loadtest", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures Logboom beside Go servers, nginx and a bare server on this machine. "
                    "All of it takes about 45 minutes; give it a machine with nothing else to do.")
    add = parser.add_argument
    add("--quick", action="store_true",
        help="fewer requests and rounds: ends within 3 minutes, building excepted")
    add("--rows", type=names, metavar="A,B", help="only these servers; see below")
    add("--tables", type=names, metavar="A,B", default=list(TABLES), help="only these tables")
    add("--peer", action="append", default=[], metavar="NAME=URL",
        help="one more server, which already runs and takes JSON records at URL; may be repeated")
    add("--requests", type=int, metavar="N", help="requests of a run: 1000000, quick 40000")
    add("--connections", type=int, metavar="N", default=100, help="workers of hey: 100")
    add("--rounds", type=int, metavar="N",
        help="of every run: 3; quick 2, and 1 in the tables after the first")
    add("--warm-up", type=int, metavar="N", help="requests before each run: 20000, quick 5000")
    add("--ballast-objects", type=int, metavar="N", default=5_000_000,
        help="live heap objects of 64 bytes beside the requests: 5000000")
    add("--bulk-records", type=numbers, metavar="N,N", help="records a body: 100,1000")
    add("--bulk-megabytes", type=float, metavar="N", help="sent in a bulk run: 400, quick 40")
    add("--connection-counts", type=numbers, metavar="N,N",
        help="10,100,1000,10000, quick 10,1000")
    add("--connection-requests", type=int, metavar="N", help="200000, quick 20000")
    add("--rates", type=numbers, metavar="N,N",
        help="requests/s offered: 1000,5000,10000,20000, quick 5000")
    add("--rate-seconds", type=float, metavar="S", help="of a run at a fixed rate: 10, quick 2")
    add("--counted-requests", type=int, metavar="N", default=4000,
        help="of the pass that counts heap allocations: 4000")
    add("--go-arena", metavar="VERSION|DIR", default="latest",
        help="which version of go-arena, or a folder that has it")
    add("--data", type=pathlib.Path, metavar="DIR", default=ROOT / "build" / "loadtest",
        help="where servers keep their data meanwhile, on the disk to be measured; "
             "build/loadtest")
    add("--results", type=pathlib.Path, metavar="DIR", default=ROOT / "loadtest" / "results",
        help="where the report is written; loadtest/results")
    add("--write-docs", type=pathlib.Path, metavar="REPORT.json",
        help="measure nothing; put this report's figures into docs/benchmarks.md and README.md")
    add("--build-dir", type=pathlib.Path, default=ROOT / "build" / "bench",
        help=argparse.SUPPRESS)
    parsed = parser.parse_args(arguments)
    parsed.other_rounds = parsed.rounds
    refuse_nonsense(parser, parsed)
    return parsed


def refuse_nonsense(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Ends with a usage error that names what is wrong."""
    known = [row.key for row in all_rows({})]
    for given, allowed, what in ((options.rows or [], known, "server"),
                                 (options.tables, TABLES, "table")):
        for name in given:
            if name not in allowed:
                parser.error(f"no such {what}: {name}; there are {', '.join(allowed)}")
    for peer in options.peer:
        if not re.fullmatch(r"[^=]+=http://[^/]+.*", peer):
            parser.error(f"--peer {peer}: expected NAME=http://HOST:PORT/PATH")
    if options.requests is not None and options.requests < options.connections:
        parser.error("--requests must be at least --connections")


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan: what was given, else the full or the quick one."""
    defaults = QUICK if options.quick else FULL
    chosen = {name: value if getattr(options, name) is None else getattr(options, name)
              for name, value in defaults.items()}
    # hey sends a multiple of its workers.
    chosen["requests"] -= chosen["requests"] % options.connections
    return Plan(tables=options.tables, connections=options.connections,
                counted_requests=options.counted_requests, **chosen)


def chosen_rows(options: argparse.Namespace) -> list[Row]:
    rows = all_rows(dict(peer.split("=", 1) for peer in options.peer))
    return [row for row in rows
            if not options.rows or row.key in options.rows or row.kind == "peer"]


def measure(options: argparse.Namespace, directory: pathlib.Path) -> report.Report:
    """Takes all runs; returns what the report is made of."""
    rows, plan = chosen_rows(options), plan_of(options)
    wanted = any(row.key.startswith("go_") for row in rows)
    if wanted:
        print("building the Go programs", file=sys.stderr)
    lab = Lab(options.build_dir.resolve(), directory, os.cpu_count() or 1, options.ballast_objects,
              process.raise_descriptor_limit(),
              Baseline(directory / "baseline", options.go_arena) if wanted else None)
    about = machine.describe(rows, lab)
    for name, value in about.items():
        print(f"{name:18} {value}", file=sys.stderr)
    progress = Progress(QUICK_SECONDS if options.quick else None)
    measurement = Measurement(plan, lab, rows, progress)
    for row in rows:
        if row.missing(lab):
            print(f"without {row.name}: {row.missing(lab)}", file=sys.stderr)
    try:
        measurement.run()
    finally:
        progress.clear()
    return assemble(options, measurement, about)


def assemble(options: argparse.Namespace, measurement: Measurement, about: dict[str, str]
             ) -> report.Report:
    """Everything that was measured, ready for JSON."""
    lab = measurement.lab
    return {"date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": shlex.join(["./dev", "loadtest", *options.given]),
            "machine": about, "hardware_threads": lab.threads,
            "record_bytes": RECORD_BYTES, "ballast_objects": lab.ballast_objects,
            "plan": dataclasses.asdict(measurement.plan),
            "rows": [{"key": row.key, "name": row.name, "kind": row.kind}
                     for row in measurement.rows],
            "problems": measurement.problems, "left_out": measurement.left_out,
            "checked": {key: dataclasses.asdict(found)
                        for key, found in measurement.checked.items()},
            "results": measurement.results}


def write(found: report.Report, directory: pathlib.Path) -> pathlib.Path:
    """Writes the three files; returns their path without an ending."""
    directory.mkdir(parents=True, exist_ok=True)
    stamp = re.sub(r"[^0-9T]", "", found["date"][:19]).replace("T", "-")
    stem = directory / f"{stamp}-{platform.node() or 'localhost'}"
    stem.with_name(stem.name + ".json").write_text(report.to_json(found), encoding="utf-8")
    stem.with_name(stem.name + ".md").write_text(report.markdown(found), encoding="utf-8")
    stem.with_name(stem.name + ".html").write_text(page.html_page(found), encoding="utf-8")
    return stem


def interrupt(_signal: int, _frame: object) -> None:
    """Ends what was started, once: further signals must not disturb that."""
    for number in process.ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments)
    options.given = arguments
    if options.write_docs:
        for path in report.write_docs(report.load(options.write_docs), ROOT):
            print(f"written: {path}")
        return 0
    for number in process.ENDING_SIGNALS:
        signal.signal(number, interrupt)
    options.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=options.data.resolve()) as directory:
        try:
            found = measure(options, pathlib.Path(directory))
        finally:
            process.end_all()
    print(report.terminal(found))
    stem = write(found, options.results)
    print(f"\nwritten: {stem}.md, .json, and .html for a browser")
    failed = any(reason.startswith("failed") for reason in found["problems"].values())
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            print("\ninterrupted; everything that was started has ended", file=sys.stderr)
        sys.exit(130)
