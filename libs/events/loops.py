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


class LoopHealth:
    """When a loop last came through, and what it fails with if it does not; monotonic seconds."""

    def __init__(self) -> None:
        self.good_at_s = monotonic()
        self.failures = 0
        self.last_error = ""


async def keep_running(loop: Loop, health: LoopHealth) -> None:
    """Run a loop until cancelled."""
    pause_s = PAUSE_FIRST_S
    while True:
        try:
            done = await loop.run_once()
        except Exception as error:  # noqa: BLE001 - the loop must outlive any failure; each one is told
            health.failures += 1
            health.last_error = type(error).__qualname__
            log.warning("loop.failed", loop=loop.name, failures=health.failures, **describe(error))
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause_s = min(2 * pause_s, PAUSE_LONGEST_S)
            continue
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
