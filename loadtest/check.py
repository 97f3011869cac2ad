"""Before anything is measured: does the server do the work, and what does it allocate for it?"""

import contextlib
import dataclasses
import http.client
import json
import pathlib
import statistics
import urllib.parse
from collections.abc import Iterator

from allocation_counts import AllocationCounts
from example_record import example_record

from loadtest.process import LoadError
from loadtest.servers import Lab, Logboom, Row, Running, running

FIRST_ORDER = 1_000_000
SINGLE_REQUESTS = 50
BULK_RECORDS = 100
COUNTING_CONNECTIONS = 8
COUNTING_WINDOWS = 8
WARM_UP_SHARE = 0.25  # requests before those that are counted, as a share of them


@dataclasses.dataclass
class Checked:
    """What the check found out about a server that passed it; nothing where it cannot be known."""

    allocations: float | None = None
    allocated_bytes: float | None = None


def record(order: int) -> bytes:
    """A record with this order number of seven digits."""
    return example_record(order).encode()


def bulk(records: int) -> bytes:
    """A body of so many records: one alone, or one a line."""
    return b"\n".join(record(FIRST_ORDER + i) for i in range(records))


def check(row: Row, lab: Lab, counted_requests: int) -> Checked:
    """Raises LoadError with a sentence if the server does not do what its row claims."""
    library = lab.counter_library() if row.kind != "peer" else None
    counts = AllocationCounts(lab.directory / "allocations", str(library)) if library else None
    with running(row, lab, counts.environment() if counts else None) as server:
        orders = list(range(FIRST_ORDER, FIRST_ORDER + SINGLE_REQUESTS + BULK_RECORDS))
        post_each(server, row, orders)
        hold_to_counters(server, orders)
        checked = count_allocations(server, counts, counted_requests)
        server.stop()
        if isinstance(row, Logboom):
            hold_to_store(row, lab, server.directory, orders)
    return checked


def post_each(server: Running, row: Row, orders: list[int]) -> None:
    """Posts the first records alone and the rest in one body; each must be answered 2xx."""
    singles = [record(order) for order in orders[:SINGLE_REQUESTS]]
    rest = b"\n".join(record(order) for order in orders[SINGLE_REQUESTS:])
    with connections(server.url, 1) as (only,):
        for body in singles:
            post(only, server.url, body)
        reply = post(only, server.url, rest)
    if row.kind in ("parses", "stores") and f'"accepted":{BULK_RECORDS}' not in reply:
        raise LoadError(f"it answers a body of {BULK_RECORDS} records with {reply[:80]}")


def hold_to_counters(server: Running, orders: list[int]) -> None:
    """The server's own count of records, and the sum of a number that it must parse for it."""
    counters = server.counters()
    if not counters:
        return
    if (counters["records"], counters["orders"]) != (len(orders), sum(orders)):
        raise LoadError(f"it answered 2xx to {len(orders)} records and parsed "
                        f"{counters['records']}, with a wrong sum of their numbers")


def hold_to_store(row: Logboom, lab: Lab, directory: pathlib.Path, orders: list[int]) -> None:
    """Each record is read back, once, with the number that it was sent with."""
    with row.reading_back(lab, directory) as lines:
        found = sorted(order_of(line) for line in lines)
    counted = [FIRST_ORDER] * (found.count(FIRST_ORDER) - 1)
    if found != sorted(orders + counted):
        there = len(set(orders) & set(found))
        raise LoadError(f"it answered 2xx to {len(orders)} records, of which `logboom cat` reads "
                        f"back {there}")


def order_of(line: bytes) -> int:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return int(json.loads(line)["attributes"]["order_id"])
    return 0


def count_allocations(server: Running, counts: AllocationCounts | None, requests: int) -> Checked:
    """Heap allocations and their bytes for each of `requests` over connections in use already."""
    with connections(server.url, COUNTING_CONNECTIONS) as used:
        send(used, server.url, round(requests * WARM_UP_SHARE))
        if server.counters():
            return count_by_counters(server, used, requests)
        if counts:
            return count_by_library(server, used, requests, counts)
    return Checked()


def count_by_counters(server: Running, used: list[http.client.HTTPConnection], requests: int
                      ) -> Checked:
    """By what the server's runtime says."""
    before = server.counters()
    sent = send(used, server.url, requests)
    after = server.counters()
    return Checked((after["allocations"] - before["allocations"]) / sent,
                   (after["allocated_bytes"] - before["allocated_bytes"]) / sent)


def count_by_library(server: Running, used: list[http.client.HTTPConnection], requests: int,
                     counts: AllocationCounts) -> Checked:
    """By the preloaded library: the median of windows, lest the one in which a segment of the
    store was full count for all; over as few requests that would be far too much."""
    taken = []
    for _ in range(COUNTING_WINDOWS):
        counts.arm()
        sent = send(used, server.url, requests // COUNTING_WINDOWS)
        counts.disarm()
        if counts.reads() == 0:
            return Checked()
        taken.append((counts.total() / sent, counts.bytes() / sent))
    return Checked(*map(statistics.median, zip(*taken)))


@contextlib.contextmanager
def connections(url: str, count: int) -> Iterator[list[http.client.HTTPConnection]]:
    """Keep-alive connections to the server of a URL."""
    address = urllib.parse.urlsplit(url)
    made = [http.client.HTTPConnection(address.hostname, address.port or 80, timeout=30)
            for _ in range(count)]
    try:
        yield made
    finally:
        for connection in made:
            connection.close()


def send(used: list[http.client.HTTPConnection], url: str, requests: int) -> int:
    """One record each, over all of the connections at once; returns how many, rounded up."""
    body = record(FIRST_ORDER)
    turns = -(-requests // len(used))
    for _ in range(turns):
        for connection in used:
            ask(connection, url, body)
        for connection in used:
            answer(connection)
    return turns * len(used)


def post(connection: http.client.HTTPConnection, url: str, body: bytes) -> str:
    """Returns the reply's body; LoadError if it is not a 2xx."""
    ask(connection, url, body)
    return answer(connection)


def ask(connection: http.client.HTTPConnection, url: str, body: bytes) -> None:
    address = urllib.parse.urlsplit(url)
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        connection.request("POST", target, body, {"Content-Type": "application/json"})
    except (OSError, http.client.HTTPException) as error:
        raise LoadError(f"it does not take a request: {error}") from None


def answer(connection: http.client.HTTPConnection) -> str:
    try:
        reply = connection.getresponse()
        text = reply.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise LoadError(f"it does not answer a request: {error}") from None
    if not 200 <= reply.status < 300:
        raise LoadError(f"it answers {reply.status} to a good record: {text[:80]}")
    return text
