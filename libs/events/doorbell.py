"""The doorbell: a core NATS ping after a commit, so that the relay need not wait for its next look.

It is a courtesy, never a promise: nothing depends on it, it never waits and never raises.
"""

from typing import Protocol

SUBJECT = "gehoor.doorbell"


class Doorbell(Protocol):
    """Rings after a commit."""

    def ring(self) -> None: ...


class SilentDoorbell:
    """For processes without a bus, and for tests."""

    def ring(self) -> None:
        return None
