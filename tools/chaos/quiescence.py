"""Waits until the system has nothing left to do after everything is healed.

The wait is bounded. What is still waiting then is named in the history, and the judge reports a violation.
"""

import asyncio
from time import monotonic
from uuid import UUID

from chaos.database import DATABASE_ERRORS, admin
from chaos.processes_and_bus import durables_of
from chaos.record import RunEnded
from chaos.sorted_history import CONSUMERS, PARTITIONS
from chaos.system import System

CHECKED_EVERY_S = 0.5

_MAKE_LETTERS_DUE = """
UPDATE notifier.letter SET next_attempt_at = clock_timestamp() WHERE state = 'due' AND next_attempt_at >
clock_timestamp() + interval '2 seconds'
"""
"""A letter may wait half an hour for its next try; the campaign lets that time pass at once."""

_COUNT_WAITING = """
SELECT 'letters', count(*) FROM notifier.letter WHERE state IN ('due', 'sending')
    AND case_id <> ALL($1::uuid[])
UNION ALL SELECT 'due clocks', count(*) FROM deadlines.due WHERE fire_at <= gehoor.clock_now()
    AND blocked IS NULL
UNION ALL SELECT 'relay', count(*) FROM gehoor.event e, gehoor.relay_checkpoint r
    WHERE (e.epoch, e.xid, e.position) > (r.epoch, r.xid, r.position) AND $2
"""
_COUNT_WAITING_PARTITIONS = """
SELECT count(*) FROM {consumer}.checkpoint c WHERE EXISTS (
    SELECT FROM gehoor.event e WHERE gehoor.partition_of(e.case_id) = c.partition
    AND (e.epoch, e.xid, e.position) > (c.epoch, c.xid, c.position))
"""


async def come_to_rest(
    system: System, poisoned: list[UUID], within_s: float, *, bus_is_absent: bool
) -> RunEnded:
    """Wait until nothing is left to do, or until the bound; return what still waits."""
    since_s = monotonic()
    waits_for: dict[str, int] = {"an answer of the databases": 1}
    while waits_for and monotonic() - since_s < within_s:
        try:
            waits_for = await _waiting_work(system, poisoned, bus_is_absent=bus_is_absent)
        except (*DATABASE_ERRORS, KeyError) as trouble:
            waits_for = {type(trouble).__name__: 1}
        if waits_for:
            await asyncio.sleep(CHECKED_EVERY_S)
    return RunEnded(
        is_quiet=not waits_for,
        quiet_after_s=round(monotonic() - since_s, 3),
        waits_for=", ".join(f"{count} {what}" for what, count in waits_for.items()),
    )


async def _waiting_work(system: System, poisoned: list[UUID], *, bus_is_absent: bool) -> dict[str, int]:
    async with admin(system) as connection:
        await connection.execute(_MAKE_LETTERS_DUE)
        waits = {
            row[0]: row[1] for row in await connection.fetch(_COUNT_WAITING, poisoned, not bus_is_absent)
        }
        for consumer in CONSUMERS:
            waits[f"partitions of {consumer}"] = await connection.fetchval(
                _COUNT_WAITING_PARTITIONS.format(consumer=consumer)
            )
    if not bus_is_absent:
        durables = await durables_of(system)
        waits["messages"] = sum(
            one.ack_pending + one.pending for one in durables if one.name.rpartition("-")[0] in CONSUMERS
        )
        waits["durables"] = max(0, PARTITIONS * len(CONSUMERS) - len(durables))
    return {what: count for what, count in waits.items() if count}
