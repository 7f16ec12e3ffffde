"""How long to wait before a child is started again: longer each time, and at random, so that children whose
common server went away do not all start in the same instant.
"""

import random
from dataclasses import dataclass

FIRST_S = 0.25
LONGEST_S = 15.0
STABLE_AFTER_S = 30.0
"""A child that lived this long had a good start: the next wait is short again."""


@dataclass(slots=True)
class Backoff:
    """Doubling waits with jitter: each is between half and the whole of its step."""

    attempts: int = 0

    def next_s(self, lived_s: float) -> float:
        """Give the wait after a child that lived `lived_s` seconds."""
        if lived_s >= STABLE_AFTER_S:
            self.attempts = 0
        step_s: float = min(FIRST_S * 2**self.attempts, LONGEST_S)
        self.attempts = min(self.attempts + 1, 16)  # 2 ** attempts must not grow without bound over months
        return step_s * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
