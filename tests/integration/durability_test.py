"""A 2xx means stored: what was acknowledged is there after kill -9, once, whole and in order."""

import collections
import json
import random
import resource
import threading

import pytest

from expect import accepted, one_clear_line
from http_client import Connection, ConnectionClosed, ReplyTimeout, format_request
from logboom_server import poll, run_logboom
from ports import free_port

DURABLE_MODES = ["sync", "write"]


def test_a_record_is_there_after_kill_9_right_behind_the_reply(server):
    body = '{"message":"hi","level":"warn","n":12345678901234567890}'
    accepted(server.post(body), 1)
    server.kill9()
    [line] = server.cat_lines()
    assert b'"n":12345678901234567890' in line
    first = json.loads(line)
    server.start()
    accepted(server.post(body), 1)
    again = server.cat()
    assert again[0] == first
    assert again[1]["_seq"] > first["_seq"]


@pytest.mark.parametrize("mode", DURABLE_MODES)
def test_every_acknowledged_record_survives_a_loop_of_kill_9(make_server, mode):
    server = make_server({"store.durability": mode})
    expected = []
    numbers = {}
    for round_number in range(6):
        with server.connect() as connection:
            for i in range(5 * round_number + 1):
                identity = f"{round_number}-{i}"
                accepted(connection.post(json.dumps({"message": "m", "id": identity})), 1)
                expected.append(identity)
            server.kill9()
        records = server.cat()
        assert [r["attributes"]["id"] for r in records] == expected
        for record in records:
            identity = record["attributes"]["id"]
            assert numbers.setdefault(identity, record["_seq"]) == record["_seq"]
        assert len(set(numbers.values())) == len(numbers), "a _seq was used twice"
        server.start()
    assert [r["attributes"]["id"] for r in server.cat()] == expected


class Writer(threading.Thread):
    """Posts requests of five records each until the server is gone; keeps what was acknowledged."""

    def __init__(self, port, name):
        super().__init__()
        self.port = port
        self.prefix = name
        self.acknowledged = []
        self.enough = threading.Event()

    def run(self):
        try:
            with Connection(self.port) as connection:
                for i in range(100_000):
                    identity = f"{self.prefix}-{i}"
                    lines = [json.dumps({"id": identity, "part": part}) for part in range(5)]
                    accepted(connection.post("\n".join(lines)), 5)
                    self.acknowledged.append(identity)
                    if i == 10:
                        self.enough.set()
        except (OSError, ConnectionClosed, ReplyTimeout):
            pass


@pytest.mark.parametrize("mode", DURABLE_MODES)
def test_kill_9_under_load_keeps_requests_whole_and_what_was_acknowledged(make_server, mode):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    source = random.Random(seed)
    server = make_server({"store.durability": mode})
    acknowledged = []
    for round_number in range(3):
        writers = [Writer(server.port, f"r{round_number}w{i}") for i in range(6)]
        for writer in writers:
            writer.start()
        for writer in writers[:source.randint(1, 6)]:
            assert writer.enough.wait(20)
        server.kill9()
        for writer in writers:
            writer.join()
            acknowledged += writer.acknowledged
        assert_whole_requests(server.cat(), acknowledged)
        server.start()
    assert run_logboom("verify", "--data-dir", server.data_dir).returncode == 0


def assert_whole_requests(records, acknowledged):
    """Each stored request has its five records, in order and contiguous, exactly once."""
    parts = collections.defaultdict(list)
    for position, record in enumerate(records):
        attributes = record["attributes"]
        parts[attributes["id"]].append((attributes["part"], position))
    for identity, found in parts.items():
        first = found[0][1]
        assert found == [(part, first + part) for part in range(5)], f"{identity}: {found}"
    missing = [identity for identity in acknowledged if identity not in parts]
    assert not missing, f"acknowledged but lost: {missing[:10]} ({len(missing)})"


@pytest.mark.parametrize("mode", ["sync", "write", "memory"])
def test_numbers_are_never_reused_in_any_mode(make_server, mode):
    server = make_server({"store.durability": mode})
    seen = 0
    for round_number in range(5):
        for _ in range(3):
            accepted(server.post("a\nb"), 2)
        numbers = [r["_seq"] for r in server.cat()]
        fresh = [n for n in numbers if n > seen]
        if mode != "memory":
            assert len(numbers) == 6 * (round_number + 1) and len(fresh) == 6
        seen = max([seen, *numbers])
        server.kill9()
        seen = max([seen, *[r["_seq"] for r in server.cat()]])
        server.start()


@pytest.mark.parametrize("mode", ["sync", "write", "memory"])
def test_a_graceful_stop_keeps_everything_in_every_mode(make_server, mode):
    server = make_server({"store.durability": mode})
    for i in range(20):
        accepted(server.post(json.dumps({"i": i})), 1)
    assert server.terminate() == 0
    # Answered before they are numbered, requests of different connections have no order.
    in_order = sorted if mode == "memory" else list
    assert in_order(server.attributes("i")) == list(range(20))
    server.start()
    accepted(server.post(json.dumps({"i": 20})), 1)
    assert server.terminate() == 0
    assert in_order(server.attributes("i")) == list(range(21))


@pytest.mark.parametrize("mode", ["sync", "write"])
def test_a_record_can_be_read_as_soon_as_it_is_acknowledged(make_server, mode):
    server = make_server({"store.durability": mode})
    for i in range(10):
        accepted(server.post(json.dumps({"i": i})), 1)
        assert server.attributes("i") == list(range(i + 1))


@pytest.mark.parametrize("allocator", ["arena", "heap"])
def test_both_allocators_keep_the_promise(make_server, allocator):
    server = make_server({"arena.allocator": allocator})
    with server.connect() as connection:
        for i in range(30):
            accepted(connection.post("\n".join(json.dumps({"i": i}) for _ in range(20))), 20)
    server.kill9()
    assert server.attributes("i") == [i for i in range(30) for _ in range(20)]


def test_a_second_server_on_the_same_directory_refuses_and_the_first_goes_on(server):
    accepted(server.post("before"), 1)
    second = run_logboom("serve", "--listen", f"127.0.0.1:{free_port()}", "--data-dir",
                         server.data_dir)
    assert second.returncode == 75
    assert f"another server is using {server.data_dir}" in one_clear_line(second.stderr)
    accepted(server.post("after"), 1)
    assert server.bodies() == ["before", "after"]


def test_of_servers_that_start_at_once_on_a_new_directory_one_serves(new_server):
    servers = [new_server() for _ in range(5)]
    for server in servers:
        server.data_dir = servers[0].data_dir
        server.launch()
    refused = [server for server in servers if not serves(server)]
    assert len(refused) == len(servers) - 1
    for server in refused:
        assert server.wait() == 75
        assert "another server is using" in one_clear_line(server.stderr().encode())
    [winner] = set(servers) - set(refused)
    accepted(winner.post("won"), 1)
    winner.kill9()
    assert refused[0].start().bodies() == ["won"]


def serves(server):
    """Waits until it is known whether the server serves or has ended."""
    poll(lambda: server.ready() or not server.alive(), "ready or gone")
    return server.alive()


def test_the_same_port_can_be_used_again_at_once_after_kill_9(server):
    port = server.port
    connections = [server.connect() for _ in range(5)]
    for connection in connections:
        accepted(connection.post("m"), 1)
    server.kill9()
    server.start(port=port)
    accepted(server.post("m"), 1)
    for connection in connections:
        connection.close()


def test_records_of_a_request_stay_together_when_many_write_at_once(server):
    writers = [threading.Thread(target=post_rounds, args=(server, name)) for name in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    records = server.cat()
    assert len(records) == 8 * 20 * 5
    assert_whole_requests(records, [f"{name}-{i}" for name in range(8) for i in range(20)])


def post_rounds(server, name):
    with server.connect() as connection:
        for i in range(20):
            lines = [json.dumps({"id": f"{name}-{i}", "part": part}) for part in range(5)]
            accepted(connection.post("\n".join(lines)), 5)


@pytest.mark.parametrize("threads", [1, 4])
def test_twenty_thousand_requests_over_a_hundred_connections_are_all_there(make_server, threads):
    server = make_server({"server.threads": threads})
    connections = [server.connect() for _ in range(100)]
    for turn in range(10):
        for name, connection in enumerate(connections):
            connection.send(b"".join(
                format_request("POST", "/log", json.dumps({"id": f"{name}-{turn}-{i}"}))
                for i in range(20)))
        for connection in connections:
            for _ in range(20):
                accepted(connection.read_response(), 1)
    for connection in connections:
        connection.close()
    stored = server.attributes("id")
    assert len(stored) == 20_000 and len(set(stored)) == 20_000


def test_small_segments_roll_without_losing_or_reordering(make_server):
    server = make_server({"store.segment.max_bytes": "1MiB"})
    lines = [json.dumps({"i": i, "pad": "x" * 400}) for i in range(10_000)]
    with server.connect() as connection:
        for begin in range(0, len(lines), 500):
            accepted(connection.post("\n".join(lines[begin:begin + 500])), 500)
    assert server.attributes("i") == list(range(10_000))
    server.kill9()
    assert server.attributes("i") == list(range(10_000))
    server.start()
    assert server.attributes("i") == list(range(10_000))


def test_the_data_directory_is_private(server):
    assert server.data_dir.stat().st_mode & 0o777 == 0o700


def test_a_file_size_limit_is_answered_503_and_the_server_lives_on(make_server):
    server = make_server({"store.on_io_error": "reject"})
    accepted(server.post("before"), 1)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    statuses = {server.post("x" * 100_000 + "\n").status for _ in range(20)}
    assert 503 in statuses and statuses <= {200, 503}
    assert server.get("/healthz").status == 200
    assert "before" in server.bodies()
