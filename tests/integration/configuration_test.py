"""The configuration from outside: `check`, `config`, and the JSON Schema that editors use."""

import json

import jsonschema
import pytest
import yaml

from logboom_server import run_logboom

SCHEMA = json.loads(run_logboom("config", "--schema").stdout)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def is_good(text):
    return VALIDATOR.is_valid(yaml.safe_load(text))


def check(tmp_path, text):
    file = tmp_path / "logboom.yaml"
    file.write_text(text)
    return run_logboom("check", file)


def test_the_schema_is_one_itself():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_example_and_the_effective_configuration_fit_the_schema():
    assert is_good(run_logboom("config", "--example").stdout)
    assert is_good(run_logboom("config", "--set", "store.commit_window=2ms").stdout)


@pytest.mark.parametrize("text", [
    "store: {durability: write}",
    "store:\nlog: {level: warn}",
    "store: {retention: {age: 0}, max_bytes: 90%, min_free: 2GiB}",
    "server: {threads: 4, listen: [{address: '0.0.0.0:80'}]}",
    "arena: {wipe: true, retained: auto}",
    "server: {threads: '${THREADS:-2}', overload_wait: '${WAIT:-1s}'}",
    "auth: {tokens: []}\nsinks: {}",
])
def test_what_check_accepts_fits_the_schema(tmp_path, text):
    result = check(tmp_path, text)
    assert result.returncode == 0, result.stderr
    assert is_good(text)


@pytest.mark.parametrize("text", [
    "store: {durabilty: write}",
    "store: {durability: fsync}",
    "server: {overload_wait: 2}",
    "server: {threads: many}",
    "server: {threads: 5000}",
    "server: {listen: ['127.0.0.1:80']}",
    "server: {listen: []}",
    "limits: {body: 10}",
    "store: {max_bytes: 101%}",
    "arena: {wipe: 1}",
    "sinks: {kafka: {}}",
    "log: info",
])
def test_what_check_refuses_does_not_fit_the_schema(tmp_path, text):
    assert check(tmp_path, text).returncode == 78
    assert not is_good(text)


def test_every_kind_of_mistake_is_found_at_once(tmp_path):
    result = check(tmp_path, "server:\n  threds: 2\n  threads: [1]\n  overload_wait: 2\n"
                             "  drain_delay: ${NO_SUCH_NAME}\nstore:\n  dir: a\n  dir: b\n"
                             "  max_bytes: 1MiB\n")
    assert result.returncode == 78
    places = [line.split(": ")[0].rsplit(":", 2)[1:] for line in result.stderr.decode().split("\n")
              if line]
    assert places == [["2", "3"], ["3", "12"], ["4", "18"], ["5", "16"], ["8", "3"], ["9", "14"]]


def test_the_reference_has_a_row_for_each_key():
    page = run_logboom("config", "--reference").stdout.decode()
    for section, members in yaml.safe_load(run_logboom("config").stdout).items():
        for key in members or [None]:
            assert f"`{section}.{key}" in page or f"`{section}`" in page
