"""Looking into the databases while a campaign runs: a reader of the feed, the clock, who moved a checkpoint.

All of it goes past the fault proxies and survives any restart of Postgres. The note of moves is a trigger in
a schema of its own, made by the campaign, so that a move is recorded by whoever commits it and in its commit.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from chaos.record import ClockSample, FeedRead, RunHistory
from chaos.sorted_history import CONSUMERS
from chaos.system import System
from events.record.envelope import START, FeedPosition
from events.store import feed

READS_EVERY_S = 0.2
DATABASE_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a database that is being broken answers; whoever gets it tries again."""

_NOTE_MOVES = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.move (
    n bigserial PRIMARY KEY, consumer text, partition smallint,
    old_epoch smallint, old_xid xid8, old_position bigint,
    epoch smallint, xid xid8, position bigint, by_xid xid8 DEFAULT pg_current_xact_id());
CREATE FUNCTION chaos.note_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO chaos.move (consumer, partition, old_epoch, old_xid, old_position, epoch, xid, position)
    VALUES (TG_TABLE_SCHEMA, NEW.partition, OLD.epoch, OLD.xid, OLD.position,
            NEW.epoch, NEW.xid, NEW.position);
    RETURN NULL;
END $$;
"""
_NOTE_MOVES_OF = """
CREATE TRIGGER note_move AFTER UPDATE ON {consumer}.checkpoint
FOR EACH ROW EXECUTE FUNCTION chaos.note_move()
"""


def admin_url(system: System) -> str:
    """Return the administrator's address of the event store."""
    password = (system.home / "secrets" / "postgres-admin").read_text().strip()
    return f"postgresql://postgres:{password}@127.0.0.1:{system.record.ports['database']}/gehoor"


@asynccontextmanager
async def admin(system: System) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the administrator; broken off at the end, whatever state it is in."""
    connection = await asyncpg.connect(admin_url(system), timeout=5)
    try:
        yield connection
    finally:
        connection.terminate()


async def record_moves(system: System) -> None:
    """Let every move of a checkpoint be noted from now on."""
    async with admin(system) as connection, connection.transaction():
        await connection.execute(_NOTE_MOVES)
        for consumer in CONSUMERS:
            await connection.execute(_NOTE_MOVES_OF.format(consumer=consumer))


class FeedReader:
    """Follows the feed as any reader would, with a checkpoint in memory, and looks at the clock."""

    def __init__(self, system: System, history: RunHistory) -> None:
        self._system = system
        self._history = history
        self._reached: FeedPosition = START

    async def run(self, until: asyncio.Event) -> None:
        """Read until stopped, through any number of lost connections."""
        while not until.is_set():
            try:
                async with admin(self._system) as connection:
                    while not until.is_set():
                        await self.read_on(connection)
                        await asyncio.sleep(READS_EVERY_S)
            except (*DATABASE_ERRORS, KeyError):  # KeyError: the supervisor is just writing where things are
                await asyncio.sleep(READS_EVERY_S)

    async def read_on(self, connection: asyncpg.Connection) -> None:
        """Read everything that is visible now."""
        await self.look(connection)
        while page := await feed.event_refs(connection, self._reached):
            for notice in page:
                self._history.write(
                    FeedRead(place=notice.place[:3], case=str(notice.case_id), version=notice.version)
                )
            self._reached = page[-1].place

    async def look(self, connection: asyncpg.Connection) -> None:
        """Note what the system's clock shows now."""
        shown: float = await connection.fetchval("SELECT extract(epoch FROM gehoor.clock_now())::float8")
        self._history.write(ClockSample(simulated_s=shown))


async def slow_the_clock(system: System, history: RunHistory) -> None:
    """Let the system's clock go at the pace of ours, so that no further deadline falls due meanwhile.

    Nobody may be appending just then: a millisecond of the fast clock is most of a minute of the slow one.
    """
    async with admin(system) as connection, connection.transaction():
        await connection.execute("LOCK TABLE gehoor.event IN SHARE MODE")
        shown: float = await connection.fetchval(
            "UPDATE gehoor.clock_anchor SET simulated_at = gehoor.clock_now(), real_at = clock_timestamp(), "
            "speed = 1.0 RETURNING extract(epoch FROM simulated_at)::float8"
        )
        history.write(ClockSample(simulated_s=shown))
