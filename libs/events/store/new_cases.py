"""Opening new cases: event, reference and idempotency key in one statement, many cases at once.

A key that is taken keeps its case out and nothing else; whoever asked gets what was stored under the key. No
lock is needed, because nobody knows a new case's identifier yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from events.errors import ClockDisagrees
from events.store.streams import COLUMNS, INPUT, StreamAppend, arguments


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key as it is stored: who sent it, the keyed hash of the body, what to answer again."""

    scope: str
    key: str
    fingerprint: bytes
    response: bytes


@dataclass(frozen=True, slots=True)
class NewCase:
    """The first events of a case, its reference, and the key of the request, if it had one."""

    entry: StreamAppend
    reference: str
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """How it went: the case is new, or `earlier` is what stands under its key already."""

    case_id: UUID
    earlier: Key | None = None


APPEND = f"""
WITH {INPUT},
asked AS MATERIALIZED (
    SELECT * FROM unnest($19::uuid[], $20::text[], $21::text[], $22::text[], $23::bytea[], $24::bytea[])
    AS asked(case_id, reference, scope, key, fingerprint, response)
),
keyed AS (
    INSERT INTO gehoor.idempotency (scope, key, fingerprint, case_id, response)
    SELECT scope, key, fingerprint, case_id, response FROM asked WHERE key IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING case_id
),
admitted AS MATERIALIZED (
    SELECT case_id FROM asked
    WHERE (key IS NULL OR case_id IN (SELECT case_id FROM keyed))
      AND NOT EXISTS (
        SELECT FROM input i CROSS JOIN here
        WHERE i.case_id = asked.case_id
          AND abs(extract(epoch FROM i.recorded_at - here.now)) > here.tolerance_s)
),
referenced AS (
    INSERT INTO gehoor.case_reference (reference, case_id)
    SELECT reference, case_id FROM asked WHERE case_id IN (SELECT case_id FROM admitted)
),
events AS (
    INSERT INTO gehoor.event ({COLUMNS})
    SELECT {COLUMNS} FROM input WHERE case_id IN (SELECT case_id FROM admitted)
    ORDER BY case_id, version
    RETURNING case_id
)
SELECT DISTINCT case_id FROM events
"""

EARLIER = """
SELECT i.scope, i.key, i.fingerprint, i.response, i.case_id
FROM unnest($1::text[], $2::text[]) AS asked(scope, key) JOIN gehoor.idempotency i USING (scope, key)
"""


async def append_new_cases(connection: asyncpg.Connection, cases: Sequence[NewCase]) -> list[Kept]:
    """Append new cases in one statement, inside the caller's transaction; one result per case, in order.

    Raises asyncpg's UniqueViolationError when a reference is taken (draw new ones and try again) and
    `ClockDisagrees` when recorded_at is more than 2 s of real time off (measure the clock and try again).
    """
    rows = await connection.fetch(
        APPEND,
        *arguments([case.entry for case in cases]),
        [case.entry.case_id for case in cases],
        [case.reference for case in cases],
        [case.key.scope if case.key else None for case in cases],
        [case.key.key if case.key else None for case in cases],
        [case.key.fingerprint if case.key else None for case in cases],
        [case.key.response if case.key else None for case in cases],
    )
    appended = {row["case_id"] for row in rows}
    losers = [case for case in cases if case.entry.case_id not in appended]
    earlier = await _earlier(connection, [case.key for case in losers if case.key])
    results = []
    for case in cases:
        if case.entry.case_id in appended:
            results.append(Kept(case.entry.case_id))
            continue
        found = earlier.get((case.key.scope, case.key.key)) if case.key else None
        if found is None or found.case_id == case.entry.case_id:
            raise ClockDisagrees("recorded_at of a new case is too far from the database clock")
        results.append(found)
    return results


async def _earlier(
    connection: asyncpg.Connection | asyncpg.Pool, keys: Sequence[Key]
) -> dict[tuple[str, str], Kept]:
    if not keys:
        return {}
    found = await connection.fetch(EARLIER, [key.scope for key in keys], [key.key for key in keys])
    return {
        (row["scope"], row["key"]): Kept(
            row["case_id"], Key(row["scope"], row["key"], row["fingerprint"], row["response"])
        )
        for row in found
    }
