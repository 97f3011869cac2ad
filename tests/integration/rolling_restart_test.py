"""Two nodes behind nginx, restarted one after the other under load, as operators upgrade: a client
that never retries gets a 200 for each request, and each record is stored once.

Part of `./dev test --full`; skipped, and said so, where nginx is not installed.
"""

import pathlib
import shutil
import signal
import subprocess

import pytest

from logboom_server import poll
from ports import free_port
from steady_clients import finish, start_clients

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's nginx)")

# Nothing in it retries a request that has been sent: nginx repeats no POST unless it is told to.
CONFIGURATION = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  upstream nodes {{
    server 127.0.0.1:{ports[0]} max_fails=1 fail_timeout=1s;
    server 127.0.0.1:{ports[1]} max_fails=1 fail_timeout=1s;
    {keepalive}
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }}
  }}
}}
"""


class Nginx:
    """One nginx in a directory of its own, in front of two ports."""

    def __init__(self, directory, ports, keepalive):
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.configuration = self.directory / "nginx.conf"
        self.configuration.write_text(CONFIGURATION.format(
            directory=directory, ports=ports, port=self.port,
            keepalive="keepalive 16;" if keepalive else ""))
        self.process = subprocess.Popen([NGINX, "-p", str(directory), "-c", self.configuration],
                                        stderr=subprocess.DEVNULL)

    def errors(self):
        log = self.directory / "error.log"
        return log.read_text() if log.exists() else ""

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.mark.parametrize("keepalive", [True, False])
def test_a_rolling_restart_loses_nothing_and_answers_all(make_server, tmp_path, keepalive):
    nodes = [make_server({"server.drain_delay": "1s"}) for _ in range(2)]
    ports = [node.port for node in nodes]
    nginx = Nginx(tmp_path, ports, keepalive)
    try:
        poll(lambda: listens(nginx), "nginx to listen")
        clients = start_clients(nginx.port, 8, keep_alive=True)
        for _ in range(2):
            for node, port in zip(nodes, ports):
                go_on(clients)
                assert node.terminate() == 0, node.stderr()
                node.start(port=port)
        go_on(clients)
        acknowledged = finish(clients)
    finally:
        nginx.stop()
        print(nginx.errors())
    for node in nodes:
        assert node.terminate() == 0
    stored = [node.attributes("id") for node in nodes]
    assert all(stored), "one of the nodes was never used"
    assert sorted(stored[0] + stored[1]) == acknowledged


def listens(nginx):
    assert nginx.process.poll() is None, nginx.errors()
    return (nginx.directory / "nginx.pid").exists()


def go_on(clients):
    """Waits until every client has had a hundred more replies."""
    until = [len(client.acknowledged) + 100 for client in clients]
    poll(lambda: any(client.failure for client in clients) or
         all(len(client.acknowledged) >= n for client, n in zip(clients, until)),
         "the clients to go on")
