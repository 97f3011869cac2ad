"""Lets programs of another architecture run on this machine for a while, by qemu.

The kernel passes them to qemu if binfmt_misc says so. A registration with flag F keeps qemu open,
so that it serves chroots and containers as well, which do not contain it.
"""

import contextlib
import errno
import pathlib
import signal
import subprocess
import sys

from trial import say

BINFMT = pathlib.Path("/proc/sys/fs/binfmt_misc")
REGISTRATIONS = pathlib.Path("/usr/lib/binfmt.d")  # what to register, by Debian's qemu-user-static
PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}


class CannotEmulate(Exception):
    """This machine does not let us run programs of the architecture; the text says why."""


@contextlib.contextmanager
def mounted():
    """binfmt_misc is mounted inside; afterwards it is as it was."""
    if (BINFMT / "register").exists():
        yield
        return
    result = subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)], check=False,
                            capture_output=True, text=True)
    if result.returncode != 0:
        raise CannotEmulate(f"binfmt_misc cannot be mounted: {result.stderr.splitlines()[0]}")
    say(f"mounted binfmt_misc on {BINFMT}, until the trial is over")
    try:
        yield
    finally:
        subprocess.run(["umount", str(BINFMT)], check=True)


def serves_chroots(entry):
    """Whether the entry is in force and needs no qemu inside a chroot."""
    lines = entry.read_text().splitlines()
    flags = next((line.removeprefix("flags: ") for line in lines if line.startswith("flags: ")), "")
    return lines[0] == "enabled" and "F" in flags


@contextlib.contextmanager
def registered(processor):
    """qemu is registered for the processor inside; what is there already stays as it is."""
    name = f"qemu-{processor}"
    entry = BINFMT / name
    if entry.exists():
        if not serves_chroots(entry):
            raise CannotEmulate(f"{entry} is disabled or without flag F: remove it "
                                f"(echo -1 >{entry}) and try again")
        yield
        return
    try:
        (BINFMT / "register").write_text((REGISTRATIONS / f"{name}.conf").read_text())
    except OSError as error:
        why = "not permitted" if error.errno in (errno.EPERM, errno.EACCES) else str(error)
        raise CannotEmulate(f"{name} cannot be registered with binfmt_misc: {why}") from error
    say(f"registered {name} with binfmt_misc, until the trial is over")
    try:
        yield
    finally:
        entry.write_text("-1")


@contextlib.contextmanager
def able_to_run(architecture, native):
    """Programs of the architecture run inside, as Debian names it. Raises CannotEmulate.

    What this changes on the machine is taken back on the way out, on ^C and SIGTERM too."""
    if architecture == native:
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with mounted(), registered(PROCESSORS[architecture]):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
