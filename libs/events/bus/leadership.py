"""Who of several relays publishes: one leads by an advisory lock, the others stand by.

The lock belongs to a database session. So it is let go when the process dies, when its connection breaks, or
when it gives the lead up, and nobody has to guess whether the leader still lives.
"""

from typing import cast

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from events.failpoints import failpoint

log = structlog.get_logger()

_LEADER = (0x6765686F, 2)
"""Key of the advisory lock, in two halves ("geho", 2); locks of cases have one key of 64 bits."""

_LEAD = "SELECT pg_try_advisory_lock($1, $2)"


class Leadership:
    """The lead of one relay; it holds a connection of the pool while it leads."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._connection: PoolConnectionProxy[asyncpg.Record] | None = None

    async def take(self) -> asyncpg.Connection | None:
        """Take or keep the lead; returns the connection that holds it, or None when another relay leads.

        Lock and checkpoint use one connection, so losing one is losing both. With two connections a relay
        whose lock is gone could still move the checkpoint.
        """
        if self._connection is not None and _is_alive(self._connection):
            return cast("asyncpg.Connection", self._connection)
        await self.release()
        connection = await self._pool.acquire()
        try:
            leads = await connection.fetchval(_LEAD, *_LEADER)
        except BaseException:  # a cancelled task too: the pool has few connections, and none may be lost
            await self._pool.release(connection)
            raise
        if leads:
            self._connection = connection
            log.info("relay.leads")
            await failpoint("relay.leads")
            return cast("asyncpg.Connection", connection)
        await self._pool.release(connection)
        return None

    async def release(self) -> None:
        """Let a standby lead: the pool resets the connection, and that lets go of the lock."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await self._pool.release(connection)


def _is_alive(connection: "PoolConnectionProxy[asyncpg.Record]") -> bool:
    """Return whether a held connection can be used."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        # A connection that broke goes back to the pool by itself, and its proxy then raises at each call.
        return False
