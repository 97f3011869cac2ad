"""Fixtures of the integration tests: servers in directories of their own, ended by their pid."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import logboom_server  # noqa: E402


@pytest.fixture
def make_server(request):
    """make_server({"key": "value"}) starts a server with these settings in a fresh directory."""
    servers, directories = [], []

    def make(settings=None, environment=None, arguments=()):
        directory = logboom_server.temporary_directory()
        directories.append(directory)
        server = logboom_server.Server(directory.name, settings, environment, arguments)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.stop()
        attach_stderr(request.node, server)
    for directory in directories:
        directory.cleanup()


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
