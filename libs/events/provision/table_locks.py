"""Changing tables that others use: a lock is waited for briefly, and the error names who holds it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from events import secrets
from events.errors import Misconfigured

_WAITS_AT_MOST = "5s"
"""For a lock on a table. Locks queue: while this one waits, everybody who asks after it waits too, also those
who would only append."""

_IN_THE_WAY = """
SELECT pid, usename,
       coalesce(to_char(xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS"Z"'), 'a moment it does not tell') AS since
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid IN (
    SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.granted AND c.relnamespace::regnamespace::text = ANY($1))
ORDER BY xact_start, pid
LIMIT 3
"""


@asynccontextmanager
async def to_change(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect to change something; closes the connection at the end.

    Raises `Misconfigured`, naming who uses the table, when its lock does not come free within 5 s.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET lock_timeout = '{_WAITS_AT_MOST}'")
        yield connection
    except asyncpg.LockNotAvailableError as error:
        raise Misconfigured(await _what_is_in_the_way(connection)) from error
    finally:
        await connection.close()


async def _what_is_in_the_way(connection: asyncpg.Connection) -> str:
    found = await connection.fetch(_IN_THE_WAY, ["gehoor", *secrets.SERVICES])
    users = (
        ", ".join(f"process {row['pid']} ({row['usename']}, since {row['since']})" for row in found)
        or "somebody who has let go of it by now"
    )
    return (
        f"a table has to be changed and is in use by {users}; it was waited for {_WAITS_AT_MOST} and no "
        "longer, because every append waits too: run this again when that is done (a dump, `gehoor verify`), "
        "or end it with SELECT pg_terminate_backend(process)"
    )
