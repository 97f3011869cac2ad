"""Prometheus' own tool about the metrics page, the alerts and the queries of the dashboard. It is
in Debian's package prometheus; `./dev test --full` installs it and runs this file."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
PROMTOOL = os.environ.get("LOGBOOM_PROMTOOL") or shutil.which("promtool")

# CTest looks for these words (CMakeLists.txt).
pytestmark = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed: apt-get install "
                                                     "prometheus")


def promtool(*arguments, stdin=""):
    """Runs the tool, which must find nothing to say against its input."""
    done = subprocess.run([PROMTOOL, *map(str, arguments)], input=stdin, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def dashboard_queries():
    dashboard = json.loads((DEPLOY / "grafana" / "logboom.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"]
               for target in panel.get("targets", [])]
    queries += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    return [query.replace("$__rate_interval", "5m") for query in queries]


def test_promtool_finds_nothing_against_the_metrics(server):
    for body in ("text", '{"a":1}', "{bad}"):
        server.post(body)
    assert promtool("check", "metrics", stdin=server.get("/metrics").text()) == ""


def test_promtool_finds_something_against_bad_metrics():
    done = subprocess.run([PROMTOOL, "check", "metrics"], input="# TYPE a counter\na 1\n",
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0


def test_the_alert_rules_are_valid_and_pass_their_tests():
    rules = DEPLOY / "prometheus"
    assert "SUCCESS" in promtool("check", "rules", rules / "alerts.yml")
    assert "SUCCESS" in promtool("test", "rules", rules / "alerts_test.yml")


def test_the_queries_of_the_dashboard_are_valid(tmp_path):
    queries = dashboard_queries()
    assert queries
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # as YAML is
    assert f"{len(queries)} rules found" in promtool("check", "rules", path)
