"""What the trials of packages and images share: chroots, and a server that is started and asked.

Nothing here sleeps to synchronise: waits poll a condition up to a deadline.
"""

import http.client
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "support"))

from ports import free_port  # noqa: E402,F401: from tests/support, for those that import this

DEADLINE = 30.0
# What of the machine's own apt settings a chroot needs to fetch packages as the machine does.
APT_SETTINGS = ("Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::http::Proxy",
                "Acquire::https::Proxy")


def say(text):
    print(f"  {text}", flush=True)


def run(*command, **options):
    """Runs a command that must succeed; returns its stdout."""
    result = subprocess.run([str(word) for word in command], check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    assert result.returncode == 0, f"{command} exited with {result.returncode}:\n{result.stdout}"
    return result.stdout


def make_root(suite, target, *options):
    """A minimal Debian, made with mmdebstrap, that can fetch further packages."""
    dump = run("apt-config", "dump").splitlines()
    settings = [line for line in dump if line.split(" ")[0] in APT_SETTINGS]
    run("mmdebstrap", "--quiet", "--variant=minbase",
        *[f"--aptopt={line}" for line in settings], *options, suite, target)


def poll(condition, what):
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)
    return value


class Running:
    """A server that was started by `command` and listens on 127.0.0.1:port."""

    def __init__(self, command, port, log):
        self.port = port
        self.log = pathlib.Path(log)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen([str(word) for word in command], stdout=output,
                                            stderr=output, stdin=subprocess.DEVNULL)
        try:
            poll(self._ready, "the server being ready")
        except AssertionError:
            self.kill()
            raise

    def _ready(self):
        assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def request(self, method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, target, body)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def post(self, message):
        status, body = self.request("POST", "/log", json.dumps({"message": message}))
        assert (status, json.loads(body)) == (200, {"accepted": 1, "rejected": 0}), (status, body)

    def server_pid(self):
        """The server itself, which may be a descendant of what was started."""
        pids = [self.process.pid]
        for pid in pids:
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "logboom\n":
                return pid
            children = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
            pids += [int(child) for path in children for child in path.read_text().split()]
        raise AssertionError("no process of the server is left")

    def end(self, number=signal.SIGTERM):
        """Sends the server a signal; returns how what was started exited."""
        run("kill", f"-{int(number)}", self.server_pid())
        return self.process.wait(DEADLINE)

    def kill(self):
        """For teardown: nothing that was started is left."""
        if self.process.poll() is None:
            try:
                self.end(signal.SIGKILL)
            except (AssertionError, OSError):
                self.process.kill()
                self.process.wait(DEADLINE)


def bodies(cat_output):
    """The bodies of the records that `logboom cat` printed."""
    lines = [line for line in cat_output.splitlines() if line.startswith("{")]
    return [json.loads(line)["body"] for line in lines]
