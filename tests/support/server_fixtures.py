"""Fixtures of all tests of the whole binary: servers in directories of their own, ended by pid.

A conftest.py imports them; nothing else has to name them.
"""

import pytest

import logboom_server


@pytest.fixture
def new_server(request):
    """new_server({"key": "value"}) is a server with these settings, not started yet."""
    servers, directories = [], []

    def make(settings=None, environment=None, arguments=()):
        directory = logboom_server.temporary_directory()
        directories.append(directory)
        servers.append(logboom_server.Server(directory.name, settings, environment, arguments))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
        attach_stderr(request.node, server)
    for directory in directories:
        directory.cleanup()


@pytest.fixture
def make_server(new_server):
    """make_server({"key": "value"}) starts a server with these settings in a fresh directory."""

    def make(settings=None, environment=None, arguments=()):
        return new_server(settings, environment, arguments).start()

    return make


@pytest.fixture
def server(make_server):
    """A fresh server with the default settings."""
    return make_server()


@pytest.fixture(scope="module")
def shared_server(request):
    """One server for a file's tests that store nothing, or look only at their own replies."""
    with logboom_server.temporary_directory() as directory:
        server = logboom_server.Server(directory)
        server.start()
        yield server
        crashed = not server.alive()
        server.stop()
        assert not crashed, f"the server died during these tests:\n{server.all_stderr()}"


@pytest.fixture(autouse=True)
def shared_server_stderr(request):
    """Shows the shared server's stderr with the test that failed on it."""
    used = "shared_server" in request.fixturenames
    shared = request.getfixturevalue("shared_server") if used else None
    yield
    if shared:
        attach_stderr(request.node, shared)


def attach_stderr(node, server):
    if getattr(node, "failed", False):
        print(f"\nserver on port {server.port}, settings {server.settings}, stderr:")
        print(server.all_stderr())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when in ("setup", "call") and outcome.get_result().failed:
        item.failed = True
