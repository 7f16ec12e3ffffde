"""The consumer: inserts letters that became owed, in the transaction that moves the checkpoint."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from events.consumer.batch import Reaction
from events.record.envelope import History, Recorded
from notifier.owed_letters import REACTS_TO, fold, owed
from notifier.sending import outbox

COMMIT_WAIT_S = 0.02
"""How long after the insert the sending loop is woken: sooner, the rows are not committed and not visible.

If the commit takes longer nothing is lost: the loop also looks by itself.
"""


class LetterConsumer:
    """Inserts every letter that is owed now, whatever the event was; one that has its row stays."""

    name = "notifier"
    reconciles = True
    reacts_to = REACTS_TO

    def __init__(self, wake: asyncio.Event | None = None) -> None:
        self._wake = wake

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        """Return the letters that the case owes now, as effects for `apply`. Pure."""
        return Reaction(effects=owed(fold(history)))

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        """Insert the owed letters, and wake the sending loop after the commit."""
        await outbox.add_owed(connection, [letter for _, letter in effects])
        if self._wake is not None:
            asyncio.get_running_loop().call_later(COMMIT_WAIT_S, self._wake.set)
