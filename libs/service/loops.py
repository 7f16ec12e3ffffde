"""Long-lived loops: one `run_once`, repeated; a failure is told and tried again, never swallowed for good.

Intervals and pauses are real time. A loop that did something is run again at once; an idle one waits for its
interval or for somebody to set its `wake`.
"""

import asyncio
import random
from time import monotonic
from typing import Protocol, runtime_checkable

import structlog

from events.logs import describe

log = structlog.get_logger()

PAUSE_FIRST_S, PAUSE_LONGEST_S = 0.2, 5.0


class Loop(Protocol):
    """A unit of repeated work; `run_once` tells how much it did."""

    name: str
    interval_s: float
    wake: asyncio.Event | None

    async def run_once(self) -> int: ...


@runtime_checkable
class Closing(Protocol):
    """A loop that has something to give back when the process stops."""

    async def close(self) -> None: ...


@runtime_checkable
class Stepping(Protocol):
    """A loop whose run may rightly take long, such as reading on through a store: it tells its steps."""

    @property
    def stepped_at_s(self) -> float: ...


class LoopHealth:
    """When a loop last came through, and what it fails with if it does not; monotonic seconds."""

    def __init__(self) -> None:
        self.good_at_s = monotonic()
        self.began_at_s: float | None = None
        self.failures = 0
        self.last_error = ""
        self._stepping: Stepping | None = None

    def began(self, loop: Loop) -> None:
        """Note that a run began."""
        self.began_at_s = monotonic()
        self._stepping = loop if isinstance(loop, Stepping) else None

    def ended(self) -> None:
        """Note that the run came to its end, whichever."""
        self.began_at_s = None

    def hangs_for_s(self) -> float:
        """Tell for how long the present run has not come a step further; 0 while the loop rests."""
        if self.began_at_s is None:
            return 0.0
        stepped_at_s = self._stepping.stepped_at_s if self._stepping is not None else self.began_at_s
        return monotonic() - max(self.began_at_s, stepped_at_s)


async def keep_running(loop: Loop, health: LoopHealth) -> None:
    """Run a loop until cancelled."""
    pause_s = PAUSE_FIRST_S
    while True:
        health.began(loop)
        try:
            done = await loop.run_once()
        except Exception as error:  # noqa: BLE001 - the loop must outlive any failure; each one is told
            health.ended()
            health.failures += 1
            health.last_error = type(error).__qualname__
            log.warning("loop.failed", loop=loop.name, failures=health.failures, **describe(error))
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause_s = min(2 * pause_s, PAUSE_LONGEST_S)
            continue
        health.ended()
        pause_s, health.good_at_s, health.last_error = PAUSE_FIRST_S, monotonic(), ""
        if done:
            await asyncio.sleep(0)
        else:
            await _wait(loop.wake, loop.interval_s)


async def _wait(wake: asyncio.Event | None, interval_s: float) -> None:
    if wake is None:
        await asyncio.sleep(interval_s)
        return
    try:
        async with asyncio.timeout(interval_s):
            await wake.wait()
    except TimeoutError:
        return
    wake.clear()
