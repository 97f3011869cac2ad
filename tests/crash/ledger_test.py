"""The oracle of the crash tests finds every kind of broken promise."""

import json

import pytest

from ledger import Ledger, Request


def line(seq, identity, part=0, **changed):
    attributes = {"id": identity, "part": part, **changed}
    return json.dumps({"attributes": attributes, "_seq": seq}).encode() + b"\n"


def request(identity, count):
    return Request(identity, b"", [{"id": identity, "part": part} for part in range(count)])


@pytest.fixture
def ledger():
    """Two requests were acknowledged, a third has an unknown outcome."""
    made = Ledger()
    for identity, count in (("a", 1), ("b", 2)):
        made.acknowledge(made.add(request(identity, count)))
    made.add(request("c", 1))
    return made


GOOD = line(1, "a") + line(2, "b", 0) + line(3, "b", 1)


def test_what_was_acknowledged_is_enough(ledger):
    ledger.check(GOOD)
    ledger.check(GOOD)


def test_an_unknown_outcome_may_be_stored_too_and_then_stays(ledger):
    ledger.check(GOOD + line(9, "c"))
    with pytest.raises(AssertionError, match="shown before"):
        ledger.check(GOOD)


def test_a_running_server_may_show_less_than_there_is(ledger):
    ledger.check(line(1, "a"), complete=False)
    ledger.check(GOOD)
    ledger.check(line(1, "a"), complete=False)


def test_a_mode_that_promises_nothing_may_lose(ledger):
    ledger.acknowledge(ledger.add(request("m", 1)), promised=False)
    ledger.check(GOOD)


@pytest.mark.parametrize("shown, complaint", [
    (line(1, "a"), "lost"),
    (b"", "lost"),
    (line(1, "a") + line(2, "b", 0), "not as it was sent"),
    (line(1, "a") + line(2, "b", 1) + line(3, "b", 0), "not as it was sent"),
    (line(2, "b", 0) + line(3, "a") + line(4, "b", 1), "not as it was sent"),
    (GOOD + line(4, "a"), "twice"),
    (GOOD + line(4, "x"), "nobody sent"),
    (line(1, "a", more=1) + line(2, "b", 0) + line(3, "b", 1), "not as it was sent"),
    (line(1, "a") + line(1, "b", 0) + line(2, "b", 1), "1 after 1"),
    (GOOD[:-1], "newline")])
def test_a_broken_promise_is_found(ledger, shown, complaint):
    with pytest.raises(AssertionError, match=complaint):
        ledger.check(shown)


def test_a_number_that_was_given_to_another_record_before_is_found(ledger):
    ledger.check(GOOD + line(4, "c"))
    with pytest.raises(AssertionError, match="shown before"):
        ledger.check(GOOD + line(4, "d"))


def test_a_new_record_behind_a_number_that_was_shown_before_is_found(ledger):
    ledger.check(GOOD)
    with pytest.raises(AssertionError, match="3 after 3"):
        ledger.check(GOOD + line(3, "c"))
