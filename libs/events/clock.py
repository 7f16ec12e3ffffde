"""The clock, handed in: nobody calls now().

`Clock.now()` is the reference clock of the whole system: the database's, which in an accelerated embedded
set-up runs from an anchor (`clock_now()` in SQL, the same arithmetic here). Leases, back-offs and time-outs
use the event loop's monotonic time instead: they must not run faster, or jump.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class SystemClock(Protocol):
    """Returns the time of the system; `speed` is simulated seconds per real second, 1.0 in production."""

    @property
    def speed(self) -> float: ...

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        ...


@dataclass(slots=True)
class FrozenClock:
    """A clock for tests, which stands still."""

    at: datetime
    speed: float = 1.0

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a clock's moment must carry its offset")
        self.at = self.at.astimezone(UTC)

    def now(self) -> datetime:
        return self.at
