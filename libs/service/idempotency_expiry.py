"""Deletes the idempotency keys of a service once nobody can still repeat a request: after ninety days.

What a key stands for (the complaint, the command) stays; only the memory that this key brought it is
deleted. The age is a policy of each table: this loop could not delete a younger row if it tried.
"""

import asyncio

import structlog

from events.platform import Platform
from events.store.idempotency_rows import IdempotencyTable, delete_old_rows

log = structlog.get_logger()

LOOK_EVERY_S = 3_600.0
AT_ONCE = 1_000
"""Rows in one statement: a longer one would hold back every reader of the feed."""


class IdempotencyExpiryLoop:
    """Looks once an hour, and goes on at once while there is more."""

    name = "keys of requests"
    interval_s = LOOK_EVERY_S
    wake: asyncio.Event | None = None

    def __init__(self, platform: Platform, table: IdempotencyTable) -> None:
        self._platform = platform
        self._table = table

    async def run_once(self) -> int:
        """Delete one batch; return its size. The loop runs again at once until it is zero."""
        forgotten = await delete_old_rows(self._platform.pool, self._table, AT_ONCE)
        if forgotten:
            log.info("keys.forgotten", keys=forgotten)
        return forgotten
