"""What is said of the Go programs that cannot be built."""

import subprocess

import pytest

from loadtest.baseline_build import ARENA_MODULE, Baseline, reason_of

REFUSED = f"""go: {ARENA_MODULE}@latest: module {ARENA_MODULE}: reading \
https://proxy.example/github.com/x/@v/list: 403 Forbidden
\tserver response: This module version is not available.
"""


@pytest.mark.parametrize("errors, reason", [
    (REFUSED, "403 Forbidden: This module version is not available"),
    ("go: go.mod requires go >= 1.24.0 (running go 1.19.8; GOTOOLCHAIN=local)\n",
     "go: go.mod requires go >= 1.24.0 (running go 1.19.8; GOTOOLCHAIN=local)"),
    ("", "no reason given")])
def test_the_reason_is_what_the_command_said_last_without_addresses(errors, reason):
    assert reason_of(subprocess.CompletedProcess([], 1, "", errors)) == reason


def test_without_a_go_toolchain_both_rows_say_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    baseline = Baseline(tmp_path / "baseline")
    for key in ("go_heap", "go_arena"):
        assert "no Go toolchain" in baseline.missing(key)
