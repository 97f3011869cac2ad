"""The record that the benchmarks and the load test post."""

import json

RECORD_BYTES = 210


def example_record(order_id: int) -> str:
    """A JSON log record of RECORD_BYTES bytes."""
    record = {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "service": "checkout",
              "message": "order placed", "order_id": order_id, "user_id": 815, "latency_ms": 12.5,
              "pad": ""}
    record["pad"] = "x" * (RECORD_BYTES - len(json.dumps(record, separators=(",", ":"))))
    return json.dumps(record, separators=(",", ":"))
