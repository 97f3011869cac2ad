#!/usr/bin/env python3
"""Kills the real server with -9 under load, over and over, and holds the Ledger against the store.

By hand:  ./dev crash --kill 1000    (^C ends; a failure prints the seed and keeps the directory)
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from ledger import Ledger
from load import Load
from logboom_server import EXIT_DEADLINE, Server, binary, run_logboom

MODES = ["sync", "write", "memory"]
# A kill -9 takes nothing from the kernel's page cache: `write` promises as much as `sync` here.
PROMISING = {"sync", "write"}
KILLS_PER_DIRECTORY = 50
KILLS_PER_START = 4      # one of so many kills comes while the server starts
REQUESTS_MAX = 300       # acknowledged before a kill
PHASE_MAX = 0.02         # seconds from the last of them to the kill, so that it hits every phase
START_PHASE_MAX = 0.06   # the same after the start of the process


class KillLoop:
    """One data directory, killed and started again. Modes may change from round to round."""

    def __init__(self, server, seed, modes):
        self.server = server
        self.seed = seed
        self.modes = modes
        self.source = random.Random(seed)
        self.ledger = Ledger()
        self.torn_tails = 0

    def run_round(self, number):
        mode = self.source.choice(self.modes)
        self.server.settings = self.settings(mode)
        if self.source.randrange(KILLS_PER_START) == 0:
            self.kill_while_starting()
        else:
            self.kill_under_load(f"{self.seed}.{number}", mode in PROMISING)
        self.check()

    def settings(self, mode):
        return {"store.durability": mode,
                "server.threads": self.source.choice([1, 2, 4]),
                "store.commit_window": self.source.choice(["auto", "auto", "0", "1ms"]),
                "store.segment.max_bytes": self.source.choice(["64KiB", "1MiB", "64MiB"]),
                "arena.allocator": self.source.choice(["arena", "heap"])}

    def kill_while_starting(self):
        self.server.launch()
        pause(self.source.uniform(0, START_PHASE_MAX))
        self.server.kill9()

    def kill_under_load(self, seed, promised):
        self.server.start()
        enough = self.ledger.acknowledged() + self.source.randint(1, REQUESTS_MAX)
        clients = self.source.choice([1, 4, 8])
        with Load(self.server, self.ledger, seed, clients, promised):
            self.ledger.wait_for_acknowledged(enough)
            with LiveCat(self.server) as cat:
                pause(self.source.uniform(0, PHASE_MAX))
                self.server.kill9()
        self.ledger.check(cat.shown, complete=False)

    def check(self):
        if not (self.server.data_dir / "segments").exists():
            self.ledger.check(b"")  # killed before there was a data directory to read
            return
        self.ledger.check(self.server.cat_bytes())
        verified = run_logboom("verify", "--data-dir", self.server.data_dir)
        assert verified.returncode == 0, verified
        self.torn_tails += b"torn tail of" in verified.stderr

    def end(self):
        """A last start finds everything too, and accepts."""
        self.server.start()
        self.ledger.check(self.server.cat_bytes(), complete=False)
        assert self.server.post("the end").status == 200
        assert self.server.terminate() == 0
        assert self.server.bodies("--grep", "the end")[-1] == "the end"


class LiveCat:
    """A cat that reads while the server is being killed, and ends because nobody writes any more.

    Its output goes to a file, so that it waits for nobody."""

    def __init__(self, server):
        self.path = server.directory / "live_cat"
        self.command = [binary(), "cat", "--data-dir", str(server.data_dir)]

    def __enter__(self):
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(self.command, stdout=output)
        return self

    def __exit__(self, kind, *_):
        try:
            assert self.process.wait(EXIT_DEADLINE) == 0 or kind
            self.shown = self.path.read_bytes()
        finally:
            self.process.kill()
            self.process.wait()


def pause(seconds):
    """Moves the kill to another moment; nothing waits for something here."""
    time.sleep(seconds)


def run(kills, seed, kills_per_directory=KILLS_PER_DIRECTORY, progress=lambda loop, done: None):
    """Kills so many servers over as many directories as that takes."""
    done = 0
    while done < kills:
        rounds = min(kills_per_directory, kills - done)
        # One mode each, and every fourth directory sees all of them.
        modes = [*[[mode] for mode in MODES], MODES][done // kills_per_directory % 4]
        directory = tempfile.mkdtemp(prefix="logboom-kill-")
        loop = KillLoop(Server(directory), f"{seed}.{done}", modes)
        try:
            for number in range(rounds):
                loop.run_round(number)
                done += 1
                progress(loop, done)
            loop.end()
        except KeyboardInterrupt:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        except BaseException:
            print(f"\nfailed after {done} kills, seed {seed}; the directory is kept: {directory}",
                  file=sys.stderr)
            raise
        finally:
            loop.server.stop()
        shutil.rmtree(directory)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kill", type=int, default=1000, metavar="N", help="kills (1000)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    started = time.monotonic()
    killed = 0

    def progress(loop, done):
        nonlocal killed
        killed = done
        print(f"\r{done} of {arguments.kill} kills, {time.monotonic() - started:.0f} s; this "
              f"directory: {'/'.join(loop.modes)}, {loop.ledger.acknowledged()} requests "
              f"acknowledged, {loop.ledger.records_found} records found, {loop.torn_tails} torn "
              "tails ", end="", file=sys.stderr, flush=True)

    try:
        run(arguments.kill, arguments.seed, progress=progress)
    except KeyboardInterrupt:
        print(f"\nstopped after {killed} kills; nothing acknowledged was lost", file=sys.stderr)
        return 130
    print(f"\n{killed} kills; nothing acknowledged was lost", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
