"""How long an answer may take: a second more than the machine itself took just then, and five in any case.

A bare request goes to a process that nobody attacks, again and again while the others are under way. What it
is kept waiting, this program's own delay included, is the machine's; only the rest is the answer's.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from hostile.raw_http import send
from hostile.requests import HostileRequest

SLOW_AFTER_S = 1.0
SLOW_IN_ANY_CASE_AFTER_S = 5.0
PAUSE_S = 0.05
REMEMBERED = 10_000
"""Bare requests: eight minutes of them, and no request is waited for longer than one."""

BARE = HostileRequest("mailbox", b"GET", b"/livez")


class LatencyBudget:
    """Knows how long bare requests to `port` had to wait, and when."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.waits: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)
        self._due_s = monotonic()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Send bare requests as long as this lasts."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            self._due_s = monotonic() + PAUSE_S
            await asyncio.sleep(PAUSE_S)
            with suppress(OSError):
                await send(BARE, self.port)
            self.waits.append((self._due_s, monotonic()))

    def judge(self, took_s: float, ended_s: float) -> Iterator[str]:
        """Say it when an answer took too long."""
        if took_s <= SLOW_AFTER_S:
            return
        waited_s = self._waited_s(ended_s - took_s, ended_s)
        if took_s - waited_s > SLOW_AFTER_S or took_s > SLOW_IN_ANY_CASE_AFTER_S:
            yield f"took {took_s:.1f} s, of which a bare request had to wait {waited_s:.1f} s too"

    def _waited_s(self, began_s: float, ended_s: float) -> float:
        """Add up what bare requests waited within this time; one may be under way still."""
        waits = [*self.waits, (self._due_s, ended_s)]
        return sum(max(0.0, min(until_s, ended_s) - max(since_s, began_s)) for since_s, until_s in waits)
