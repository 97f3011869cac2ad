"""A listening socket that outlives the process: restarts during which no client is turned away."""

import os
import signal
import socket
import sys

import pytest

from expect import accepted
from http_client import TIME_FACTOR
from logboom_server import poll
from steady_clients import finish, start_clients

# What a supervisor does: the socket becomes descriptor 3, and the variables name the process.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid() + int(sys.argv[2])), LISTEN_FDS="1")
os.execv(sys.argv[3], sys.argv[3:])
"""
PAUSE_MAX = 5.0 * TIME_FACTOR


@pytest.fixture(name="listening")
def listening_socket():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        yield listening


@pytest.fixture(name="heirs")
def make_heirs(new_server, listening):
    """heirs(n) are n servers of one data directory and the one socket, none of them started."""

    def make(count, settings=None, pid_offset=0):
        servers = [new_server(settings) for _ in range(count)]
        for server in servers:
            server.data_dir = servers[0].data_dir
            server.pass_fds = (listening.fileno(),)
            server.wrapper = [sys.executable, "-c", HAND_OVER, str(listening.fileno()),
                              str(pid_offset)]
        return servers

    return make


def port_of(listening):
    return listening.getsockname()[1]


def test_a_socket_that_is_handed_over_is_served_in_place_of_the_configured_address(
        heirs, listening, make_server):
    other = make_server()  # so that the configured address is taken
    [server] = heirs(1)
    server.launch(other.port)
    server.port = port_of(listening)
    poll(server.ready, "the server to be ready")
    accepted(server.post("hello"), 1)
    poll(lambda: "LISTEN_FDS" in server.stderr(), "the log to tell of it")
    assert server.terminate() == 0
    assert server.bodies() == ["hello"]


def test_variables_that_name_another_process_are_not_for_this_one(heirs, listening, new_server):
    [server] = heirs(1, pid_offset=1)
    server.start()
    assert server.port != port_of(listening)
    accepted(server.post("hello"), 1)


def test_a_descriptor_that_is_no_listening_socket_is_named(heirs):
    [server] = heirs(1)
    with open(os.devnull, "rb") as null:
        server.pass_fds = (null.fileno(),)
        server.wrapper[-2] = str(null.fileno())
        server.launch()
        assert server.wait() == 69
    assert "descriptor 3" in server.stderr() and "LISTEN_FDS" in server.stderr()


@pytest.mark.parametrize("overlapping", [True, False])
def test_a_restart_under_load_keeps_every_client_waiting_and_turns_none_away(
        heirs, listening, overlapping):
    port = port_of(listening)
    old, *successors = heirs(4)
    old.start(port=port)
    clients = start_clients(port, 8)
    for new in successors:
        until = len(clients[0].acknowledged) + 20
        poll(lambda until=until: len(clients[0].acknowledged) > until, "the clients to go on")
        if overlapping:
            new.launch(port)
            poll(lambda new=new: "waiting up to" in new.stderr(), "the new one to wait")
        assert old.terminate() == 0, old.stderr()
        if not overlapping:
            new.launch(port)
        poll(lambda new=new: "is ready" in new.stderr(), "the new one to take over")
        old = new
    until = len(clients[0].acknowledged) + 20
    poll(lambda: len(clients[0].acknowledged) > until, "the clients to go on")
    acknowledged = finish(clients)
    assert max(client.longest for client in clients) < PAUSE_MAX
    assert old.terminate() == 0
    assert sorted(old.attributes("id")) == acknowledged


def test_a_successor_waits_for_the_lock_only_so_long_and_the_old_one_goes_on(heirs, listening):
    old, new = heirs(2, {"store.lock_wait": "200ms"})
    old.start(port=port_of(listening))
    new.launch(port_of(listening))
    assert new.wait() == 75
    assert "another server is using" in new.stderr()
    accepted(old.post("still here"), 1)


def test_the_supervisor_is_told_of_readiness_reload_and_end(new_server, tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(path)
        supervisor.settimeout(10 * TIME_FACTOR)
        server = new_server(environment={"NOTIFY_SOCKET": path}).start()
        assert supervisor.recv(1000) == b"READY=1"
        server.signal(signal.SIGHUP)
        reloading, microseconds = supervisor.recv(1000).split(b"\nMONOTONIC_USEC=")
        assert reloading == b"RELOADING=1" and int(microseconds) > 0
        assert supervisor.recv(1000) == b"READY=1"
        server.signal(signal.SIGTERM)
        assert supervisor.recv(1000) == b"STOPPING=1"
        assert server.wait() == 0
