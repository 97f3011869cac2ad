"""A real Prometheus that scrapes a real server: the rules load, and the queries of the dashboard
find something. It is in Debian's package prometheus; `./dev test --full` runs this file."""

import http
import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from logboom_server import poll
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = os.environ.get("LOGBOOM_PROMETHEUS") or shutil.which("prometheus")

# CTest looks for these words (CMakeLists.txt).
pytestmark = pytest.mark.skipif(not PROMETHEUS, reason="prometheus is not installed: apt-get "
                                                       "install prometheus")


def documented_config():
    """What docs/metrics.md says to configure."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    return re.search(r"^```yaml\n(.*?)^```$", page, re.M | re.S)[1]


class Prometheus:
    """One process, which scrapes one server every second."""

    def __init__(self, directory, server):
        self.port = free_port()
        self.instance = f"127.0.0.1:{server.port}"
        config = "global: {scrape_interval: 1s, evaluation_interval: 1s}\n" + documented_config()
        config = config.replace("127.0.0.1:8080", self.instance)
        config = config.replace("alerts.yml", str(ROOT / "deploy" / "prometheus" / "alerts.yml"))
        (directory / "prometheus.yml").write_text(config)
        self.log = directory / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [PROMETHEUS, f"--config.file={directory}/prometheus.yml",
                 f"--storage.tsdb.path={directory}/tsdb",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def get(self, path, **parameters):
        """What its API answers; nothing while it does not listen, or is not ready, yet."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.SERVICE_UNAVAILABLE:
                return None
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None
        except OSError:
            assert self.process.poll() is None, self.log.read_text()
            return None

    def series(self, query):
        data = self.get("query", query=query)
        return data["result"] if data else []

    def stop(self):
        self.process.kill()
        self.process.wait(30)


@pytest.fixture
def prometheus(tmp_path, server):
    process = Prometheus(tmp_path, server)
    yield process
    process.stop()


def dashboard_queries(instance):
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "logboom.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "1m").replace("$job", "logboom")
            yield panel["title"], query.replace("$instance", instance)


def test_the_dashboard_finds_what_prometheus_has_scraped(prometheus, server):
    def has_counted_traffic():
        server.post("a\n")
        server.post('{"a":1}\n{bad}\n')
        server.post("{bad}")
        return prometheus.series("rate(logboom_records_rejected_total[1m]) > 0")

    poll(has_counted_traffic, "traffic to be scraped")
    for title, query in dashboard_queries(prometheus.instance):
        found = prometheus.series(query)
        # Some show only what is not 0, and of the rejected none was lost.
        assert found or query.endswith("> 0"), f"{title}: {query}"
    rules = prometheus.get("rules")["groups"][0]["rules"]
    assert all(rule["health"] in ("ok", "unknown") for rule in rules), rules
    firing = {series["metric"]["alertname"] for series in prometheus.series("ALERTS")}
    assert firing <= {"LogboomRecordsRejected"}, firing  # which is what this test has sent
