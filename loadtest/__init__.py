"""The load test: `./dev loadtest` measures Logboom beside Go servers, nginx and a bare server."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What it shares with the tests and the benchmarks.
sys.path.append(str(ROOT / "tests" / "support"))
