"""Remembers whether the mail server is away, and decides when it is probed next."""

PROBE_STEPS_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds from each failure to the next probe; the last one repeats."""


class Breaker:
    """While the server is away nobody waits for it; a probe now and then finds out when it is back."""

    def __init__(self) -> None:
        self.last_code = 0
        """The SMTP code of the last failure, or 0."""
        self._failures = 0
        self._probe_at_s = 0.0

    @property
    def is_away(self) -> bool:
        """Return whether the last try to reach the server failed."""
        return self._failures > 0

    def probe_is_due(self, now_s: float) -> bool:
        """Return whether the server is away and the wait until the next probe is over."""
        return self.is_away and now_s >= self._probe_at_s

    def failed(self, code: int, now_s: float) -> float:
        """Record a failure; return the seconds until the next probe."""
        self.last_code = code
        wait_s = PROBE_STEPS_S[min(self._failures, len(PROBE_STEPS_S) - 1)]
        self._failures += 1
        self._probe_at_s = now_s + wait_s
        return wait_s

    def recovered(self) -> None:
        """Record that the server was reached."""
        self._failures = 0
