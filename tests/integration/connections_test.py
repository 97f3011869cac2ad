"""HTTP connections: keep-alive, pipelining, odd splits, time-outs, clients that leave."""

import contextlib
import json
import threading
import time

import pytest

import expect
from expect import accepted
from http_client import format_chunks, format_request
from logboom_server import poll

CHUNKED = [("Transfer-Encoding", "chunked")]


def record(i):
    return json.dumps({"message": f"m{i}", "i": i})


def test_many_requests_use_one_connection(server):
    with server.connect() as connection:
        for i in range(50):
            response = connection.post(record(i))
            accepted(response, 1)
            assert not response.closes()
    assert server.attributes("i") == list(range(50))


def test_a_hundred_pipelined_requests_are_answered_in_order(server):
    bodies = [record(i) if i % 10 else "{bad}" for i in range(100)]
    with server.connect() as connection:
        connection.send(b"".join(format_request("POST", "/log", body) for body in bodies))
        statuses = [connection.read_response().status for _ in bodies]
        accepted(connection.post(record(100)), 1)
    assert statuses == [200 if i % 10 else 400 for i in range(100)]
    assert server.attributes("i") == [i for i in range(101) if i % 10 or i == 100]


def test_pipelined_requests_of_all_kinds_keep_their_order(server):
    with server.connect() as connection:
        connection.send(format_request("GET", "/healthz") + format_request("POST", "/log", "a")
                        + format_request("HEAD", "/healthz") + format_request("GET", "/nothing")
                        + format_request("POST", "/log", "b"))
        statuses = [connection.read_response(head=i == 2).status for i in range(5)]
    assert statuses == [200, 200, 200, 404, 200]
    assert server.bodies() == ["a", "b"]


@pytest.mark.parametrize("size", [1, 2, 7, 100, 4096])
def test_a_chunked_body_may_be_split_anywhere(server, size):
    body = "\n".join(record(i) for i in range(100)).encode()
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    request = format_request("POST", "/log", None, CHUNKED) + format_chunks(pieces)
    with server.connect() as connection:
        connection.send(request)
        accepted(connection.read_response(), 100)
        accepted(connection.post(record(100)), 1)
    assert server.attributes("i") == list(range(101))


def test_chunk_extensions_and_trailers_are_passed_over(server):
    chunks = format_chunks([b'{"message"', b':"m"}'], [("X-Checksum", "abc"), ("X-B", "")],
                           extension=';name="v;x"')
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", None, CHUNKED) + chunks)
        accepted(connection.read_response(), 1)
        accepted(connection.post("next"), 1)
    assert server.bodies() == ["m", "next"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_may_arrive_one_byte_at_a_time(server, chunked):
    body = b'{"message":"slow"}'
    request = (format_request("POST", "/log", None, CHUNKED) + format_chunks([body[:5], body[5:]])
               if chunked else format_request("POST", "/log", body))
    with server.connect() as connection:
        for byte in request:
            connection.send(bytes([byte]))
        accepted(connection.read_response(), 1)
    assert server.bodies() == ["slow"]


def test_every_split_of_a_pipelined_pair_gives_both_replies(server):
    pair = format_request("POST", "/log", "first") + format_request("POST", "/log", "second")
    for cut in range(1, len(pair), 3):
        with server.connect() as connection:
            connection.send(pair[:cut])
            connection.send(pair[cut:])
            accepted(connection.read_response(), 1)
            accepted(connection.read_response(), 1)


def test_expect_100_continue_is_answered_before_the_body(server):
    header = format_request("POST", "/log", None, [("Expect", "100-continue"),
                                                   ("Content-Length", "15")])
    with server.connect() as connection:
        connection.send(header)
        assert connection.read_response().status == 100
        connection.send(b'{"message":"m"}')
        accepted(connection.read_response(), 1)
        accepted(connection.post("after"), 1)
    assert server.bodies() == ["m", "after"]


def test_expect_100_continue_works_with_a_chunked_body(server):
    header = format_request("POST", "/log", None, [("Expect", "100-Continue"), *CHUNKED])
    with server.connect() as connection:
        connection.send(header)
        assert connection.read_response().status == 100
        connection.send(format_chunks([b"text"]))
        accepted(connection.read_response(), 1)


def test_a_client_that_does_not_wait_for_100_gets_one_final_reply(server):
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", "m", [("Expect", "100-continue")]))
        accepted(connection.read_final_response(), 1)
        accepted(connection.post("after"), 1)


@pytest.mark.parametrize("target, status", [("/nothing", 404), ("/healthz", 405)])
def test_expect_100_continue_is_refused_without_asking_for_the_body(shared_server, target, status):
    header = format_request("POST", target, None, [("Expect", "100-continue"),
                                                   ("Content-Length", "1000000")])
    with shared_server.connect() as connection:
        connection.send(header)
        response = connection.read_response()
        expect.error(response, status)
        assert response.closes()


@pytest.mark.parametrize("target", ["/", "/healthz", "/readyz", "/metrics", "/stats"])
def test_head_has_the_header_of_get_and_no_body(shared_server, target):
    with shared_server.connect() as connection:
        head = connection.request("HEAD", target)
        get = connection.request("GET", target)
    assert (head.status, get.status) == (200, 200)
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.body == b"" and get.body != b""


def test_head_of_an_unknown_path_is_404_without_body(shared_server):
    with shared_server.connect() as connection:
        assert connection.request("HEAD", "/nothing").status == 404
        assert connection.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("target, method", [("/log", "POST"), ("/healthz", "GET"), ("*", "POST")])
def test_options_says_what_is_allowed(shared_server, target, method):
    with shared_server.connect() as connection:
        response = connection.request("OPTIONS", target)
        assert response.status in (200, 204), response
        assert method in response.headers["allow"]
        assert connection.request("GET", "/healthz").status == 200


def test_connection_close_is_honoured_and_announced(server):
    with server.connect() as connection:
        response = connection.post("m", headers=[("Connection", "close")])
        accepted(response, 1)
        assert response.closes()
        connection.assert_closed_cleanly()


def test_what_follows_a_request_that_closes_is_not_served(server):
    with server.connect() as connection:
        connection.send_until_refused(
            format_request("POST", "/log", "a", [("Connection", "close")])
            + format_request("POST", "/log", "never"))
        accepted(connection.read_response(), 1)
        connection.wait_for_close()
    assert server.terminate() == 0
    assert server.bodies() == ["a"]


def test_http_1_0_is_answered_and_closed(server):
    with server.connect() as connection:
        connection.send(b'POST /log HTTP/1.0\r\nContent-Length: 15\r\n\r\n{"message":"m"}')
        accepted(connection.read_response(), 1)
        connection.assert_closed_cleanly()
    assert server.bodies() == ["m"]


def test_http_1_0_keep_alive_is_announced_when_kept(server):
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", "a", [("Connection", "keep-alive")],
                                       version="HTTP/1.0"))
        response = connection.read_response()
        accepted(response, 1)
        if "keep-alive" in response.headers.get("connection", "").lower():
            accepted(connection.post("b"), 1)
        else:
            connection.assert_closed_cleanly()


def test_an_upgrade_to_h2c_is_ignored(server):
    fields = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
              ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")]
    response = server.post("m", headers=fields)
    accepted(response, 1)
    assert response.version == "HTTP/1.1"


def test_a_client_that_half_closes_after_its_request_gets_the_reply(server):
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", "m"))
        connection.half_close()
        accepted(connection.read_response(), 1)
        connection.assert_closed_cleanly()


def leave_by_close(connection):
    connection.close()


def leave_by_reset(connection):
    connection.reset()


@pytest.mark.parametrize("leave", [leave_by_close, leave_by_reset])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_leaves_within_its_body_stores_nothing(server, leave, chunked):
    whole = b'{"message":"whole line"}\n{"message":"next'
    for _ in range(20):
        connection = server.connect()
        connection.send(
            format_request("POST", "/log", None, CHUNKED) + format_chunks([whole])[:-5] if chunked
            else format_request("POST", "/log", None, [("Content-Length", "999")]) + whole)
        leave(connection)
    accepted(server.post("still serving"), 1)
    assert server.terminate() == 0
    assert server.bodies() == ["still serving"]


HEADER = b"POST /log HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("begun, missing", [
    (b"P", "header"), (HEADER, "header"), (HEADER + b"Content-Length: 9\r\n", "header"),
    (HEADER + b"Content-Length: 9\r\n\r\n", "0 of 9"),
    (HEADER + b"Content-Length: 9\r\n\r\n{}\n", "3 of 9"),
    (HEADER + b"Content-Length: 9999\r\n\r\n{}\n", "3 of 9999"),
    (HEADER + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n", "chunk"),
    (HEADER + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n", "chunk")],
    ids=range(8))
def test_a_half_close_within_a_request_is_told_what_is_missing(server, begun, missing):
    with server.connect() as connection:
        connection.send(begun)
        connection.half_close()
        response = connection.read_response()
        body = expect.error(response, 400)
        assert body["code"] == "incomplete_request" and missing in body["error"], response
        assert response.closes()
        connection.assert_closed_cleanly()
    assert server.terminate() == 0
    assert server.cat() == []


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n\r"])
def test_a_half_close_without_a_request_is_closed_without_a_word(shared_server, sent):
    with shared_server.connect() as connection:
        connection.send(sent)
        connection.half_close()
        assert connection.wait_for_close() == b""


def test_a_half_close_behind_a_whole_pipelined_request_is_told_too(server):
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", "m") + b"POST /log")
        connection.half_close()
        accepted(connection.read_response(), 1)
        expect.error(connection.read_response(), 400)
        connection.assert_closed_cleanly()


def test_clients_that_leave_before_the_reply_do_not_disturb_others(server):
    for i in range(200):
        connection = server.connect()
        connection.send(format_request("POST", "/log", record(i)))
        connection.reset() if i % 2 else connection.close()
    accepted(server.post("still serving"), 1)
    assert server.terminate() == 0
    numbers = server.attributes("i")
    assert len(numbers) == len(set(numbers)), "a request was stored twice"


def test_a_header_that_takes_too_long_is_408(make_server):
    server = make_server({"server.timeouts.header": "300ms"})
    with server.connect() as connection:
        connection.send(b"POST /log HTTP/1.1\r\nHost: x\r\n")
        response = connection.read_response()
        expect.error(response, 408)
        assert response.closes()
        connection.assert_closed_cleanly()
    assert server.get("/healthz").status == 200


def test_dripping_header_bytes_does_not_extend_the_header_timeout(make_server):
    server = make_server({"server.timeouts.header": "500ms"})
    begin = time.monotonic()
    with server.connect() as connection:
        connection.send(b"POST /log HTTP/1.1\r\nHost: x\r\nX: ")
        while not connection.has_bytes(wait=0.05):
            assert time.monotonic() - begin < connection.deadline, "the drip was never cut"
            connection.send_until_refused(b"x")
        assert connection.read_response().status == 408


def test_a_body_that_takes_too_long_is_408_and_stores_nothing(make_server):
    server = make_server({"server.timeouts.body": "300ms"})
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", None, [("Content-Length", "99")]) + b"{}\n")
        response = connection.read_response()
        expect.error(response, 408)
        assert response.closes()
    assert server.terminate() == 0
    assert server.cat() == []


@pytest.mark.parametrize("chunked", [False, True])
def test_dripping_body_bytes_does_not_extend_the_body_timeout(make_server, chunked):
    server = make_server({"server.timeouts.body": "500ms"})
    header = format_request("POST", "/log", None,
                            CHUNKED if chunked else [("Content-Length", "999999")])
    drop = b"1\r\nx\r\n" if chunked else b"x"
    with server.connect() as connection:
        begin = time.monotonic()
        connection.send(header + drop)
        while not connection.has_bytes(wait=0.05):
            assert time.monotonic() - begin < connection.deadline, "the drip was never cut"
            connection.send_until_refused(drop)
        assert connection.read_response().status == 408
    poll(lambda: server.get("/stats").json()["inflight"]["bytes"] == 0, "nothing is in flight")


def test_a_body_that_keeps_coming_may_take_longer_than_the_body_timeout(make_server):
    server = make_server({"server.timeouts.body": "1s"})
    mebibyte = (b"x" * 1023 + b"\n") * 1024
    with server.connect() as connection:
        connection.send(format_request("POST", "/log", None, [("Content-Length", 6 << 20)]))
        for _ in range(5):
            connection.send(mebibyte)
            assert not connection.has_bytes(wait=0.3)
        connection.send(mebibyte)
        accepted(connection.read_response(), 6 * 1024)


def test_an_idle_connection_is_closed_without_a_word(make_server):
    server = make_server({"server.timeouts.idle": "300ms"})
    with server.connect() as connection:
        connection.assert_closed_cleanly()
    with server.connect() as connection:
        accepted(connection.post("m"), 1)
        connection.assert_closed_cleanly()


def test_hundreds_of_idle_connections_hold_nothing_up(server):
    connections = [server.connect() for _ in range(300)]
    try:
        for i in (0, 150, 299):
            accepted(connections[i].post(record(i)), 1)
        stats = server.get("/stats")
        assert stats.status == 200
    finally:
        for connection in connections:
            connection.close()
    assert server.attributes("i") == [0, 150, 299]


def test_connections_over_the_maximum_do_not_break_those_within(make_server):
    server = make_server({"server.connections_max": "8"})
    with server.connect() as first:
        accepted(first.post("m"), 1)
        crowd = [server.connect() for _ in range(40)]
        accepted(first.post("m"), 1)
        for connection in crowd:
            connection.close()
    poll(server.ready, "new connections are served once the crowd has left")


def test_a_storm_of_connections_does_not_starve_those_that_work(server):
    """Thousands come and go, most of them without a word, while one client goes on posting."""
    def storm():
        for i in range(3000):
            with server.connect() as stranger:
                if i % 10 == 0:
                    stranger.send(b"POST /log HTTP/1.1\r\n")

    stranger = threading.Thread(target=storm)
    with server.connect() as connection:
        stranger.start()
        posted = 0
        while stranger.is_alive() or posted < 20:
            accepted(connection.post(json.dumps({"n": posted})), 1)
            posted += 1
    stranger.join()
    assert server.attributes("n") == list(range(posted))


def test_clients_that_do_not_read_their_replies_hold_nobody_up_and_are_closed(make_server):
    server = make_server({"server.timeouts.reply": "1s"})
    request = format_request("GET", "/metrics")
    slow = [server.connect() for _ in range(8)]
    for connection in slow:
        connection.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                connection.socket.send(request * 100)
    for i in range(50):
        accepted(server.post(json.dumps({"n": i})), 1)
    assert server.attributes("n") == list(range(50))
    poll(lambda: server.get("/stats").json()["connections"]["open"] <= 1,
         "the clients that do not read are closed")
    for connection in slow:
        connection.close()
