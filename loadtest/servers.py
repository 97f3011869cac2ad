"""The rows of the tables: how each server is started, asked what it did, and ended."""

import contextlib
import dataclasses
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping

from ports import free_port

from loadtest import process
from loadtest.baseline_build import Baseline
from loadtest.process import LoadError, Usage

READY_SECONDS = 60
READ_BACK_SECONDS = 600
NGINX = """daemon off;
worker_processes auto;
worker_rlimit_nofile {files};
pid {directory}/nginx.pid;
error_log {directory}/nginx.log crit;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_max_body_size 100m;
  keepalive_requests 1000000000;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      default_type application/json;
      return 200 '{{"accepted":1,"rejected":0}}';
    }}
  }}
}}
"""


@dataclasses.dataclass
class Lab:
    """What all rows share: where programs and data are, and how many live objects there are."""

    build: pathlib.Path
    directory: pathlib.Path
    threads: int
    ballast_objects: int
    files_max: int
    baseline: Baseline | None

    def counter_library(self) -> pathlib.Path | None:
        """The library that counts allocations, if the build has it."""
        return next(self.build.glob("tests/support/*logboom_allocation_counter.so"), None)


class Row:
    """A server. Subclasses say how it is started and what can be asked of it."""

    key = ""
    name = ""
    # What kind of work it does: "parses", "stores", "limit" (a constant reply), or "peer".
    kind = "limit"
    ballast = False

    def missing(self, lab: Lab) -> str | None:
        """Why this row cannot be measured here, or nothing."""
        raise NotImplementedError

    def command(self, lab: Lab, directory: pathlib.Path, port: int) -> list[str]:
        """The command that serves on the port of 127.0.0.1, with its files in the directory."""
        raise NotImplementedError

    def url(self, port: int) -> str:
        """Where records are posted to."""
        return f"http://127.0.0.1:{port}/log"

    def counters(self, _port: int) -> dict[str, float]:
        """What the server itself counts: records, allocations, garbage collection."""
        return {}

    def version(self, lab: Lab) -> str | None:
        """Name and version for the head of the report."""
        raise NotImplementedError


class Logboom(Row):
    """This project's server, in one of its modes."""

    ballast = True

    def __init__(self, key: str, name: str, durability: str, allocator: str):
        self.key, self.name = key, name
        self.kind = "stores" if durability == "sync" else "parses"
        self.settings = {"store.durability": durability, "arena.allocator": allocator,
                         "log.level": "warn", "store.min_free": "0", "store.max_bytes": "100%"}

    def missing(self, lab: Lab) -> str | None:
        program = lab.build / "logboom"
        return None if program.exists() else f"{program.name} is not built"

    def command(self, lab: Lab, directory: pathlib.Path, port: int) -> list[str]:
        settings = [f"--set={key}={value}" for key, value in self.settings.items()]
        return [str(lab.build / "logboom"), "serve", f"--listen=127.0.0.1:{port}",
                f"--data-dir={directory}/data", f"--ballast-objects={lab.ballast_objects}",
                *settings]

    def version(self, lab: Lab) -> str | None:
        return said_by([str(lab.build / "logboom"), "--version"])

    @staticmethod
    @contextlib.contextmanager
    def reading_back(lab: Lab, directory: pathlib.Path) -> Iterator[Iterator[bytes]]:
        """The stored lines, as `logboom cat` prints them."""
        reader = process.start([str(lab.build / "logboom"), "cat", f"--data-dir={directory}/data"],
                               subprocess.PIPE)
        try:
            yield iter(reader.stdout)
            if reader.wait(READ_BACK_SECONDS) != 0:
                raise LoadError(f"`logboom cat` exited with {reader.returncode}")
        finally:
            reader.stdout.close()
            process.end(reader)


class GoProgram(Row):
    """A server of the baseline."""

    kind = "parses"
    ballast = True

    def __init__(self, key: str, name: str):
        self.key, self.name = key, name

    def missing(self, lab: Lab) -> str | None:
        return lab.baseline.missing(self.key)

    def command(self, lab: Lab, directory: pathlib.Path, port: int) -> list[str]:
        return [str(lab.baseline.program(self.key)), f"-port={port}",
                f"-ballast-objects={lab.ballast_objects}"]

    def counters(self, port: int) -> dict[str, float]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/counters", timeout=30) as reply:
                return json.loads(reply.read())
        except OSError as error:
            raise LoadError(f"it does not report its counters: {error}") from None

    def version(self, lab: Lab) -> str | None:
        return None if lab.baseline.missing(self.key) else lab.baseline.version(self.key)


class Nginx(Row):
    """A limit: a web server of many years that takes the request and answers with a constant."""

    key = "nginx"
    name = "nginx, constant"

    @staticmethod
    def program() -> str | None:
        """Debian installs it where only root's PATH leads."""
        return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

    def missing(self, lab: Lab) -> str | None:
        return None if self.program() else "nginx is not installed (package nginx)"

    def command(self, lab: Lab, directory: pathlib.Path, port: int) -> list[str]:
        configuration = directory / "nginx.conf"
        connections = min(lab.files_max // 2, 50_000)
        configuration.write_text(NGINX.format(directory=directory, port=port,
                                              files=lab.files_max, connections=connections))
        return [self.program(), "-p", str(directory), "-e", f"{directory}/nginx.log",
                "-c", str(configuration)]

    def version(self, lab: Lab) -> str | None:
        return said_by([self.program(), "-v"]) if self.program() else None


class Floor(Row):
    """A limit: the least that a server can do for a request over epoll."""

    key = "floor"
    name = "bare epoll, constant"

    def missing(self, lab: Lab) -> str | None:
        program = lab.build / "logboom_floor"
        return None if program.exists() else f"{program.name} is not built"

    def command(self, lab: Lab, directory: pathlib.Path, port: int) -> list[str]:
        return [str(lab.build / "logboom_floor"), f"--port={port}", f"--threads={lab.threads}"]

    def version(self, lab: Lab) -> str | None:
        return None


class Peer(Row):
    """A server that already runs, and is neither started nor ended."""

    kind = "peer"

    def __init__(self, name: str, url: str):
        self.key, self.name, self.address = f"peer_{name}", name, url

    def missing(self, lab: Lab) -> str | None:
        return None

    def url(self, port: int) -> str:
        return self.address

    def version(self, lab: Lab) -> str | None:
        return f"{self.name} at {self.address}"


def all_rows(peers: Mapping[str, str]) -> list[Row]:
    """Every row, in the order of the tables."""
    return [GoProgram("go_heap", "Go, standard heap"),
            GoProgram("go_arena", "Go Arena"),
            Logboom("logboom_heap", "Logboom, heap", "memory", "heap"),
            Logboom("logboom_arena", "Logboom, arena", "memory", "arena"),
            Logboom("logboom_sync", "Logboom, sync", "sync", "arena"),
            Nginx(), Floor(), *(Peer(name, url) for name, url in peers.items())]


class Running:
    """A started server."""

    def __init__(self, row: Row, port: int, server: subprocess.Popen | None,
                 directory: pathlib.Path):
        self.row, self.port, self.server, self.directory = row, port, server, directory
        # Of a peer, only what runs on this machine and is ours to see.
        self.pid = server.pid if server else process.listener_of(port)
        self.url = row.url(port)
        self.resident_at_start = self.usage().resident

    def stop(self) -> None:
        """Ends the server, as ^C would; a peer goes on."""
        if self.server:
            process.end(self.server)

    def usage(self) -> Usage:
        return process.usage(self.pid) if self.pid else Usage()

    def hold_to_life(self) -> None:
        """LoadError if the process has ended by itself."""
        if self.server and self.server.poll() is not None:
            raise LoadError(f"it exited with {self.server.returncode} under load")

    def counters(self) -> dict[str, float]:
        return self.row.counters(self.port)


@contextlib.contextmanager
def running(row: Row, lab: Lab, environment: Mapping[str, str] | None = None
            ) -> Iterator[Running]:
    """Starts a row's server in a fresh directory; it has ended, and the directory is gone, after.

    stop() ends it earlier, so that what it stored can be read back.
    """
    if isinstance(row, Peer):
        address = urllib.parse.urlsplit(row.address)
        port = address.port or 80
        yield Running(row, port, None, lab.directory)
        return
    with tempfile.TemporaryDirectory(prefix=f"{row.key}-", dir=lab.directory) as name:
        directory, port = pathlib.Path(name), free_port()
        with (directory / "stderr").open("wb") as errors:
            server = process.start(row.command(lab, directory, port), subprocess.DEVNULL,
                                   stderr=errors, cwd=directory,
                                   env=process.environment(environment or {}))
        try:
            wait_until_listening(server, port, directory)
            yield Running(row, port, server, directory)
        finally:
            process.end(server)


def wait_until_listening(server: subprocess.Popen, port: int, directory: pathlib.Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = (directory / "stderr").read_text(errors="replace").strip().splitlines()
            raise LoadError(f"it exited with {server.returncode} while starting"
                            + (f": {said[-1]}" if said else ""))
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    raise LoadError(f"it does not listen after {READY_SECONDS} s")


def said_by(command: list[str]) -> str | None:
    """The first line that a program prints, if it can be run."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        lines = (said.stdout + said.stderr).strip().splitlines()
        return lines[0] if lines else None
    return None
