"""The systemd unit agrees with the server that it starts, and systemd finds no fault in it."""

import configparser
import pathlib
import re
import shutil
import subprocess

import pytest

from logboom_server import binary, poll, run_logboom

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = pathlib.Path(binary()).parent / "packaging" / "logboom.service"
EXPOSURE_MAX = 2.0  # of 10, as `systemd-analyze security` counts


@pytest.fixture(scope="module")
def service():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNIT)
    return parser["Service"]


def exit_code(name):
    text = (ROOT / "cli" / "exit_code.hpp").read_text()
    return int(re.search(rf"kExit{name} = (\d+)", text)[1])


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def analyze(*arguments):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(["systemd-analyze", *arguments], check=False, capture_output=True,
                          text=True)


def test_a_wrong_configuration_is_not_tried_again_and_a_failed_disk_is(service):
    never_again = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert service["Restart"] == "on-failure"
    assert {exit_code("Config"), exit_code("Usage")} <= never_again
    assert not {exit_code("Io"), exit_code("Unavailable"), exit_code("Software")} & never_again


def test_the_supervisor_waits_longer_than_the_default_drain(service):
    printed = run_logboom("config").stdout.decode()
    drain = [re.search(rf"^  {key}: (\w+)", printed, re.MULTILINE)[1]
             for key in ("drain_delay", "drain_timeout")]
    assert seconds(service["TimeoutStopSec"]) > sum(map(seconds, drain))


def test_the_data_directory_of_the_configuration_is_the_one_that_may_be_written(service):
    printed = run_logboom("config", "--config", ROOT / "packaging" / "logboom.yaml").stdout
    directory = re.search(r'^  dir: "?([^"\n]+)', printed.decode(), re.MULTILINE)[1]
    assert directory == f"/var/lib/{service['StateDirectory']}"
    user = (ROOT / "packaging" / "sysusers.conf").read_text().split("\n")[1].split()
    assert user[1] == service["User"] and user[-1] == directory


def test_systemd_finds_no_fault_in_the_unit(tmp_path):
    # The program is not installed where the unit will find it; this one is.
    copy = tmp_path / "logboom.service"
    copy.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={binary()}", UNIT.read_text()))
    result = analyze("verify", "--man=no", str(copy))
    assert (result.returncode, result.stderr) == (0, ""), result


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
    poll(lambda: re.search(rf"^{pid} +\+\+\+ exited", trace.read_text(), re.MULTILINE),
         "the end of the trace")
    made = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {"accept4", "fdatasync", "epoll_wait"} <= made
    assert made - allowed == set()


def test_the_sandbox_leaves_little_exposed():
    result = analyze("security", "--offline=yes", "--no-pager", str(UNIT))
    score = re.search(r"Overall exposure level for logboom.service: ([\d.]+)", result.stdout)
    assert score, result
    assert float(score[1]) <= EXPOSURE_MAX, result.stdout
