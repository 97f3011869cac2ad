"""kill -9 under load: twenty times here, as often as wanted with ./dev crash --kill N."""

import random

import kill_loop


def test_twenty_kills_lose_nothing_acknowledged_and_reuse_no_number():
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    kill_loop.run(20, seed, kills_per_directory=5)
