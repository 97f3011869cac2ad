#!/usr/bin/python3
"""The README as somebody meets it who has Debian 12 and nothing but apt.

Usage: tests/newcomer/first_minutes.py [--keep] [--skip-tests]

Makes a minimal Debian 12 in build/newcomer with mmdebstrap, clones this checkout's last commit
into it, and runs there what the README shows, as it stands: `./dev run`, every command of the first
five minutes, a kill, a second start, and at last `./dev test`. Needs root (chroot, mounts) and port
8080.
Exits 0 if all went well, 1 if something did not, 77 if it cannot be tried here, saying why.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

from trial import make_root  # noqa: E402: from packaging

HOME = "/root/logboom"  # of the clone, inside
URL = "http://127.0.0.1:8080"
# What the commands use besides what ./dev installs.
TOOLS = ["ca-certificates", "curl", "git", "jq", "zstd"]
BUILD_SECONDS = 1800
COMMAND_SECONDS = 60
FOLLOW_SECONDS = 3
TEST_SECONDS = 3600
SKIPPED = 77


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def skip(reason: str) -> None:
    say(f"not tried: {reason}")
    sys.exit(SKIPPED)


def check_machine() -> None:
    if os.geteuid() != 0:
        skip("a chroot needs root")
    if shutil.which("mmdebstrap") is None:
        skip("mmdebstrap is not installed")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8080))
        except OSError:
            skip("port 8080 is in use")


def remove(place: pathlib.Path) -> None:
    """Deletes it, but nothing that is mounted in it: /dev there is this machine's own."""
    mounted = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    for point in reversed([point for point in mounted if point.startswith(f"{place}/")]):
        subprocess.run(["umount", "--lazy", point], check=True)
    shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def fresh_debian(keep: bool) -> Iterator[pathlib.Path]:
    """A minimal Debian 12 with this machine's mirrors, and the clone in it."""
    place = ROOT / "build" / "newcomer"
    remove(place)
    place.parent.mkdir(exist_ok=True)
    try:
        make_root("bookworm", place, "--include=" + ",".join(TOOLS))
    except AssertionError as error:
        skip(f"mmdebstrap could not make a Debian 12: {error}")
    shutil.copytree("/etc/apt/apt.conf.d", place / "etc/apt/apt.conf.d", dirs_exist_ok=True)
    shutil.copy("/etc/resolv.conf", place / "etc/resolv.conf")
    try:
        for kind, where in (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"),
                            ("tmpfs", "dev/shm")):
            (place / where).mkdir(exist_ok=True)
            subprocess.run(["mount", "-t", kind, kind, place / where], check=True)
        subprocess.run(["git", "clone", "--quiet", ROOT, f"{place}{HOME}"], check=True)
        yield place
    finally:
        if not keep:
            remove(place)


def inside(place: pathlib.Path, command: str) -> list[str]:
    environment = ["env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb"]
    return ["chroot", str(place), *environment, "bash", "-c", f"cd {HOME} && {command}"]


@contextlib.contextmanager
def serving(place: pathlib.Path) -> Iterator[subprocess.Popen]:
    """`./dev run`, ready; yields the process, which has become the server."""
    started = time.monotonic()
    with subprocess.Popen(inside(place, "exec ./dev run"), start_new_session=True) as server:
        try:
            while not is_ready():
                if server.poll() is not None:
                    sys.exit(f"`./dev run` ended with {server.returncode}")
                if time.monotonic() - started > BUILD_SECONDS:
                    sys.exit("`./dev run` does not answer")
                time.sleep(0.1)
            say(f"./dev run answers after {time.monotonic() - started:.1f} s")
            yield server
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGTERM)


def is_ready() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/readyz", timeout=1) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def commands_of(section: str) -> list[str]:
    """The lines of the README's sh blocks under a heading."""
    readme = (ROOT / "README.md").read_text()
    text = readme.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def run(place: pathlib.Path, command: str) -> None:
    """Runs one line as it stands and fails if it does."""
    follows = "--follow" in command
    seconds = FOLLOW_SECONDS if follows else COMMAND_SECONDS
    ran = subprocess.run(["timeout", str(seconds),
                          *inside(place, f"set -o pipefail; {command}")],
                         capture_output=True, text=True)
    output = (ran.stdout + ran.stderr).strip()
    say(f"{command}\n{output[:400]}")
    expected = {124} if follows else {0}
    if ran.returncode not in expected:
        sys.exit(f"it ended with {ran.returncode}")


def first_minutes(place: pathlib.Path) -> None:
    commands = commands_of("First five minutes")
    sealed = [command for command in commands if "zstdcat" in command]
    with serving(place) as server:
        for command in commands:
            if command not in sealed:
                run(place, command)
        server.kill()
        server.wait()
        run(place, "./dev cat | tail -1")
    with serving(place) as server:
        for command in sealed:
            run(place, command)
        server.send_signal(signal.SIGTERM)
        if server.wait(60) != 0:
            sys.exit(f"SIGTERM: exit code {server.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs the README in a fresh Debian 12.")
    parser.add_argument("--keep", action="store_true",
                        help="leave build/newcomer with its mounts")
    parser.add_argument("--skip-tests", action="store_true", help="do not run ./dev test there")
    arguments = parser.parse_args()
    check_machine()
    with fresh_debian(arguments.keep) as place:
        first_minutes(place)
        if not arguments.skip_tests:
            tested = subprocess.run(inside(place, "./dev test"), timeout=TEST_SECONDS)
            if tested.returncode != 0:
                sys.exit(f"`./dev test` ended with {tested.returncode}")
    say("the README holds")


if __name__ == "__main__":
    main()
