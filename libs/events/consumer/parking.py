"""Parked cases: an event that cannot be applied blocks its own case for this consumer, and no other one.

A parked case keeps the version it stopped at, and the reason. It is retried when somebody sets `retry_at`
(`gehoor parked retry`); the consumer then applies everything from that version on.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import asyncpg
import structlog

from events.store.feed import EventRef

log = structlog.get_logger()

_PARKED = "SELECT case_id FROM parked WHERE case_id = ANY($1)"

_PARK = """
INSERT INTO parked (case_id, version, type, reason)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[])
ON CONFLICT (case_id) DO UPDATE SET
    version = excluded.version, type = excluded.type, reason = excluded.reason, parked_at = clock_timestamp(),
    retries = parked.retries + 1, retry_at = NULL
"""

_UNPARK = "DELETE FROM parked WHERE case_id = $1"


async def parked_among(connection: asyncpg.Connection, case_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these cases are parked."""
    return {row["case_id"] for row in await connection.fetch(_PARKED, list(case_ids))}


async def park(
    connection: asyncpg.Connection, consumer: str, parked: Mapping[UUID, tuple[EventRef, str]]
) -> None:
    """Park cases, each from its event on, with the reason; a case that is parked already counts a retry."""
    events = list(parked.values())
    await connection.execute(
        _PARK,
        [ref.case_id for ref, _ in events],
        [ref.version for ref, _ in events],
        [ref.type for ref, _ in events],
        [reason for _, reason in events],
    )
    for ref, reason in events:
        log.error(
            "event.parked", consumer=consumer, case=str(ref.case_id), version=ref.version, type=ref.type,
            reason=reason,
        )  # fmt: skip


async def unpark(connection: asyncpg.Connection, case_id: UUID) -> None:
    """Lift the block of a case, in the transaction that applies what it waited for."""
    await connection.execute(_UNPARK, case_id)
