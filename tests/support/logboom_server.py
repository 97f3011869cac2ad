"""Starts and stops the real binary for the tests of the whole binary.

The binary is named by LOGBOOM_BINARY (set by CTest). Nothing here sleeps to synchronise: each wait
polls a condition and ends at a deadline with the server's stderr in the message.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from http_client import TIME_FACTOR, Connection, ConnectionClosed, ReplyTimeout
from ports import free_port

START_DEADLINE = 20.0 * TIME_FACTOR
EXIT_DEADLINE = 40.0 * TIME_FACTOR
POLL_INTERVAL = 0.01
# The tests' data is small: they pass where little of the disk is left.
SMALL_DISK = {"store.min_free": "0", "store.max_bytes": "100%"}


def binary():
    path = os.environ.get("LOGBOOM_BINARY")
    assert path, "set LOGBOOM_BINARY to the logboom executable, as ctest does"
    assert os.access(path, os.X_OK), f"LOGBOOM_BINARY is not an executable: {path}"
    return path


def run_logboom(*arguments, stdin=b"", deadline=EXIT_DEADLINE):
    """Runs one subcommand to its end; returns the CompletedProcess with bytes."""
    return subprocess.run([binary(), *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=deadline, check=False)


def poll(condition, what, deadline=START_DEADLINE):
    """Waits until condition() is true and returns its value; fails with `what` at the deadline."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(POLL_INTERVAL)


class Server:
    """One data directory and the process that serves it, which may be started more than once."""

    def __init__(self, directory, settings=None, environment=None, arguments=()):
        self.directory = pathlib.Path(directory)
        self.data_dir = self.directory / "data"
        self.settings = dict(settings or {})
        self.small_disk = SMALL_DISK  # tests of the limits themselves set it to {}
        self.environment = dict(environment or {})
        self.arguments = [str(argument) for argument in arguments]
        self.wrapper = []  # what the command is started by, such as strace with its options
        self.pass_fds = ()  # descriptors that the process inherits
        self.process = None
        self.port = None
        self.starts = 0

    def start(self, settings=None, port=None):
        """Starts the server and waits until /readyz is 200. A port lost to another is retried."""
        assert self.process is None, "already running"
        if settings is not None:
            self.settings = dict(settings)
        for attempt in range(3):
            self.launch(port)
            if self._wait_until_ready():
                return self
            in_use = "in use" in self.stderr()
            code = self.process.returncode
            self.process = None
            if port or not in_use or attempt == 2:
                break
        raise AssertionError(f"the server exited with {code} while starting:\n{self.stderr()}")

    def launch(self, port=None):
        """Starts the process and does not wait: it may never become ready."""
        self.port = port or free_port()
        self.starts += 1
        command = [*self.wrapper, binary(), "serve", "--listen", f"127.0.0.1:{self.port}",
                   "--data-dir", str(self.data_dir), *self.arguments]
        for key, value in {**self.small_disk, **self.settings}.items():
            command += ["--set", f"{key}={value}"]
        with open(self._stderr_path(), "wb") as stderr, open(self._stdout_path(), "wb") as stdout:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout,
                                            stderr=stderr, cwd=self.directory,
                                            pass_fds=self.pass_fds,
                                            env={**os.environ, **self.environment})

    def _wait_until_ready(self):
        end = time.monotonic() + START_DEADLINE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            if self.ready():
                return True
            time.sleep(POLL_INTERVAL)
        raise AssertionError(f"not ready after {START_DEADLINE} s:\n{self.stderr()}")

    def ready(self):
        """True if a new connection gets 200 from /readyz now."""
        try:
            return self.get("/readyz").status == 200
        except (OSError, ConnectionClosed, ReplyTimeout):
            return False

    def restart(self, settings=None):
        """Stops the server gracefully and starts it again on the same directory."""
        assert self.terminate() == 0, self.stderr()
        return self.start(settings)

    def kill9(self):
        """Ends the process as a crash would; returns when it is gone."""
        self.process.kill()
        self.process.wait(EXIT_DEADLINE)
        self.process = None

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, deadline=EXIT_DEADLINE):
        """Waits for the exit and returns the code, negative for a signal."""
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no exit within {deadline} s:\n{self.stderr()}") from None
        self.process = None
        return code

    def terminate(self, deadline=EXIT_DEADLINE):
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(deadline)

    def stop(self):
        """For teardown: whatever state it is in, the process is gone afterwards."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(EXIT_DEADLINE)
            self.process = None

    def connect(self):
        return Connection(self.port)

    def request(self, method, target, body=None, headers=()):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, target, body, headers)

    def get(self, target, headers=()):
        return self.request("GET", target, None, headers)

    def post(self, body, target="/log", headers=()):
        return self.request("POST", target, body, headers)

    def raw(self, data):
        """Sends bytes as they are on a connection of their own and reads one response."""
        with self.connect() as connection:
            connection.send_until_refused(data)
            return connection.read_response()

    def cat_bytes(self, *arguments):
        result = run_logboom("cat", "--data-dir", self.data_dir, *arguments)
        assert result.returncode == 0, f"cat exited with {result.returncode}: {result.stderr!r}"
        return result.stdout

    def cat_lines(self, *arguments):
        """The lines of `logboom cat`, as bytes without their newlines."""
        out = self.cat_bytes(*arguments)
        assert out == b"" or out.endswith(b"\n"), "the last line of cat lacks its newline"
        return out.split(b"\n")[:-1]

    def cat(self, *arguments):
        """The records of `logboom cat`, parsed; checks that `_seq` strictly grows."""
        records = [json.loads(line) for line in self.cat_lines(*arguments)]
        numbers = [record["_seq"] for record in records]
        assert all(a < b for a, b in zip(numbers, numbers[1:])), f"_seq does not grow: {numbers}"
        return records

    def bodies(self, *arguments):
        return [record.get("body") for record in self.cat(*arguments)]

    def attributes(self, name):
        """The values of one attribute over all stored records that have it, in order."""
        records = [record.get("attributes", {}) for record in self.cat()]
        return [attributes[name] for attributes in records if name in attributes]

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stderr(self):
        path = self._stderr_path()
        return path.read_text(errors="replace") if path.exists() else ""

    def _stderr_path(self):
        return self.directory / f"stderr.{self.starts}"

    def _stdout_path(self):
        return self.directory / f"stdout.{self.starts}"

    def all_stderr(self):
        paths = sorted(self.directory.glob("stderr.*"))
        return "\n".join(f"-- {p.name}\n{p.read_text(errors='replace')}" for p in paths)


def temporary_directory():
    return tempfile.TemporaryDirectory(prefix="logboom-test-")
