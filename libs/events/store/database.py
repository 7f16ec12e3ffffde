"""Connections to Postgres: pools that survive a failover, and the one way to open a transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
from asyncpg.connect_utils import SessionAttribute

HOLD_SESSION_LOCKS = frozenset({"relay"})
"""Who leaves something behind on a connection, which has to be wiped off before the next use."""


async def _leave_as_it_is(_: object) -> None:
    """Spare the round trip that resets a session: ours hold nothing. An open transaction is ended anyway."""


async def open_pool(url: str, name: str, size: int) -> asyncpg.Pool:
    """Open a pool that only talks to a server that may be written to; it starts with one connection."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        command_timeout=60,
        timeout=5,
        max_inactive_connection_lifetime=60,
        reset=None if name in HOLD_SESSION_LOCKS else _leave_as_it_is,
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
    """Close in order, or by force when a connection hangs."""
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
    """Borrow a connection with an open transaction: committed at the end, rolled back by any exception."""
    async with connection_of(pool) as connection, connection.transaction():
        yield connection
