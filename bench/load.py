"""What the benchmarks of the whole server share: servers on a port, wrk, CPU time, spreads."""

import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "support"))

from example_record import RECORD_BYTES, example_record  # noqa: E402: from tests/support
from ports import free_port  # noqa: E402: likewise

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
BODY_BYTES = RECORD_BYTES
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
    return example_record(4711)


def ndjson(size):
    """About so many bytes of such records with different numbers, one a line."""
    line = ('{"timestamp":"2026-01-02T03:04:05.%06dZ","level":"info","message":"GET '
            '/api/v1/orders/48213 completed","service":"orders","host":"w17","status":200,'
            '"duration_ms":12.75,"user_id":"u-93412","trace_id":"0af7651916cd43dd8448eb211c%06d"}')
    count = max(round(size / (len(line % (0, 0)) + 1)), 1)
    return "\n".join(line % (i % 1_000_000, i % 1_000_000) for i in range(count))


def wait_for_port(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"the server exited with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("the server does not listen")


def cpu_ticks(entry):
    """User and system time of a process or thread: of /proc/PID or /proc/PID/task/TID."""
    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def cpu_seconds(pid):
    return cpu_ticks(pathlib.Path(f"/proc/{pid}")) / TICKS_PER_SECOND


def thread_cpu_seconds(pid, name):
    """Of the threads of that name: those of logboom are http-io, store-commit, store-keeper and
    store-seal."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    named = (task for task in tasks if (task / "comm").read_text().strip() == name)
    return sum(map(cpu_ticks, named)) / TICKS_PER_SECOND


def write_script(directory, text):
    """A script for wrk that posts the text; returns its path."""
    path = pathlib.Path(directory) / f"post-{len(text)}.lua"
    path.write_text(LUA % json.dumps(text))
    return str(path)


def load(port, script, connections, seconds):
    """Runs wrk once; returns (requests, seconds, failed, p99 in microseconds)."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script,
               f"http://127.0.0.1:{port}/log"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"requests=(\d+) us=(\d+) failed=(\d+) p99us=(\d+)", output)
    requests, microseconds, failed, p99 = (int(value) for value in match.groups())
    return requests, microseconds / 1e6, failed, p99


def measure(command, port, script, connections, seconds):
    """One round of one server: requests/s, CPU microseconds per request, p99 in milliseconds, and
    how much of the CPU was spent on compressing what is closed."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(port, server)
            load(port, script, connections, 1)
            before = cpu_seconds(server.pid), thread_cpu_seconds(server.pid, "store-seal")
            requests, taken, failed, p99 = load(port, script, connections, seconds)
            cpu = cpu_seconds(server.pid) - before[0]
            sealing = thread_cpu_seconds(server.pid, "store-seal") - before[1]
        finally:
            server.terminate()
            server.wait()
    if failed:
        print(f"{failed} of {requests} requests failed: {' '.join(command)}", file=sys.stderr)
    return requests / taken, cpu / requests * 1e6, p99 / 1000, sealing / requests * 1e6


def spread(values, digits):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
