"""The client of these tests itself: it must not take a broken reply for a whole one."""

import socket

import pytest

from http_client import Connection, ConnectionClosed, ReplyTimeout, format_chunks


@pytest.fixture
def far_end():
    """make(bytes, closed) gives a Connection whose peer has sent these bytes."""
    sockets = []

    def make(data, closed=True):
        near, far = socket.socketpair()
        sockets.extend([near, far])
        far.sendall(data)
        if closed:
            far.close()
        connection = Connection.__new__(Connection)
        connection.socket, connection.received, connection.deadline = near, b"", 0.2
        return connection

    yield make
    for each in sockets:
        each.close()


def test_a_reply_of_each_framing_is_read_to_its_end_and_no_further(far_end):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + format_chunks(
        [b"one", b"two"])
    connection = far_end(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
                         b"HTTP/1.1 204 No Content\r\n\r\n"
                         b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
                         + chunked + b"HTTP/1.1 200 OK\r\n\r\nto the end")
    assert connection.read_response().body == b"body"
    assert connection.read_response().status == 204
    assert connection.read_response(head=True).headers["content-length"] == "9"
    assert connection.read_response().body == b"onetwo"
    assert connection.read_response().body == b"to the end"


@pytest.mark.parametrize("reply", [
    b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal"])
def test_a_reply_cut_off_is_noticed(far_end, reply):
    with pytest.raises(ConnectionClosed):
        far_end(reply).read_response()


def test_a_reply_that_does_not_come_is_noticed(far_end):
    with pytest.raises(ReplyTimeout):
        far_end(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", closed=False).read_response()


@pytest.mark.parametrize("header", [
    b"HTTP/1.1 OK\r\n", b"HTTP/1.1 200\r\n", b"HTTP/2 200 OK\r\n", b"200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nNo colon\r\n", b"HTTP/1.1 200 OK\r\nA : b\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"])
def test_a_malformed_reply_header_is_noticed(far_end, header):
    with pytest.raises(AssertionError):
        far_end(header + b"\r\nx").read_response()


def test_bytes_after_the_last_reply_are_noticed(far_end):
    connection = far_end(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 400")
    connection.read_response()
    with pytest.raises(AssertionError):
        connection.assert_closed_cleanly()
