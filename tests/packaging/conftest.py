"""Makes tests/support and its fixtures known to the packaging tests."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from server_fixtures import *  # noqa: E402,F401,F403
