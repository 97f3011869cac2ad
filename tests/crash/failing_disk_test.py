"""System calls of the real server fail with EIO and ENOSPC: nothing more is acknowledged, the
waiting clients get 503, the server says why, and what was acknowledged is there after a restart."""

import os
import random
import re

import pytest

import tracing
from expect import error, one_clear_line
from ledger import Ledger
from load import Load, large, small_request
from logboom_server import poll, run_logboom

EX_IOERR = 74
ERROR_TEXT = {"EIO": "Input/output error", "ENOSPC": "No space left on device"}
# (thread, system calls, error): each ends the store, for it leaves unknown what is on the disk.
# ACTIVE hits the segment being written, CHANGE the change from one segment to the next.
ACTIVE = [("store-commit", "fdatasync", "EIO"), ("store-commit", "fdatasync", "ENOSPC"),
          ("store-commit", "pwritev", "EIO"), ("store-commit", "pwritev", "ENOSPC")]
CHANGE = [("store-commit", "/^rename", "EIO"), ("store-commit", "fsync", "EIO"),
          ("store-keeper", "fdatasync", "EIO"), ("store-keeper", "ftruncate", "EIO")]
FATAL = ACTIVE + CHANGE
# Each concerns a new segment only: the store is full for as long as it fails.
PASSING = [("fallocate", "ENOSPC"), ("/^rename", "ENOSPC"), ("/^open", "ENOSPC"),
           ("fsync", "EDQUOT")]


@pytest.fixture(autouse=True, scope="module")
def can_trace():
    try:
        tracing.require()
    except tracing.NotPermitted as reason:
        pytest.skip(f"no process can be traced here: {reason}")


@pytest.fixture
def traced_server(new_server):
    """A server, not started."""
    # LeakSanitizer cannot look for leaks in a process that is being traced.
    options = os.environ.get("ASAN_OPTIONS", "")
    return new_server({}, {"ASAN_OPTIONS": f"{options}:detect_leaks=0"})


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def source():
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    return random.Random(seed)


def start(server, fault):
    """What hits the change of segments needs many, what hits the active one only one."""
    server.settings["store.segment.max_bytes"] = "64MiB" if fault in ACTIVE else "64KiB"
    return server.start()


def fail_under_load(server, ledger, source, fault):
    """Loads the server until the fault has ended the store; the load that saw it."""
    thread, calls, errno = fault
    load = Load(server, ledger, source.random())
    if fault in ACTIVE:
        load.make = small_request
    with load:
        ledger.wait_for_acknowledged(ledger.acknowledged() + source.randint(1, 100))
        with tracing.failing(server, thread, calls, errno, f"{source.randint(1, 4)}+"):
            assert load.first_refusal.wait(30), "the fault was not noticed"
            yield load


def assert_reason(text, fault):
    assert ERROR_TEXT[fault[2]] in text and "segment" in text, text


@pytest.mark.parametrize("fault", FATAL, ids=" ".join)
def test_a_failed_write_ends_the_server_with_74_and_loses_nothing(traced_server, ledger, source,
                                                                  fault):
    server = start(traced_server, fault)
    for load in fail_under_load(server, ledger, source, fault):
        assert server.wait() == EX_IOERR
    assert_waiters_got_503(load)
    assert_reason(server.stderr(), fault)
    assert "ending so that a supervisor acts" in server.stderr()
    assert_all_there_after_a_restart(server, ledger)


def assert_waiters_got_503(load):
    for refusal in load.refusals:
        assert error(refusal, 503)["code"] in ("store_failed", "draining"), refusal
        assert int(refusal.headers["retry-after"]) > 0
    codes = [error(refusal, 503)["code"] for refusal in load.refusals]
    assert "store_failed" in codes, codes


def assert_all_there_after_a_restart(server, ledger):
    ledger.check(server.cat_bytes())
    before = ledger.acknowledged()
    server.start()
    with Load(server, ledger, "after"):
        ledger.wait_for_acknowledged(before + 20)
    assert server.terminate() == 0
    ledger.check(server.cat_bytes())
    assert run_logboom("verify", "--data-dir", server.data_dir).returncode == 0


@pytest.mark.parametrize("fault", FATAL, ids=" ".join)
def test_with_reject_it_refuses_until_a_restart_and_says_why(traced_server, ledger, source, fault):
    traced_server.settings["store.on_io_error"] = "reject"
    server = start(traced_server, fault)
    for load in fail_under_load(server, ledger, source, fault):
        pass
    assert_waiters_got_503(load)
    # The disk is well again: that must not matter.
    for _ in range(3):
        assert error(server.post("too late"), 503)["code"] == "store_failed"
    ready = server.get("/readyz")
    assert ready.status == 503 and ready.json()["store"] == "failed"
    assert_reason(ready.json()["reason"], fault)
    poll(lambda: ready.json()["reason"] in server.stderr(), "the reason in the log")
    assert re.search(r"^logboom_store_accepting 0$", server.get("/metrics").text(), re.MULTILINE)
    assert server.get("/healthz").status == 200
    server.kill9()
    assert_all_there_after_a_restart(server, ledger)


@pytest.mark.parametrize("calls, errno", PASSING, ids=" ".join)
def test_without_room_for_a_new_segment_it_is_full_and_goes_on_by_itself(
        traced_server, ledger, source, calls, errno):
    traced_server.settings["store.segment.max_bytes"] = "64KiB"
    server = traced_server.start()
    with Load(server, ledger, source.random()) as load:
        ledger.wait_for_acknowledged(20)
        with tracing.failing(server, "store-commit", calls, errno):
            # Larger than the files that are ready, one of which must grow.
            post_large(server, ledger, source)
            assert load.first_refusal.wait(30), "the fault was not noticed"
    for refusal in load.refusals:
        assert error(refusal, 503)["code"] == "store_full", refusal
    poll(server.ready, f"it did not go on:\n{server.get('/readyz').text()}")
    assert server.terminate() == 0
    assert_all_there_after_a_restart(server, ledger)


def post_large(server, ledger, source):
    request = ledger.add(large("large", 1, source))
    if server.post(request.body).status == 200:
        ledger.acknowledge(request)


@pytest.mark.parametrize("calls", ["/^mkdir", "fsync", "fdatasync", "/^pwrite", "/^rename"])
@pytest.mark.parametrize("errno", ["EIO", "ENOSPC"])
def test_a_start_that_fails_is_refused_in_one_line_and_leaves_a_directory_that_opens(
        traced_server, tmp_path, calls, errno):
    """The first start fails at its first such call, the second at its second, and so on."""
    server = traced_server
    for number in range(1, 30):
        server.wrapper = tracing.wrapper(tmp_path / "strace", calls, errno, number)
        server.launch()
        poll(lambda: has_ended(server) or server.ready(), f"neither up nor down: {server.stderr()}")
        if server.alive():
            break
        assert server.wait() == EX_IOERR, server.stderr()
        line = one_clear_line(server.stderr().encode())
        assert ERROR_TEXT[errno] in line and str(server.data_dir) in line, line
    else:
        raise AssertionError("the start never succeeds")
    assert number > 1, "no such call fails a start"
    server.kill9()
    server.wrapper = []
    assert server.start().post("well again").status == 200
    assert server.bodies() == ["well again"]


def has_ended(server):
    return not server.alive()
