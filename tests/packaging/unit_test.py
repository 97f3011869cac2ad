"""The systemd units agree with the server that they start."""

import configparser
import pathlib
import re

import pytest
import yaml

from logboom_server import binary, run_logboom

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def unit(path):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(path)
    return parser


@pytest.fixture(scope="module")
def service():
    return unit(pathlib.Path(binary()).parent / "packaging" / "logboom.service")["Service"]


def exit_code(name):
    text = (ROOT / "cli" / "exit_code.hpp").read_text()
    return int(re.search(rf"kExit{name} = (\d+)", text)[1])


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


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
    printed = run_logboom("config", "--config", PACKAGING / "logboom.yaml").stdout
    directory = re.search(r'^  dir: "?([^"\n]+)', printed.decode(), re.MULTILINE)[1]
    assert directory == f"/var/lib/{service['StateDirectory']}"
    user = (PACKAGING / "sysusers.conf").read_text().split("\n")[1].split()
    assert user[1] == service["User"] and user[-1] == directory


def test_the_socket_unit_listens_as_the_configuration_and_the_server_do():
    socket = unit(PACKAGING / "logboom.socket")["Socket"]
    [entry] = yaml.safe_load((PACKAGING / "logboom.yaml").read_text())["server"]["listen"]
    assert socket["ListenStream"] == entry["address"]
    backlog = re.search(r"kBacklog = (\d+)", (ROOT / "server" / "listener.cpp").read_text())[1]
    assert socket["Backlog"] == backlog
