"""What the server says about itself: health, statistics, metrics and its greeting."""

import json
import re

import pytest

import expect
from expect import accepted

FOREIGN_HOST = [("Host", "logs.example.com")]
READ_TARGETS = ["/stats", "/metrics"]


def test_healthz_says_that_the_process_is_alive(shared_server):
    assert shared_server.get("/healthz").status == 200


def test_readyz_is_json(shared_server):
    response = shared_server.get("/readyz")
    assert response.status == 200
    assert response.headers["content-type"].startswith("application/json")
    assert isinstance(response.json(), dict)


def test_stats_is_a_json_snapshot(shared_server):
    response = shared_server.get("/stats")
    assert response.status == 200
    assert response.headers["content-type"].startswith("application/json")
    stats = response.json()
    for part in ("latency", "arena", "store"):
        assert any(key.startswith(part) for key in stats), f"{part}: {sorted(stats)}"


@pytest.mark.parametrize("head", [
    [("User-Agent", "curl/7.88.1"), ("Accept", "*/*")], [("User-Agent", "Wget/1.21.3")],
    [("User-Agent", "Mozilla/5.0"), ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")]])
def test_the_greeting_for_people_has_the_version_and_an_example(shared_server, head):
    response = shared_server.get("/", headers=head)
    assert "x-elastic-product" not in response.headers
    assert response.status == 200
    assert re.search(r"\d+\.\d+\.\d+", response.text()), response
    assert "curl" in response.text() and "/log" in response.text()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("head", [[], [("User-Agent", "Elastic-filebeat/8.17.1")],
                                  [("User-Agent", "Vector/0.43"), ("Accept", "*/*")]])
def test_elasticsearch_clients_find_what_they_look_for(shared_server, method, head):
    response = shared_server.request(method, "/", headers=head)
    assert response.status == 200
    assert response.headers["x-elastic-product"] == "Elasticsearch"
    assert response.headers["content-type"] == "application/json"
    if method == "GET":
        banner = response.json()
        assert banner["tagline"] == "You Know, for Search"
        assert banner["version"]["build_flavor"] == "default"
        assert re.fullmatch(r"[78]\.\d+\.\d+", banner["version"]["number"])


@pytest.mark.parametrize("target", READ_TARGETS)
def test_read_endpoints_refuse_a_host_that_is_not_loopback(shared_server, target):
    expect.error(shared_server.get(target, headers=FOREIGN_HOST), 403)


@pytest.mark.parametrize("target", READ_TARGETS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:8080", "[::1]:8080",
                                  "127.0.0.1:1"])
def test_read_endpoints_answer_a_loopback_host(shared_server, target, host):
    assert shared_server.get(target, headers=[("Host", host)]).status == 200


@pytest.mark.parametrize("host", ["localhost.example.com", "127.0.0.1.example.com",
                                  "127.0.0.1:80.example.com", "[::1].example.com", "10.0.0.1",
                                  "127.example.com", "127.0.0.1:80.example.com", "127.0.0.1x",
                                  "example.com:127", "localhost@example.com", ""])
def test_a_host_that_only_looks_like_loopback_is_refused(shared_server, host):
    assert shared_server.get("/stats", headers=[("Host", host)]).status in (400, 403)


def test_logs_are_taken_whatever_the_host_says(server):
    accepted(server.post("m", headers=FOREIGN_HOST), 1)


def test_health_answers_whatever_the_host_says(shared_server):
    for target in ("/healthz", "/readyz"):
        assert shared_server.get(target, headers=FOREIGN_HOST).status == 200


@pytest.mark.parametrize("target", ["//stats", "/stats/", "/stats?x=1"])
def test_slashes_and_queries_do_not_hide_a_target(shared_server, target):
    assert shared_server.get(target).status == 200
    assert shared_server.get(target, headers=FOREIGN_HOST).status == 403


def test_stats_is_valid_json_after_traffic_of_every_kind(server):
    for body in ("text", '{"a":1}', "{bad}", "[]", "", '[{"a":1}]'):
        server.post(body)
    server.get("/nothing")
    json.dumps(server.get("/stats").json())
    assert server.get("/readyz").status == 200
