"""Ports for servers that tests and measurements start on 127.0.0.1."""

import random
import socket


def free_port() -> int:
    """A port that nobody listens on, outside the range from which clients get theirs."""
    while True:
        port = random.randint(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
