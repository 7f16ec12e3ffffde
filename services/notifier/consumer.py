"""Notices that a letter is owed and writes it on the outbox, in the transaction that moves the checkpoint."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from events.consumer.batch import Reaction
from events.record.envelope import History, Recorded
from notifier.owed_letters import REACTS_TO, fold, owed
from notifier.sending import outbox

SOON_S = 0.02
"""Between writing a row and its commit: the sender is woken after that, and looks by itself anyway."""


class LetterConsumer:
    """Reconciles: whatever the event was, every letter that is owed now gets its row, once."""

    name = "notifier"
    reconciles = True
    reacts_to = REACTS_TO

    def __init__(self, wake: asyncio.Event | None = None) -> None:
        self._wake = wake

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        return Reaction(effects=owed(fold(history)))

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        await outbox.owe(connection, [letter for _, letter in effects])
        if self._wake is not None:
            asyncio.get_running_loop().call_later(SOON_S, self._wake.set)
