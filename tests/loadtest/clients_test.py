"""What the load test reads out of hey's and h2load's output."""

import pytest

from loadtest import clients

HEAD = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset"
HEY = f"""{HEAD}
0.0020,0.0010,0.0000,0.0000,0.0018,0.0001,200,0.0010
0.0100,0.0000,0.0000,0.0000,0.0098,0.0001,200,0.5000
0.0010,0.0000,0.0000,0.0000,0.0009,0.0001,503,0.7000
0.0030,0.0000,0.0000,0.0000,0.0028,0.0001,200,0.9980
"""


def test_hey_reports_latencies_and_length_and_what_is_not_2xx_is_an_error():
    outcome = clients.parse_hey(HEY.splitlines(), requested=4)
    assert outcome.ordered() == pytest.approx([0.002, 0.003, 0.01])
    assert outcome.seconds == pytest.approx(1.0)
    assert outcome.errors == 1


def test_a_request_without_a_reply_has_no_line_of_hey_and_is_an_error():
    assert clients.parse_hey(HEY.splitlines(), requested=10).errors == 7
    assert clients.parse_hey([HEAD], requested=10).errors == 10


def test_h2loads_log_has_microseconds_and_statuses():
    log = ["5000000\t200\t1500", "4000000\t200\t2500", "4500000\t500\t100"]
    outcome = clients.parse_h2load(log, requested=4)
    assert outcome.samples == pytest.approx([(0.0, 0.0025), (1.0, 0.0015)])
    assert outcome.seconds == pytest.approx(1.0015)
    assert outcome.errors == 2


def paced_log(stall_at=None, stall=0.0):
    """Four clients at 10 a second each, for three seconds, 1 ms a reply; one server stall."""
    rows = []
    for client in range(4):
        free = 0.0
        for turn in range(30):
            due = 100.0 + client * 0.02 + turn * 0.1
            start = max(due, free)
            end = start + 0.001
            if stall_at is not None and start <= stall_at < end + 0.1:
                end = max(end, stall_at + stall)
            free = end
            rows.append(f"{round(start * 1e6)}\t200\t{round((end - start) * 1e6)}")
    return rows


def test_a_paced_run_is_read_without_its_ramps():
    outcome = clients.parse_paced(paced_log(), 120, clients=4, period=0.1, ramp=1.0)
    assert outcome.requested == 80
    assert (outcome.ramps_sent, outcome.ramps_answered) == (40, 40)
    assert outcome.errors == 0
    assert outcome.seconds == pytest.approx(2.0, rel=0.01)
    assert outcome.ordered()[-1] == pytest.approx(0.001)


def test_a_stall_counts_for_all_requests_that_were_due_in_it():
    """500 ms of stall: h2load logs one slow request a client; five a client were due."""
    log = paced_log(stall_at=101.55, stall=0.5)
    logged = sum(int(row.split("\t")[2]) > 50_000 for row in log)
    outcome = clients.parse_paced(log, 120, clients=4, period=0.1, ramp=1.0)
    slow = [latency for latency in outcome.ordered() if latency > 0.05]
    assert logged <= 8
    assert 16 <= len(slow) <= 24
    assert slow[-1] == pytest.approx(0.5, abs=0.1)


def test_requests_that_h2load_did_not_finish_are_errors():
    log = paced_log()
    assert clients.parse_paced(log, 130, clients=4, period=0.1, ramp=1.0).errors == 10
    assert clients.parse_paced([], 130, clients=4, period=0.1, ramp=1.0).errors == 130
