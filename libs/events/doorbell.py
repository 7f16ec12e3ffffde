"""The doorbell: a core NATS ping after a commit, so that the relay looks at once and not at its next turn.

It only saves time: nothing depends on it, it never waits and never raises. A NOTIFY in the append would do
the same, but takes a lock on the whole database until the commit.
"""

from typing import Protocol

SUBJECT = "gehoor.doorbell"


class Doorbell(Protocol):
    """Wakes the relay after a commit."""

    def ring(self) -> None: ...


class SilentDoorbell:
    """For processes without a bus, and for tests."""

    def ring(self) -> None:
        return None
