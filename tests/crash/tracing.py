"""Makes system calls of a running server fail, with strace.

    with failing(server, "store-commit", "fdatasync", "EIO"): ...

attaches to the one thread of that name, so that nothing else of the server is touched.
"""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile

from logboom_server import EXIT_DEADLINE, poll


class NotPermitted(Exception):
    """This machine lets us not trace a process."""


def require():
    """Raises NotPermitted if a process cannot be traced here."""
    if not shutil.which("strace"):
        raise NotPermitted("strace is not installed")
    child = subprocess.Popen(["sleep", "60"])
    try:
        with attached(child.pid, child.pid, ["-e", "trace=none"]):
            pass
    finally:
        child.kill()
        child.wait()


def expression(calls, error, when):
    """strace's option; `calls` is a name or, with a slash in front, a regular expression."""
    return ["-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"]


def wrapper(log, calls, error, when):
    """A command line that starts a server under strace; it stays our own child."""
    return ["strace", "-D", "-f", "--seccomp-bpf", "-o", str(log), *expression(calls, error, when)]


@contextlib.contextmanager
def failing(server, thread, calls, error, when="1+"):
    """From now on such calls of the thread fail; `when` counts them as strace does."""
    with attached(server.process.pid, thread_id(server, thread), expression(calls, error, when)):
        yield


@contextlib.contextmanager
def attached(pid, thread, options):
    with tempfile.TemporaryFile() as output:
        command = ["strace", "-q", "-p", str(thread), "-o", "/dev/null", *options]
        tracer = subprocess.Popen(command, stderr=output)
        try:
            poll(lambda: tracer_of(pid, thread) or tracer.poll() is not None, "strace's hold")
            if tracer.poll() is not None and tracer_of(pid, thread) == 0:
                output.seek(0)
                raise NotPermitted(output.read().decode().strip())
            yield
        finally:
            tracer.terminate()  # lets the process go, and its system calls succeed again
            tracer.wait(EXIT_DEADLINE)


def tracer_of(pid, thread):
    try:
        status = pathlib.Path(f"/proc/{pid}/task/{thread}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    [line] = [line for line in status.splitlines() if line.startswith("TracerPid:")]
    return int(line.split()[1])


def thread_id(server, name):
    for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise AssertionError(f"the server has no thread {name}")
