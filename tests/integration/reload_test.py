"""SIGHUP: what can change changes, no connection is dropped, a wrong file changes nothing."""

import json
import os
import signal
import threading

import pytest

import expect
from expect import accepted
from http_client import Connection, format_request
from logboom_server import poll


class Configured:
    """A server with a configuration file that tests write again."""

    def __init__(self, make_server, path, text):
        self.path = path
        self.path.write_text(text)
        self.server = make_server(arguments=["--config", path])

    def reload(self, text, until):
        """Replaces the file and waits for the log to say `until` once more than before."""
        before = self.server.stderr().count(until)
        self.path.write_text(text)
        self.server.signal(signal.SIGHUP)
        poll(lambda: self.server.stderr().count(until) > before, f"the log to say: {until}")


@pytest.fixture
def configured(make_server, tmp_path):
    return lambda text: Configured(make_server, tmp_path / "logboom.yaml", text)


def body_of(kilobytes):
    return json.dumps({"pad": "x" * (kilobytes * 1024)})


def is_refused(connection, body):
    response = connection.post(body)
    if response.status == 200:
        return False
    expect.error(response, 413)
    return True


def test_a_changed_limit_holds_for_the_next_request_of_an_open_connection(configured):
    subject = configured("limits: {body: 100KiB}")
    with subject.server.connect() as connection:
        accepted(connection.post(body_of(50)), 1)
        subject.reload("limits: {body: 10KiB}", "limits.body: 100KiB -> 10KiB is in force")
        poll(lambda: is_refused(subject.server.connect(), body_of(50)), "the new limit")
        accepted(connection.post(body_of(5)), 1)
        assert is_refused(connection, body_of(50))


def test_a_request_that_began_before_keeps_its_limits(configured):
    subject = configured("limits: {body: 100KiB, record: 1MiB}")
    data = format_request("POST", "/log", body_of(50))
    with subject.server.connect() as begun, subject.server.connect() as half:
        begun.send(data[:10])          # of the header
        half.send(data[:20 * 1024])    # of the body
        poll(lambda: subject.server.get("/stats").json()["inflight"]["bytes"] > 10 * 1024,
             "the half body to arrive")
        subject.reload("limits: {body: 10KiB, record: 256B, on_oversize: reject}",
                       "limits.body: 100KiB -> 10KiB is in force")
        poll(lambda: is_refused(subject.server.connect(), body_of(50)), "the new limit")
        begun.send(data[10:])
        half.send(data[20 * 1024:])
        accepted(begun.read_response(), 1)
        accepted(half.read_response(), 1)
        assert is_refused(begun, body_of(50))
        expect.error(half.post(body_of(50)), 413)


def test_a_shorter_idle_timeout_closes_a_connection_that_is_idle_already(configured):
    subject = configured("server: {timeouts: {idle: 1h}}")
    with subject.server.connect() as connection:
        accepted(connection.post("one"), 1)
        subject.reload("server: {timeouts: {idle: 10ms}}",
                       "server.timeouts.idle: 1h -> 10ms is in force")
        assert connection.wait_for_close() == b""


def test_heads_that_are_known_are_held_to_new_limits_too(configured):
    subject = configured("")
    headers = [(f"X-{i}", "y" * 20) for i in range(8)]
    with subject.server.connect() as connection:
        for _ in range(3):
            accepted(connection.post("known", headers=headers), 1)
        subject.reload("limits: {header_count: 5}", "limits.header_count: 100 -> 5 is in force")
        poll(lambda: subject.server.post("new", headers=headers).status == 431, "the new limit")
        assert connection.post("known", headers=headers).status == 431


def test_a_wrong_file_changes_nothing_and_every_mistake_is_logged(configured):
    subject = configured("limits: {body: 100KiB}")
    subject.reload("limits:\n  body: 10KiB\n  recrd: 1MiB\nlog: {level: loud}\n",
                   "nothing has changed, because the configuration has 2 mistakes")
    log = subject.server.stderr()
    assert f"{subject.path}:3:3: limits.recrd: unknown key, did you mean limits.record?" in log
    assert f"{subject.path}:4:14: log.level: expected one of" in log
    accepted(subject.server.post(body_of(50)), 1)
    subject.path.unlink()
    subject.server.signal(signal.SIGHUP)
    poll(lambda: "cannot read" in subject.server.stderr(), "the missing file to be named")
    accepted(subject.server.post(body_of(50)), 1)
    subject.reload("limits: {body: 10KiB}", "limits.body: 100KiB -> 10KiB is in force")


def test_keys_that_need_a_restart_are_named_each_time_and_the_others_apply(configured):
    subject = configured("server: {threads: 1}")
    changed = "server: {threads: 3}\nlimits: {body: 10KiB}\nstore: {durability: write}\n"
    needs = "server.threads: 1 -> 3 needs a restart"
    subject.reload(changed, needs)
    subject.reload(changed, needs)
    log = subject.server.stderr()
    assert "store.durability: sync -> write needs a restart" in log
    assert log.count("limits.body: 100MiB -> 10KiB is in force") == 1


def test_what_the_command_line_sets_wins_over_the_file_after_a_reload_too(make_server, tmp_path):
    file = tmp_path / "logboom.yaml"
    file.write_text("limits: {body: 10KiB}")
    server = make_server({"limits.body": "100KiB"}, arguments=["--config", file])
    file.write_text("limits: {body: 1KiB}")
    server.signal(signal.SIGHUP)
    poll(lambda: "no key that a reload can change has changed" in server.stderr(), "the reload")
    accepted(server.post(body_of(50)), 1)


def test_the_log_changes_its_format_and_level(configured):
    subject = configured("log: {format: text}")
    subject.reload("log: {format: json}",
                   '"message":"reload: log.format: text -> json is in force"')
    subject.reload("log: {format: json, level: warn}\nserver: {threads: 3}",
                   "server.threads: 0 -> 3 needs a restart")
    subject.reload("log: 1", "reload: nothing has changed")
    lines = subject.server.stderr().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert not [event for event in events if "log.level" in event["message"]]
    assert events[-1]["level"] == "error"


def test_a_full_store_accepts_again_when_its_limit_is_raised(new_server, tmp_path):
    file = tmp_path / "logboom.yaml"
    text = "store: {{max_bytes: {}, min_free: 0, segment: {{max_bytes: 64KiB}}}}"
    file.write_text(text.format("1280KiB"))
    server = new_server(arguments=["--config", file])
    server.small_disk = {}
    server.start()
    line = json.dumps({"pad": os.urandom(30_000).hex()})
    poll(lambda: server.post(line).status == 503, "the store to be full")
    assert server.get("/readyz").status == 503
    file.write_text(text.format("100MiB"))
    server.signal(signal.SIGHUP)
    poll(lambda: server.get("/readyz").status == 200, "the store to have room")
    accepted(server.post(line), 1)


class Client(threading.Thread):
    """Posts over one connection until told to stop; whatever is not a 200 is a failure."""

    def __init__(self, port, name):
        super().__init__()
        self.connection = Connection(port)
        self.prefix = name
        self.stop = threading.Event()
        self.acknowledged = []
        self.failure = None

    def run(self):
        try:
            with self.connection as connection:
                while not self.stop.is_set():
                    identity = f"{self.prefix}-{len(self.acknowledged)}"
                    accepted(connection.post(json.dumps({"id": identity})), 1)
                    self.acknowledged.append(identity)
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure


def test_reloads_under_load_drop_nothing_and_answer_all(configured):
    subject = configured("limits: {body: 1MiB}")
    clients = [Client(subject.server.port, f"c{i}") for i in range(8)]
    for client in clients:
        client.start()
    for i in range(30):
        text = (f"limits: {{body: {i + 2}MiB}}\nstore: {{retention: {{age: {i + 1}d}}}}\n"
                f"server: {{timeouts: {{idle: {i + 20}s}}, inflight_max: {i + 100}MiB, "
                f"connections_max: {i + 500}}}\nlog: {{format: {['json', 'text'][i % 2]}}}\n")
        subject.path.write_text(text)
        subject.server.signal(signal.SIGHUP)
        until = len(clients[0].acknowledged) + 10
        poll(lambda until=until: len(clients[0].acknowledged) >= until or clients[0].failure,
             "the clients to go on")
    for client in clients:
        client.stop.set()
    for client in clients:
        client.join()
    assert [client.failure for client in clients if client.failure] == []
    assert subject.server.get("/stats").json()["connections"]["total"] <= len(clients) + 30
    assert subject.server.terminate() == 0, subject.server.stderr()
    stored = subject.server.attributes("id")
    assert sorted(stored) == sorted(i for client in clients for i in client.acknowledged)
