"""The workflow does what .ci/run does, and calls nothing that is not there."""

import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())["jobs"]


def commands(job):
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_every_change_passes_what_must_pass_before_it_lands():
    assert ".ci/run" in commands("checks")
    assert "if" not in JOBS["checks"] and JOBS["packages"]["needs"] == "checks"


def test_every_command_of_the_front_door_is_one_it_has():
    listed = subprocess.run([ROOT / "dev", "help"], check=True, capture_output=True, text=True)
    scripts = commands("packages") + (ROOT / ".ci/run").read_text().splitlines()
    called = {match[1] for line in scripts for match in re.finditer(r"\./dev (\w+)", line)}
    assert {"package", "image", "test"} <= called
    for command in called:
        assert re.search(rf"^  (\w+ \| )*{command}\b", listed.stdout, re.MULTILINE), command


def test_a_tag_must_name_the_version():
    check = next(line for line in commands("packages") if "GITHUB_REF_NAME" in line)
    version = re.search(r"project\(logboom VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    for tag, code in ((f"v{version}", 0), ("v9.9.9", 1)):
        result = subprocess.run(["bash", "-c", check], check=False, cwd=ROOT, capture_output=True,
                                env={"GITHUB_REF_NAME": tag, "PATH": "/usr/bin:/bin"})
        assert result.returncode == code, (tag, result)
