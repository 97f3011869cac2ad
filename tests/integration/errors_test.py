"""Bad records: what is accepted, what is rejected, and where the reply says the fault is."""

import json

import pytest

from expect import accepted, error, rejections


def test_a_bad_line_in_ndjson_is_rejected_and_the_others_are_stored(server):
    response = server.post('{"message":"a"}\n{"message":}\n{"message":"c"}\n')
    rejections(response, 200, 2, [(1, 2)])
    assert server.bodies() == ["a", "c"]


def test_each_bad_line_is_reported_with_its_record_and_its_line(server):
    good, bad = '{"message":"g"}', '{"message" "b"}'
    response = server.post("\n".join(["", good, "", bad, good, bad, "", good, bad]))
    rejections(response, 200, 3, [(1, 4), (3, 6), (5, 9)])


@pytest.mark.parametrize("bad", [
    '{"a":01}', '{"a":+1}', '{"a":1.}', '{"a":.5}', '{"a":1e}', '{"a":"\\x"}',
    '{"a":"\\u12g4"}', '{"a":tru}', '{"a":nul}', '{"a":1,}', '{"a":[1,]}', '{"a":1 "b":2}',
    '{"x":01,"y" "z"}', '{a:1}', "{'a':1}", '{"a":"b}', '{"a":NaN}', '{"a":}', '{,}', '{"a"}',
    '{"a":00012}', '{"a":"tab\there"}', '{"a":1}}', '{"a":{"b":[}}'])
def test_every_kind_of_bad_line_spares_its_neighbours(server, bad):
    response = server.post(f'{{"message":"before"}}\n{bad}\n{{"message":"after"}}\n')
    assert response.status == 200, response
    assert response.json()["rejected"] >= 1
    assert response.json()["errors"][0]["line"] == 2, response
    stored = server.bodies()
    assert stored[0] == "before" and stored[-1] == "after", stored


def test_an_object_that_is_never_closed_spares_its_neighbours(server):
    """Whether the fault is on the line where it begins or where it shows is left open."""
    response = server.post('{"message":"before"}\n{"a":1\n{"message":"after"}\n')
    assert response.status == 200, response
    assert response.json()["errors"][0]["line"] in (2, 3), response
    assert server.bodies() == ["before", "after"]


def test_a_body_that_is_wholly_bad_is_400_in_the_same_shape(server):
    rejections(server.post('{"message":}'), 400, 0, [(0, 1)])
    rejections(server.post('{"a":}\n{"b":}\n'), 400, 0, [(0, 1), (1, 2)])
    assert server.cat() == []


def test_only_the_first_sixteen_errors_are_listed_but_all_are_counted(server):
    lines = ['{"message":"good"}'] + ['{"bad":}'] * 40
    rejections(server.post("\n".join(lines)), 200, 1, [(i, i + 1) for i in range(1, 41)])


def test_an_open_quote_does_not_lose_the_good_lines_around_it(server):
    lines = [f'{{"message":"m{i}"}}' for i in range(8)]
    lines[3] = '{"message":"open}'
    response = server.post("\n".join(lines))
    rejections(response, 200, 7, [(3, 4)])
    assert server.bodies() == ["m0", "m1", "m2", "m4", "m5", "m6", "m7"]


def test_invalid_utf8_is_rejected_in_json_line_by_line(server):
    body = b'{"message":"a"}\n{"message":"\xff\xfe"}\n{"message":"c"}\n'
    response = server.post(body)
    rejections(response, 200, 2, [(1, 2)])
    assert response.json()["errors"][0]["error"] == "invalid UTF-8 at byte 13"
    assert server.bodies() == ["a", "c"]


def test_json_nested_too_deep_is_rejected_and_does_not_crash(server):
    for depth in (200, 100_000):
        response = server.post('{"a":' + "[" * depth + "]" * depth + "}")
        rejections(response, 400, 0, [(0, 1)])
    assert server.post('{"message":"still here"}').status == 200


def test_nesting_up_to_the_limit_is_accepted(server):
    depth = 60
    response = server.post('{"message":"m","a":' + "[" * depth + "]" * depth + "}")
    assert response.json() == {"accepted": 1, "rejected": 0}, response


def test_a_bad_element_of_an_array_is_rejected_and_those_before_it_are_stored(server):
    response = server.post('[{"message":"a"},\n{"message":"b"},\n{"message":}]')
    assert response.status == 200, response
    body = response.json()
    assert body["accepted"] == 2 and body["rejected"] >= 1, response
    assert body["errors"][0]["record"] == 2 and body["errors"][0]["line"] == 3, response
    assert server.bodies() == ["a", "b"]


def test_an_array_that_breaks_off_is_partly_bad(server):
    response = server.post('[{"message":"a"},{"message":"b"')
    assert response.status == 200, response
    assert response.json()["accepted"] == 1 and response.json()["rejected"] >= 1, response
    assert server.bodies() == ["a"]


@pytest.mark.parametrize("body", [b"", b" \r\n\t\n"])
def test_an_empty_body_is_an_error(shared_server, body):
    error(shared_server.post(body), 400)


def test_an_empty_array_is_no_error(shared_server):
    response = shared_server.post("[]")
    assert response.status == 200
    assert response.json() == {"accepted": 0, "rejected": 0}


def test_rejected_records_are_kept_with_their_bytes_and_reason(server):
    raw = '{"rejected-marker-4711":}'
    assert server.post(raw).status == 400
    assert server.terminate() == 0
    kept = [p for p in (server.data_dir / "rejected").rglob("*") if p.is_file()]
    text = "".join(p.read_text() for p in kept)
    assert json.dumps(raw)[1:-1] in text, f"{kept}: {text[:500]}"


@pytest.mark.parametrize("target", ["/nothing", "/log/nothing", "/stats/x", "/%2e%2e/etc/passwd"])
def test_an_unknown_path_is_404(shared_server, target):
    error(shared_server.get(target), 404)
    error(shared_server.post('{"message":"m"}', target=target), 404)


@pytest.mark.parametrize("target, method, allowed", [
    ("/log", "GET", "POST"), ("/log", "DELETE", "PUT"), ("/logs", "PATCH", "POST"),
    ("/healthz", "DELETE", "GET"), ("/readyz", "POST", "GET"), ("/stats", "POST", "GET"),
    ("/metrics", "PUT", "GET")])
def test_a_wrong_method_is_405_with_allow(shared_server, target, method, allowed):
    body = "{}" if method in ("POST", "PUT", "PATCH") else None
    response = shared_server.request(method, target, body)
    error(response, 405)
    methods = [name.strip() for name in response.headers["allow"].split(",")]
    assert allowed in methods and method not in methods, response


def test_405_on_log_shows_an_example(shared_server):
    body = error(shared_server.get("/log"), 405)
    assert "curl" in json.dumps(body)


@pytest.mark.parametrize("codings", [["x-squeezed"], ["gzip", "identity"], ["identity", "gzip"],
                                     ["identity, gzip"]])
def test_a_content_encoding_that_is_not_known_is_415(shared_server, codings):
    response = shared_server.post("{}", headers=[("Content-Encoding", c) for c in codings])
    error(response, 415)


def test_identity_is_no_content_encoding(server):
    accepted(server.post("{}", headers=[("Content-Encoding", "Identity"),
                                        ("Content-Encoding", "identity, identity")]), 1)


def test_a_post_without_length_is_an_error_and_never_hangs(shared_server):
    response = shared_server.raw(b"POST /log HTTP/1.1\r\nHost: localhost\r\n\r\n")
    error(response, 400, 411)


def test_a_body_over_the_limit_is_413_and_the_early_reply_can_be_read(make_server):
    server = make_server({"limits.body": "64KiB"})
    with server.connect() as connection:
        connection.send_until_refused(
            b"POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 262144\r\n\r\n" + b"x" * 262144)
        response = connection.read_response()
        error(response, 413)
        assert response.closes()
        connection.assert_closed_cleanly()
    assert server.post("fits").status == 200


def test_a_body_over_the_limit_is_refused_from_its_header_alone(make_server):
    server = make_server({"limits.body": "64KiB"})
    response = server.raw(b"POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n")
    error(response, 413)
    assert response.closes()


def test_a_body_of_exactly_the_limit_is_accepted(make_server):
    server = make_server({"limits.body": "64KiB"})
    line = '{"message":"' + "x" * 1010 + '"}\n'
    assert len(line) == 1025
    body = (line * 64)[:65536 - 16] + "\n" * 16
    assert len(body) == 65536
    response = server.post(body)
    assert response.status == 200 and response.json()["accepted"] == 63, response


def test_a_chunked_body_over_the_limit_is_413_and_stores_nothing(make_server):
    server = make_server({"limits.body": "64KiB"})
    chunk = b"400\r\n" + b'{"message":"m"}\n' * 64 + b"\r\n"
    with server.connect() as connection:
        connection.send_until_refused(
            b"POST /log HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 80)
        response = connection.read_response()
        error(response, 413)
        assert response.closes()
        connection.assert_closed_cleanly()
    assert server.terminate() == 0
    assert server.cat() == []


@pytest.mark.parametrize("target", ["/log?format=xml", "/log?split=words"])
def test_an_unknown_value_of_a_parameter_is_refused_and_nothing_is_stored(server, target):
    assert error(server.post("a", target=target), 400)["code"] == "bad_parameter"
    assert server.cat() == []
