"""docs/metrics.md, the dashboard and the alerts, held to what the server shows: neither has what
the other lacks."""

import functools
import json
import pathlib
import re

import pytest

from expect import accepted
from prometheus_text import scrape

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "metrics.md"
DASHBOARD = ROOT / "deploy" / "grafana" / "logboom.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
ALERT_TESTS = ROOT / "deploy" / "prometheus" / "alerts_test.yml"
NAME = re.compile(r"\b(?:logboom|process)_[a-z][a-z0-9_]*\b(?!\.)")
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (\w+) \| ([\w ]+) \|(.*?)\| `(\.\S*)` \| (.+) \|$", re.M)
UNITS = {"_seconds": "seconds", "_bytes": "bytes", "_requests": "requests", "_records": "records",
         "_files": "files", "_segments": "segments", "_connections": "connections",
         "_fds": "descriptors", "_leases": "leases", "_threads": "threads"}
SELECTOR = re.compile(r"((?:logboom|process)_[a-z0-9_]+)\{([^{}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
# Of the scrape, not of the page.
TARGET_LABELS = {"job", "instance"}


@pytest.fixture(scope="module")
def page(shared_server):
    # On one connection, for its thread counts a reply before it reads the next request.
    with shared_server.connect() as connection:
        accepted(connection.post("m"), 1)
        return scrape(connection)


def documented():
    """The rows of the tables of metrics: name to (type, unit, labels, path in /stats)."""
    rows = {}
    for name, kind, unit, labels, path, _ in ROW.findall(DOCUMENT.read_text()):
        assert name not in rows, f"{name} is documented twice"
        rows[name] = kind, unit, set(re.findall(r"`(\w+)`", labels)), path
    return rows


def expressions():
    """The queries of the dashboard and of the alerts, with what says where each is."""
    dashboard = json.loads(DASHBOARD.read_text())
    found = [(f"panel {panel['title']!r}", target["expr"])
             for panel in dashboard["panels"] for target in panel.get("targets", [])]
    found += [("a variable", variable["query"]["query"])
              for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    found += [("an alert", line.split("expr:", 1)[1])
              for line in ALERTS.read_text().splitlines() if "expr:" in line]
    return found


def test_each_metric_is_documented_as_it_is(page):
    rows = documented()
    assert set(rows) == set(page.types)
    for name, (kind, unit, labels, _) in rows.items():
        assert kind == page.types[name], name
        assert labels == page.labels(name), name
        for suffix, of_suffix in UNITS.items():
            if name.removesuffix("_total").endswith(suffix):
                assert unit == of_suffix, name


def test_each_value_of_a_label_is_documented(page):
    text = DOCUMENT.read_text()
    values = {(label, value) for _, labels in page.values for label, value in labels
              if label not in ("le", "version", "commit")}
    assert values
    assert [value for value in values if f"`{value[1]}`" not in text] == []


def test_each_metric_has_its_place_in_stats(shared_server):
    stats = shared_server.get("/stats").json()
    shown = [path for paths in re.findall(r"jq '([^']+)'", DOCUMENT.read_text())
             for path in paths.split(", ")]
    assert shown
    for path in shown + [path for _, _, _, path in documented().values()]:
        value = functools.reduce(lambda part, key: part[key], path[1:].split("."), stats)
        assert value is not None, path


def test_stats_and_metrics_say_the_same(shared_server, page):
    stats = shared_server.get("/stats").json()
    assert stats["records"]["accepted"] == page.total("logboom_records_accepted_total")
    assert stats["store"]["records"] == page.value("logboom_store_records_total")
    assert stats["store"]["files"]["bytes_max"] == page.value("logboom_store_limit_bytes")
    assert stats["threads"] == {state: page.value("logboom_io_threads", state=state)
                                for state in ("serving", "resting")}
    moved = page.value("logboom_http_connections_moved_total")
    assert stats["connections"]["moved"] == moved
    # The pages themselves need large blocks, so there are more by now.
    misses = page.value("logboom_arena_large_block_misses_total")
    assert stats["arena"]["large_blocks"]["misses"] >= misses > 0
    logs = [page.total("logboom_http_requests_total", protocol=each) for each in ("json", "text")]
    assert stats["latency_ms"]["count"] == sum(logs)
    assert stats["process"]["start_time_seconds"] == pytest.approx(
        page.value("process_start_time_seconds"), abs=0.001)


@pytest.mark.parametrize("path", [DOCUMENT, DASHBOARD, ALERTS, ALERT_TESTS], ids=lambda p: p.name)
def test_each_name_that_is_mentioned_exists(page, path):
    names = set(NAME.findall(path.read_text()))
    assert names, "nothing is mentioned"
    assert sorted(name for name in names if not page.family_of(name)) == []


def test_queries_select_by_labels_and_values_that_exist(page):
    selections = 0
    for where, query in expressions():
        for sample, matchers in SELECTOR.findall(query):
            for label, wanted in MATCHER.findall(matchers):
                if label in TARGET_LABELS:
                    continue
                found = {value for name, labels in page.values if name == sample
                         for its, value in labels if its == label}
                assert any(re.fullmatch(wanted, value) for value in found), f"{where}: {query}"
                selections += 1
    assert selections > 0


def test_histograms_are_queried_by_their_samples(page):
    for where, query in expressions():
        for name in NAME.findall(query):
            assert page.types.get(name) != "histogram", f"{where}: {query}"


def test_the_dashboard_asks_the_chosen_datasource_and_shows_each_panel_in_its_place():
    dashboard = json.loads(DASHBOARD.read_text())
    datasources = [variable["name"] for variable in dashboard["templating"]["list"]
                   if variable["type"] == "datasource"]
    assert datasources == ["datasource"]
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    cells = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        own = {(x, y) for x in range(place["x"], place["x"] + place["w"])
               for y in range(place["y"], place["y"] + place["h"])}
        assert not own & cells and max(x for x, _ in own) < 24, panel["title"]
        cells |= own
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == chosen, panel["title"]
        assert panel["description"], panel["title"]
        assert panel["targets"] and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(identifiers)) == len(identifiers)


def test_each_alert_is_tested_and_says_what_to_do():
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text())
    assert len(alerts) == len(set(alerts)) > 0
    assert set(alerts) == set(
        re.findall(r"alertname(?:: |=\")(\w+)", ALERT_TESTS.read_text()))
    for word in ("severity:", "summary:", "description:"):
        assert ALERTS.read_text().count(word) == len(alerts), word
