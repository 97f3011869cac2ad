#!/usr/bin/python3
"""Measures what durability costs, and how fast the store is read, recovered and opened.

Usage: bench/store.py BUILD_DIR [--rounds 5] [--seconds 3] [--gigabytes 10] [--directory DIR]

First probes the disk: 4 KiB written into a file of zeros and fdatasynced, as a commit is. Then
loads
`memory` and `sync` in turn with wrk at 1, 100 and 400 connections, each round both, and takes
ratios within a round. Then fills stores with bodies of some thousand records and reads them. Prints
Markdown tables of medians [min, max], each goal beside its figure. Give it a release build, and a
machine with nothing else to do; DIR is on the disk to be measured.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from load import BODY_BYTES, body, load, measure, spread, wait_for_port, write_script

PORT = 18098
PROBES = 1000
CONNECTIONS = (1, 100, 400)
# sync's share of memory's throughput that is asked for where a sync takes at most FAST_SYNC_MS.
SHARES = {100: 0.65, 400: 0.80}
FAST_SYNC_MS = 0.3
# More than zstd looks back, so that a body does not compress as a copy of the one before.
BULK_RECORDS = 12_000
WORDS = ("order payment user session cart checkout upstream timeout retry cache query index "
         "worker queue shard replica token invoice stock price").split()


def say(text):
    print(text, file=sys.stderr, flush=True)


def probe_disk(directory):
    """Milliseconds of each of PROBES syncs of 4 KiB written over zeros."""
    path = pathlib.Path(directory) / "probe"
    block = os.urandom(4096)
    with open(path, "wb", buffering=0) as file:
        file.write(bytes(4096 * PROBES))
        os.fdatasync(file.fileno())
        times = []
        for i in range(PROBES):
            start = time.perf_counter()
            os.pwrite(file.fileno(), block, 4096 * i)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    path.unlink()
    return sorted(times)


def serve(options, data_dir, mode, *settings):
    command = [f"{options.build_dir}/logboom", "serve", "--listen", f"127.0.0.1:{PORT}",
               "--data-dir", str(data_dir), "--set", f"store.durability={mode}",
               "--set", "log.level=warn"]
    for setting in settings:
        command += ["--set", setting]
    return command


def compare_modes(options, directory):
    """Connections to mode to rounds of (requests/s, CPU us/request, p99 ms)."""
    script = write_script(directory, body())
    results = {}
    for connections in CONNECTIONS:
        results[connections] = {"memory": [], "sync": []}
        for turn in range(options.rounds):
            for mode, rounds in results[connections].items():
                data_dir = directory / f"{mode}-{connections}-{turn}"
                rounds.append(measure(serve(options, data_dir, mode), PORT, script, connections,
                                      options.seconds))
                shutil.rmtree(data_dir)
            say(f"  {connections} connections, round {turn + 1} of {options.rounds}")
    return results


def print_modes(results, syncs, options):
    median, p99_sync = statistics.median(syncs), syncs[int(len(syncs) * 0.99)]
    print(f"Disk: fdatasync of 4 KiB {median:.3f} ms in the median, {p99_sync:.3f} ms p99.\n")
    print(f"wrk -t1, {BODY_BYTES}-byte JSON, default threads, {options.rounds} rounds of "
          f"{options.seconds} s; median [min, max]\n")
    print("| connections | memory, requests/s | sync, requests/s | sync ÷ memory | asked for "
          "| CPU us/request, memory | sync | p99 ms, memory | sync | p99 allowed |")
    print("|" + " --- |" * 10)
    for connections, modes in results.items():
        memory, sync = modes["memory"], modes["sync"]
        ratios = [s[0] / m[0] for s, m in zip(sync, memory)]
        share = SHARES.get(connections)
        asked = f"{share:.2f}" if share and median <= FAST_SYNC_MS else "–"
        allowed = 2 * statistics.median(m[2] for m in memory) + p99_sync
        print(f"| {connections} | {spread([m[0] for m in memory], 0)} "
              f"| {spread([s[0] for s in sync], 0)} | {spread(ratios, 2)} | {asked} "
              f"| {spread([m[1] for m in memory], 1)} | {spread([s[1] for s in sync], 1)} "
              f"| {spread([m[2] for m in memory], 2)} | {spread([s[2] for s in sync], 2)} "
              f"| {allowed:.2f} |")
    alone = [1000 / rate[0] for rate in results[1]["sync"]]
    without = [1000 / rate[0] for rate in results[1]["memory"]]
    extra = [a - w for a, w in zip(alone, without)]
    print(f"\nOne connection alone: {spread(alone, 3)} ms a request with `sync`, "
          f"{spread(extra, 3)} ms more than with `memory`; one fdatasync takes {median:.3f} ms.\n")


def bulk_body():
    """NDJSON such as services write: fixed keys, words, numbers and ids."""
    random_ = random.Random(1)
    lines = []
    for i in range(BULK_RECORDS):
        words = " ".join(random_.choice(WORDS) for _ in range(8))
        lines.append(json.dumps({
            "timestamp": f"2026-01-02T03:{i // 3600 % 60:02}:{i // 60 % 60:02}.{i % 1000:03}Z",
            "level": random_.choice(["info", "info", "info", "warn", "error"]),
            "service": random_.choice(["checkout", "cart", "search"]), "message": words,
            "trace_id": f"{random_.getrandbits(128):032x}", "user_id": random_.randrange(100_000),
            "latency_ms": round(random_.expovariate(0.1), 3)}))
    return "\n".join(lines)


def bytes_in(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def fill(options, data_dir, gigabytes, mode, *settings, ended_by="terminate"):
    """Fills a store with so many bytes of lines and ends its server; returns the bytes of lines."""
    script = write_script(data_dir.parent, bulk_body())
    with subprocess.Popen(serve(options, data_dir, mode, *settings), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        wait_for_port(PORT, server)
        lines = 0
        while lines < gigabytes * 1e9:
            load(PORT, script, 8, 1)
            output = subprocess.run(["curl", "-s", f"http://127.0.0.1:{PORT}/stats"],
                                    capture_output=True, text=True, check=True).stdout
            lines = int(re.search(r'"store":.*?"bytes":(\d+)', output)[1])
        getattr(server, ended_by)()
        server.wait()
    return lines


def seconds_of(command, check=True):
    start = time.perf_counter()
    with open(os.devnull, "wb") as null:
        subprocess.run(command, stdout=null, stderr=null, check=check)
    return time.perf_counter() - start


def seconds_to_ready(options, data_dir, *settings):
    """From the start of the process to the first answer; the server is ended again."""
    start = time.perf_counter()
    with subprocess.Popen(serve(options, data_dir, "sync", *settings), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        wait_for_port(PORT, server)
        taken = time.perf_counter() - start
        server.kill()
        server.wait()
    return taken


def measure_reading(options, directory):
    """Rows of (what, figure, goal)."""
    rows = []
    logboom = f"{options.build_dir}/logboom"
    empty = statistics.median(seconds_to_ready(options, directory / f"empty-{i}") for i in range(3))

    crashed = directory / "crashed"
    fill(options, crashed, 1, "sync", "store.segment.max_bytes=2GiB", ended_by="kill")
    unsealed = max(crashed.glob("segments/*.seg"), key=lambda path: path.stat().st_size)
    lengths = []
    # A fresh copy for each start, for recovery closes the segment.
    for turn in range(3):
        copy = directory / f"crashed-{turn}"
        shutil.copytree(crashed, copy)
        taken = seconds_to_ready(options, copy, "store.segment.max_bytes=64KiB")
        lengths.append(taken - empty)
        shutil.rmtree(copy)
    say("  recovery is measured")
    size = unsealed.stat().st_size
    rows.append((f"recovery of a segment file of {size / 1e9:.2f} GB that was not closed",
                 f"{spread([size / 1e9 / taken for taken in lengths], 2)} GB/s", "1 GB/s"))
    shutil.rmtree(crashed)

    full = directory / "full"
    lines = fill(options, full, options.gigabytes, "write")
    files = len(list(full.glob("segments/*.seg"))) + len(list(full.glob("sealed/*/*.zst")))
    cats = [seconds_of([logboom, "cat", "--data-dir", str(full)]) for _ in range(3)]
    say("  cat is measured")
    rows.append((f"cat of {lines / 1e9:.1f} GB in {files} files, "
                 f"{len(list(full.glob('sealed/*/*.zst')))} of them sealed",
                 f"{spread([lines / 1e6 / taken for taken in cats], 0)} MB/s", "300 MB/s"))
    verified = seconds_of([logboom, "verify", "--data-dir", str(full)])
    rows.append(("verify of the same", f"{bytes_in(full) / 1e6 / verified:.0f} MB/s of files",
                 "–"))
    opened = [seconds_to_ready(options, full) for _ in range(3)]
    rows.append((f"opening the same, {bytes_in(full) / 1e9:.1f} GB on disk, to a connection",
                 f"{spread(opened, 2)} s", "1 s"))
    rows.append(("opening an empty store", f"{empty:.3f} s", "0.05 s"))
    return rows


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build_dir")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--directory", default=None)
    return parser.parse_args()


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="logboom-bench-", dir=options.directory) as name:
        directory = pathlib.Path(name)
        say("probing the disk")
        syncs = probe_disk(directory)
        say("loading `memory` and `sync`")
        modes = compare_modes(options, directory)
        say(f"filling {options.gigabytes} GB and reading them")
        rows = measure_reading(options, directory)
    print_modes(modes, syncs, options)
    print("| reading | measured | goal |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
