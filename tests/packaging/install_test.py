"""The tree that `cmake --install --component server` lays out, and the version everywhere in it."""

import gzip
import os
import pathlib
import re
import subprocess

import pytest

from logboom_server import binary

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(binary()).parent
LAYOUT = {
    "bin/logboom",
    "lib/systemd/system/logboom.service",
    "lib/systemd/system/logboom.socket",
    "lib/sysusers.d/logboom.conf",
    "share/bash-completion/completions/logboom",
    "share/doc/logboom/CHANGELOG.md",
    "share/doc/logboom/LICENSE",
    "share/doc/logboom/README.md",
    "share/doc/logboom/examples/logboom.example.yaml",
    "share/doc/logboom/examples/logboom.schema.json",
    "share/doc/logboom/examples/logboom.yaml",
    "share/fish/vendor_completions.d/logboom.fish",
    "share/man/man1/logboom.1.gz",
    "share/zsh/site-functions/_logboom",
}


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    directory = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", BUILD, "--component", "server", "--prefix", directory],
                   check=True, capture_output=True)
    return directory


def project_version():
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"project\(logboom VERSION (\S+)", text)[1]


def run(program, *arguments):
    result = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result
    return result.stdout


def test_the_server_is_laid_out_as_the_file_hierarchy_standard_has_it(prefix):
    found = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert found == LAYOUT
    assert os.access(prefix / "bin/logboom", os.X_OK)


def git(*arguments):
    result = subprocess.run(["git", "-C", ROOT, *arguments], check=False, capture_output=True,
                            text=True)
    if result.returncode != 0:
        pytest.skip("the sources are not in a git repository of their own")
    return result.stdout.strip()


def test_the_installed_binary_names_the_projects_version(prefix):
    assert run(prefix / "bin/logboom", "--version").split()[:2] == ["logboom", project_version()]


def test_the_installed_binary_names_a_commit_and_the_next_build_the_next(prefix):
    head_log = git("rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD")
    commit = run(prefix / "bin/logboom", "--version").split()[2].strip("()")
    assert git("cat-file", "-t", commit) == "commit"
    # When this file changes, ninja configures anew.
    assert head_log in (BUILD / "build.ninja").read_text()


def test_the_change_log_begins_with_the_projects_version():
    headings = re.findall(r"^## (\S+?),? ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0].rstrip(",") == project_version()


def test_the_man_page_names_the_projects_version(prefix):
    page = gzip.decompress((prefix / "share/man/man1/logboom.1.gz").read_bytes()).decode()
    assert f'"logboom {project_version()}"' in page.splitlines()[0]


def test_both_example_configurations_are_valid(prefix):
    for name in ("logboom.example.yaml", "logboom.yaml"):
        run(prefix / "bin/logboom", "check", prefix / "share/doc/logboom/examples" / name)
