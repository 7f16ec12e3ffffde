"""The event store: append events, read one case or many, find a case by its reference.

An append checks the predecessor in the statement itself: the row before must be there, carry the hash that
was hashed onto, and come from no later transaction. The primary key does the rest: of two writers one wins.
An append is grouped: one statement for any number of cases.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import asyncpg

from events.clock import SystemClock
from events.errors import ClockDisagrees
from events.identity import lock_key
from events.record.envelope import FeedPosition, History, Recorded
from events.store.store_clock import StoreClock

COLUMNS = (
    "case_id, version, organisation, type, schema_version, happened_at, recorded_at, actor, command_id, "
    "causation, correlation, traceparent, data, pii, salt, fields_root, hash"
)
"""What a client sends, in the order of `Recorded`; epoch, xid and position follow when reading."""

_COLUMN_NAMES = tuple(COLUMNS.split(", "))

Status = Literal["ok", "duplicate", "conflict"]


@dataclass(frozen=True, slots=True)
class StreamAppend:
    """The new rows of one case, onto the event whose hash is `previous_hash` (empty for a new case)."""

    rows: Sequence[Recorded]
    previous_hash: bytes

    @property
    def case_id(self) -> UUID:
        return self.rows[0].case_id


# MATERIALIZED: `here` reads the clock once for all rows, whatever the planner thinks of it. Inlined, two rows
# of one append could be judged by two different moments. `admitted`, below, is computed once for all cases;
# inlined, its check could run for each pair of rows.

INPUT = f"""
input AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::bytea[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::smallint[], $7::timestamptz[],
        $8::timestamptz[], $9::text[], $10::uuid[], $11::text[], $12::uuid[], $13::text[], $14::bytea[],
        $15::bytea[], $16::bytea[], $17::bytea[], $18::bytea[])
    AS row(previous, {COLUMNS})
),
here AS MATERIALIZED (
    SELECT gehoor.clock_now() AS now, 2 * gehoor.clock_speed() AS tolerance_s,
           epoch, pg_current_xact_id() AS xid
    FROM gehoor.store_setting
)"""
"""The rows as parameters 1 to 18; `previous` is null on all but the first row of a case."""

# How to read the append. `admitted`: cases whose first new row fits what stands. `heads`: the first row of
# each case; of two writers the primary key lets one through. `tails`: the other rows, only of cases whose
# head was inserted. So either all rows of a case stand, or none.
#
# (p.epoch, p.xid) <= (here.epoch, here.xid): readers see events in the order of (epoch, xid, position). A
# transaction may hold a low number, wait for the lock of a case, and find an event that a transaction with a
# higher number appended and committed meanwhile. If it went on, its event would have the higher version and
# the lower place in the feed. It is refused, and the caller tries again with a new number.
#
# clock.agrees OR p.recorded_at = i.recorded_at: the database's clock may have been set back, or be another
# server's after a failover. Then the last event of a case lies in the future, and the next one is given the
# same moment (`sealing.next_rows`). Without the second half such a case would be closed until the clock has
# caught up. `recorded_at` never runs backwards inside a case.
#
# ON CONFLICT DO NOTHING: the loser of a race must not fail the statement, because other cases are in it. It
# is missing in the answer instead, and `_why` finds out the reason.

APPEND = f"""
WITH {INPUT},
admitted AS MATERIALIZED (
    SELECT i.case_id FROM input i CROSS JOIN here
    CROSS JOIN LATERAL (
        SELECT abs(extract(epoch FROM i.recorded_at - here.now)) <= here.tolerance_s) AS clock(agrees)
    WHERE i.previous IS NOT NULL
      AND CASE WHEN i.version = 1 THEN clock.agrees ELSE (
            SELECT p.hash = i.previous AND (p.epoch, p.xid) <= (here.epoch, here.xid)
               AND (clock.agrees OR p.recorded_at = i.recorded_at)
            FROM gehoor.event p WHERE p.case_id = i.case_id AND p.version = i.version - 1) END
),
heads AS (
    INSERT INTO gehoor.event ({COLUMNS})
    SELECT {COLUMNS} FROM input
    WHERE previous IS NOT NULL AND case_id IN (SELECT case_id FROM admitted)
    ORDER BY case_id
    ON CONFLICT DO NOTHING
    RETURNING case_id
),
tails AS (
    INSERT INTO gehoor.event ({COLUMNS})
    SELECT {COLUMNS} FROM input
    WHERE previous IS NULL AND case_id IN (SELECT case_id FROM heads)
    ORDER BY case_id, version
)
SELECT case_id FROM heads
"""

APPEND_ONE = f"""
INSERT INTO gehoor.event ({COLUMNS})
SELECT $2::uuid, $3::integer, $4::text, $5::text, $6::smallint, $7::timestamptz, $8::timestamptz, $9::text,
       $10::uuid, $11::text, $12::uuid, $13::text, $14::bytea, $15::bytea, $16::bytea, $17::bytea,
       $18::bytea
FROM gehoor.store_setting here LEFT JOIN gehoor.clock_anchor a ON true
CROSS JOIN LATERAL (
    SELECT abs(extract(epoch FROM $8 - coalesce(
        a.simulated_at + (clock_timestamp() - a.real_at) * a.speed, clock_timestamp())))
      <= 2 * coalesce(a.speed, 1.0)) AS clock(agrees)
WHERE CASE WHEN $3 = 1 THEN clock.agrees ELSE (
        SELECT p.hash = $1::bytea AND (p.epoch, p.xid) <= (here.epoch, pg_current_xact_id())
           AND (clock.agrees OR p.recorded_at = $8)
        FROM gehoor.event p WHERE p.case_id = $2 AND p.version = $3 - 1) END
ON CONFLICT DO NOTHING
RETURNING case_id
"""
"""The same for one row with scalar parameters, which is half the work. The clock is `gehoor.clock_now()`
written out, because Postgres does not inline a function that reads a table."""

STORED_AT = """
SELECT wanted.case_id, e.command_id, p.recorded_at AS before_at,
       gehoor.clock_now() AS now, 2 * gehoor.clock_speed() AS tolerance_s
FROM unnest($1::uuid[], $2::integer[]) AS wanted(case_id, version)
LEFT JOIN gehoor.event e ON e.case_id = wanted.case_id AND e.version = wanted.version
LEFT JOIN gehoor.event p ON p.case_id = wanted.case_id AND p.version = wanted.version - 1
"""

STREAM = f"""
SELECT {COLUMNS}, epoch, xid, position FROM gehoor.event WHERE case_id = $1 ORDER BY version
"""

STREAMS = f"""
SELECT {COLUMNS}, epoch, xid, position FROM gehoor.event WHERE case_id = ANY($1) ORDER BY case_id, version
"""

FIND = "SELECT case_id FROM gehoor.case_reference WHERE reference = $1"

# An advisory lock and not FOR UPDATE: that needs the right to update events, and no role has it.
LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"


def recorded(row: Iterable[Any]) -> Recorded:
    """Make a `Recorded` of a row that was selected as COLUMNS, epoch, xid, position."""
    values = tuple(row)
    return Recorded.of(values[:17], FeedPosition(*values[17:]))


def arguments(entries: Iterable[StreamAppend]) -> list[list[Any]]:
    """Turn entries into the eighteen arrays of INPUT, a row per event, sorted by case."""
    # Sorted: whoever does not hold the lock of the cases inserts them in the same order as everybody else. Of
    # two transactions with the same cases one then waits for the other, and none waits in a circle.
    rows = [
        (entry.previous_hash if i == 0 else None, row)
        for entry in sorted(entries, key=lambda entry: entry.case_id)
        for i, row in enumerate(entry.rows)
    ]
    return [
        [previous for previous, _ in rows],
        *([getattr(row, column) for _, row in rows] for column in _COLUMN_NAMES),
    ]


async def lock_cases(connection: asyncpg.Connection, case_ids: Iterable[UUID]) -> None:
    """Hold these cases until the transaction ends; sorted, so that two callers never wait in a circle."""
    await connection.execute(LOCK, sorted({lock_key(case_id) for case_id in case_ids}))


class Store:
    """Reads and appends; a connection is given where the work belongs to a transaction."""

    def __init__(self, pool: asyncpg.Pool, clock: SystemClock) -> None:
        self.pool = pool
        self.clock = clock

    async def measure_clock(self) -> None:
        """Compare the clock with the database's again; a clock of a test stays as it is."""
        if isinstance(self.clock, StoreClock):
            await self.clock.measure(self.pool)

    async def history(self, case_id: UUID, connection: asyncpg.Connection | None = None) -> History:
        """Read the whole stream of a case; empty when there is none."""
        rows = await (connection or self.pool).fetch(STREAM, case_id)
        return History(case_id, tuple(recorded(row) for row in rows))

    async def histories(
        self, case_ids: Iterable[UUID], connection: asyncpg.Connection | None = None
    ) -> dict[UUID, History]:
        """Read the streams of many cases in one statement; each asked case has an entry."""
        streams: dict[UUID, list[Recorded]] = {case_id: [] for case_id in case_ids}
        if streams:
            for row in await (connection or self.pool).fetch(STREAMS, list(streams)):
                streams[row["case_id"]].append(recorded(row))
        return {case_id: History(case_id, tuple(rows)) for case_id, rows in streams.items()}

    async def find(self, reference: str) -> UUID | None:
        """Find the case of a canonical reference."""
        case_id: UUID | None = await self.pool.fetchval(FIND, reference)
        return case_id

    async def append(
        self, connection: asyncpg.Connection, entries: Sequence[StreamAppend]
    ) -> dict[UUID, Status]:
        """Append entries of different cases in one statement and return how each fared.

        ok: all its rows stand. duplicate: the same command already stands there. conflict: another writer was
        first, or the predecessor differs: none of its rows stand. The caller decides whether to commit.
        Raises `ClockDisagrees` when recorded_at is more than 2 s (of real time) off, and not the moment of
        the event before: measure the clock and run the transaction again.
        """
        if not entries:
            return {}
        # Most appends of commands are one event of one case, and arrays would cost twice the time.
        if len(entries) == 1 and len(entries[0].rows) == 1:
            columns = (getattr(entries[0].rows[0], column) for column in _COLUMN_NAMES)
            found = await connection.fetch(APPEND_ONE, entries[0].previous_hash, *columns)
        else:
            found = await connection.fetch(APPEND, *arguments(entries))
        appended = {row["case_id"] for row in found}
        result: dict[UUID, Status] = dict.fromkeys(appended, "ok")
        losers = [entry for entry in entries if entry.case_id not in appended]
        if losers:
            result |= await self._why(connection, losers)
        return result

    async def _why(
        self, connection: asyncpg.Connection, losers: Sequence[StreamAppend]
    ) -> dict[UUID, Status]:
        """Find out why entries were not appended; raises `ClockDisagrees` when the clock was the reason."""
        found = await connection.fetch(
            STORED_AT, [entry.case_id for entry in losers], [entry.rows[0].version for entry in losers]
        )
        now, tolerance_s = found[0]["now"], found[0]["tolerance_s"]
        stored = {row["case_id"]: row["command_id"] for row in found if row["command_id"] is not None}
        before_at = {row["case_id"]: row["before_at"] for row in found}
        result: dict[UUID, Status] = {}
        for entry in losers:
            row = entry.rows[0]
            off_s = abs((row.recorded_at - now).total_seconds())
            goes_on = row.recorded_at == before_at[row.case_id]
            # Where a row stands already the clock was not the reason, and measuring it would not help.
            if row.case_id not in stored and off_s > tolerance_s and not goes_on:
                raise ClockDisagrees(f"recorded_at is {off_s:.3f} s off the database clock")
            result[row.case_id] = "duplicate" if stored.get(row.case_id) == row.command_id else "conflict"
        return result
