"""SIGTERM: what has begun is answered, nothing acknowledged is lost, and the exit code is 0."""

import json
import signal
import threading
import time

import pytest

from expect import accepted
from http_client import Connection, ConnectionClosed, format_request
from logboom_server import poll
from steady_clients import finish, start_clients


def refuses_or_not_ready(server):
    """True once a drain can be seen from outside: /readyz is not 200 or nobody listens."""
    return not server.ready()


def test_a_server_with_nothing_to_do_ends_at_once_with_0(server):
    begin = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - begin < 10


def test_idle_keep_alive_connections_do_not_hold_the_exit_up(server):
    connections = [server.connect() for _ in range(50)]
    for connection in connections[:25]:
        accepted(connection.post("m"), 1)
    begin = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - begin < 10
    for connection in connections:
        assert connection.wait_for_close() == b""
        connection.close()


def test_a_request_whose_first_bytes_arrived_is_answered_and_stored(server):
    data = format_request("POST", "/log", '{"message":"begun"}')
    cuts = [1, 10, len(data) - 25, len(data) - 19, len(data) - 1]
    connections = [server.connect() for _ in cuts]
    for connection, cut in zip(connections, cuts):
        connection.send(data[:cut])
    server.signal(signal.SIGTERM)
    poll(lambda: refuses_or_not_ready(server), "the drain to begin")
    for connection, cut in zip(connections, cuts):
        connection.send(data[cut:])
        response = connection.read_response()
        accepted(response, 1)
        assert response.closes()
        connection.assert_closed_cleanly()
        connection.close()
    assert server.wait() == 0
    assert server.bodies() == ["begun"] * len(cuts)


def test_requests_sent_in_whole_before_the_signal_are_all_answered(server):
    connections = [server.connect() for _ in range(100)]
    for i, connection in enumerate(connections):
        connection.send(format_request("POST", "/log", json.dumps({"i": i})))
    server.signal(signal.SIGTERM)
    for connection in connections:
        accepted(connection.read_response(), 1)
        assert connection.wait_for_close() == b""
        connection.close()
    assert server.wait() == 0
    assert sorted(server.attributes("i")) == list(range(100))


@pytest.mark.parametrize("count", [2, 20, 1000])
def test_requests_pipelined_before_the_signal_are_all_answered(server, count):
    """A thousand of them are more than one read takes: the rest waits in the socket. The last reply
    ends the connection, unless it was sent before the signal came."""
    with server.connect() as connection:
        connection.send(b"".join(format_request("POST", "/log", json.dumps({"i": i}))
                                 for i in range(count)))
        server.signal(signal.SIGTERM)
        replies = [connection.read_response() for _ in range(count)]
        connection.assert_closed_cleanly()
    for reply in replies:
        accepted(reply, 1)
    assert not any(reply.closes() for reply in replies[:-1])
    assert server.wait() == 0
    assert server.attributes("i") == list(range(count))


def test_the_last_pipelined_request_may_be_completed_after_the_signal(server):
    data = format_request("POST", "/log", '{"i":0}') * 3 + format_request("POST", "/log", '{"i":1}')
    with server.connect() as connection:
        connection.send(data[:-3])
        server.signal(signal.SIGTERM)
        for _ in range(3):
            accepted(connection.read_response(), 1)
        connection.send(data[-3:])
        last = connection.read_response()
        accepted(last, 1)
        assert last.closes()
    assert server.wait() == 0


class Client(threading.Thread):
    """Posts over one keep-alive connection until it is closed; a half reply is a failure."""

    def __init__(self, port, name):
        super().__init__()
        self.connection = Connection(port)
        self.prefix = name
        self.acknowledged = []
        self.failure = None
        self.warm = threading.Event()

    def run(self):
        try:
            self.post_until_closed()
        except Exception as failure:  # reported by the test, which joins this thread
            self.failure = failure
        finally:
            self.warm.set()
            self.connection.close()

    def post_until_closed(self):
        for i in range(1_000_000):
            identity = f"{self.prefix}-{i}"
            try:
                response = self.connection.post(json.dumps({"id": identity}))
            except ConnectionClosed as closed:
                assert closed.partial == b"", f"half a reply: {closed.partial!r}"
                return
            except (BrokenPipeError, ConnectionResetError):
                assert self.connection.received == b"", "half a reply"
                return
            accepted(response, 1)
            self.acknowledged.append(identity)
            if i == 5:
                self.warm.set()
            if response.closes():
                self.connection.assert_closed_cleanly()
                return


def test_a_drain_under_load_answers_wholly_or_not_at_all_and_keeps_what_it_said(server):
    clients = [Client(server.port, f"c{i}") for i in range(16)]
    for client in clients:
        client.start()
    for client in clients:
        assert client.warm.wait(30)
    server.signal(signal.SIGTERM)
    code = server.wait()
    for client in clients:
        client.join()
    assert code == 0
    assert [client.failure for client in clients if client.failure] == []
    stored = server.attributes("id")
    assert len(stored) == len(set(stored)), "a request was stored twice"
    lost = {i for client in clients for i in client.acknowledged} - set(stored)
    assert not lost, f"acknowledged but lost: {sorted(lost)[:10]}"


@pytest.mark.parametrize("drain_delay", ["0s", "200ms"])
def test_who_gets_a_connection_gets_an_answer_until_connecting_is_refused(make_server, drain_delay):
    """Also those whose handshake is being completed when listening ends."""
    server = make_server({"server.drain_delay": drain_delay})
    clients = start_clients(server.port, 16, until_refused=True)
    poll(lambda: all(client.acknowledged for client in clients), "every client to begin")
    assert server.terminate() == 0, server.stderr()
    for client in clients:
        client.join()
    assert sorted(server.attributes("id")) == finish(clients)


def test_clients_that_wait_for_room_when_the_signal_comes_are_answered_too(make_server):
    """They have connected and sent their requests, but connections_max kept them in the backlog."""
    server = make_server({"server.connections_max": "1"})
    with server.connect() as held:
        accepted(held.post("held"), 1)
        waiting = [server.connect() for _ in range(3)]
        for i, connection in enumerate(waiting):
            connection.send(format_request("POST", "/log", f"waiting {i}"))
        server.signal(signal.SIGTERM)
        for connection in waiting:
            accepted(connection.read_response(), 1)
            connection.close()
    assert server.wait() == 0
    assert sorted(server.bodies()) == ["held", "waiting 0", "waiting 1", "waiting 2"]


def test_a_second_signal_ends_at_once(server):
    with server.connect() as connection:
        connection.send(b"POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        server.signal(signal.SIGTERM)
        poll(lambda: refuses_or_not_ready(server), "the drain to begin")
        assert server.alive()
        begin = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.wait() == 1
        assert time.monotonic() - begin < 5


def test_a_stalled_request_holds_the_exit_up_no_longer_than_drain_timeout(make_server):
    server = make_server({"server.drain_timeout": "500ms"})
    accepted(server.post("stored"), 1)
    with server.connect() as connection:
        connection.send(b"POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        begin = time.monotonic()
        server.signal(signal.SIGTERM)
        server.wait()
        assert 0.4 < time.monotonic() - begin < 10
    assert server.bodies() == ["stored"]


def test_readyz_is_red_while_requests_are_still_served_during_drain_delay(make_server):
    server = make_server({"server.drain_delay": "3s"})
    server.signal(signal.SIGTERM)
    begin = time.monotonic()
    poll(lambda: server.get("/readyz").status == 503, "readyz to turn red")
    assert server.get("/healthz").status == 200
    accepted(server.post("during the delay"), 1)
    with server.connect() as connection:
        accepted(connection.post("kept alive"), 1)
    assert time.monotonic() - begin < 3, "too slow a machine for this test's delay"
    assert server.wait() == 0
    assert time.monotonic() - begin > 2.5
    assert server.bodies() == ["during the delay", "kept alive"]


def test_a_restart_after_a_drain_goes_on_with_the_numbers(server):
    accepted(server.post("a"), 1)
    [first] = server.cat()
    server.restart()
    accepted(server.post("b"), 1)
    records = server.cat()
    assert [r["body"] for r in records] == ["a", "b"]
    assert records[0] == first and records[1]["_seq"] > first["_seq"]


def test_a_data_directory_is_intact_after_a_drain(server):
    from logboom_server import run_logboom
    for i in range(10):
        accepted(server.post(f"line {i}"), 1)
    assert server.terminate() == 0
    assert run_logboom("verify", "--data-dir", server.data_dir).returncode == 0
