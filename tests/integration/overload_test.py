"""Overload: one budget of bytes in flight, a short wait, then 503; never a hang, never a loss."""

import collections
import json
import threading
import time

import pytest

import expect
from expect import accepted
from http_client import ConnectionClosed, format_chunks, format_request
from logboom_server import poll

KIB = 1024
TINY = {"server.inflight_max": "256KiB", "server.overload_wait": "500ms"}
OVERLOAD_WAIT = 0.5
MARGIN = 5.0


def ndjson(kilobytes, **fields):
    """A body of this many KiB, and the number of its records."""
    line = json.dumps({"pad": "x" * 900, **fields}).ljust(KIB - 1) + "\n"
    return line * kilobytes, kilobytes


def stalled_senders(server, count):
    """Connections that have sent 128 of 200 KiB and go no further: two of them fill TINY's budget,
    one goes on past it, and the others wait."""
    connections = [server.connect() for _ in range(count)]
    for connection in connections:
        connection.send(format_request("POST", "/log", None, [("Content-Length", str(200 * KIB))]))
        connection.socket.setblocking(False)
        send_what_fits(connection, b"x" * (128 * KIB))
    poll(lambda: inflight(server) >= 3 * 128 * KIB, "the senders to have filled the budget")
    return connections


def inflight(server):
    return server.get("/stats").json()["inflight"]["bytes"]


def send_what_fits(connection, data):
    """Sends without waiting: a paused server leaves the rest in the client's own buffers."""
    try:
        connection.socket.send(data)
    except BlockingIOError:
        pass


def assert_overloaded(response):
    expect.error(response, 503)
    assert int(response.headers["retry-after"]) >= 1, response


def test_a_full_budget_answers_503_with_retry_after_and_then_works_again(make_server):
    server = make_server(TINY)
    body, count = ndjson(200)
    stalled = stalled_senders(server, 4)
    begin = time.monotonic()
    with server.connect() as connection:
        connection.send_until_refused(format_request("POST", "/log", body))
        assert_overloaded(connection.read_response())
        assert time.monotonic() - begin < OVERLOAD_WAIT + MARGIN
    for connection in stalled:
        connection.close()
    poll(lambda: server.post(body).status == 200, "the budget to be free again")
    assert len(server.cat()) == count


def test_the_wait_ends_with_200_when_the_budget_becomes_free_in_time(make_server):
    server = make_server({**TINY, "server.overload_wait": "20s"})
    body, count = ndjson(200)
    stalled = stalled_senders(server, 4)
    with server.connect() as connection:
        request = format_request("POST", "/log", body)
        # A socket object of its own for the sender, since a time-out belongs to the object.
        sending = connection.socket.dup()
        sending.settimeout(connection.deadline)
        sender = threading.Thread(target=sending.sendall, args=(request,))
        sender.start()
        assert not connection.has_bytes(wait=0.3), "the server did not wait for the budget"
        for stalled_connection in stalled:
            stalled_connection.close()
        accepted(connection.read_response(deadline=15), count)
        sender.join()
        sending.close()


def test_a_waiting_body_that_was_cut_short_is_told_at_once(make_server):
    server = make_server({**TINY, "server.overload_wait": "20s"})
    stalled = stalled_senders(server, 6)
    for connection in stalled:
        connection.half_close()
    for connection in stalled:
        assert expect.error(connection.read_response(), 400)["code"] == "incomplete_request"
        connection.close()


def test_health_stays_green_during_an_overload(make_server):
    server = make_server({**TINY, "server.overload_wait": "3s"})
    stalled = stalled_senders(server, 4)
    for target in ("/healthz", "/readyz", "/stats"):
        assert server.get(target).status == 200
    for connection in stalled:
        connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_one_body_above_the_budget_is_admitted_when_alone(make_server, chunked):
    server = make_server(TINY)
    body, count = ndjson(2048)
    for _ in range(2):
        with server.connect() as connection:
            if chunked:
                connection.send(format_request("POST", "/log", None,
                                               [("Transfer-Encoding", "chunked")]))
                connection.send(format_chunks([body.encode()]))
            else:
                connection.send(format_request("POST", "/log", body))
            accepted(connection.read_response(deadline=30), count)


def begin_sending(connection, data):
    """A thread that sends while its caller reads, on a socket object with a deadline of its own."""
    sending = connection.socket.dup()
    sending.settimeout(connection.deadline)

    def send():
        with sending:
            sending.sendall(data)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("durability", ["sync", "memory"])
@pytest.mark.parametrize("count, kilobytes", [(10, 900), (2, 4096), (40, 500)])
def test_bodies_that_fill_the_budget_together_are_all_accepted(make_server, count, kilobytes,
                                                               durability):
    """The wait is longer than a reply's deadline: only a server that goes on answers in time."""
    server = make_server({"server.inflight_max": "1MiB", "server.overload_wait": "1m",
                          "store.durability": durability})
    body, records = ndjson(kilobytes)
    data = format_request("POST", "/log", body)
    connections = [server.connect() for _ in range(count)]
    for connection in connections:
        connection.socket.setblocking(False)
        send_what_fits(connection, data[:128 * KIB])
    senders = [begin_sending(connection, data[128 * KIB:]) for connection in connections]
    for connection, sender in zip(connections, senders):
        accepted(connection.read_response(), records)
        sender.join()
        connection.close()
    assert server.terminate() == 0
    assert len(server.cat()) == count * records


def test_in_memory_mode_little_is_acknowledged_ahead_of_the_disk(make_server):
    """The commits are a second apart, so that all bodies could be acknowledged before the first."""
    server = make_server({"store.durability": "memory", "store.commit_window": "1s"})
    body, records = ndjson(1024)
    with server.connect() as connection:
        for posted in range(1, 17):
            accepted(connection.post(body), records)
            stored = server.get("/stats").json()["store"]["records"]
            assert posted * records - stored <= 5 * records
    assert server.terminate() == 0
    assert len(server.cat()) == 16 * records


def test_the_budget_is_passed_by_one_body_at_most(make_server):
    server = make_server({**TINY, "server.overload_wait": "20s", "server.threads": "2"})
    stalled = stalled_senders(server, 12)
    for connection in stalled:
        send_what_fits(connection, b"x" * (71 * KIB))
    assert not stalled[0].has_bytes(wait=0.5)
    # A read and what a thread has not told the budget yet come on top, for each of the threads.
    assert inflight(server) <= (256 + 200 + 2 * 192) * KIB
    for connection in stalled:
        connection.close()


class Pusher(threading.Thread):
    """Posts a few large requests, each on a connection of its own, and notes what came of each."""

    def __init__(self, server, name):
        super().__init__()
        self.server = server
        self.prefix = name
        self.outcomes = {}
        self.failure = None

    def run(self):
        try:
            for i in range(3):
                self.push(f"{self.prefix}-{i}")
        except Exception as failure:  # reported by the test, which joins this thread
            self.failure = failure

    def push(self, identity):
        body, count = ndjson(100, id=identity)
        with self.server.connect() as connection:
            connection.send_until_refused(format_request("POST", "/log", body))
            try:
                response = connection.read_response(deadline=30)
            except (ConnectionClosed, ConnectionResetError):
                self.outcomes[identity] = None
                return
        if response.status == 200:
            accepted(response, count)
        else:
            assert_overloaded(response)
        self.outcomes[identity] = response.status


def test_a_crowd_of_large_requests_gets_200_or_503_and_nothing_hangs(make_server):
    server = make_server({**TINY, "server.overload_wait": "200ms"})
    pushers = [Pusher(server, f"p{i}") for i in range(24)]
    for pusher in pushers:
        pusher.start()
    for pusher in pushers:
        pusher.join(90)
        assert not pusher.is_alive(), "a request hangs"
    assert [pusher.failure for pusher in pushers if pusher.failure] == []
    outcomes = {k: v for pusher in pushers for k, v in pusher.outcomes.items()}
    assert None not in outcomes.values(), "a reply was lost to a reset"
    assert 200 in outcomes.values()
    poll(lambda: server.post("free again").status == 200, "small requests to work again")
    assert_stored_as_answered(server, outcomes)


def assert_stored_as_answered(server, outcomes):
    """A 200 is stored once and whole; a 503 is stored whole at most once."""
    stored = collections.Counter(server.attributes("id"))
    for identity, status in outcomes.items():
        assert stored[identity] in ([100] if status == 200 else [0, 100]), (identity, status)


def test_slow_small_clients_are_not_starved_by_one_large_upload(make_server):
    server = make_server(TINY)
    with server.connect() as large:
        body, count = ndjson(1024)
        data = format_request("POST", "/log", body)
        large.send(data[:1000])
        for _ in range(5):
            accepted(server.post("small"), 1)
        large.send(data[1000:])
        accepted(large.read_response(deadline=30), count)


def test_an_overload_is_counted(make_server):
    server = make_server(TINY)
    stalled = stalled_senders(server, 4)
    body, _ = ndjson(200)
    with server.connect() as connection:
        connection.send_until_refused(format_request("POST", "/log", body))
        assert connection.read_response().status == 503
    assert "503" in server.get("/metrics").text()
    for connection in stalled:
        connection.close()
