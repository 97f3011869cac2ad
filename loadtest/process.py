"""Processes that end with the load test, whatever ends it, and what /proc says of them."""

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import resource
import signal
import subprocess
import typing
from collections.abc import Mapping

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
END_SECONDS = 30
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
# The signals that end the load test.
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What was started and has not been ended.
living: set[subprocess.Popen] = set()


class LoadError(Exception):
    """Something that the test needs did not work; the message is for the reader of the report."""


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a server's processes have used so far: CPU seconds, faults; bytes of memory now."""

    user: float = 0.0
    system: float = 0.0
    minor_faults: int = 0
    major_faults: int = 0
    resident: int = 0
    peak_resident: int = 0


def own_session() -> None:
    """In the child: out of reach of the terminal's ^C, and dead if the load test is."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
    os.setsid()
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def raise_descriptor_limit() -> int:
    """Lets this process and its children open as many files as they may; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def start(command: list[str], output: typing.IO | int | None, **options: typing.Any
          ) -> subprocess.Popen:
    """Starts a process in a session of its own; end() ends it, and so does end_all()."""
    # A signal between the start and its being noted would leave the process behind.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                   preexec_fn=own_session, **options)
        living.add(started)
        return started
    except OSError as error:
        raise LoadError(f"{command[0]} cannot be started: {error.strerror}") from None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)


def environment(additions: Mapping[str, str]) -> dict[str, str]:
    """This process's environment and a server's own variables."""
    return {**os.environ, **additions}


def end(process: subprocess.Popen) -> None:
    """SIGTERM, and SIGKILL to all of its session if that does not help; returns when it is gone."""
    try:
        process.terminate()
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        # Workers of a killed master would stay; a group that is gone is no error.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        living.discard(process)


def end_all() -> None:
    """Ends what an interrupt has left running."""
    for process in list(living):
        end(process)


def run_to_end(command: list[str], output: typing.IO | None, timeout: float) -> None:
    """Runs a client; LoadError if it fails or takes longer than `timeout` seconds."""
    process = start(command, output or subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise LoadError(f"{command[0]} did not end within {timeout:.0f} s") from None
    finally:
        end(process)
    if process.returncode != 0:
        said = errors.decode(errors="replace").strip().splitlines()
        raise LoadError(f"{command[0]} failed: {said[-1] if said else process.returncode}")


def capture(command: list[str], timeout: float, **options: typing.Any
            ) -> subprocess.CompletedProcess:
    """Runs a command that may have children of its own; a time-out is a failure like others."""
    ran = start(command, subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        out, errors = ran.communicate(timeout=timeout)
        return subprocess.CompletedProcess(command, ran.returncode, out, errors)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no end within {timeout:.0f} s")
    finally:
        end(ran)


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            children.setdefault(int(stat_fields(int(entry.name))[1]), []).append(int(entry.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from `state` on."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def usage(pid: int) -> Usage:
    """The sum over the process and its descendants."""
    total = Usage()
    for member in family(pid):
        with contextlib.suppress(OSError):
            fields, memory = stat_fields(member), memory_of(member)
            total = Usage(total.user + int(fields[11]) / TICKS_PER_SECOND,
                          total.system + int(fields[12]) / TICKS_PER_SECOND,
                          total.minor_faults + int(fields[7]), total.major_faults + int(fields[9]),
                          total.resident + memory.get("VmRSS", 0),
                          total.peak_resident + memory.get("VmHWM", 0))
    return total


def memory_of(pid: int) -> dict[str, int]:
    """The sizes in /proc/PID/status, in bytes."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = [line.split(":", 1) for line in lines if line.endswith(" kB")]
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


def listener_of(port: int) -> int | None:
    """The process of this machine that listens on a TCP port, if it can be seen."""
    sockets = {f"socket:[{inode}]" for inode in listening_inodes(port)}
    for entry in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if sockets and os.readlink(entry) in sockets:
                return int(entry.parts[2])
    return None


def listening_inodes(port: int) -> set[str]:
    """The sockets that listen on a port, by their inodes."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(table).read_text().splitlines()[1:]:
                cells = line.split()
                if cells[3] == "0A" and int(cells[1].rsplit(":", 1)[1], 16) == port:
                    found.add(cells[9])
    return found
