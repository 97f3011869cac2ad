"""All of the load test with tiny counts: what it writes, ^C, and a server that does not store.

The Go programs need a toolchain and modules that a machine may not have, so here they never do.
"""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import uuid

import pytest

from logboom_server import TIME_FACTOR, binary, poll

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE = 120 * TIME_FACTOR
TINY = ["--quick", "--requests=120", "--connections=4", "--rounds=1", "--warm-up=8",
        "--ballast-objects=1000", "--bulk-records=10", "--bulk-megabytes=0.1",
        "--connection-counts=4", "--connection-requests=40", "--rates=100", "--rate-seconds=0.3",
        "--counted-requests=80"]
LOGBOOM = ["logboom_heap", "logboom_arena", "logboom_sync"]

# Answers everything as Logboom does, and forgets it; `cat` has nothing to say.
FORGETFUL = """#!/usr/bin/python3
import http.server, re, sys
if sys.argv[1] != "serve":
    sys.exit(0)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        reply = b'{"accepted":%d,"rejected":0}' % (body.count(b"\\n") + 1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)
    def log_message(self, *_):
        pass
port = int(re.search(r"--listen=127.0.0.1:(\\d+)", " ".join(sys.argv))[1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


class PeerHandler(http.server.BaseHTTPRequestHandler):
    """Some other server that takes records."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a reply in one piece

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Stays silent."""


@pytest.fixture
def peer():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), PeerHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/insert?x=1"
        server.shutdown()
        thread.join()


@pytest.fixture
def start(tmp_path):
    """start(OPTION...) starts the load test; every process of it carries a mark of its own."""
    started = []

    def launch(*options, build_dir=None):
        mark = f"LOGBOOM_LOADTEST_MARK={uuid.uuid4()}"
        (tmp_path / "no-go").mkdir(exist_ok=True)
        shim = tmp_path / "no-go" / "go"
        shim.write_text("#!/bin/sh\necho 'no go here' >&2\nexit 1\n")
        shim.chmod(0o755)
        environment = {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}",
                       **dict([mark.split("=")])}
        command = [sys.executable, "-m", "loadtest", f"--results={tmp_path}/results",
                   f"--data={tmp_path}/data", *options,
                   f"--build-dir={build_dir or pathlib.Path(binary()).parent}"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        process.mark = mark
        started.append(process)
        return process

    yield launch
    for process in started:
        process.kill()
        process.communicate()


def finish(process):
    """Waits for the end; returns what it printed."""
    out, errors = process.communicate(timeout=DEADLINE)
    return out + errors


def report_of(tmp_path):
    """The three files of the only report."""
    files = {path.suffix: path for path in (tmp_path / "results").iterdir()}
    assert sorted(files) == [".html", ".json", ".md"]
    return (json.loads(files[".json"].read_text()), files[".md"].read_text(),
            files[".html"].read_text())


def processes_with(mark):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append((path.parent / "cmdline").read_text())
    return found


def test_every_row_has_figures_or_a_sentence_why_not(start, tmp_path, peer):
    process = start(*TINY, "--tables=requests", f"--peer=other={peer}")
    said = finish(process)
    assert process.returncode == 0, said
    found, markdown, html = report_of(tmp_path)

    figures = found["results"]["requests"]["1"]
    measured = {*LOGBOOM, "floor", "peer_other"}
    if shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        measured.add("nginx")
    else:
        assert "package nginx" in found["problems"]["nginx"]
    assert set(figures) == measured, said
    assert set(found["problems"]) == {row["key"] for row in found["rows"]} - measured
    assert "no go here" in found["problems"]["go_heap"]

    for row in found["rows"]:
        assert row["name"] in markdown and row["name"] in html and row["name"] in said
    for key in measured:
        assert figures[key][0]["requests"] == 120 and figures[key][0]["errors"] == 0
        assert figures[key][0]["curve"] and figures[key][0]["timeline"]
    for key in LOGBOOM:
        assert figures[key][0]["stored_records"] == 128
    assert "53 251" in markdown and "104 454" in markdown
    assert processes_with(process.mark) == []


def test_the_allocations_of_arena_and_heap_are_counted(start, tmp_path):
    if not list(pathlib.Path(binary()).parent.glob("tests/support/*allocation_counter.so")):
        pytest.skip("this build has no allocation counter: a sanitizer replaces the allocator")
    said = finish(start(*TINY, "--rows=logboom_heap,logboom_arena", "--tables=requests",
                        "--counted-requests=800"))
    found, _, _ = report_of(tmp_path)
    assert found["checked"]["logboom_arena"]["allocations"] < 0.1, said
    assert found["checked"]["logboom_heap"]["allocations"] > 1
    assert found["checked"]["logboom_heap"]["allocated_bytes"] > 100


@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed (nghttp2-client)")
def test_bulk_connections_and_rates_have_tables_of_their_own(start, tmp_path):
    said = finish(start(*TINY, "--rows=logboom_sync", "--tables=bulk,connections,rates"))
    found, markdown, _ = report_of(tmp_path)
    results = found["results"]
    assert results["bulk"]["10"]["logboom_sync"][0]["mb_s"] > 0, said
    assert results["connections"]["4"]["logboom_sync"][0]["requests"] == 40
    assert results["rates"]["100"]["logboom_sync"][0]["stored_records"] > 100
    assert 50 < results["rates"]["100"]["logboom_sync"][0]["rps"] < 150
    for title in ("10 records a body", "4 connections", "100 requests/s offered"):
        assert title in markdown


def test_interrupting_leaves_no_process_and_no_data_behind(start, tmp_path):
    process = start("--requests=50000000", "--connections=4", "--ballast-objects=0",
                    "--rows=logboom_sync", "--tables=requests", "--warm-up=8")
    while "single records" not in process.stderr.readline():
        assert process.poll() is None
    poll(lambda: any("hey\0-n\00050000000" in line for line in processes_with(process.mark)),
         "the measured run has begun")
    process.send_signal(signal.SIGINT)
    said = finish(process)
    assert process.returncode == 130, said
    assert processes_with(process.mark) == []
    assert list((tmp_path / "data").iterdir()) == []


def test_a_server_that_answers_without_storing_is_found_out(start, tmp_path):
    build = tmp_path / "build"
    build.mkdir()
    (build / "logboom").write_text(FORGETFUL)
    (build / "logboom").chmod(0o755)
    process = start(*TINY, "--rows=logboom_sync", "--tables=requests", build_dir=build)
    said = finish(process)
    found, markdown, html = report_of(tmp_path)
    assert process.returncode == 1, said
    problem = found["problems"]["logboom_sync"]
    assert "answered 2xx to 150 records, of which `logboom cat` reads back 0" in problem
    assert found["results"] == {}
    assert "failed the check" in markdown and "failed the check" in html


@pytest.mark.parametrize("option, named", [("--rows=nobody", "nobody"), ("--tables=x", "x"),
                                           ("--peer=alone", "alone")])
def test_a_wrong_option_is_named(start, option, named):
    process = start(option)
    assert named in finish(process)
    assert process.returncode == 2
