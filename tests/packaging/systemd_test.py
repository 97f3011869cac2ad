"""systemd's own programs about the units: they find no fault, little is left exposed, nothing that
the server needs is forbidden, and a socket that systemd opened is served. None of this needs
systemd to run as process 1. `./dev test --full` installs it and runs this file."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from expect import accepted
from logboom_server import binary, poll
from ports import free_port

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"
UNIT = pathlib.Path(binary()).parent / "packaging" / "logboom.service"
EXPOSURE_MAX = 15  # of 100; the network, the host's files and the clock of a log server are 14

# CTest looks for these words (CMakeLists.txt).
pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                reason="systemd is not installed: apt-get install systemd")


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], check=False, capture_output=True,
                          text=True)


def test_systemd_finds_no_fault_in_the_units(tmp_path):
    # The program is not installed where the unit will find it; this one is.
    service = re.sub(r"ExecStart=\S+", f"ExecStart={binary()}", UNIT.read_text())
    (tmp_path / "logboom.service").write_text(service)
    shutil.copy(PACKAGING / "logboom.socket", tmp_path)
    result = analyze("verify", "--man=no", *map(str, tmp_path.iterdir()))
    assert (result.returncode, result.stderr) == (0, ""), result


def test_the_sandbox_leaves_little_exposed():
    result = analyze("security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE_MAX}",
                     str(UNIT))
    assert "Overall exposure level for logboom.service" in result.stdout, result
    assert result.returncode == 0, result.stdout


def calls_of(group):
    """The system calls of a group such as @system-service; of a call, itself."""
    if not group.startswith("@"):
        return {group}
    lines = analyze("syscall-filter", group).stdout.splitlines()[1:]
    names = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    assert names, group
    return set().union(*map(calls_of, names))


def allowed_calls():
    allowed = set()
    for words in re.findall(r"^SystemCallFilter=(.*)", UNIT.read_text(), re.MULTILINE):
        calls = set().union(*map(calls_of, words.lstrip("~").split()))
        allowed = allowed - calls if words.startswith("~") else allowed | calls
    return allowed


@pytest.mark.skipif("LOGBOOM_TEST_TIME_FACTOR" in os.environ,
                    reason="sanitizers make calls of their own, and none under strace")
def test_the_sandbox_allows_every_system_call_that_the_server_makes(new_server, tmp_path):
    trace = tmp_path / "calls"
    if subprocess.run(["strace", "-o", trace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("strace is not permitted here")
    allowed = allowed_calls()
    # Segments this small are sealed while it runs.
    server = new_server({"store.segment.max_bytes": "64KiB"})
    server.wrapper = ["strace", "-D", "-f", "-o", str(trace)]
    server.start()
    for _ in range(4):
        assert server.post("x" * 60000).status == 200
    assert server.get("/metrics").status == server.get("/stats").status == 200
    sealed = server.data_dir / "sealed"
    poll(lambda: list(sealed.glob("*/*.zst")), "a sealed segment")
    pid = server.process.pid
    assert server.terminate() == 0
    ended = re.compile(rf"^{pid} +\+\+\+ exited", re.MULTILINE)  # a short number is padded
    poll(lambda: ended.search(trace.read_text()), "the end of the trace")
    made = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {"accept4", "fdatasync", "epoll_wait"} <= made
    assert made - allowed == set()


def test_the_first_request_to_the_socket_of_systemd_starts_the_server_and_is_stored(new_server):
    server, port = new_server(), free_port()
    server.wrapper = ["systemd-socket-activate", f"--listen=127.0.0.1:{port}"]
    server.launch()
    poll(lambda: "Listening on" in server.stderr(), "systemd to listen")
    assert "is ready" not in server.stderr()
    server.port = port
    accepted(server.post("the first"), 1)
    accepted(server.post("the second"), 1)
    assert server.terminate() == 0, server.stderr()
    assert server.bodies() == ["the first", "the second"]
