"""What clients were told, held against what the store has: the oracle of the crash tests.

A Ledger accompanies one data directory over all its crashes. Every request has records of its own,
so each stored record can be traced. After each crash `check(output of cat)` holds that

* every acknowledged request is there, whole, contiguous, in order, once, with equal payload,
* every other request is there in the same way or not at all, and nothing else is there,
* `_seq` strictly grows, and what any earlier `cat` showed is still there, byte for byte and under
  the same number: so no number was ever used twice.
"""

import json
import threading

KNOWN_KEYS = {"observed_timestamp", "body", "attributes", "_seq", "_src"}


class Request:
    """One request: its body, what the reply must say, and what must be stored of it."""

    def __init__(self, identity, body, expected, rejected=0):
        self.identity = identity
        self.body = body
        self.expected = expected  # of each record what payload_of() gives
        self.rejected = rejected
        self.acknowledged = False
        self.promised = False  # acknowledged in a mode in which that means that it is stored
        self.found = False

    def reply(self):
        return {"accepted": len(self.expected), "rejected": self.rejected}


class Ledger:
    """Any thread may add and acknowledge requests; one at a time checks."""

    def __init__(self):
        self._lock = threading.Condition()
        self._requests = {}
        self._acknowledged = 0
        self._shown = b""  # the longest output of cat so far
        self._last_seq = 0
        self.records_found = 0

    def add(self, request):
        with self._lock:
            assert self._requests.setdefault(request.identity, request) is request
        return request

    def acknowledge(self, request, promised=True):
        with self._lock:
            request.acknowledged = True
            request.promised = promised
            self._acknowledged += 1
            self._lock.notify_all()

    def acknowledged(self):
        with self._lock:
            return self._acknowledged

    def records_promised(self):
        with self._lock:
            return sum(len(r.expected) for r in self._requests.values() if r.promised)

    def wait_for_acknowledged(self, total, deadline=30):
        """Until so many requests have been acknowledged since the beginning."""
        with self._lock:
            reached = self._lock.wait_for(lambda: self._acknowledged >= total, deadline)
            assert reached, f"{self._acknowledged} of {total} requests in {deadline} s"

    def check(self, shown, complete=True):
        """`shown` is what cat printed; `complete` if no server runs, else it may lag behind."""
        with self._lock:
            self._check_shown(shown, complete)

    def _check_shown(self, shown, complete):
        assert shown == b"" or shown.endswith(b"\n"), "the last line of cat lacks its newline"
        if not complete and len(shown) < len(self._shown):
            assert self._shown.startswith(shown), first_difference(self._shown, shown)
            return
        assert shown.startswith(self._shown), first_difference(self._shown, shown)
        new = shown[len(self._shown):]
        self._shown = shown
        self._take_records([json.loads(line) for line in new.split(b"\n")[:-1]])
        if complete:
            lost = [r.identity for r in self._requests.values() if r.promised and not r.found]
            assert not lost, f"acknowledged but lost: {lost[:10]} ({len(lost)} requests)"

    def _take_records(self, records):
        at = 0
        while at < len(records):
            identity = identity_of(records[at])
            request = self._requests.get(identity)
            assert request, f"nobody sent {records[at]}"
            assert not request.found, f"{identity} is there twice or in pieces"
            request.found = True
            at += self._take_request(request, records[at:at + len(request.expected)])

    def _take_request(self, request, records):
        payloads = [payload_of(record) for record in records]
        assert payloads == request.expected, (
            f"{request.identity} is not as it was sent:\n{str(payloads)[:1000]}\n"
            f"{str(request.expected)[:1000]}")
        for record in records:
            assert record["_seq"] > self._last_seq, f"{record['_seq']} after {self._last_seq}"
            assert record.keys() <= KNOWN_KEYS, record
            self._last_seq = record["_seq"]
        self.records_found += len(records)
        return len(records)


def payload_of(record):
    """What a client sent of a record: the text of a line, or the attributes of an object."""
    return record["attributes"] if "attributes" in record else record["body"]


def identity_of(record):
    payload = payload_of(record)
    return payload["id"] if isinstance(payload, dict) else payload.split(" ")[0]


def first_difference(before, now):
    """Where what was shown before is not shown any more."""
    for old, new in zip(before.split(b"\n"), now.split(b"\n")):
        if old != new:
            return f"shown before: {old[:300]!r}, now: {new[:300]!r}"
    return f"shown before: {len(before)} bytes, now only {len(now)} of them"
