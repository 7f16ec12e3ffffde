"""Opening new cases: event, reference and idempotency key in one statement, many cases at once.

A key that is taken keeps its case out and nothing else; the caller gets the row that is stored under it. No
lock is needed, because nobody knows a new case's identifier yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from events.errors import ClockDisagrees
from events.store.idempotency_rows import IdempotencyRow, IdempotencyTable, find_rows
from events.store.streams import COLUMNS, INPUT, StreamAppend, arguments

REQUEST_KEYS = IdempotencyTable("gehoor")
"""The keys of requests that open a case or add to one; the table stands in the schema of the events."""


@dataclass(frozen=True, slots=True)
class NewCase:
    """The first events of a case, its reference, and the key of the request, if it had one."""

    entry: StreamAppend
    reference: str
    key: IdempotencyRow | None = None


APPEND = f"""
WITH {INPUT},
asked AS MATERIALIZED (
    SELECT * FROM unnest($19::uuid[], $20::text[], $21::text[], $22::text[], $23::bytea[], $24::bytea[])
    AS asked(case_id, reference, scope, key, fingerprint, response)
),
keyed AS (
    INSERT INTO {REQUEST_KEYS} (scope, key, fingerprint, case_id, response)
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


async def append_new_cases(
    connection: asyncpg.Connection, cases: Sequence[NewCase]
) -> list[IdempotencyRow | None]:
    """Append new cases in one statement, inside the caller's transaction; one result per case, in order.

    None: the case is new. A row: its key is taken, nothing was appended, and this stands under the key.
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
    kept_out = [case for case in cases if case.entry.case_id not in appended]
    # In a statement of its own: APPEND sees the table as it was when APPEND began, so a key that another
    # transaction committed meanwhile is a conflict there and no row.
    stored = await find_rows(
        connection, REQUEST_KEYS, [(case.key.scope, case.key.key) for case in kept_out if case.key]
    )
    return [None if case.entry.case_id in appended else _taken(case, stored) for case in cases]


def _taken(case: NewCase, stored: Mapping[tuple[str, str], IdempotencyRow]) -> IdempotencyRow:
    """Return the row that kept a case out; raises `ClockDisagrees` when it was not its key."""
    found = stored.get((case.key.scope, case.key.key)) if case.key else None
    # A row with the new case's own identifier was inserted by this very statement, so the key was free and
    # the clock kept the case out. The exception rolls that row back; without it the key would point nowhere.
    if found is None or found.case_id == case.entry.case_id:
        raise ClockDisagrees("recorded_at of a new case is too far from the database clock")
    return found
