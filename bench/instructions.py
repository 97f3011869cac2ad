#!/usr/bin/python3
"""Counts the instructions of the request path with callgrind and holds them to a budget.

Usage: bench/instructions.py BUILD_DIR [--write]

They do not depend on how busy the machine is, so they show what a change costs: more than 3 % above
bench/instructions.json is a failure. --write makes what was counted the budget, for a change that
is worth its cost, or that saves some. Each count is that of one more time: the difference of two
runs. A request is the io thread's part of one record posted over a connection that stays open.
"""

import argparse
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from load import body, free_port, wait_for_port

BUDGET = pathlib.Path(__file__).with_name("instructions.json")
GROWTH_MAX = 1.03
FEW, MANY = 1000, 3000
WORKS = {"parse": "check the syntax of a record", "record": "make a record of its JSON",
         "line": "write a record's line", "body": "all of this for one of many records in a body"}


def callgrind(directory, command):
    return ["valgrind", "--tool=callgrind", "--separate-threads=yes",
            f"--callgrind-out-file={directory}/out", *command]


def total(directory, word):
    """The instructions of the threads that have called a function with the word in its name."""
    found = 0
    for path in pathlib.Path(directory).glob("out-*"):
        text = path.read_text()
        if word in text:
            found += int(re.search(r"^(?:totals|summary): (\d+)", text, re.M)[1])
    return found


def count_work(build, work, times):
    with tempfile.TemporaryDirectory(prefix="logboom-bench-") as directory:
        command = [f"{build}/logboom_instruction_work", work, str(times)]
        subprocess.run(callgrind(directory, command), check=True, capture_output=True)
        return total(directory, "main")


def post(connection, request, times):
    for _ in range(times):
        connection.sendall(request)
        reply = b""
        while not reply.endswith(b'{"accepted":1,"rejected":0}'):
            piece = connection.recv(4096)
            if not piece:
                sys.exit(f"the server closed the connection after {reply!r}")
            reply += piece


def count_requests(build, times):
    text = body().encode()
    port = free_port()
    request = (b"POST /log HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n%b" % (port, len(text), text))
    with tempfile.TemporaryDirectory(prefix="logboom-bench-") as directory:
        command = [f"{build}/logboom", "serve", "--listen", f"127.0.0.1:{port}", "--data-dir",
                   f"{directory}/data", "--set", "server.threads=1", "--set",
                   "store.durability=memory"]
        with subprocess.Popen(callgrind(directory, command), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as server:
            try:
                wait_for_port(port, server)
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    post(connection, request, times)
            finally:
                server.terminate()
                server.wait()
        return total(directory, "Session::")


def count_all(build):
    counts = {}
    for work in WORKS:
        few, many = count_work(build, work, FEW), count_work(build, work, MANY)
        counts[work] = round((many - few) / (MANY - FEW))
    few, many = count_requests(build, FEW), count_requests(build, MANY)
    counts["request"] = round((many - few) / (MANY - FEW))
    return counts


def print_table(counts, budget):
    print(f"| work | instructions | budget (at most {GROWTH_MAX:.2f} times it) | ratio |")
    print("| --- | --- | --- | --- |")
    for work, count in counts.items():
        allowed = budget.get(work)
        ratio = f"{count / allowed:.3f}" if allowed else "-"
        print(f"| {work}: {WORKS.get(work, 'the whole of a small request')} | {count} "
              f"| {allowed or 'none'} | {ratio} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build_dir")
    parser.add_argument("--write", action="store_true", help="make what is counted the budget")
    options = parser.parse_args()
    budget = json.loads(BUDGET.read_text()) if BUDGET.exists() else {}
    counts = count_all(options.build_dir)
    print_table(counts, budget)
    if options.write:
        BUDGET.write_text(json.dumps(counts, indent=2) + "\n")
        return
    over = [work for work, count in counts.items() if count > GROWTH_MAX * budget.get(work, 0)]
    if over:
        sys.exit(f"over the budget: {', '.join(over)}; make it cheaper, or, if it is worth that, "
                 "run ./dev bench instructions --write and say why in the commit")


if __name__ == "__main__":
    main()
