#!/usr/bin/python3
"""Holds idle connections open: bench/idle_clients.py PORT FIRST LAST.

Of all that are to be made, those from FIRST up to LAST. Connects from as many addresses of
127.0.0.0/8 as the ports of one do not suffice for, prints `ready`, and keeps them until its
standard input ends. Each connection sends one request first and reads its reply, so that it is idle
as a client between two requests is.
"""

import resource
import socket
import sys

PER_ADDRESS = 20_000
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(port, index):
    connection = socket.socket()
    connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    connection.bind((f"127.0.1.{1 + index // PER_ADDRESS}", 0))
    connection.connect(("127.0.0.1", port))
    return connection


def main():
    port, first, last = (int(argument) for argument in sys.argv[1:])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    for index in range(first, last):
        connection = connect(port, index)
        connection.sendall(REQUEST)
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            sys.exit(f"connection {index} got no answer")
        connections.append(connection)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
