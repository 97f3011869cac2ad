"""Clients that post the requests of a Ledger over keep-alive connections, until told to stop.

Each request has 1 to 20 records and is one of: NDJSON, an array, text lines, NDJSON with bad lines
in between, or a body of some hundred kilobytes. What they are depends on the seed alone.
"""

import json
import random
import threading

from http_client import Connection, ConnectionClosed, ReplyTimeout
from ledger import Request

RECORDS_MAX = 20
LARGE_BYTES = 300_000
BAD_LINES = ['{"id":', "{bad}", '{"a":01}', '{"a":"\\x"}']
WORDS = ["river", "log", "boom", "café", "\\backslash", '"quoted"', "tab\tbed", "日本", "x" * 300]


def make_request(identity, source):
    """A request of a random kind with this identity."""
    kind = source.choices([ndjson, array, text, partly_bad, large], [8, 2, 4, 3, 1])[0]
    count = source.choice([1, 1, 2, 5, RECORDS_MAX, source.randint(1, RECORDS_MAX)])
    return kind(identity, count, source)


def small_request(identity, source):
    return ndjson(identity, source.randint(1, 3), source)


def bulky_request(identity, source):
    """For filling disks: half of them are large, and nothing of those can be compressed well."""
    kind = source.choice([large, ndjson])
    return kind(identity, source.randint(1, RECORDS_MAX), source)


def objects(identity, count, source):
    return [{"id": identity, "part": part, "n": source.getrandbits(80),
             "pad": " ".join(source.choices(WORDS, k=3))} for part in range(count)]


def encode(value):
    return json.dumps(value, ensure_ascii=False)


def ndjson(identity, count, source):
    records = objects(identity, count, source)
    return Request(identity, "\n".join(map(encode, records)), records)


def array(identity, count, source):
    records = objects(identity, count, source)
    return Request(identity, encode(records), records)


def text(identity, count, source):
    lines = [f"{identity} {part} {source.choice(WORDS)}" for part in range(count)]
    return Request(identity, "\n".join(lines) + "\n", lines)


def partly_bad(identity, count, source):
    """The first line is good, so that its identity is known to be stored."""
    records = objects(identity, count, source)
    lines = list(map(encode, records))
    bad = source.randint(1, 3)
    for _ in range(bad):
        lines.insert(source.randint(1, len(lines)), source.choice(BAD_LINES))
    return Request(identity, "\n".join(lines), records, rejected=bad)


def large(identity, count, source):
    records = [{**record, "pad": source.randbytes(LARGE_BYTES // 2 // count).hex()}
               for record in objects(identity, count, source)]
    return Request(identity, "\n".join(map(encode, records)), records)


class Client(threading.Thread):
    """Posts one request after the other over one connection, or the next if it is closed with a
    503. Other replies, and whatever should not be, are kept in `wrong`."""

    def __init__(self, load, name):
        super().__init__(name=name, daemon=True)
        self.load = load
        self.source = random.Random(f"{load.seed} {name}")
        self.posted = 0
        self.wrong = None

    def run(self):
        try:
            while not self.load.stopping.is_set():
                with Connection(self.load.port) as connection:
                    self.post_requests(connection)
        except (OSError, ConnectionClosed, ReplyTimeout) as lost:
            if not self.load.stopping.is_set():
                self.load.connection_lost(lost)
        except Exception as wrong:  # noqa: BLE001: shown by Load.join()
            self.wrong = wrong

    def post_requests(self, connection):
        while not self.load.stopping.is_set():
            self.posted += 1
            request = self.load.make(f"{self.name}-{self.posted}", self.source)
            if not self.post(connection, self.load.ledger.add(request)):
                return

    def post(self, connection, request):
        """Posts it; false if the connection is of no more use."""
        response = connection.post(request.body)
        if response.status == 200:
            self.check_reply(request, response.json())
            self.load.ledger.acknowledge(request, self.load.promised)
        elif response.status == 503:
            self.load.refused(response)
        else:
            raise AssertionError(f"{response} to {request.body[:300]}")
        return not response.closes()

    @staticmethod
    def check_reply(request, reply):
        reply.pop("errors", None)
        assert reply == request.reply(), f"{reply} instead of {request.reply()}"


class Load:
    """Several clients against one run of a server."""

    def __init__(self, server, ledger, seed, clients=6, promised=True):
        self.port = server.port
        self.ledger = ledger
        self.seed = seed
        self.promised = promised  # a 2xx of this server promises that the records survive kill -9
        self.make = make_request
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self.refusals = []   # replies with 503
        self.lost = []       # connections that ended while the server was to run
        self.first_refusal = threading.Event()
        self.clients = [Client(self, f"{seed}.{name}") for name in range(clients)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        for client in self.clients:
            client.join()
        wrong = [client.wrong for client in self.clients if client.wrong]
        if wrong and kind is None:
            raise wrong[0]

    def refused(self, response):
        with self._lock:
            self.refusals.append(response)
        self.first_refusal.set()

    def connection_lost(self, error):
        with self._lock:
            self.lost.append(error)
