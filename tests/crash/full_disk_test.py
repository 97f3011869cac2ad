"""A disk that is really full: 503 at once, nothing lost, and on by itself when there is room."""

import functools
import random
import re

import pytest

import small_disk
from expect import error, one_clear_line
from http_client import ReplyTimeout, format_request
from ledger import Ledger
from load import Load, bulky_request
from logboom_server import poll, run_logboom
from ports import free_port

DISKS = {"tmpfs": functools.partial(small_disk.mount_tmpfs, mebibytes=24),
         "ext4": functools.partial(small_disk.mount_ext4, mebibytes=64)}
# What is left to the store is little more than it keeps ready and needs to compress.
LEFT = 10 << 20
BALLAST = 6 << 20
# The server looks for room again after at most 5 s.
ROOM_DEADLINE = 15


@pytest.fixture(params=DISKS)
def disk(request, tmp_path):
    try:
        made = DISKS[request.param](tmp_path / "disk")
        made.fill("ballast.1", BALLAST)
        made.fill("ballast.2", BALLAST)
        made.fill("weight", made.free_bytes() - LEFT)
        return made
    except small_disk.NotPermitted as reason:
        pytest.skip(f"no small {request.param} can be mounted here: {reason}")


@pytest.fixture
def server_on(new_server, disk):
    """A server, not started, with its data on the disk and no limit but the disk's own."""
    server = new_server({"store.segment.max_bytes": "1MiB"})
    server.data_dir = disk.path / "data"
    return server


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def seed():
    made = random.randrange(1 << 30)
    print(f"seed {made}")
    return made


def fill_with_posts(server, ledger, seed):
    load = Load(server, ledger, seed, clients=4)
    load.make = bulky_request
    with load:
        assert load.first_refusal.wait(100), "still not full"
    for refusal in load.refusals:
        assert_full(refusal)
    assert not load.lost, load.lost


def assert_full(response):
    assert error(response, 503)["code"] == "store_full"
    assert int(response.headers["retry-after"]) > 0


def fill_to_the_brim(server, disk, ledger, seed):
    """Until it stays full: what it had prepared is used up, and nothing can be made of the rest."""
    for turn in range(20):
        fill_with_posts(server, ledger, f"{seed}.{turn}")
        disk.fill(f"foreign.{seed}.{turn}")
        if is_refused_by_its_header(server):
            return
    raise AssertionError(f"it never stays full: {server.get('/readyz').text()}")


def is_refused_by_its_header(server):
    """Sends the header of a request and nothing of its body."""
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", None, [("Content-Length", "1000000")]))
        try:
            response = connection.read_response(deadline=2)
        except ReplyTimeout:
            return False  # it waits for the body
        assert_full(response)
        assert response.closes()
        return True


def assert_says_why(server):
    ready = server.get("/readyz")
    assert ready.status == 503
    assert ready.json()["store"] == "full"
    reason = ready.json()["reason"]
    assert str(server.data_dir) in reason and "free some space" in reason
    poll(lambda: reason in server.stderr(), "the reason in the log")
    assert server.get("/healthz").status == 200
    assert accepting(server) == 0


def accepting(server):
    page = server.get("/metrics").text()
    return float(re.search(r"^logboom_store_accepting (\S+)$", page, re.MULTILINE)[1])


def assert_accepts_soon(server):
    poll(server.ready, f"room was not noticed:\n{server.get('/readyz').text()}", ROOM_DEADLINE)
    assert accepting(server) == 1
    assert server.get("/readyz").json()["reason"] == ""


def test_full_and_free_and_full_again_without_a_restart(disk, server_on, ledger, seed):
    server = server_on.start()
    for turn in (1, 2):
        fill_to_the_brim(server, disk, ledger, f"{seed}.{turn}")
        assert_says_why(server)
        disk.remove(f"ballast.{turn}")
        assert_accepts_soon(server)
        before = ledger.acknowledged()
        fill_with_posts(server, ledger, f"{seed}.{turn}.more")
        assert ledger.acknowledged() > before + 10
    assert server.terminate() == 0
    ledger.check(server.cat_bytes())
    assert ledger.records_found > 1000
    assert run_logboom("verify", "--data-dir", server.data_dir).returncode == 0


def test_after_kill_9_it_starts_on_the_full_disk_and_accepts_when_there_is_room(
        disk, server_on, ledger, seed):
    server = server_on.start()
    fill_to_the_brim(server, disk, ledger, seed)
    server.kill9()
    disk.fill("foreign")
    server.launch()
    poll(lambda: answers(server), f"not up on a full disk:\n{server.stderr()}")
    # The start may have made some room: left-overs are removed, segments are cut.
    fill_to_the_brim(server, disk, ledger, f"{seed}.again")
    assert_says_why(server)
    ledger.check(server.cat_bytes(), complete=False)
    assert ledger.records_found >= ledger.records_promised()
    disk.remove("ballast.1")
    assert_accepts_soon(server)
    fill_with_posts(server, ledger, f"{seed}.more")
    server.kill9()
    ledger.check(server.cat_bytes())


def answers(server):
    assert server.alive(), f"it has ended:\n{server.stderr()}"
    try:
        return server.get("/healthz").status == 200
    except OSError:
        return False


def test_a_first_start_on_a_full_disk_is_refused_and_works_later(disk, server_on):
    disk.fill("foreign")
    refused = run_logboom("serve", "--listen", f"127.0.0.1:{free_port()}", "--data-dir",
                          server_on.data_dir)
    assert refused.returncode == 74
    line = one_clear_line(refused.stderr)
    assert str(server_on.data_dir) in line and "No space left" in line
    disk.remove("foreign")
    assert server_on.start().post("there is room").status == 200
