"""An accelerated clock (`GEHOOR_CLOCK_START`, `GEHOOR_CLOCK_SPEED`) stands still while the system is stopped.

Its anchor in the database is moved every second while the system runs, and once more at the end. Without
that, a month would pass during a night in which nothing could keep a deadline.
"""

import asyncio
import contextlib

import asyncpg

from events.settings import Settings

_KEEP_EVERY_S = 1.0


def is_chosen(settings: Settings) -> bool:
    """Return whether this set-up has an accelerated clock."""
    return settings.clock_start is not None or settings.clock_speed is not None


async def keep_going(admin_database_url: str) -> None:
    """Store every second how far the clock is, until cancelled."""
    from events.store.store_clock import keep_anchor

    while True:
        try:
            connection = await asyncpg.connect(admin_database_url)
            try:
                while True:
                    await asyncio.sleep(_KEEP_EVERY_S)
                    await keep_anchor(connection)
            finally:
                connection.terminate()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(_KEEP_EVERY_S)  # Postgres is away: its restarter starts it again


async def note_where_it_stands(admin_database_url: str) -> None:
    """Store it a last time; where the database is gone already, what was stored a second ago is used."""
    from events.store.store_clock import keep_anchor

    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(admin_database_url, timeout=1.0)
        await keep_anchor(connection)
        await connection.close(timeout=1.0)
