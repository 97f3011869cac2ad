#!/usr/bin/python3
"""Measures the arena against other allocators and pools; prints one Markdown table.

Usage: bench/arena.py PROGRAM [--repetitions 9] [--seconds 0.05] [--go-arena DIRECTORY]

PROGRAM is logboom_arena_bench of an optimised build. Cells are nanoseconds for one item, median
[least, most] over the repetitions, in each of which all columns take turns, so that whatever the
machine does meanwhile hits them alike. The Go library is measured where a Go toolchain and its
module can be had, from DIRECTORY if given; what is left out is named below the table.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

GO_MODULE = "github.com/VoolFI71/go-arena"
ROWS = {
    "object": "object of 56 bytes, {} a round",
    "string": "copy of 28 bytes, {} a round",
    "slice": "slice of {} objects, untouched",
    "record": "record of 16 allocations, {} a round",
    "large": "block of {} bytes taken and given back",
    "reset": "reset after {} objects",
    "lease": "lease and return, {} threads",
}
COLUMNS = {
    "malloc": "malloc and free",
    "mimalloc": "mimalloc",
    "monotonic": "monotonic_ buffer_resource",
    "pmr": "the same, virtual calls",
    "heap_mode": "arena, heap mode",
    "go": "go-arena",
    "mutex": "pool with mutex",
    "lockfree": "boost:: lockfree:: stack",
    "arena": "**arena**",
}


def our_figures(arguments, figures):
    """Runs PROGRAM and adds the nanoseconds of each repetition to figures[row, count, column]."""
    names = subprocess.run([arguments.program, "--benchmark_list_tests"], capture_output=True,
                           text=True, check=True).stdout.split()
    series = list(dict.fromkeys("/".join(name.split("/")[:2]) for name in names))
    for _ in range(arguments.repetitions):
        for name in series:
            for result in run_series(arguments, name):
                row, column, *rest = result["run_name"].split("/")
                threads = re.search(r"threads:(\d+)", rest[-1])
                count = int(threads[1] if threads else rest[0])
                figures[row, count, column].append(1e9 / result["items_per_second"])


def run_series(arguments, name):
    """One row of one column in a process of its own, so that each finds the heap untouched."""
    run = subprocess.run([arguments.program, f"--benchmark_filter=^{name}/",
                          f"--benchmark_min_time={arguments.seconds}", "--benchmark_format=json"],
                         capture_output=True, check=True)
    return json.loads(run.stdout)["benchmarks"]


def go_figures(arguments, figures):
    """The same for the Go library. Returns why there are none, or nothing."""
    go = shutil.which("go")
    if go is None:
        return "there is no Go toolchain"
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory) / "bench"
        shutil.copytree(pathlib.Path(__file__).parent / "go_arena", folder)
        if arguments.go_arena:
            run_go(go, folder, "mod", "edit", f"-require={GO_MODULE}@v0.0.0",
                   f"-replace={GO_MODULE}={arguments.go_arena.resolve()}")
        else:
            got = run_go(go, folder, "get", f"{GO_MODULE}@latest")
            if got.returncode != 0:
                reason = got.stderr.strip().splitlines()[-1].strip(" \t.")
                return f"`go get {GO_MODULE}` fails: {reason}"
        for options in go_runs(arguments):
            ran = run_go(go, folder, "test", f"-count={arguments.repetitions}", *options)
            if ran.returncode != 0:
                return f"`go test` fails: {(ran.stdout + ran.stderr).strip().splitlines()[-1]}"
            add_go_figures(ran.stdout, figures)
    return None


def go_runs(arguments):
    """The options of each `go test`: rounds, resets of a fixed number, and leases by threads."""
    time = f"-benchtime={arguments.seconds}s"
    return [["-bench=Object|String|Slice|Record", "-cpu=1", time],
            ["-bench=Reset", "-cpu=1", "-benchtime=20x"],
            ["-bench=Lease", "-cpu=1,2,4,8,16", time]]


def run_go(go, folder, *options):
    return subprocess.run([go, *options], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "GOTOOLCHAIN": "local"})


def add_go_figures(output, figures):
    for name, count, threads, time in re.findall(
            r"^Benchmark(\w+?)(?:/(\d+))?(?:-(\d+))?\s+\d+\s.*?([\d.e+-]+) ns/item", output, re.M):
        figures[name.lower(), int(count or threads or 1), "go"].append(float(time))


def number(nanoseconds):
    if nanoseconds >= 100:
        return f"{nanoseconds:,.0f}".replace(",", " ")
    return f"{nanoseconds:.1f}" if nanoseconds >= 10 else f"{nanoseconds:.2f}"


def cell(times):
    if not times:
        return "–"
    return f"{number(statistics.median(times))} [{number(min(times))}, {number(max(times))}]"


def ratio(figures, row, other):
    """How many times as long as ours the other takes."""
    ours, others = figures.get((*row, "arena")), figures.get((*row, other))
    return f"{statistics.median(others) / statistics.median(ours):.1f}" if ours and others else "–"


def table(figures):
    columns = [column for column in COLUMNS if any(key[2] == column for key in figures)]
    head = ["ns for one", *(COLUMNS[column] for column in columns), "malloc ÷ arena",
            "monotonic ÷ arena"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    order = list(ROWS)
    for row in sorted({key[:2] for key in figures}, key=lambda row: (order.index(row[0]), row)):
        name = ROWS[row[0]].format(f"{row[1]:,}".replace(",", " "))
        lines.append([name, *(cell(figures.get((*row, column))) for column in columns),
                      ratio(figures, row, "malloc"), ratio(figures, row, "monotonic")])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.05, help="of one repetition")
    parser.add_argument("--go-arena", type=pathlib.Path, help="a checkout of the Go library")
    arguments = parser.parse_args()

    figures = collections.defaultdict(list)
    our_figures(arguments, figures)
    without_go = go_figures(arguments, figures)
    print(table(figures))
    if not any(column == "mimalloc" for _, _, column in figures):
        print("\nWithout mimalloc: libmimalloc.so.2 is not installed (./dev deps does).")
    if without_go:
        print(f"\nWithout go-arena: {without_go}.")
    print(f"\nLoad of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    sys.exit(main())
