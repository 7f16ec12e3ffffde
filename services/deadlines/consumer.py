"""What deadlines does about an event: set and meet clocks, and put down when to look at the case again.

Every reaction is the same reconcile of the whole stream, so it does not matter which event brought it, how
many were handled before, or whether one comes twice.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from deadlines.clocks import BRINGS_RULES, look
from deadlines.due import NextLook, write
from events.batch import Reaction
from events.envelope import History, Recorded
from procedures.facts import TELLING


class DeadlinesConsumer:
    """Reacts to what brings clocks and to what can be a fact; its own events change nothing for it."""

    name = "deadlines"
    reacts_to: frozenset[str] = BRINGS_RULES | TELLING

    def __init__(self, wake: asyncio.Event) -> None:
        self.wake = wake

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        """Settle the whole stream; `event` says only which case."""
        seen = look(history, now)
        return Reaction(events=seen.events, effects=(NextLook(history.case_id, seen.next_at),))

    async def apply(
        self, connection: asyncpg.Connection, effects: Sequence[tuple[History, NextLook]]
    ) -> None:
        """Write the next looks, and wake the firing loop: one of them may come before what it sleeps for."""
        await write(connection, [next_look for _, next_look in effects])
        self.wake.set()
