"""`cat --follow` and `verify` beside a server under load that makes segments all the time: the
follower sees each record once and in order, verify never cries wolf, not even across a kill -9."""

import random
import signal
import subprocess
import threading

import pytest

from http_client import TIME_FACTOR
from ledger import Ledger
from load import Load
from logboom_server import EXIT_DEADLINE, binary, poll, run_logboom

RECORDS = 8000


class Follower:
    """A running cat --follow, whose output grows in a file."""

    def __init__(self, server):
        self.path = server.directory / "followed"
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(
                [binary(), "cat", "--follow", "--data-dir", str(server.data_dir)], stdout=output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def caught_up(self, size):
        assert self.process.poll() is None, f"it has ended with {self.process.returncode}"
        return self.path.stat().st_size >= size

    def end(self):
        """Ends it as a user does; what it has shown."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(EXIT_DEADLINE) == 0
        return self.path.read_bytes()


class Looping(threading.Thread):
    """Runs `logboom verify` over and over until told to stop; keeps what was not intact."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.data_dir = server.data_dir
        self.stopping = threading.Event()
        self.runs = 0
        self.alarms = []

    def run(self):
        while not self.stopping.is_set():
            done = run_logboom("verify", "--data-dir", self.data_dir)
            self.runs += 1
            if done.returncode != 0:
                self.alarms.append((done.returncode, done.stdout, done.stderr))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.join()


@pytest.fixture
def seed():
    made = random.randrange(1 << 30)
    print(f"seed {made}")
    return made


def load_until(server, ledger, seed, records):
    with Load(server, ledger, seed, clients=4):
        poll(lambda: ledger.records_promised() >= records, "so many records", 60 * TIME_FACTOR)


def assert_followed(server, ledger, follower):
    """The server has ended: everything shows, and the follower shows just that."""
    shown = server.cat_bytes()
    ledger.check(shown)
    poll(lambda: follower.caught_up(len(shown)), "the follower", 30 * TIME_FACTOR)
    followed = follower.end()
    assert followed == shown
    assert run_logboom("verify", "--data-dir", server.data_dir).returncode == 0


@pytest.mark.parametrize("mode", ["sync", "write", "memory"])
def test_a_follower_sees_every_record_once_and_verify_finds_nothing_wrong(make_server, mode, seed):
    server = make_server({"store.segment.max_bytes": "1MiB", "store.durability": mode})
    ledger = Ledger()
    with Follower(server) as follower, Looping(server) as verify:
        load_until(server, ledger, seed, RECORDS)
        assert server.terminate() == 0
        assert_followed(server, ledger, follower)
    assert verify.runs > 1 and not verify.alarms, verify.alarms
    assert len(list(server.data_dir.rglob("*.seg")) + list(server.data_dir.rglob("*.zst"))) > 4


def test_a_follower_goes_on_across_kill_9_and_restarts(make_server, seed):
    server = make_server({"store.segment.max_bytes": "1MiB"})
    ledger = Ledger()
    with Follower(server) as follower, Looping(server) as verify:
        for turn in range(1, 4):
            with Load(server, ledger, f"{seed}.{turn}", clients=4):
                ledger.wait_for_acknowledged(ledger.acknowledged() + 100)
                server.kill9()
            server.start()
        assert server.terminate() == 0
        assert_followed(server, ledger, follower)
    assert verify.runs > 1 and not verify.alarms, verify.alarms


def test_a_follower_that_begins_under_load_misses_nothing(make_server, seed):
    server = make_server({"store.segment.max_bytes": "1MiB"})
    ledger = Ledger()
    load_until(server, ledger, f"{seed}.1", RECORDS // 2)
    with Load(server, ledger, f"{seed}.2", clients=4):
        ledger.wait_for_acknowledged(ledger.acknowledged() + 20)
        with Follower(server) as follower:
            ledger.wait_for_acknowledged(ledger.acknowledged() + 200)
            server.kill9()
            assert_followed(server, ledger, follower)
