"""What deadlines does about an event: set and meet clocks, and put down when to look at the case again.

Every reaction is the same reconcile of the whole stream, so it does not matter which event brought it, how
many were handled before, or whether one comes twice.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from deadlines.due_table import NextLook, write
from deadlines.look import BRINGS_RULES, look
from events.consumer.batch import Reaction
from events.record.envelope import History, Recorded
from procedures.counting.facts import TELLING

CLOCKS_AGREE_WITHIN_S = 2.0
"""Of real time, between our estimate and the database's clock; an append accepts no greater difference."""


class DeadlinesConsumer:
    """Reacts to what brings clocks and to what can be a fact; its own events change nothing for it.

    `speed` is the clock's: a moment that our estimate has only just reached is left to the firing loop, which
    asks the database.
    """

    name = "deadlines"
    reconciles = True
    reacts_to: frozenset[str] = BRINGS_RULES | TELLING

    def __init__(self, wake: asyncio.Event, speed: float = 1.0) -> None:
        self.wake = wake
        self.uncertainty = timedelta(seconds=CLOCKS_AGREE_WITHIN_S * speed)

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        """Settle the whole stream; `event` says only which case."""
        seen = look(history, now, passed=now - self.uncertainty)
        return Reaction(events=seen.events, effects=(NextLook(history.case_id, seen.next_at),))

    async def apply(
        self, connection: asyncpg.Connection, effects: Sequence[tuple[History, NextLook]]
    ) -> None:
        """Write the next looks, and wake the firing loop: one of them may come before what it sleeps for."""
        await write(connection, [next_look for _, next_look in effects])
        self.wake.set()
