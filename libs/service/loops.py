"""Long-lived loops: one `run_once`, repeated until the process stops.

A failure is logged, and the loop tries again after a pause. A loop that did something runs again at once. An
idle one waits for its interval, or until somebody sets its `wake`. Intervals and pauses are real seconds,
also where the clock of the system runs faster.
"""

import asyncio
import random
from time import monotonic
from typing import Protocol, runtime_checkable

import structlog

from events.logs import describe

log = structlog.get_logger()

PAUSE_FIRST_S, PAUSE_LONGEST_S = 0.2, 5.0
"""The pause after a first failure, and the longest one: it doubles with each failure in a row."""


class Loop(Protocol):
    """A unit of repeated work; `run_once` returns how much it did, 0 when there was nothing to do.

    An exception of `run_once` is a failure of this run only. Real seconds between idle runs: `interval_s`.
    """

    name: str
    interval_s: float
    wake: asyncio.Event | None

    async def run_once(self) -> int: ...


@runtime_checkable
class Closing(Protocol):
    """A loop that has something to give back; `close` is awaited once when the process stops in order."""

    async def close(self) -> None: ...


@runtime_checkable
class Stepping(Protocol):
    """A loop whose single run may take minutes and be right, such as reading on through a store.

    `stepped_at_s` is when its last step began, in monotonic seconds.
    """

    @property
    def stepped_at_s(self) -> float: ...


class LoopHealth:
    """When a loop last finished a run, and the error it fails with; all moments are monotonic seconds."""

    def __init__(self) -> None:
        self.good_at_s = monotonic()
        self.began_at_s: float | None = None
        self.failures = 0
        self.last_error = ""
        self._stepping: Stepping | None = None

    def began(self, loop: Loop) -> None:
        """Record that a run began."""
        self.began_at_s = monotonic()
        self._stepping = loop if isinstance(loop, Stepping) else None

    def ended(self) -> None:
        """Record that the run ended, well or with a failure."""
        self.began_at_s = None

    def hangs_for_s(self) -> float:
        """Return for how many seconds the present run has made no step; 0 while the loop waits."""
        if self.began_at_s is None:
            return 0.0
        # A long run is not a hang. A consumer that reads on after a day away runs for minutes, and a
        # supervisor that took this for a hang would kill it again and again, so that it never caught up. What
        # must not take long is one step: it holds one statement of the database, which has a timeout.
        stepped_at_s = self._stepping.stepped_at_s if self._stepping is not None else self.began_at_s
        # `max`, because the last step may be of an earlier run: this one has only begun.
        return monotonic() - max(self.began_at_s, stepped_at_s)


async def keep_running(loop: Loop, health: LoopHealth) -> None:
    """Run a loop until this task is cancelled; a failure of the loop never ends it.

    `health` is kept up to date for `/readyz`.
    """
    pause_s = PAUSE_FIRST_S
    while True:
        health.began(loop)
        try:
            done = await loop.run_once()
        # Any exception: a loop that ended here would leave a process that looks alive and does nothing. A
        # cancellation is no `Exception`, so an orderly stop still comes through.
        except Exception as error:  # noqa: BLE001 - the loop must outlive any failure; each one is logged
            health.ended()
            health.failures += 1
            health.last_error = type(error).__qualname__
            log.warning("loop.failed", loop=loop.name, failures=health.failures, **describe(error))
            # With jitter: all replicas lose Postgres at the same moment. Equal pauses would bring them all
            # back at one moment too, with every connection they have, again and again while it recovers.
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause_s = min(2 * pause_s, PAUSE_LONGEST_S)
            continue
        health.ended()
        pause_s, health.good_at_s, health.last_error = PAUSE_FIRST_S, monotonic(), ""
        if done:
            # Give the other tasks a turn. A loop that is always busy and never really waits (its answers were
            # ready) would starve the health endpoint, and the process would be killed as hanging.
            await asyncio.sleep(0)
        else:
            await _wait(loop.wake, loop.interval_s)


async def _wait(wake: asyncio.Event | None, interval_s: float) -> None:
    """Wait until `wake` is set, at most `interval_s` seconds."""
    if wake is None:
        await asyncio.sleep(interval_s)
        return
    try:
        async with asyncio.timeout(interval_s):
            await wake.wait()
    except TimeoutError:
        return
    # After the wait and before the next run: what sets it during that run is not lost, it causes one run
    # more.
    wake.clear()
