"""The examples of docs/record.md, run as they stand: only arrival times and numbers may differ."""

import pathlib
import re
import subprocess

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "record.md"
EXAMPLE = re.compile(r"^```sh\n(.*?)\n```\n```json\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
ARRIVAL = re.compile(r'"observed_timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"')
NUMBER = re.compile(r'"_seq":\d+')


def without_arrival(line):
    return NUMBER.sub('"_seq":N', ARRIVAL.sub('"observed_timestamp":T', line))


def test_every_example_gives_what_the_page_shows(server):
    examples = EXAMPLE.findall(PAGE.read_text())
    assert len(examples) == PAGE.read_text().count("```sh\n") > 0
    seen = 0
    for command, expected in examples:
        command = command.replace("localhost:8080", f"127.0.0.1:{server.port}")
        run = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=30)
        lines = [line.decode() for line in server.cat_lines()]
        shown = [run.stdout.decode().rstrip("\n"), *lines[seen:]]
        assert [without_arrival(line) for line in shown] == [
            without_arrival(line) for line in expected.split("\n")], command
        seen = len(lines)
