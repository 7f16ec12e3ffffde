"""Forgets the keys of requests once nobody can still be repeating one: after ninety days.

What a key stands for (the complaint) stays; only the memory that this key filed it goes. The age limit is a
policy of the table: this loop could not delete a younger row if it tried.
"""

import asyncio

import structlog

from events.platform import Platform

log = structlog.get_logger()

LOOK_EVERY_S = 3_600.0
AT_ONCE = 1_000

_FORGET = """
DELETE FROM gehoor.idempotency WHERE (scope, key) IN (
    SELECT scope, key FROM gehoor.idempotency
    WHERE recorded_at < gehoor.clock_now() - interval '90 days' ORDER BY recorded_at LIMIT $1)
"""


class ForgettingLoop:
    """Looks once an hour, and goes on at once while there is more."""

    name = "keys of requests"
    interval_s = LOOK_EVERY_S
    wake: asyncio.Event | None = None

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run_once(self) -> int:
        done = await self._platform.pool.execute(_FORGET, AT_ONCE)
        forgotten = int(done.rpartition(" ")[2])
        if forgotten:
            log.info("keys.forgotten", keys=forgotten)
        return forgotten
