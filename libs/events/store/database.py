"""Connections to Postgres: pools that survive a failover, and the one way to open a transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
from asyncpg.connect_utils import SessionAttribute

HOLD_SESSION_LOCKS = frozenset({"relay"})
"""Pools whose users leave something behind on a connection that has to be reset before its next use.

The relay's advisory lock lives as long as its session: without the reset a relay that gave up its lead would
hold the lock in its pool, and no other could lead.
"""


async def _leave_as_it_is(_: object) -> None:
    """Save the round trip that resets a session; the pool itself ends a transaction that is still open."""


async def open_pool(url: str, name: str, size: int) -> asyncpg.Pool:
    """Open a pool that only talks to a server that may be written to; it starts with one connection.

    Raises OSError or asyncpg's errors when no such server answers; the caller waits and tries again.
    """
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        command_timeout=60,
        timeout=5,
        max_inactive_connection_lifetime=60,  # connections of a peak are closed again
        reset=None if name in HOLD_SESSION_LOCKS else _leave_as_it_is,
        # After a failover the old server may still answer, as a standby. Writing to it fails each time.
        target_session_attrs=SessionAttribute.read_write,
        server_settings={
            "search_path": f"{name}, gehoor",
            "application_name": f"gehoor-{name}",
            "timezone": "UTC",
            # A peer that vanished without a word is noticed after 25 s, and its locks are let go.
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            # Our statements are few and prepared; planning one over all partitions again costs 2 ms.
            "plan_cache_mode": "force_generic_plan",
        },
    )


async def close_pool(pool: asyncpg.Pool) -> None:
    """Close in order, or by force after 3 s when a connection hangs."""
    try:
        async with asyncio.timeout(3):
            await pool.close()
    except TimeoutError:
        pool.terminate()


@asynccontextmanager
async def connection_of(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """Borrow a connection."""
    async with pool.acquire() as borrowed:
        yield cast("asyncpg.Connection", borrowed)


@asynccontextmanager
async def transaction(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """Borrow a connection with an open transaction: committed at the end, rolled back by any exception.

    Raises what the block raises, and asyncpg's errors when the commit fails: nothing stands then.
    """
    async with connection_of(pool) as connection, connection.transaction():
        yield connection
