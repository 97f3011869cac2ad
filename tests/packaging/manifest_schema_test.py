"""Kubernetes' own schemas, of the oldest and the newest version that the validator knows, find
nothing against the manifests. The validator is no Debian package: `./dev test --full` installs
python3-venv, and this file fetches it from PyPI into the build directory."""

import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

from logboom_server import binary

KUBERNETES = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
MANIFESTS = [KUBERNETES / name for name in yaml.safe_load(
    (KUBERNETES / "kustomization.yaml").read_text())["resources"]]
VALIDATOR = "kubernetes-validate==1.37.0"
VERSIONS = ["1.25", "1.37"]


@pytest.fixture(scope="module", name="validate")
def make_validator():
    """validate(VERSION, FILE...) runs it; skips if it cannot be had."""
    directory = pathlib.Path(binary()).parent / VALIDATOR
    program = directory / "bin" / "kubernetes-validate"
    if not program.exists():
        fetch_into(directory)

    def validate(version, *files):
        return subprocess.run([program, "--strict", "--kubernetes-version", version, *files],
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)

    return validate


def fetch_into(directory):
    for command in ([sys.executable, "-m", "venv", "--clear", directory],
                    [directory / "bin" / "pip", "install", "--quiet", "--retries", "0",
                     "--timeout", "30", VALIDATOR]):
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            shutil.rmtree(directory, ignore_errors=True)
            said = done.stdout.strip().splitlines()[-1:]
            # CTest looks for the first words (CMakeLists.txt).
            pytest.skip(f"{VALIDATOR} is not installed, and PyPI does not give it: {said}")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifests_are_what_kubernetes_takes(validate, version):
    result = validate(version, *MANIFESTS)
    assert result.returncode == 0, result.stdout
    objects = [document for file in MANIFESTS
               for document in yaml.safe_load_all(file.read_text())]
    assert result.stdout.count(" passed for resource ") == len(objects), result.stdout


def test_a_key_that_kubernetes_does_not_know_is_found(validate, tmp_path):
    wrong = tmp_path / "statefulset.yaml"
    text = (KUBERNETES / "statefulset.yaml").read_text()
    assert "readinessProbe:" in text
    wrong.write_text(text.replace("readinessProbe:", "redinessProbe:"))
    result = validate(VERSIONS[-1], wrong)
    assert result.returncode != 0
    assert "redinessProbe" in result.stdout
