"""A raw HTTP/1.1 client for tests: sends exactly the bytes it is given, reads whole responses.

Deliberately not http.client: tests must send malformed requests, split bytes at odd places, and
see every byte of the reply. Every read has a deadline; running into it raises ReplyTimeout.
"""

import json
import os
import re
import socket
import time

# Deadlines of single replies, in seconds. A sanitizer or valgrind run may stretch them.
TIME_FACTOR = float(os.environ.get("LOGBOOM_TEST_TIME_FACTOR", "1"))
REPLY_DEADLINE = 10.0 * TIME_FACTOR


class ReplyTimeout(AssertionError):
    """The server did not send what the test waits for within the deadline."""


class ConnectionClosed(AssertionError):
    """The server closed the connection; `partial` holds the reply bytes that came before."""

    def __init__(self, partial):
        super().__init__(f"connection closed after {len(partial)} reply bytes: {partial[:200]!r}")
        self.partial = partial


class Response:
    """One parsed response. Header names are lower-case; equal names are joined with a comma."""

    def __init__(self, version, status, reason, headers, body):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode("utf-8")

    def closes(self):
        return "close" in self.headers.get("connection", "").lower()

    def __repr__(self):
        return f"<Response {self.status} {self.reason} {self.headers} {self.body[:400]!r}>"


class Connection:
    """One TCP connection to the server. Use as a context manager, or close() it."""

    def __init__(self, port, deadline=REPLY_DEADLINE):
        self.deadline = deadline
        self.received = b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=deadline)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a TCP reset instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data):
        self.socket.settimeout(self.deadline)
        self.socket.sendall(data)

    def send_until_refused(self, data):
        """Sends like a client that does not read meanwhile; a broken pipe ends it quietly."""
        try:
            self.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def request(self, method, target, body=None, headers=(), version="HTTP/1.1"):
        """Sends one well-formed request and reads its response."""
        self.send(format_request(method, target, body, headers, version))
        return self.read_response(head=method == "HEAD")

    def post(self, body, target="/log", headers=()):
        return self.request("POST", target, body, headers)

    def read_response(self, head=False, deadline=None):
        """Reads one response with its whole body: Content-Length, chunked, or until the close."""
        end = time.monotonic() + (deadline or self.deadline)
        header = self._read_until(b"\r\n\r\n", end)
        version, status, reason, headers = parse_header(header)
        if head or status in (204, 304) or 100 <= status < 200:
            body = b""
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            body = self._read_chunks(end)
        elif "content-length" in headers:
            body = self._read_exactly(int(headers["content-length"]), end)
        else:
            body = self._read_to_close(end)
        return Response(version, status, reason, headers, body)

    def read_final_response(self, head=False, deadline=None):
        """Like read_response, but passes over `100 Continue`."""
        response = self.read_response(head, deadline)
        while response.status == 100:
            response = self.read_response(head, deadline)
        return response

    def wait_for_close(self, deadline=None):
        """Waits until the server closes, by FIN or reset; returns the bytes that came before."""
        end = time.monotonic() + (deadline or self.deadline)
        try:
            return self._read_to_close(end)
        except ConnectionResetError:
            return self.received

    def assert_closed_cleanly(self):
        """The server must end with a FIN and no further byte: no reset, no second reply."""
        rest = self._read_to_close(time.monotonic() + self.deadline)
        assert rest == b"", f"unexpected bytes after the reply: {rest[:200]!r}"

    def has_bytes(self, wait=0.0):
        """True if reply bytes (or the end of the stream) can be read within `wait` seconds."""
        if self.received:
            return True
        self.socket.settimeout(max(wait, 0.001))
        try:
            return self.socket.recv(1, socket.MSG_PEEK) is not None
        except TimeoutError:
            return False

    def _receive(self, end):
        left = end - time.monotonic()
        if left <= 0:
            raise ReplyTimeout(f"no whole reply in time; so far: {self.received[:400]!r}")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise ReplyTimeout(f"no whole reply in time; so far: {self.received[:400]!r}") from None
        self.received += data
        return data

    def _take(self, count):
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def _read_until(self, marker, end):
        while marker not in self.received:
            if not self._receive(end):
                raise ConnectionClosed(self.received)
        return self._take(self.received.index(marker) + len(marker))

    def _read_exactly(self, count, end):
        while len(self.received) < count:
            if not self._receive(end):
                raise ConnectionClosed(self.received)
        return self._take(count)

    def _read_chunks(self, end):
        body = b""
        while True:
            size = int(self._read_until(b"\r\n", end).split(b";")[0], 16)
            chunk = self._read_exactly(size + 2, end)
            if size == 0:
                return body
            body += chunk[:-2]

    def _read_to_close(self, end):
        while self._receive(end):
            pass
        return self._take(len(self.received))


def parse_header(header):
    """Splits a response header strictly, so that a malformed one fails the test that reads it."""
    lines = header.decode("latin-1").split("\r\n")[:-2]
    status_line = re.fullmatch(r"(HTTP/1\.[01]) ([1-5][0-9][0-9]) ([^\r\n]*)", lines[0])
    assert status_line, f"malformed status line: {lines[0]!r}"
    headers = {}
    for line in lines[1:]:
        field = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
        assert field, f"malformed header line: {line!r}"
        name = field[1].lower()
        headers[name] = f"{headers[name]}, {field[2]}" if name in headers else field[2]
    assert not ("content-length" in headers and "transfer-encoding" in headers), headers
    return status_line[1], int(status_line[2]), status_line[3], headers


def format_request(method, target, body=None, headers=(), version="HTTP/1.1"):
    """The bytes of a request. `headers` is a sequence of (name, value) pairs, sent as they are."""
    if isinstance(body, str):
        body = body.encode("utf-8")
    lines = [f"{method} {target} {version}"]
    if not any(name.lower() == "host" for name, _ in headers):
        lines.append("Host: 127.0.0.1")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def format_chunks(pieces, trailers=(), extension=""):
    """A chunked body of the given pieces."""
    out = b""
    for piece in pieces:
        out += f"{len(piece):x}{extension}\r\n".encode() + piece + b"\r\n"
    out += b"0\r\n"
    out += b"".join(f"{name}: {value}\r\n".encode() for name, value in trailers)
    return out + b"\r\n"
