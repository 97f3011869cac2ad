"""A line on the terminal that says what is measured and how long it will take still."""

import contextlib
import sys
import time
from collections.abc import Iterator


class Progress:
    """Learns from the steps done how far the expected times are wrong."""

    def __init__(self, limit: float | None):
        """`limit`: seconds that all steps together may take, or no limit."""
        self._limit = limit
        self._begin = time.monotonic()
        self._expected_left = 0.0
        self._expected_done = 0.0
        self._taken = 0.0
        self._terminal = sys.stderr.isatty()

    def plan(self, seconds: float) -> None:
        """The steps to come are expected to take this long."""
        self._expected_left = seconds

    def has_time_for(self, seconds: float) -> bool:
        return self.seconds_left() >= seconds * self._factor()

    def seconds_left(self) -> float:
        """Until the limit."""
        if self._limit is None:
            return float("inf")
        return self._begin + self._limit - time.monotonic()

    def drop(self, seconds: float) -> None:
        """A step was left out."""
        self._expected_left -= seconds

    @contextlib.contextmanager
    def step(self, label: str, seconds: float) -> Iterator[None]:
        """Shows the step while it runs."""
        self._show(label)
        begin = time.monotonic()
        try:
            yield
        finally:
            self._taken += time.monotonic() - begin
            self._expected_done += seconds
            self._expected_left -= seconds

    def clear(self) -> None:
        """Takes the line away, before something else is printed."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _factor(self) -> float:
        """How many times as long as expected the steps have taken, the first few excepted."""
        if self._expected_done < 10:
            return 1.0
        return self._taken / self._expected_done

    def _show(self, label: str) -> None:
        left = self._expected_left * self._factor()
        if self._limit is not None:
            left = min(left, self.seconds_left())
        line = f"{minutes(left)} left  {label}"
        if self._terminal:
            print(f"\r\033[K{line[:100]}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)


def minutes(seconds: float) -> str:
    whole = max(round(seconds), 0)
    return f"{whole // 60:2d}:{whole % 60:02d}"
