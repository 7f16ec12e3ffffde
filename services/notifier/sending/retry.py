"""When a letter is tried again, and when to give up: pure arithmetic.

The first tries follow within seconds, because most faults are a restart; then minutes; then half an hour, as
RFC 5321 asks (4.5.4.1). Given up only after five days and several tries, so that a set-up which stood still
for a week does not give up on its first try. Real time: a demonstration clock does not hurry another server.
"""

from datetime import timedelta

STEPS_S = (1, 3, 10, 30, 60, 180, 600, 1200, 1800)
"""Seconds to wait after the first, second, … failed attempt; the last one repeats."""

JITTER = 0.25
"""Share of a step that is added at random, so that letters which failed together do not return together."""

GIVE_UP_AFTER = timedelta(days=5)
FEWEST_ATTEMPTS = 10


def wait_s(attempts: int, chance: float) -> float:
    """Give the seconds to wait after `attempts` failures; `chance` is a random number from 0 up to 1."""
    step = STEPS_S[min(max(attempts, 1), len(STEPS_S)) - 1]
    return step * (1 + JITTER * chance)


def is_hopeless(attempts: int, age: timedelta) -> bool:
    """Tell whether a letter that keeps failing for the time being is given up now."""
    return age >= GIVE_UP_AFTER and attempts >= FEWEST_ATTEMPTS
