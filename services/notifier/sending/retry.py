"""Decides when a letter is tried again, and when it is given up. Pure.

The first tries follow within seconds, because most faults are a restart. Later ones follow after minutes,
then every half hour, as RFC 5321 asks (4.5.4.1). All times are real time: a demonstration clock does not make
another organisation's server faster.
"""

from datetime import timedelta

STEPS_S = (1, 3, 10, 30, 60, 180, 600, 1200, 1800)
"""Seconds to wait after the first, second, … failed attempt; the last one repeats."""

JITTER = 0.25
"""Largest share of a step that is added at random, so that letters do not all return at once."""

GIVE_UP_AFTER = timedelta(days=5)
FEWEST_ATTEMPTS = 10
"""Without this, a system that was off for a week would give up every letter after its first try."""


def wait_s(attempts: int, chance: float) -> float:
    """Return the seconds to wait after `attempts` failures; `chance` is a random number from 0 up to 1."""
    step = STEPS_S[min(max(attempts, 1), len(STEPS_S)) - 1]
    return step * (1 + JITTER * chance)


def is_hopeless(attempts: int, age: timedelta) -> bool:
    """Return whether a letter that is deferred again and again is given up now."""
    return age >= GIVE_UP_AFTER and attempts >= FEWEST_ATTEMPTS
