#!/usr/bin/python3
"""Measures the request path against the bare epoll floor.

Usage: bench/requests.py BUILD_DIR [--only single,bulk,...] [--rounds 5] [--seconds 3]

Every round starts each server in turn (A B C, A B C, ...), loads it with wrk and stops it, so that
whatever the machine does meanwhile hits all alike; ratios are taken within a round. Server CPU is
user and system time of the process from /proc. Prints Markdown tables of medians [min, max], and
beside them what is aimed at. Give it a release build, and a machine with nothing else to do.
"""

import argparse
import pathlib
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from load import (BODY_BYTES, body, cpu_seconds, free_port, load, measure, ndjson, spread,
                  wait_for_port, write_script)

RECORD_BYTES = 237
BULK_RECORDS = 1000
SIZES = [1_000, 10_000, 100_000, 1_000_000, 16_000_000]
CONNECTIONS = [10, 100, 1000, 10_000]
IDLE_MAX = 100_000
SCRAPES = 200
SCRAPE_CONNECTIONS = 10_000


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """One run: its servers, each a function from a port to a command, and a directory for them."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = pathlib.Path(directory)
        self.stores = 0

    def floor(self, loop="epoll"):
        return lambda port: [f"{self.options.build_dir}/logboom_floor", f"--port={port}",
                             "--threads=1", f"--loop={loop}"]

    def logboom(self, durability, threads=1):
        def command(port):
            self.stores += 1
            settings = [f"store.durability={durability}", "log.level=warn"]
            if threads:
                settings.append(f"server.threads={threads}")
            sets = [word for setting in settings for word in ("--set", setting)]
            return [f"{self.options.build_dir}/logboom", "serve", "--listen", f"127.0.0.1:{port}",
                    "--data-dir", f"{self.directory}/store-{self.stores}", *sets]
        return command

    def script(self, text):
        return write_script(self.directory, text)

    def pair(self, servers, script, connections):
        """Name to rounds of what measure() returns, all servers in each round."""
        results = {name: [] for name in servers}
        for turn in range(self.options.rounds):
            for name, server in servers.items():
                port = free_port()
                results[name].append(measure(server(port), port, script, connections,
                                             self.options.seconds))
            say(f"  round {turn + 1} of {self.options.rounds}")
        return results


def begin_table(title, text, *columns):
    print(f"\n### {title}\n\n{text}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")


def ratios(rounds, least, column):
    return [mine[column] / floor[column] for mine, floor in zip(rounds, least)]


def single(bench):
    """One record a request: CPU against the floor."""
    aims = {"logboom, memory": "1.15", "logboom, sync": "1.40"}
    servers = {"floor": bench.floor(), "logboom, memory": bench.logboom("memory"),
               "logboom, sync": bench.logboom("sync")}
    if bench.options.asio:
        servers["floor, asio"] = bench.floor(loop="asio")
    results = bench.pair(servers, bench.script(body()), 100)
    begin_table("One record a request",
                f"wrk -t1 -c100, {BODY_BYTES}-byte JSON, one server thread", "server", "requests/s",
                "CPU us/request", "of it sealing", "CPU, ratio to floor", "at most", "p99 ms")
    for name, rounds in results.items():
        rates, cpu, p99, sealing = zip(*rounds)
        print(f"| {name} | {spread(rates, 0)} | {spread(cpu, 2)} | {spread(sealing, 2)} "
              f"| {spread(ratios(rounds, results['floor'], 1), 2)} | {aims.get(name, '–')} "
              f"| {spread(p99, 2)} |")


def bulk(bench):
    """1000 records a request: CPU, and bytes a second and core, without sealing."""
    aims = {"logboom, memory": "300", "logboom, sync": "420"}
    servers = {"floor": bench.floor(), "logboom, memory": bench.logboom("memory"),
               "logboom, sync": bench.logboom("sync")}
    text = ndjson(RECORD_BYTES * BULK_RECORDS)
    results = bench.pair(servers, bench.script(text), 16)
    begin_table(f"{BULK_RECORDS} records a request",
                f"wrk -t1 -c16, {len(text)} bytes of NDJSON, one server thread. Sealing compresses "
                "what is closed, later and at low priority: it is shown apart", "server",
                "requests/s", "CPU us/request", "of it sealing", "without sealing", "at most",
                "MB/s for each CPU second without sealing")
    for name, rounds in results.items():
        rates, cpu, _, sealing = zip(*rounds)
        rest = [whole - part for whole, part in zip(cpu, sealing)]
        print(f"| {name} | {spread(rates, 0)} | {spread(cpu, 0)} | {spread(sealing, 0)} "
              f"| {spread(rest, 0)} | {aims.get(name, '–')} "
              f"| {spread([len(text) / each for each in rest], 0)} |")


def sizes(bench):
    """Bodies of 1 KB to 16 MB: CPU for each byte should be the same."""
    begin_table("Bodies of different sizes", "NDJSON, `memory`, one server thread", "bytes",
                "connections", "CPU ns/byte, floor", "CPU ns/byte, logboom")
    for size in SIZES:
        say(f"  {size} bytes")
        text = ndjson(size)
        connections = 100 if size < 100_000 else 16 if size < 1_000_000 else 4
        results = bench.pair({"floor": bench.floor(), "logboom": bench.logboom("memory")},
                             bench.script(text), connections)
        cells = [spread([each[1] * 1000 / len(text) for each in results[name]], 3)
                 for name in ("floor", "logboom")]
        print(f"| {len(text)} | {connections} | {' | '.join(cells)} |")


def connections(bench):
    """10 to 10 000 connections: CPU for each request should be the same."""
    begin_table("Connections", "One record a request, `memory`, one server thread", "connections",
                "CPU us/request, floor", "CPU us/request, logboom", "ratio", "p99 ms, logboom")
    script = bench.script(body())
    for count in CONNECTIONS:
        say(f"  {count} connections")
        results = bench.pair({"floor": bench.floor(), "logboom": bench.logboom("memory")}, script,
                             count)
        cpu = [spread([each[1] for each in results[name]], 2) for name in ("floor", "logboom")]
        print(f"| {count} | {' | '.join(cpu)} "
              f"| {spread(ratios(results['logboom'], results['floor'], 1), 2)} "
              f"| {spread([each[2] for each in results['logboom']], 2)} |")


def threads(bench):
    """Two threads against one: with the client on the same cores only CPU time can tell."""
    text = ndjson(RECORD_BYTES * BULK_RECORDS)
    results = bench.pair({"1": bench.logboom("memory", 1), "2": bench.logboom("memory", 2)},
                         bench.script(text), 16)
    work = ratios(results["1"], results["2"], 1)
    begin_table("Two server threads against one",
                f"{BULK_RECORDS} records a request, `memory`; wrk shares the cores, so what two "
                "free cores would do is twice the work for each CPU second", "requests/s, 2 ÷ 1",
                "work for each CPU second, 2 ÷ 1", "twice that", "at least")
    print(f"| {spread(ratios(results['2'], results['1'], 0), 2)} | {spread(work, 2)} "
          f"| {spread([2 * each for each in work], 2)} | 1.90 |")


def anonymous_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024


def idle_clients(port, count):
    """Processes that hold so many idle connections; each may have as many as its limit allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = str(pathlib.Path(__file__).with_name("idle_clients.py"))
    processes = []
    for first in range(0, count, hard - 100):
        last = min(first + hard - 100, count)
        command = [sys.executable, program, str(port), str(first), str(last)]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    for process in processes:
        if process.stdout.readline() != b"ready\n":
            sys.exit("the idle connections could not be made")
    return processes


def idle(bench):
    """Idle connections: their memory, and whether they slow down those that work."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = IDLE_MAX if hard > IDLE_MAX + 1000 else hard - 1000
    script = bench.script(body())
    port = free_port()
    command = bench.logboom("memory", 0)(port)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(port, server)
            load(port, script, 100, 1)
            before = anonymous_bytes(server.pid)
            each, pairs = None, []
            for turn in range(max(bench.options.rounds, 5)):
                clients = idle_clients(port, count)
                each = each or (anonymous_bytes(server.pid) - before) / count
                crowded = load(port, script, 100, bench.options.seconds)[3] / 1000
                for client in clients:
                    client.stdin.close()
                    client.wait()
                time.sleep(0.5)
                alone = load(port, script, 100, bench.options.seconds)[3] / 1000
                pairs.append((crowded, alone))
                say(f"  pair {turn + 1}")
        finally:
            server.terminate()
            server.wait()
    begin_table(f"{count} idle connections",
                f"The hard limit of descriptors is {hard}; traffic on 100 others, default threads",
                "user memory for each", "at most", "p99 ms beside them", "p99 ms without", "ratio",
                "at most")
    print(f"| {each:.0f} bytes | 1024 bytes | {spread([pair[0] for pair in pairs], 2)} "
          f"| {spread([pair[1] for pair in pairs], 2)} "
          f"| {spread([pair[0] / pair[1] for pair in pairs], 2)} | 1.2, or 0.5 ms more |")


def hey(bench):
    """The load test's first table and its fixed rates, beside the Go servers: default settings."""
    root = pathlib.Path(__file__).resolve().parent.parent
    extra = ["--go-arena", bench.options.go_arena] if bench.options.go_arena else []
    command = [sys.executable, "-m", "loadtest", "--build-dir", bench.options.build_dir,
               "--tables", "requests,rates", "--rates", "5000,20000",
               "--rows", "go_heap,go_arena,logboom_arena,logboom_sync",
               "--requests", "200000", "--rounds", str(bench.options.rounds),
               "--rate-seconds", str(bench.options.seconds), *extra]
    print("\n### Under hey, and at equal load\n\nAims: RPS at least 1.1 times Go Arena's in "
          "`memory` and 0.95 times in `sync`,\nCPU at most 0.65 times in `memory`, p99 and slowest "
          "below both Go rows.\n", flush=True)
    if subprocess.run(command, cwd=root).returncode != 0:
        print("some rows have no figures: see above")


def seconds_to_answer(bench):
    """From the start of the process to the first 2xx, and its anonymous memory then."""
    port = free_port()
    command = bench.logboom("sync", 0)(port)
    text = body().encode()
    request = (b"POST /log HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b"
               % (len(text), text))
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", port)) as connection:
                        connection.sendall(request)
                        if connection.recv(4096).startswith(b"HTTP/1.1 200"):
                            break
                        sys.exit("the first request is refused")
                except ConnectionRefusedError:
                    time.sleep(0.001)
            taken = time.perf_counter() - start
            time.sleep(1)
            return taken, anonymous_bytes(server.pid)
        finally:
            server.terminate()
            server.wait()


def start(bench):
    """Start to the first 2xx with an empty store, and the memory of an idle server."""
    rows = [seconds_to_answer(bench) for _ in range(7)]
    begin_table("Start", "An empty store", "to the first 2xx, `sync`", "at most",
                "anonymous memory, idle", "at most")
    print(f"| {spread([row[0] * 1000 for row in rows], 1)} ms | 50 ms "
          f"| {spread([row[1] / 1e6 for row in rows], 1)} MB | 16 MB |")


def get(connection, target):
    """One request on a connection that stays open; the bytes of its body."""
    connection.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % target.encode())
    received = b""
    while True:
        received += connection.recv(65536)
        head, found, text = received.partition(b"\r\n\r\n")
        if found and len(text) == int(re.search(rb"content-length: (\d+)", head.lower())[1]):
            return len(text)


def time_scrapes(port, target, pid):
    """Milliseconds of each of SCRAPES, its body's bytes, and CPU milliseconds of one on average."""
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        size = get(connection, target)
        before = cpu_seconds(pid)
        for _ in range(SCRAPES):
            begun = time.perf_counter()
            size = get(connection, target)
            times.append((time.perf_counter() - begun) * 1000)
        return times, size, (cpu_seconds(pid) - before) * 1000 / SCRAPES


def scrape(bench):
    """What a scrape of /metrics and a look at /stats cost, with few and with many connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(SCRAPE_CONNECTIONS, hard - 1000)
    script = bench.script(body())
    port = free_port()
    begin_table("A scrape", f"{SCRAPES} on one connection, default threads, after load on 100 "
                "others; CPU of the whole server", "page", "bytes", "connections", "ms",
                "at most", "CPU ms")
    with subprocess.Popen(bench.logboom("memory", 0)(port), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(port, server)
            load(port, script, 100, 1)
            for count in (0, many):
                clients = idle_clients(port, count)
                for target in ("/metrics", "/stats"):
                    times, size, cpu = time_scrapes(port, target, server.pid)
                    print(f"| {target} | {size} | {count} | {spread(times, 2)} | 5 | {cpu:.2f} |")
                for client in clients:
                    client.stdin.close()
                    client.wait()
        finally:
            server.terminate()
            server.wait()


SECTIONS = {section.__name__: section
            for section in (single, bulk, sizes, connections, threads, idle, start, scrape, hey)}


def parse_arguments():
    sections = "\n".join(f"  {name:12} {each.__doc__}" for name, each in SECTIONS.items())
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", 1)[0], epilog=f"sections:\n{sections}",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build_dir")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas between")
    parser.add_argument("--asio", action="store_true",
                        help="in `single`, also the floor on an Asio io_context")
    parser.add_argument("--go-arena", metavar="VERSION|DIR",
                        help="in `hey`, which go-arena: see ./dev loadtest --help")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    unknown = set(options.only.split(",")) - set(SECTIONS)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return options


def main():
    options = parse_arguments()
    print(f"{options.rounds} rounds of {options.seconds} s each; median [min, max]")
    for name in options.only.split(","):
        say(f"{name}: {SECTIONS[name].__doc__}")
        with tempfile.TemporaryDirectory(prefix="logboom-bench-") as directory:
            SECTIONS[name](Bench(options, directory))
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
