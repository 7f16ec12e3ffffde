"""The table of next looks: which case must be looked at when, and how to compute all of it again.

Every statement is set-based. A row is written only under the lock of its case, in the transaction of the
events that it follows from; so the table is never ahead of the stream nor behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True)
class NextLook:
    """When a case must be looked at next; None when time changes nothing there any more."""

    case_id: UUID
    fire_at: datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    """What the database says about one process's part of the table: its clock, and the earliest row."""

    now: datetime
    earliest_at: datetime | None


WRITE = """
INSERT INTO due AS old (case_id, fire_at)
SELECT case_id, fire_at FROM unnest($1::uuid[], $2::timestamptz[]) AS new (case_id, fire_at)
ON CONFLICT (case_id) DO UPDATE SET fire_at = excluded.fire_at, blocked = NULL
WHERE old.fire_at <> excluded.fire_at OR old.blocked IS NOT NULL
"""

REMOVE = "DELETE FROM due WHERE case_id = ANY($1::uuid[])"


async def write(connection: asyncpg.Connection, looks: Iterable[NextLook]) -> None:
    """Put down the next look of each case, or take its row away; of several for one case the last counts."""
    last = {each.case_id: each.fire_at for each in looks}
    coming = sorted((case_id, fire_at) for case_id, fire_at in last.items() if fire_at is not None)
    over = sorted(case_id for case_id, fire_at in last.items() if fire_at is None)
    if coming:
        await connection.execute(WRITE, [case_id for case_id, _ in coming], [at for _, at in coming])
    if over:
        await connection.execute(REMOVE, over)


LOOK = """
SELECT gehoor.clock_now() AS now, (
    SELECT min(first.fire_at) FROM unnest($1::smallint[]) AS lane (partition)
    CROSS JOIN LATERAL (
        SELECT fire_at FROM due
        WHERE due.partition = lane.partition AND blocked IS NULL
        ORDER BY fire_at LIMIT 1
    ) AS first
) AS earliest_at
"""


async def queue(connection: asyncpg.Connection, partitions: Sequence[int]) -> Queue:
    """Ask the database for its clock and for the earliest row of these lanes."""
    (row,) = await connection.fetch(LOOK, list(partitions))
    return Queue(row["now"], row["earliest_at"])


CLAIM = """
SELECT row.case_id FROM unnest($1::smallint[]) AS lane (partition)
CROSS JOIN LATERAL (
    SELECT case_id, fire_at FROM due
    WHERE due.partition = lane.partition AND blocked IS NULL AND fire_at <= $2
    ORDER BY fire_at LIMIT $3
) AS row
ORDER BY row.fire_at
"""


async def claim(
    connection: asyncpg.Connection, partitions: Sequence[int], until: datetime, at_most: int
) -> list[UUID]:
    """List cases of these lanes due at or before `until`, a moment that the database's clock has shown.

    Each lane gets its share, so that no lane waits behind another. Nothing is locked or taken away here: the
    lock of the case and the fold of its stream decide.
    """
    share = max(at_most // len(partitions), 1)
    rows = await connection.fetch(CLAIM, list(partitions), until, share)
    return [row["case_id"] for row in rows]


BLOCK = """
UPDATE due SET blocked = new.reason
FROM unnest($1::uuid[], $2::text[]) AS new (case_id, reason)
WHERE due.case_id = new.case_id
"""

UNBLOCK = "UPDATE due SET blocked = NULL WHERE blocked IS NOT NULL AND partition = ANY($1::smallint[])"


async def block(connection: asyncpg.Connection, reasons: Sequence[tuple[UUID, str]]) -> None:
    """Set cases aside whose stream cannot be read, with the reason; their rows stay."""
    await connection.execute(BLOCK, [case_id for case_id, _ in reasons], [reason for _, reason in reasons])


async def unblock(connection: asyncpg.Connection, partitions: Sequence[int]) -> None:
    """Give the cases that were set aside another try, as after a new version of the code was started."""
    await connection.execute(UNBLOCK, list(partitions))
