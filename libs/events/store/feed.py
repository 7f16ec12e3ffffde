"""The feed: what happened, in the order in which it became true, without ever skipping an event.

Order is (epoch, xid, position). Visible is what lies below the oldest running transaction of the current
epoch, the watermark. No later commit can appear below that mark, so a reader that remembers the last triple
it saw misses nothing.
"""

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from events.identity import PARTITIONS, partition_of
from events.record.envelope import FeedPosition, Recorded
from events.store.streams import COLUMNS, recorded

# `position > last` alone skips events. Transaction 7 draws position 100 and works on; transaction 8 draws 101
# and commits; a reader sees 101 and remembers it; then 7 commits, and nobody reads 100 any more. So the order
# begins with the transaction, and a reader stops below the oldest one that may still commit. Mark, filter and
# order must come from one statement: with two snapshots a transaction could commit in between.
VISIBLE = """(epoch, xid, position) > ($1::smallint, $2::xid8, $3::bigint)
  AND (epoch, xid) < ((SELECT epoch FROM gehoor.store_setting), pg_snapshot_xmin(pg_current_snapshot()))"""

PAGE = f"""
SELECT {COLUMNS}, epoch, xid, position FROM gehoor.event
WHERE {VISIBLE}
ORDER BY epoch, xid, position LIMIT $4
"""

# By its text, so that the two statements never differ in anything else.
PUBLIC_PAGE = PAGE.replace("data, pii,", "data, NULL::bytea AS pii,")

EVENT_REFS = f"""
SELECT case_id, version, type, epoch, xid, position FROM gehoor.event
WHERE {VISIBLE} AND gehoor.partition_of(case_id) = ANY($5::integer[])
ORDER BY epoch, xid, position LIMIT $4
"""

WATERMARK_AGE = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
FROM (SELECT xact_start FROM pg_stat_activity WHERE backend_xid IS NOT NULL
      UNION ALL SELECT prepared FROM pg_prepared_xacts) AS writing
"""

BREACHES = f"""
SELECT {", ".join("e." + name for name in COLUMNS.split(", "))}, e.epoch, e.xid, e.position, r.reference
FROM gehoor.event e LEFT JOIN gehoor.case_reference r USING (case_id)
WHERE {VISIBLE} AND type IN ('DeadlineBreached', 'TargetMissed') AND type = ANY($5::text[])
ORDER BY epoch, xid, position LIMIT $4
"""

HEAD = """
SELECT epoch, xid, position FROM gehoor.event ORDER BY epoch DESC, xid DESC, position DESC LIMIT 1
"""


class EventRef(msgspec.Struct, frozen=True):
    """A reference to an event: enough to order it and to decide whether it concerns a consumer."""

    case_id: UUID
    version: int
    type: str
    place: FeedPosition

    @property
    def partition(self) -> int:
        return partition_of(self.case_id)


async def page(
    connection: asyncpg.Connection | asyncpg.Pool, after: FeedPosition, limit: int = 1000
) -> list[Recorded]:
    """Read up to `limit` whole events that follow `after`."""
    return [recorded(row) for row in await connection.fetch(PAGE, *after, limit)]


async def public_page(connection: asyncpg.Connection, after: FeedPosition, limit: int) -> list[Recorded]:
    """Read the same without the encrypted parts, for the relay: they are large and are never published."""
    return [recorded(row) for row in await connection.fetch(PUBLIC_PAGE, *after, limit)]


async def event_refs(
    connection: asyncpg.Connection | asyncpg.Pool,
    after: FeedPosition,
    limit: int = 1000,
    partitions: Collection[int] = range(PARTITIONS),
) -> list[EventRef]:
    """Read references to up to `limit` events of these partitions that follow `after`."""
    rows = await connection.fetch(EVENT_REFS, *after, limit, list(partitions))
    return [
        EventRef(
            row["case_id"],
            row["version"],
            row["type"],
            FeedPosition(row["epoch"], row["xid"], row["position"]),
        )
        for row in rows
    ]


async def head(connection: asyncpg.Connection | asyncpg.Pool) -> FeedPosition:
    """Return the place of the newest committed event, visible in the feed or not yet."""
    row = await connection.fetchrow(HEAD)
    return FeedPosition(*row) if row else FeedPosition(0, 0, 0)


async def watermark_age_s(connection: asyncpg.Connection | asyncpg.Pool) -> float:
    """Return for how long the oldest writing transaction has held back every reader of the feed."""
    age_s: float = await connection.fetchval(WATERMARK_AGE)
    return age_s


async def breaches_after(
    connection: asyncpg.Connection | asyncpg.Pool, after: FeedPosition, types: list[str], limit: int
) -> list[tuple[Recorded, str]]:
    """Read up to `limit` breaches and missed targets that follow `after`, with their cases' references."""
    rows = await connection.fetch(BREACHES, *after, limit, types)
    return [(recorded(row[:-1]), row["reference"]) for row in rows]
