"""What cannot work ends `serve` with one clear line on stderr and an exit code that is not 0."""

import socket

import pytest

from expect import one_clear_line
from logboom_server import run_logboom
from ports import free_port

EX_CONFIG = 78


def serve(directory, *arguments, port=None):
    return run_logboom("serve", "--listen", f"127.0.0.1:{port or free_port()}", "--data-dir",
                       directory, *arguments)


def assert_refused(result, *mentions):
    assert result.returncode > 0, f"exit code {result.returncode}"
    line = one_clear_line(result.stderr)
    for mention in mentions:
        assert mention in line, line


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_refused(serve(tmp_path / "data", port=port), str(port), "in use")


def test_a_port_in_use_by_another_server_is_named(server, tmp_path):
    assert_refused(serve(tmp_path / "data", port=server.port), str(server.port), "in use")
    assert server.post("still here").status == 200


def test_an_address_of_another_machine_is_named(tmp_path):
    result = run_logboom("serve", "--listen", "192.0.2.1:8080", "--data-dir", tmp_path / "data")
    assert_refused(result, "192.0.2.1")


def test_a_file_in_place_of_the_data_directory_is_named(tmp_path):
    path = tmp_path / "data"
    path.write_text("not a directory")
    assert_refused(serve(path), str(path))
    assert path.read_text() == "not a directory"


def test_a_data_directory_below_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(serve(tmp_path / "file" / "data"), str(tmp_path / "file" / "data"))


def test_a_directory_that_may_not_be_written_is_named(tmp_path):
    """/proc refuses new directories to everybody, also to root."""
    assert_refused(serve("/proc/logboom-data"), "/proc/logboom-data")


def test_a_data_directory_of_a_newer_version_is_refused_with_78(make_server):
    server = make_server()
    assert server.terminate() == 0
    (server.data_dir / "FORMAT").write_text("999999\n")
    result = serve(server.data_dir)
    assert_refused(result, "newer")
    assert result.returncode == EX_CONFIG


@pytest.mark.parametrize("setting, mentions", [
    ("store.durability=wriet", ["store.durability"]),
    ("store.durabilty=write", ["store.durabilty", "store.durability"]),
    ("server.overload_wait=5", ["server.overload_wait"]),
    ("limits.body=-1MiB", ["limits.body"]),
    ("limits.body=100MB$", ["limits.body"]),
    ("server.threads=many", ["server.threads"]),
    ("arena.allocator=stack", ["arena.allocator"]),
    ("nonsense", ["nonsense"]),
    ("server.timeouts.idle=${LOGBOOM_TEST_UNSET}", ["LOGBOOM_TEST_UNSET"])])
def test_a_wrong_setting_is_named_and_ends_with_78(tmp_path, setting, mentions):
    result = serve(tmp_path / "data", "--set", setting)
    assert_refused(result, *mentions)
    assert result.returncode == EX_CONFIG
    assert not (tmp_path / "data").exists(), "a refused start must leave nothing behind"


def test_a_missing_configuration_file_is_named(tmp_path):
    path = tmp_path / "absent.yaml"
    assert_refused(serve(tmp_path / "data", "--config", path), str(path))


def test_a_wrong_configuration_file_is_named_with_line_and_column(tmp_path):
    path = tmp_path / "logboom.yaml"
    path.write_text("store:\n  durability: wriet\n")
    result = serve(tmp_path / "data", "--config", path)
    assert_refused(result, f"{path}:2:")
    assert result.returncode == EX_CONFIG


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:99999", "127.0.0.1:", ":::", "1.2.3"])
def test_a_listen_address_that_is_none_is_refused(tmp_path, address):
    result = run_logboom("serve", "--listen", address, "--data-dir", tmp_path / "data")
    assert result.returncode > 0
    assert result.stderr.strip()


def test_settings_of_the_command_line_win_over_the_file(make_server, tmp_path):
    path = tmp_path / "logboom.yaml"
    path.write_text("limits: {body: 1MiB}\nstore: {durability: memory}\n")
    server = make_server({"limits.body": "64KiB"}, arguments=["--config", path])
    assert server.post("x" * 100_000).status == 413
    assert server.post("fits").status == 200
    assert server.terminate() == 0


def test_an_unknown_subcommand_or_option_is_a_usage_error():
    for arguments in (["serv"], ["serve", "--prot", "1"], ["cat", "--where"], []):
        result = run_logboom(*arguments)
        assert result.returncode > 0, arguments
        assert result.stderr.strip(), arguments
        assert result.stdout == b"", arguments


def test_an_address_that_others_can_reach_is_warned_of_in_one_line(make_server):
    server = make_server(arguments=["--listen", "0.0.0.0:0", "--listen", "127.0.0.2:0"])
    assert server.terminate() == 0
    [line] = [line for line in server.stderr().splitlines() if "authentication" in line]
    assert "warn" in line and "0.0.0.0:" in line and "127.0.0.2" not in line, line


def test_an_address_of_this_machine_alone_is_not_warned_of(server):
    assert server.terminate() == 0
    assert "authentication" not in server.stderr()
