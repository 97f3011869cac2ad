"""Clients that never retry: whatever they send over a connection they got has to be answered."""

import json
import threading
import time

from expect import accepted
from http_client import Connection


class SteadyClient(threading.Thread):
    """Posts one record after the other until stop is set, over a connection each, or, if
    `keep_alive`, over one for as long as the replies let it. If `until_refused`, a refused
    connection ends it quietly. Anything else but a 200 is a failure."""

    def __init__(self, port, name, until_refused=False, keep_alive=False):
        super().__init__()
        self.port, self.prefix = port, name
        self.until_refused = until_refused
        self.keep_alive = keep_alive
        self.stop = threading.Event()
        self.acknowledged = []
        self.longest = 0.0  # seconds from connecting to the reply
        self.failure = None

    def run(self):
        connection = None
        try:
            while not self.stop.is_set():
                begin = time.monotonic()
                connection = connection or self.connect()
                if connection is None:
                    return
                identity = f"{self.prefix}-{len(self.acknowledged)}"
                response = connection.post(json.dumps({"id": identity}))
                accepted(response, 1)
                self.acknowledged.append(identity)
                self.longest = max(self.longest, time.monotonic() - begin)
                if response.closes() or not self.keep_alive:
                    connection.close()
                    connection = None
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def connect(self):
        try:
            return Connection(self.port)
        except ConnectionRefusedError:
            if self.until_refused:
                return None
            raise


def start_clients(port, count, **options):
    clients = [SteadyClient(port, f"c{i}", **options) for i in range(count)]
    for client in clients:
        client.start()
    return clients


def finish(clients):
    """Stops them and returns what was acknowledged; none may have failed."""
    for client in clients:
        client.stop.set()
    for client in clients:
        client.join()
    assert [client.failure for client in clients if client.failure] == []
    return sorted(identity for client in clients for identity in client.acknowledged)
