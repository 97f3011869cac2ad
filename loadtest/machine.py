"""What the report says of the machine, the versions and the commit."""

import contextlib
import os
import pathlib
import platform
import shutil
import subprocess

from loadtest import ROOT
from loadtest.servers import Lab, Logboom, Row, said_by


def describe(rows: list[Row], lab: Lab) -> dict[str, str]:
    """Name to value, in the order of the report's head."""
    return {"machine": f"{processor()}, {os.cpu_count()} hardware threads, {memory()}",
            "system": f"{system()}, Linux {platform.release()}",
            "data on": filesystem(lab.directory),
            "commit": commit(),
            **versions(rows, lab),
            "load before": f"{os.getloadavg()[0]:.1f} (average of the last minute)"}


def versions(rows: list[Row], lab: Lab) -> dict[str, str]:
    """The clients and servers that are there."""
    found = {"hey": package_version("hey"), "h2load": said_by(["h2load", "--version"])}
    for row in rows:
        # Logboom's rows are one program.
        name = "Logboom" if isinstance(row, Logboom) else row.name
        found[name] = None if row.missing(lab) else row.version(lab)
    return {name: version for name, version in found.items() if version}


def package_version(package: str) -> str | None:
    """Of what is installed and cannot say its version itself."""
    if not shutil.which(package):
        return None
    with contextlib.suppress(OSError):
        said = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True,
                              text=True, check=False)
        if said.returncode == 0:
            return said.stdout
    return "of unknown version"


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{pages * size / 2**30:.0f} GiB"


def system() -> str:
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/etc/os-release").read_text().splitlines():
            if line.startswith("PRETTY_NAME="):
                return line.split("=", 1)[1].strip('"')
    return platform.system()


def filesystem(directory: pathlib.Path) -> str:
    """The type of the file system that a directory is on: `sync` on a tmpfs would mean nothing."""
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    above = [(len(cells[1]), cells[2]) for cells in mounts
             if directory.resolve().is_relative_to(cells[1])]
    return max(above, default=(0, "an unknown file system"))[1]


def commit() -> str:
    """The tree's commit, and whether it has been changed since."""
    head = said_by(["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]) or "unknown"
    changed = said_by(["git", "-C", str(ROOT), "status", "--porcelain", "-uno"])
    return f"{head} with changes" if changed else head
