"""The subcommands beside serve: data on stdout, diagnostics on stderr, exit codes as promised."""

import json
import os
import signal
import subprocess
import threading

import pytest

from expect import accepted
from http_client import TIME_FACTOR
from logboom_server import binary, poll, run_logboom
from ports import free_port

EX_CONFIG = 78
DAY = "2026-03-{:02}T12:00:00Z"


@pytest.fixture
def march(server):
    """Ten records, one a day from the 1st to the 10th of March, then one without a timestamp."""
    lines = [json.dumps({"time": DAY.format(day), "msg": f"day {day}", "level": level(day),
                         "service": "even" if day % 2 == 0 else "odd", "day": day,
                         "user": {"id": f"u{day}"}}) for day in range(1, 11)]
    accepted(server.post("\n".join(lines)), 10)
    accepted(server.post("untimed words"), 1)
    return server


def level(day):
    return "error" if day % 5 == 0 else "info"


def days(server, *arguments):
    return [r["attributes"]["day"] for r in server.cat(*arguments) if "attributes" in r]


def test_since_and_until_compare_the_event_time(march):
    assert days(march, "--since", DAY.format(4), "--until", DAY.format(8)) in (
        [4, 5, 6, 7], [4, 5, 6, 7, 8])
    assert days(march, "--since", "2026-03-09") == [9, 10]
    assert days(march, "--until", "2026-03-03") == [1, 2]


def test_since_a_moment_ago_shows_what_has_only_an_observed_time(march):
    assert march.bodies("--since", "1h") == ["untimed words"]


def test_where_compares_attributes_resource_and_fields_of_the_record(march):
    assert days(march, "--where", "day=7") == [7]
    assert days(march, "--where", "attributes.day=7") == [7]
    assert days(march, "--where", "user.id=u3") == [3]
    assert days(march, "--where", "service.name=even") == [2, 4, 6, 8, 10]
    assert days(march, "--where", "severity_text=error") == [5, 10]
    assert days(march, "--where", "severity_text=error", "--where", "service.name=odd") == [5]
    assert days(march, "--where", "body=day 9") == [9]
    assert days(march, "--where", "day=11") == []


def test_grep_is_a_regular_expression(march):
    assert days(march, "--grep", "day [12]$|day [12]\"") == [1, 2]
    assert march.bodies("--grep", "untimed w.rds") == ["untimed words"]


def test_a_bad_pattern_condition_or_time_is_named(march):
    for arguments in (["--grep", "(open"], ["--where", "novalue"], ["--since", "yesteryear"]):
        result = run_logboom("cat", "--data-dir", march.data_dir, *arguments)
        assert result.returncode > 0 and result.stdout == b"", arguments
        assert arguments[1] in result.stderr.decode(), arguments


def test_text_format_is_one_readable_line_a_record(march):
    lines = march.cat_bytes("--format", "text").decode().splitlines()
    assert len(lines) == 11
    assert lines[4].startswith("2026-03-05T12:00:00") and "day 5" in lines[4]
    assert "error" in lines[4].lower() and "\x1b" not in lines[4]
    assert march.cat_bytes("--format", "json") == march.cat_bytes()


def test_cat_works_while_the_server_runs_after_a_stop_and_after_a_crash(march):
    while_running = march.cat_bytes()
    assert march.terminate() == 0
    assert march.cat_bytes() == while_running
    march.start()
    march.kill9()
    assert march.cat_bytes() == while_running


def test_cat_into_head_ends_quietly(server):
    accepted(server.post("x" * 100 + "\n" + "\n".join("y" * 200 for _ in range(5000))), 5001)
    with subprocess.Popen([binary(), "cat", "--data-dir", str(server.data_dir)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cat:
        assert b"x" * 100 in cat.stdout.readline()
        cat.stdout.close()
        assert cat.stderr.read() == b""
        assert cat.wait(30) in (0, -signal.SIGPIPE, 128 + signal.SIGPIPE)


class Follower:
    """A running `cat --follow`, whose lines a thread collects."""

    def __init__(self, server, *arguments):
        command = [binary(), "cat", "--data-dir", str(server.data_dir), "--follow", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        self.thread = threading.Thread(target=self.collect)
        self.thread.start()

    def collect(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def wait_for(self, count):
        poll(lambda: len(self.lines) >= count, f"{count} lines of cat --follow")
        return [record.get("body") for record in self.lines]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10 * TIME_FACTOR)
        finally:
            self.process.kill()
            self.thread.join()
        return self.process.stderr.read()


def test_follow_shows_new_records_across_a_crash_and_a_restart(server):
    accepted(server.post("before"), 1)
    follower = Follower(server)
    try:
        assert follower.wait_for(1) == ["before"]
        accepted(server.post("while\nfollowing"), 2)
        assert follower.wait_for(3) == ["before", "while", "following"]
        server.kill9()
        server.start()
        accepted(server.post("after"), 1)
        assert follower.wait_for(4)[3] == "after"
    finally:
        diagnostics = follower.stop()
    assert diagnostics == b""


def test_follow_filters(server):
    follower = Follower(server, "--where", "keep=yes")
    try:
        for i in range(6):
            accepted(server.post(json.dumps({"msg": f"m{i}", "keep": ["no", "yes"][i % 2]})), 1)
        assert follower.wait_for(3) == ["m1", "m3", "m5"]
    finally:
        follower.stop()


def test_a_missing_data_directory_is_named(tmp_path):
    for command in ("cat", "verify"):
        result = run_logboom(command, "--data-dir", tmp_path / "absent")
        assert result.returncode > 0 and result.stdout == b""
        assert str(tmp_path / "absent") in result.stderr.decode()


def test_verify_is_0_for_an_intact_directory_and_prints_counts(march):
    for _ in range(2):
        result = run_logboom("verify", "--data-dir", march.data_dir)
        assert result.returncode == 0, result
        assert b"11" in result.stdout, result
        if march.alive():
            assert march.terminate() == 0


def test_verify_is_1_after_a_flipped_bit_and_cat_shows_no_wrong_record(march):
    march.kill9()  # a clean stop may have sealed the records, which are then not to be found
    stored = march.cat_lines()
    path, offset = find_in_files(march.data_dir, b"day 4")
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 4]))
    result = run_logboom("verify", "--data-dir", march.data_dir)
    assert result.returncode == 1, result
    remaining = run_logboom("cat", "--data-dir", march.data_dir).stdout.splitlines()
    assert set(remaining) <= set(stored)


def find_in_files(directory, needle):
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        offset = path.read_bytes().find(needle)
        if offset >= 0:
            return path, offset
    raise AssertionError(f"{needle!r} is in no file of {directory}")


def test_health_is_0_when_ready_and_1_when_not(server):
    url = f"http://127.0.0.1:{server.port}"
    assert run_logboom("health", "--url", url).returncode == 0
    assert server.terminate() == 0
    result = run_logboom("health", "--url", url)
    assert result.returncode == 1 and result.stderr.strip()
    assert run_logboom("health", "--url", f"http://127.0.0.1:{free_port()}").returncode == 1


def test_check_accepts_a_good_file(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text("server:\n  threads: 2\nstore: {durability: write}\n")
    assert run_logboom("check", path).returncode == 0


def test_check_lists_every_error_with_its_position(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("server:\n  overload_wait: 5\n  thraeds: 2\nstore:\n  durability: maybe\n")
    result = run_logboom("check", path)
    assert result.returncode == EX_CONFIG
    output = (result.stderr + result.stdout).decode()
    for line in (2, 3, 5):
        assert f"{path}:{line}:" in output, output
    assert "threads" in output, "the unknown key has no did-you-mean"


def test_config_prints_what_is_in_effect_and_reads_it_back(tmp_path):
    printed = run_logboom("config", "--set", "store.durability=write")
    assert printed.returncode == 0, printed
    assert b"durability: write" in printed.stdout
    assert b"overload_wait: 2s" in printed.stdout
    path = tmp_path / "printed.yaml"
    path.write_bytes(printed.stdout)
    assert run_logboom("check", path).returncode == 0
    assert run_logboom("config", "--config", path).stdout == printed.stdout


def test_version_and_help_go_to_stdout():
    version = run_logboom("--version")
    assert version.returncode == 0 and b"0." in version.stdout
    for command in ([], ["serve"], ["check"], ["config"], ["cat"], ["verify"], ["health"]):
        result = run_logboom(*command, "--help")
        assert result.returncode == 0 and result.stdout and result.stderr == b"", command


def test_the_load_tests_option_is_taken_and_kept_out_of_the_help(make_server):
    assert b"ballast" not in run_logboom("serve", "--help").stdout
    accepted(make_server(arguments=["--ballast-objects", "1000"]).post("{}"), 1)


def test_output_that_cannot_be_written_is_an_error(march):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([binary(), "cat", "--data-dir", str(march.data_dir)], stdout=full,
                                stderr=subprocess.PIPE, timeout=30, env=os.environ, check=False)
    assert result.returncode > 0 and result.stderr
