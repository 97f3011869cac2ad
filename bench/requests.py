#!/usr/bin/python3
"""Measures requests a second and server CPU per request against the bare epoll floor.

Usage: bench/requests.py BUILD_DIR [--rounds 5] [--seconds 3] [--connections 100] [--threads 1]
                         [--durability memory,sync] [--loop epoll,asio]

Every round starts each server in turn (A B C, A B C, ...), loads it with wrk and stops it, so that
whatever the machine does meanwhile hits all alike; ratios are taken within a round. Server CPU is
user and system time of the process from /proc. Prints a Markdown table of medians [min, max].
Give it a release build, and a machine with nothing else to do.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
BODY_BYTES = 210
LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = %s
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("requests=%%d us=%%d failed=%%d p99us=%%d\\n", summary.requests,
    summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(99)))
end
"""


def body():
    """A JSON log record of BODY_BYTES bytes."""
    record = {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "service": "checkout",
              "message": "order placed", "order_id": 4711, "user_id": 815, "latency_ms": 12.5,
              "pad": ""}
    record["pad"] = "x" * (BODY_BYTES - len(json.dumps(record, separators=(",", ":"))))
    return json.dumps(record, separators=(",", ":"))


def wait_for_port(port, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"the server exited with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("the server does not listen")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def load(port, script, options, seconds):
    """Runs wrk once; returns (requests, seconds, failed, p99 in microseconds)."""
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{seconds}s", "-s", script,
               f"http://127.0.0.1:{port}/log"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"requests=(\d+) us=(\d+) failed=(\d+) p99us=(\d+)", output)
    requests, microseconds, failed, p99 = (int(value) for value in match.groups())
    return requests, microseconds / 1e6, failed, p99


def measure(command, port, script, options):
    """One round of one server: requests/s, CPU microseconds per request, p99 in milliseconds."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(port, server)
            load(port, script, options, 1)
            before = cpu_seconds(server.pid)
            requests, seconds, failed, p99 = load(port, script, options, options.seconds)
            cpu = cpu_seconds(server.pid) - before
        finally:
            server.terminate()
            server.wait()
    if failed:
        print(f"{failed} of {requests} requests failed: {' '.join(command)}", file=sys.stderr)
    return requests / seconds, cpu / requests * 1e6, p99 / 1000


def contenders(options, directory):
    """Name to a function from port and round to the command."""
    build, threads = options.build_dir, options.threads
    table = {}
    for loop in options.loop.split(","):
        table[f"floor, {loop}"] = lambda port, _, loop=loop: [
            f"{build}/logboom_floor", f"--port={port}", f"--threads={threads}", f"--loop={loop}"]
    for mode in options.durability.split(","):
        table[f"logboom, {mode}"] = lambda port, turn, mode=mode: [
            f"{build}/logboom", "serve", "--listen", f"127.0.0.1:{port}", "--data-dir",
            f"{directory}/{mode}-{turn}", "--set", f"store.durability={mode}", "--set",
            f"server.threads={threads}", "--set", "log.level=warn"]
    return table


def spread(values, digits):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def print_table(results, options):
    print(f"wrk -t1 -c{options.connections}, {BODY_BYTES}-byte JSON, {options.threads} server "
          f"thread(s), {options.rounds} rounds of {options.seconds} s; median [min, max]\n")
    print("| server | requests/s | CPU us/request | CPU, ratio to floor | p99 ms |")
    print("| --- | --- | --- | --- | --- |")
    floor = next(iter(results.values()))
    for name, rounds in results.items():
        ratios = [mine[1] / least[1] for mine, least in zip(rounds, floor)]
        rates, cpu, p99 = zip(*rounds)
        print(f"| {name} | {spread(rates, 0)} | {spread(cpu, 1)} | {spread(ratios, 2)} "
              f"| {spread(p99, 2)} |")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build_dir")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--durability", default="memory,sync")
    parser.add_argument("--loop", default="epoll")
    parser.add_argument("--port", type=int, default=18099)
    return parser.parse_args()


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="logboom-bench-") as directory:
        script = f"{directory}/post.lua"
        pathlib.Path(script).write_text(LUA % json.dumps(body()))
        servers = contenders(options, directory)
        results = {name: [] for name in servers}
        for turn in range(options.rounds):
            for name, command in servers.items():
                results[name].append(measure(command(options.port, turn), options.port, script,
                                             options))
    print_table(results, options)


if __name__ == "__main__":
    main()
