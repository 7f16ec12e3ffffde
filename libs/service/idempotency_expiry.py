"""Forgets the keys of requests once nobody can still be repeating one: after ninety days.

What a key stands for (the complaint, the command) stays; only the memory that this key brought it goes. The
age limit is a policy of each table: this loop could not delete a younger row if it tried.
"""

import asyncio
from typing import Literal

import structlog

from events.platform import Platform

log = structlog.get_logger()

LOOK_EVERY_S = 3_600.0
AT_ONCE = 1_000

_FORGET = """
DELETE FROM {table} WHERE (scope, key) IN (
    SELECT scope, key FROM {table}
    WHERE recorded_at < gehoor.clock_now() - interval '90 days' ORDER BY recorded_at LIMIT $1)
"""


class IdempotencyExpiryLoop:
    """Looks once an hour, and goes on at once while there is more."""

    name = "keys of requests"
    interval_s = LOOK_EVERY_S
    wake: asyncio.Event | None = None

    def __init__(self, platform: Platform, table: Literal["gehoor.idempotency", "workflow.repeat"]) -> None:
        self._platform = platform
        self._forget = _FORGET.format(table=table)

    async def run_once(self) -> int:
        done = await self._platform.pool.execute(self._forget, AT_ONCE)
        forgotten = int(done.rpartition(" ")[2])
        if forgotten:
            log.info("keys.forgotten", keys=forgotten)
        return forgotten
