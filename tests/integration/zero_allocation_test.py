"""No heap allocation per request: all threads of the real server, counted over 10 000 requests.

The library named by LOGBOOM_ALLOCATION_COUNTER is preloaded into the server. Requests are counted
in windows; one in which the store made a file is not counted, since a segment's roll may allocate.
"""

import json
import os
import pathlib

import pytest

from allocation_counts import AllocationCounts
from expect import accepted
from http_client import format_request
from logboom_server import poll

CONNECTIONS = 8
WARM_UP_REQUESTS = 2000
WINDOW_REQUESTS = 500

OBJECT = json.dumps({"time": "2026-01-02T03:04:05.678Z", "level": "info", "service": "checkout",
                     "msg": "order placed é \"quoted\"", "order": 12345678901234567890,
                     "user": {"id": 42, "tags": ["a", "b"]}, "total": 17.5})
NDJSON = "\n".join(json.dumps({"level": "warn", "msg": f"line {i}", "i": i, "ok": True})
                   for i in range(100))
TEXT = "first line of text\nsecond line of text\n{\"msg\":\"structured\",\"n\":1}\n"
BODIES = {"object": (OBJECT, 1, 10_000), "ndjson": (NDJSON, 100, 10_000), "text": (TEXT, 3, 10_000)}


class Load:
    """A fixed number of keep-alive requests over several connections, all in flight together."""

    def __init__(self, server, body, records):
        self.request = format_request("POST", "/log", body)
        self.records = records
        self.connections = [server.connect() for _ in range(CONNECTIONS)]

    def send(self, requests):
        for _ in range(requests // CONNECTIONS):
            for connection in self.connections:
                connection.send(self.request)
            for connection in self.connections:
                accepted(connection.read_response(), self.records)

    def close(self):
        for connection in self.connections:
            connection.close()


@pytest.fixture
def counted_server(make_server, tmp_path):
    """Starts a server whose allocations are counted; returns it with its counts."""
    library = os.environ.get("LOGBOOM_ALLOCATION_COUNTER")
    assert library, "set LOGBOOM_ALLOCATION_COUNTER to the preloaded library, as ctest does"

    def make(canary=False, settings=None):
        counts = AllocationCounts(tmp_path / "counts", library)
        return make_server({"log.level": "warn", **(settings or {})},
                           counts.environment(canary)), counts

    return make


def files_of(server):
    """The store's files: a new name within a window means that a segment was rolled or made."""
    return {str(p) for p in pathlib.Path(server.data_dir).rglob("*")}


def wait_until_sealed(server):
    """Sealing is for the sealer's thread to do, when a segment is full."""
    def sealed():
        files = server.get("/stats").json()["store"]["files"]
        return files["unsealed"] <= 1
    poll(sealed, "all segments but the active one are sealed")


def count_allocations(server, counts, load, requests):
    """Allocations in windows of altogether `requests` requests, up to the first that has any."""
    windows = requests // WINDOW_REQUESTS
    valid = 0
    for _ in range(2 * windows):
        wait_until_sealed(server)
        before = files_of(server)
        counts.arm()
        load.send(WINDOW_REQUESTS)
        counts.disarm()
        if files_of(server) != before:
            continue
        assert counts.reads() >= WINDOW_REQUESTS // CONNECTIONS, "the library counts nothing"
        valid += 1
        if valid == windows or counts.total() > 0:
            return counts.total()
    raise AssertionError(f"the store made new files in more than {windows} windows")


@pytest.mark.parametrize("kind", BODIES)
def test_no_thread_allocates_during_ten_thousand_requests(counted_server, kind):
    body, records, requests = BODIES[kind]
    server, counts = counted_server()
    load = Load(server, body, records)
    load.send(WARM_UP_REQUESTS)
    total = count_allocations(server, counts, load, requests)
    load.close()
    assert total == 0, (f"{total} allocations in {requests} requests: {counts.by_kind()}\n"
                        f"{counts.traces(server.process.pid)}")


def test_the_canary_allocation_is_noticed(counted_server):
    body, records, _ = BODIES["object"]
    server, counts = counted_server(canary=True)
    load = Load(server, body, records)
    load.send(WARM_UP_REQUESTS)
    total = count_allocations(server, counts, load, WINDOW_REQUESTS)
    load.close()
    assert total >= 1
    assert counts.by_kind()["malloc"] == total, counts.by_kind()
    assert "malloc of 1 bytes" in counts.traces(server.process.pid)


def test_the_heap_allocator_is_seen_to_allocate(counted_server):
    """The same count over `arena.allocator: heap`, which allocates by design, is far from zero."""
    body, records, _ = BODIES["object"]
    server, counts = counted_server(settings={"arena.allocator": "heap"})
    load = Load(server, body, records)
    load.send(200)
    assert count_allocations(server, counts, load, WINDOW_REQUESTS) >= WINDOW_REQUESTS
    load.close()
