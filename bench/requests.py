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
import tempfile

from load import BODY_BYTES, body, measure, spread, write_script


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
        script = write_script(directory, body())
        servers = contenders(options, directory)
        results = {name: [] for name in servers}
        for turn in range(options.rounds):
            for name, command in servers.items():
                results[name].append(measure(command(options.port, turn), options.port, script,
                                             options.connections, options.seconds))
    print_table(results, options)


if __name__ == "__main__":
    main()
