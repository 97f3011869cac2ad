"""HTTP that must be refused: each time a whole reply with a JSON error, and the server lives on."""

import random

import pytest

import expect

BODY = b'{"message":"smuggled"}'
OPEN = b"POST /log HTTP/1.1\r\nHost: localhost\r\n"


def refused(server, data, *statuses):
    """The reply is an error, closes the connection, and what is behind it is not served."""
    with server.connect() as connection:
        connection.send_until_refused(data)
        response = connection.read_response()
        expect.error(response, *statuses)
        assert response.closes(), response
        connection.assert_closed_cleanly()
    assert server.get("/healthz").status == 200
    return response


@pytest.fixture
def nothing_is_stored(shared_server):
    """Whatever a test of this file sends, it must not end up as a record."""
    yield
    assert shared_server.cat() == []


pytestmark = pytest.mark.usefixtures("nothing_is_stored")


@pytest.mark.parametrize("length", [
    b"-1", b"+22", b"0x16", b"22 22", b"22,22", b"22, 22", b"", b"2 2", b"22;", b"1e1", b"\x31\xb2",
    b"99999999999999999999999999"])
def test_a_malformed_content_length_is_refused(shared_server, length):
    data = OPEN + b"Content-Length: " + length + b"\r\n\r\n" + BODY
    refused(shared_server, data, 400, 413)


@pytest.mark.parametrize("second", [b"22", b"21", b"0"])
def test_a_second_content_length_is_refused_even_if_equal(shared_server, second):
    data = OPEN + b"Content-Length: 22\r\nContent-Length: " + second + b"\r\n\r\n" + BODY
    refused(shared_server, data, 400)


@pytest.mark.parametrize("order", [0, 1])
def test_both_transfer_encoding_and_content_length_are_refused(shared_server, order):
    fields = [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"]
    data = OPEN + fields[order] + fields[1 - order] + b"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n"
    refused(shared_server, data, 400)


@pytest.mark.parametrize("coding", [b"foo", b"gzip, chunked", b"identity", b"compress"])
def test_an_unknown_transfer_coding_is_501(shared_server, coding):
    data = OPEN + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n"
    refused(shared_server, data, *((400, 501) if coding == b"identity" else (501,)))


@pytest.mark.parametrize("coding", [b"chunked, gzip", b"chunked, chunked", b"chunked, foo",
                                    b"xchunked", b"chunked x", b"\x0bchunked"])
def test_a_coding_other_than_a_last_chunked_is_refused(shared_server, coding):
    data = OPEN + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n"
    refused(shared_server, data, 400, 501)


def test_two_transfer_encoding_fields_are_refused(shared_server):
    data = OPEN + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n"
    refused(shared_server, data, 400, 501)


def test_a_missing_host_is_refused_in_http_1_1(shared_server):
    data = b"POST /log HTTP/1.1\r\nContent-Length: 22\r\n\r\n" + BODY
    assert "host" in refused(shared_server, data, 400).text().lower()


def test_two_hosts_are_refused(shared_server):
    refused(shared_server, OPEN + b"Host: other\r\nContent-Length: 22\r\n\r\n" + BODY, 400)


@pytest.mark.parametrize("host", [b"a b/c", b"a/b", b"user@a", b"a:port", b"[::1", b"a,b c"])
def test_an_invalid_host_is_refused(shared_server, host):
    data = b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    assert refused(shared_server, data, 400).json()["code"] == "bad_host"


@pytest.mark.parametrize("fold", [b"\r\n ", b"\r\n\t"])
def test_a_folded_header_line_is_refused(shared_server, fold):
    data = OPEN + b"X-Long: a" + fold + b"b\r\nContent-Length: 22\r\n\r\n" + BODY
    refused(shared_server, data, 400)


@pytest.mark.parametrize("field", [
    b"Content-Length : 22", b" Leading: space", b"No-Colon", b": no name", b"Bad\x00Name: v",
    b"X: nul\x00value", b"X: bare\rreturn", b"Sp ace: v", b"X: line\nfeed", b"B\xe4d: v"])
def test_a_malformed_header_field_is_refused(shared_server, field):
    data = OPEN + field + b"\r\nContent-Length: 22\r\n\r\n" + BODY
    assert "line 3 " in refused(shared_server, data, 400).json()["error"]


def test_bare_line_feeds_are_refused_and_do_not_hang(shared_server):
    refused(shared_server, b"POST /log HTTP/1.1\nHost: x\nContent-Length: 22\n\n" + BODY, 400)


@pytest.mark.parametrize("line", [
    b"GARBAGE", b"POST /log", b"POST  /log HTTP/1.1", b"POST /log HTTP/1.1 x", b"/log HTTP/1.1",
    b"POST /log HTTP/9.9", b"POST /log HTTP/2.0", b"POST /log http/1.1", b"POST /lo\x01g HTTP/1.1",
    b"POST /l og HTTP/1.1", b"\x00\x01\x02\x03", b"P\xd6ST /log HTTP/1.1"])
def test_a_malformed_request_line_is_refused(shared_server, line):
    refused(shared_server, line + b"\r\nHost: x\r\nContent-Length: 22\r\n\r\n" + BODY, 400)


@pytest.mark.parametrize("chunks", [
    b"zz\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\nhello", b" 5\r\nhello\r\n0\r\n\r\n", b"\r\nhello",
    b"5\r\nhello\r\n0\r\nBad Trailer\r\n\r\n", b"5\n", b"5\nhello\n0\n\n", b"5;a\n",
    b"5\r\nhello\r\n0\n\n", b"5\r\nhello\r\n0\r\nA: b\n"])
def test_a_malformed_chunk_is_refused_at_once(shared_server, chunks):
    data = OPEN + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    response = refused(shared_server, data, 400, 413)
    assert response.status == 413 or " byte " in response.json()["error"], response


def test_a_chunk_extension_without_end_is_refused(shared_server):
    refused(shared_server, OPEN + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 100_000, 400)


@pytest.mark.parametrize("expectation", [b"200-ok", b"100-continue, more"])
def test_an_unknown_expectation_is_refused(shared_server, expectation):
    data = OPEN + b"Content-Length: 22\r\nExpect: " + expectation + b"\r\n\r\n"
    refused(shared_server, data, 400, 417)


def test_a_header_that_is_too_large_is_431(shared_server):
    data = OPEN + b"X-Large: " + b"x" * 70_000 + b"\r\nContent-Length: 22\r\n\r\n" + BODY
    refused(shared_server, data, 431)


def test_a_header_without_end_is_431(shared_server):
    refused(shared_server, OPEN + b"X: " + b"x" * 200_000, 431)


def test_too_many_header_fields_are_431(shared_server):
    fields = b"".join(b"X-%d: v\r\n" % i for i in range(200))
    refused(shared_server, OPEN + fields + b"Content-Length: 22\r\n\r\n" + BODY, 431)


def test_header_limits_of_the_configuration_hold(make_server):
    server = make_server({"limits.header": "1KiB", "limits.header_count": "8"})
    refused(server, OPEN + b"X: " + b"x" * 1500 + b"\r\n\r\n", 431)
    refused(server, OPEN + b"X: v\r\n" * 12 + b"\r\n", 431)
    assert server.get("/healthz", headers=[("X-A", "b" * 100)] * 5).status == 200


def test_http_2_spoken_to_the_plain_port_is_told_so(shared_server):
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    assert "HTTP/2" in refused(shared_server, preface, 400).json()["error"]


def test_tls_spoken_to_the_plain_port_is_told_so(shared_server):
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(32) + bytes(157)
    assert "TLS" in refused(shared_server, hello, 400).json()["error"]


def test_a_short_tls_record_header_is_enough_to_be_told(shared_server):
    assert "TLS" in refused(shared_server, bytes.fromhex("1603010200010001fc0303"), 400).text()


def test_random_bytes_never_stop_the_server(shared_server):
    seed = 20260722
    print(f"seed {seed}")
    source = random.Random(seed)
    for _ in range(60):
        with shared_server.connect() as connection:
            connection.send_until_refused(source.randbytes(source.randint(1, 600)) + b"\r\n\r\n")
            connection.half_close()
            connection.wait_for_close()
    assert shared_server.get("/healthz").status == 200
