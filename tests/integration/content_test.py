"""What POST /log makes of each kind of body: it is told apart by content, not by Content-Type."""

import json
import re
import subprocess

import pytest

from expect import accepted

RFC3339_NANOSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


def test_a_json_object_is_one_record_and_the_reply_is_exact(server):
    response = server.post('{"message":"hi","level":"warn","n":12345678901234567890}')
    assert response.status == 200
    assert response.body == b'{"accepted":1,"rejected":0}'
    assert response.headers["content-type"].startswith("application/json")
    [line] = server.cat_lines()
    assert b'"n":12345678901234567890' in line
    record = json.loads(line)
    assert record["body"] == "hi"
    assert record["severity_text"] == "warn"
    assert 13 <= record["severity_number"] <= 16
    assert record["_seq"] >= 1


def test_an_array_is_one_record_per_element(server):
    accepted(server.post('[{"message":"a"}, {"message":"b"},{"message":"c"}]'), 3)
    assert server.bodies() == ["a", "b", "c"]


def test_ndjson_is_one_record_per_line_with_or_without_a_last_newline(server):
    accepted(server.post('{"message":"a"}\n{"message":"b"}\n'), 2)
    accepted(server.post('{"message":"c"}\r\n{"message":"d"}'), 2)
    assert server.bodies() == ["a", "b", "c", "d"]


def test_blank_lines_in_ndjson_are_no_records(server):
    accepted(server.post('\n\n{"message":"a"}\n\n \n{"message":"b"}\n\n'), 2)
    assert server.bodies() == ["a", "b"]


def test_pretty_printed_json_is_one_record_and_one_stored_line(server):
    body = json.dumps({"message": "m", "nested": {"list": [1, 2, {"k": "v"}]}}, indent=2)
    accepted(server.post(body), 1)
    [line] = server.cat_lines()
    record = json.loads(line)
    assert record["body"] == "m"
    assert record["attributes"]["nested"] == {"list": [1, 2, {"k": "v"}]}


def test_pretty_printed_objects_one_after_another_are_a_stream(server):
    body = "\n".join(json.dumps({"message": f"m{i}", "i": i}, indent=4) for i in range(5))
    accepted(server.post(body), 5)
    assert server.attributes("i") == [0, 1, 2, 3, 4]


def test_concatenated_objects_without_separator_are_a_stream(server):
    accepted(server.post('{"message":"a"}{"message":"b"} {"message":"c"}'), 3)
    assert server.bodies() == ["a", "b", "c"]


def test_text_is_one_record_per_line_without_carriage_returns_and_empty_lines(server):
    accepted(server.post("first line\r\n\r\nsecond line\n\nthird"), 3)
    assert server.bodies() == ["first line", "second line", "third"]


def test_a_line_that_is_a_json_object_within_text_becomes_structured(server):
    accepted(server.post('starting up\n{"message":"structured","n":7}\nstopping'), 3)
    assert server.bodies() == ["starting up", "structured", "stopping"]
    assert server.attributes("n") == [7]


@pytest.mark.parametrize("line", ["[INFO] started", "[2026-01-02 03:04:05] x", "[", "[a]"])
def test_text_that_begins_with_a_bracket_is_text(server, line):
    accepted(server.post(line), 1)
    assert server.bodies() == [line]


def test_several_bracketed_lines_are_one_text_record_each(server):
    accepted(server.post("[INFO] one\n[WARN] two\n"), 2)
    assert server.bodies() == ["[INFO] one", "[WARN] two"]


@pytest.mark.parametrize("kind", [
    "application/x-www-form-urlencoded", "text/plain", "text/html", "application/octet-stream",
    "application/json; charset=utf-8", "application/x-ndjson", "nonsense"])
def test_the_content_type_does_not_change_what_a_json_body_is(server, kind):
    accepted(server.post('{"message":"a"}\n{"message":"b"}', headers=[("Content-Type", kind)]), 2)
    assert server.bodies() == ["a", "b"]


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_the_content_type_does_not_change_what_a_text_body_is(server, kind):
    accepted(server.post("plain words", headers=[("Content-Type", kind)]), 1)
    assert server.bodies() == ["plain words"]


@pytest.mark.parametrize("body, bodies", [
    ('{"message":"a"}', ["a"]), ('[{"message":"a"}]', ["a"]), ("plain", ["plain"])])
def test_a_byte_order_mark_is_passed_over(server, body, bodies):
    accepted(server.post(b"\xef\xbb\xbf" + body.encode()), 1)
    assert server.bodies() == bodies


@pytest.mark.parametrize("number", [
    "12345678901234567890", "123456789012345678901234", "-123456789012345678901234", "1e400",
    "1E+2", "-0", "-0.0", "0.1000000000000000055511151231257827021181583404541015625",
    "3.14159265358979323846264338327950288419716939937510", "1.0", "100000000000000000000.50"])
def test_a_number_keeps_its_exact_text(server, number):
    accepted(server.post(f'{{"message":"m","n":{number},"deep":{{"n":[{number}]}}}}'), 1)
    [line] = server.cat_lines()
    assert f'"n":{number}'.encode() in line
    assert f'[{number}]'.encode() in line


def test_strings_of_all_kinds_come_back_equal(server):
    value = 'q"uote \\ slash / \b\f\n\r\t \u0001 é 漢字 🪵 \u2028 end'
    accepted(server.post(json.dumps({"message": value, "copy": value})), 1)
    accepted(server.post(json.dumps({"message": value, "copy": value}, ensure_ascii=False)), 1)
    assert server.bodies() == [value, value]
    assert server.attributes("copy") == [value, value]


def test_nested_values_booleans_and_null_stay_as_they_are(server):
    fields = {"t": True, "f": False, "none": None, "list": [], "object": {},
              "mixed": [1, "a", None, {"b": [True]}]}
    accepted(server.post(json.dumps({"message": "m", **fields})), 1)
    [record] = server.cat()
    assert record["attributes"] == fields


def test_well_known_keys_map_and_the_others_stay_attributes(server):
    accepted(server.post(json.dumps({
        "time": "2026-01-02T03:04:05.678901Z", "level": "ERROR", "msg": "boom", "service": "db",
        "host": "web-1", "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331", "user": "eve"})), 1)
    [record] = server.cat()
    assert record["timestamp"] == "2026-01-02T03:04:05.678901000Z"
    assert record["severity_text"] == "ERROR"
    assert record["severity_number"] == 17
    assert record["body"] == "boom"
    assert record["resource"] == {"service.name": "db", "host.name": "web-1"}
    assert record["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert record["span_id"] == "b7ad6b7169203331"
    assert record["attributes"] == {"user": "eve"}


def test_fields_are_printed_in_the_order_of_the_contract(server):
    order = ["timestamp", "observed_timestamp", "severity_number", "severity_text", "body",
             "attributes", "resource", "scope", "trace_id", "span_id", "trace_flags",
             "event_name", "_seq", "_src"]
    accepted(server.post(json.dumps({
        "x": 1, "span_id": "b7ad6b7169203331", "service": "s", "msg": "m", "level": "info",
        "trace_id": "0af7651916cd43dd8448eb211c80319c", "time": "2026-01-02T03:04:05Z"})), 1)
    [record] = server.cat()
    keys = list(record)
    assert keys == [name for name in order if name in record], keys
    assert {"timestamp", "observed_timestamp", "_seq", "_src"} <= set(keys)
    assert RFC3339_NANOSECONDS.fullmatch(record["observed_timestamp"])


def test_a_record_without_a_time_has_no_timestamp_but_an_observed_one(server):
    accepted(server.post('{"message":"m"}'), 1)
    [record] = server.cat()
    assert "timestamp" not in record
    assert RFC3339_NANOSECONDS.fullmatch(record["observed_timestamp"])


def test_a_time_that_cannot_be_read_stays_an_attribute(server):
    accepted(server.post('{"message":"m","time":"half past nine"}'), 1)
    [record] = server.cat()
    assert "timestamp" not in record
    assert record["attributes"]["time"] == "half past nine"


def test_keys_of_logboom_from_outside_are_renamed(server):
    accepted(server.post('{"message":"m","logboom.truncated_bytes":5}'), 1)
    [record] = server.cat()
    assert record["attributes"] == {"client.logboom.truncated_bytes": 5}


def test_a_structured_message_stays_structured(server):
    accepted(server.post('{"message":{"a":[1,2],"b":null}}'), 1)
    assert server.bodies() == [{"a": [1, 2], "b": None}]


def test_cat_output_posted_again_is_equal_but_for_number_and_origin(make_server):
    first, second = make_server(), make_server()
    accepted(first.post(json.dumps({
        "time": "2026-01-02T03:04:05.678901234Z", "level": "Warning", "msg": "é\n\"q\"",
        "service": "db", "host": "h", "big": 1, "nested": {"a": [1, {"b": None}]},
        "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"})), 1)
    accepted(first.post('{"message":"n","n":123456789012345678901234,"e":1e400}'), 1)
    accepted(first.post("a text line\nanother"), 2)
    stored = first.cat_bytes()
    accepted(second.post(stored), 4)
    assert without_origin(second.cat_bytes()) == without_origin(stored)


def without_origin(output):
    """The lines of cat, as bytes, without `_seq` and `_src` but otherwise untouched."""
    return [re.sub(rb',"_(seq|src)":("[^"]*"|\d+)', b"", line) for line in output.splitlines()]


def test_the_arrival_of_records_decides_the_order_not_their_timestamps(server):
    accepted(server.post('{"message":"late","time":"2030-01-01T00:00:00Z"}'), 1)
    accepted(server.post('{"message":"early","time":"2001-01-01T00:00:00Z"}'), 1)
    assert server.bodies() == ["late", "early"]


def test_invalid_utf8_in_text_is_kept_with_a_replacement_and_marked(server):
    accepted(server.post(b"good\nbad \xff\xfe end\nfine"), 3)
    records = server.cat()
    assert [r["body"] for r in records[::2]] == ["good", "fine"]
    assert records[1]["body"].startswith("bad \ufffd") and records[1]["body"].endswith(" end")
    assert any("utf8" in name for name in records[1]["attributes"])
    assert "attributes" not in records[0]


@pytest.mark.parametrize("target", ["/log", "/logs", "/", "/log?format=ndjson"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_every_alias_takes_post_and_put(shared_server, method, target):
    accepted(shared_server.request(method, target, '{"message":"alias"}'), 1)


def test_split_none_makes_one_record_of_many_text_lines(server):
    accepted(server.post("Traceback:\n  line 1\n  line 2", target="/log?split=none"), 1)
    assert server.bodies() == ["Traceback:\n  line 1\n  line 2"]


def test_format_text_overrides_the_look_of_json(server):
    accepted(server.post('[{"message":"a"},\n{"message":"b"}]', target="/log?format=text"), 2)
    assert server.bodies() == ['[{"message":"a"},', '{"message":"b"}]']


def test_a_record_over_the_limit_is_cut_at_a_character_and_says_so(make_server):
    server = make_server({"limits.record": "4KiB"})
    message = "é" * 8000
    accepted(server.post(json.dumps({"message": message, "k": 1}, ensure_ascii=False)), 1)
    [record] = server.cat()
    kept, cut = record["body"], record["attributes"]["logboom.truncated_bytes"]
    assert kept and set(kept) == {"é"}
    assert len(kept.encode()) + cut == len(message.encode())
    assert record["attributes"]["k"] == 1


def test_a_record_over_the_limit_is_rejected_when_so_configured(make_server):
    server = make_server({"limits.record": "4KiB", "limits.on_oversize": "reject"})
    response = server.post(json.dumps({"message": "x" * 8000}) + '\n{"message":"small"}\n')
    assert response.status == 200, response
    assert (response.json()["accepted"], response.json()["rejected"]) == (1, 1)
    assert server.bodies() == ["small"]


def test_a_megabyte_of_ndjson_is_stored_whole_and_in_order(server):
    lines = [json.dumps({"message": f"m{i}", "i": i, "pad": "x" * 150}) for i in range(5000)]
    accepted(server.post("\n".join(lines)), 5000)
    assert server.attributes("i") == list(range(5000))


def test_the_heap_allocator_stores_the_same_bytes_as_the_arena(make_server):
    body = "\n".join(json.dumps({"message": f"m{i}", "i": i, "é": [i]}) for i in range(300))
    outputs = []
    for allocator in ("arena", "heap"):
        server = make_server({"arena.allocator": allocator})
        accepted(server.post(body), 300)
        outputs.append([re.sub(rb'"observed_timestamp":"[^"]*"', b"", line)
                        for line in without_origin(server.cat_bytes())])
    assert outputs[0] == outputs[1]


def curl(server, *arguments):
    result = subprocess.run(["curl", "-sS", "-m", "20", *arguments,
                             f"http://127.0.0.1:{server.port}/log"],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result
    return result.stdout


def test_curl_with_its_form_content_type_stores_json(server):
    assert curl(server, "-d", '{"message":"from curl"}') == '{"accepted":1,"rejected":0}'
    assert server.bodies() == ["from curl"]


@pytest.mark.parametrize("extra", [[], ["-H", "Transfer-Encoding: chunked"], ["--http1.0"]])
def test_curl_uploads_a_large_file(server, tmp_path, extra):
    """Above 1 MiB curl asks with `Expect: 100-continue` first."""
    path = tmp_path / "log.ndjson"
    path.write_text("".join(json.dumps({"i": i, "pad": "x" * 300}) + "\n" for i in range(5000)))
    reply = curl(server, *extra, "--data-binary", f"@{path}")
    assert reply == '{"accepted":5000,"rejected":0}'
    assert server.attributes("i") == list(range(5000))
