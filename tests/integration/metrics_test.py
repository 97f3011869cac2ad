"""What /metrics counts, and that it is Prometheus' text format with the conventional names."""

import os
import resource
import time

import pytest

from expect import accepted
from http_client import format_request
from logboom_server import poll
from prometheus_text import Page, scrape

NATIVE = '{"body":"m","_seq":7,"_src":"elsewhere"}'
STAGES = "logboom_http_stage_duration_seconds"
DURATION = "logboom_http_request_duration_seconds"


ERRORS = "logboom_http_errors_total"
# What is refused with which code, whole as it is sent.
REFUSED = {
    "bad_chunk": b"POST /log HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "bad_content_length": b"POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    "bad_expectation": b"POST /log HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n",
    "bad_header": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "bad_host": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "bad_http_version": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "bad_parameter": format_request("POST", "/log?format=x", "m"),
    "bad_request_line": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "bad_transfer_encoding": b"POST /log HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "body_too_large": b"POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n",
    "empty_body": format_request("POST", "/log", " "),
    "forbidden": b"GET /stats HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "header_too_large": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000,
    "http2_on_plain_port": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "length_required": b"POST /log HTTP/1.1\r\nHost: a\r\n\r\n",
    "method_not_allowed": format_request("GET", "/log"),
    "missing_host": b"GET / HTTP/1.1\r\n\r\n",
    "not_found": format_request("GET", "/nothing"),
    "tls_on_plain_port": b"\x16\x03\x01\x02\x05\x01\x0a\x0b\x0c\x0d\x0e",
    "too_many_headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n",
    "unknown_transfer_coding":
        b"POST /log HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "unsupported_content_encoding":
        format_request("POST", "/log", "m", [("Content-Encoding", "gzip")]),
}


def scrape_if_answered(server):
    response = server.get("/metrics")
    return Page(response) if response.status == 200 else None


def test_names_are_those_of_the_conventions(shared_server):
    types = scrape(shared_server).types
    for family, kind in types.items():
        assert family.startswith(("logboom_", "process_")), family
        assert family.endswith("_total") == (kind == "counter"), family
        # OpenMetrics calls a counter by its name without _total, which must be nobody else's.
        assert kind != "counter" or family.removesuffix("_total") not in types, family


def test_each_sample_belongs_to_a_family_with_help_and_type(shared_server):
    page = scrape(shared_server)
    for sample, _ in page.values:
        assert page.family_of(sample), sample


def test_histograms_are_cumulative_and_end_at_infinity(shared_server):
    accepted(shared_server.post("m"), 1)
    page = scrape(shared_server)
    series = {}
    for (sample, labels), value in page.values.items():
        edge = dict(labels).get("le")
        if edge:
            series.setdefault((sample, labels - {("le", edge)}), []).append((float(edge), value))
    assert {page.family_of(sample) for sample, _ in series} == {
        family for family, kind in page.types.items() if kind == "histogram"}
    for (sample, labels), buckets in series.items():
        counts = [count for _, count in sorted(buckets)]
        assert counts == sorted(counts), sample
        edge, last = max(buckets)
        assert edge == float("inf"), sample
        assert last == page.value(sample.replace("_bucket", "_count"), **dict(labels)), sample


def test_records_are_counted_by_what_they_came_as(server):
    accepted(server.post("a\nb\n" + '{"c":1}\n'), 3)
    accepted(server.post('{"d":1}'), 1)
    accepted(server.post(NATIVE + "\n" + NATIVE), 2)
    page = scrape(server)
    counted = {protocol: page.value("logboom_records_accepted_total", protocol=protocol)
               for protocol in ("json", "text", "native")}
    assert counted == {"json": 2, "text": 2, "native": 2}


def test_rejections_are_counted_by_protocol_and_reason(make_server):
    server = make_server({"limits.record": "1KiB", "limits.on_oversize": "reject"})
    server.post('{"a":1}\n{bad}\n')
    server.post(b'{"a":"\xff"}')
    server.post("x" * 2000)
    page = scrape(server)
    reasons = {(protocol, reason): page.value("logboom_records_rejected_total", protocol=protocol,
                                              reason=reason)
               for protocol, reason in (("json", "bad_json"), ("json", "bad_utf8"),
                                        ("text", "too_large"))}
    assert set(reasons.values()) == {1}, reasons
    assert page.total("logboom_records_rejected_total") == 3
    kept = b"".join(path.read_bytes() for path in (server.data_dir / "rejected").iterdir())
    assert kept.count(b'"protocol":"json"') == 2 and kept.count(b'"protocol":"text"') == 1, kept


@pytest.mark.parametrize("method, target, body, protocol, status", [
    ("POST", "/log", '{"a":1}', "json", "2xx"), ("POST", "/log", "[]", "json", "2xx"),
    ("POST", "/log", "{bad}", "json", "4xx"), ("POST", "/log", "a line", "text", "2xx"),
    ("POST", "/log", "", "unread", "4xx"), ("POST", "/log?format=x", "m", "unread", "4xx"),
    ("GET", "/nothing", None, "unread", "4xx"), ("GET", "/log", None, "unread", "4xx"),
    ("GET", "/healthz", None, "page", "2xx"), ("GET", "/", None, "page", "2xx")])
def test_a_request_is_counted_by_what_it_was_and_its_status(make_server, method, target, body,
                                                            protocol, status):
    # By one thread, for it counts a reply before it reads the next request.
    with make_server({"server.threads": "1"}).connect() as connection:
        before = scrape(connection)
        connection.request(method, target, body)
        after = scrape(connection)
    for sample in ("logboom_http_requests_total", DURATION + "_count"):
        growth = {key for key in after.values if after.values[key] > before.values[key]
                  and key[0] == sample and ("protocol", "page") not in key[1]}
        labels = frozenset({"protocol": protocol, "status": status}.items())
        assert protocol == "page" or growth == {(sample, labels)}, sample
        pages = after.total(sample, protocol="page") - before.total(sample, protocol="page")
        assert pages == (2 if protocol == "page" else 1)  # the first scrape is one


@pytest.mark.parametrize("code", REFUSED)
def test_a_refused_request_is_counted_by_the_code_of_its_reply(shared_server, code):
    before = scrape(shared_server)
    response = shared_server.raw(REFUSED[code])
    assert response.json()["code"] == code, response
    after = scrape(shared_server)
    growth = {dict(labels)["code"]: value - before.values[name, labels]
              for (name, labels), value in after.values.items() if name == ERRORS}
    assert {code: count for code, count in growth.items() if count} == {code: 1}
    assert shared_server.get("/stats").json()["requests"]["errors"][code] == after.value(
        ERRORS, code=code)


def test_a_request_that_breaks_off_is_counted_by_the_code_of_its_reply(server):
    with server.connect() as connection:
        connection.send(b"POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
        connection.half_close()
        assert connection.read_response().json()["code"] == "incomplete_request"
    assert scrape(server).value(ERRORS, code="incomplete_request") == 1


def test_what_was_read_as_records_is_no_error_of_the_request(server):
    accepted(server.post("m"), 1)
    assert server.post("{bad}").status == 400
    assert server.get("/healthz").status == 200
    assert scrape(server).total(ERRORS) == 0


def test_the_memory_of_a_large_body_is_there_for_the_next_one(server):
    body = '{"m":"' + "x" * 300_000 + '"}'
    hits, misses = "logboom_arena_large_block_hits_total", "logboom_arena_large_block_misses_total"
    with server.connect() as connection:
        before = scrape(connection)
        accepted(connection.post(body), 1)
        cold = scrape(connection)
        accepted(connection.post(body), 1)
        warm = scrape(connection)
    assert cold.value(misses) > before.value(misses)
    assert warm.value(misses) == cold.value(misses)
    assert warm.value(hits) > cold.value(hits)
    assert warm.value("logboom_arena_large_block_idle_bytes") >= len(body)


def test_of_the_threads_one_serves_while_there_is_little_to_do(make_server):
    server = make_server({"server.threads": "3"})
    accepted(server.post("m"), 1)
    page = scrape(server)
    assert page.value("logboom_io_threads", state="serving") == 1
    assert page.value("logboom_io_threads", state="resting") == 2
    assert page.value("logboom_http_connections_moved_total") == 0
    assert server.get("/stats").json()["threads"] == {"serving": 1, "resting": 2}


def test_the_stages_of_a_request_add_up_to_its_duration(server):
    with server.connect() as connection:
        for _ in range(20):
            accepted(connection.post('{"a":1}'), 1)
            accepted(connection.post("m"), 1)
        page = scrape(connection)
    counts = {stage: page.value(STAGES + "_count", stage=stage)
              for stage in ("read", "parse", "commit_wait", "write")}
    assert set(counts.values()) == {40}, counts
    logs = sum(page.total(DURATION + "_sum", protocol=protocol) for protocol in ("json", "text"))
    assert page.total(STAGES + "_sum") == pytest.approx(logs)
    assert all(page.value(STAGES + "_sum", stage=stage) > 0 for stage in counts)


def test_a_client_that_is_slow_to_send_shows_in_read(server):
    data = format_request("POST", "/log", '{"a":1}')
    with server.connect() as connection:
        connection.send(data[:-1])
        poll(lambda: scrape(server).value("logboom_arena_active_leases") == 2, "its first bytes")
        begun = time.monotonic()
        scrape(server)
        waited = time.monotonic() - begun
        connection.send(data[-1:])
        accepted(connection.read_response(), 1)
        assert scrape(connection).value(STAGES + "_sum", stage="read") >= waited


def test_a_refused_request_has_waited_for_an_arena_as_long_as_its_duration_says(make_server):
    # Sixteen arenas for the budget and one for the thread.
    server = make_server({"server.inflight_max": "1MiB", "server.threads": "1",
                          "server.overload_wait": "300ms"})
    holders = [server.connect() for _ in range(17)]
    for holder in holders:
        holder.send(b"POST /log HTTP/1.1\r\n")
    poll(lambda: server.post("m").status == 503, "all arenas to be out")
    for holder in holders:
        holder.close()
    page = poll(lambda: scrape_if_answered(server), "an arena to be free")
    refused = page.value("logboom_http_requests_total", protocol="unread", status="5xx")
    assert refused >= 1
    assert page.value(DURATION + "_sum", protocol="unread", status="5xx") >= 0.3 * refused
    assert page.value("logboom_http_overload_replies_total") == refused
    assert page.value(ERRORS, code="overloaded") == refused


def test_with_durability_memory_no_request_waits_for_a_commit(make_server):
    server = make_server({"store.durability": "memory"})
    with server.connect() as connection:
        accepted(connection.post("m"), 1)
        page = scrape(connection)
    assert page.value(STAGES + "_count", stage="commit_wait") == 0
    assert page.value(STAGES + "_count", stage="write") == 1


def test_the_store_shows_its_commits_its_files_and_its_oldest_record(server):
    before = scrape(server)
    assert before.value("logboom_store_oldest_record_timestamp_seconds") == 0
    accepted(server.post("a\nb"), 2)
    page = scrape(server)
    assert page.value("logboom_store_accepting") == 1
    assert page.value("logboom_store_records_total") == 2
    assert page.value("logboom_store_commits_total") == 1
    assert page.value("logboom_store_sync_seconds_count") == 1
    assert page.value("logboom_store_commit_requests_bucket", le="1") == 1
    assert page.value("logboom_store_commit_requests_bucket", le="0") == 0
    assert page.value("logboom_store_files", state="unsealed") == 1
    started = page.value("process_start_time_seconds")
    assert started - 1 < page.value("logboom_store_oldest_record_timestamp_seconds")


def test_the_store_shows_how_far_the_wall_is(make_server):
    server = make_server({"store.max_bytes": "100MiB", "store.min_free": "1MiB"})
    page = scrape(server)
    disk = os.statvfs(server.data_dir)
    assert page.value("logboom_store_limit_bytes") == 100 << 20
    assert page.value("logboom_store_min_free_bytes") == 1 << 20
    assert 0 < page.value("logboom_store_filesystem_free_bytes") <= disk.f_blocks * disk.f_frsize
    assert 0 < page.value("logboom_store_file_bytes") < 100 << 20


def test_the_process_is_shown_as_the_kernel_sees_it(server):
    page = scrape(server)
    pid = server.process.pid
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        pages = [int(field) for field in statm.read().split()[:2]]
    for name, count in zip(("virtual", "resident"), pages):
        shown = page.value(f"process_{name}_memory_bytes")
        assert shown == pytest.approx(count * resource.getpagesize(), rel=0.5), name
    soft, _ = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    assert page.value("process_max_fds") == soft
    assert page.value("process_cpu_seconds_total") > 0


def test_the_start_of_the_process_lies_between_the_clock_before_and_after(new_server):
    before = time.time()
    server = new_server().start()
    after = time.time()
    clock_tick = 1 / os.sysconf("SC_CLK_TCK")
    started = scrape(server).value("process_start_time_seconds")
    assert before - clock_tick <= started <= after
    accepted(server.post("m"), 1)
    assert scrape(server).value("process_start_time_seconds") == started


def test_open_connections_are_open_descriptors(server):
    before = scrape(server)
    connections = [server.connect() for _ in range(20)]
    poll(lambda: scrape(server).value("logboom_http_open_connections") == 21, "all are accepted")
    after = scrape(server)
    assert after.value("process_open_fds") - before.value("process_open_fds") == 20
    for connection in connections:
        connection.close()


def test_the_build_is_named(server):
    labels = next(dict(labels) for name, labels in scrape(server).values
                  if name == "logboom_build_info")
    stats = server.get("/stats").json()
    assert labels == {"version": stats["version"], "commit": stats["commit"]}
    assert stats["version"].count(".") == 2
