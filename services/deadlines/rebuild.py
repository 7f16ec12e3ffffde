"""Computes the table of next looks again from the store, for when it is lost or doubted.

It may run beside the service: each page of cases is locked, folded and written in one transaction, exactly
as a reaction would do it. Only rows change, never a stream; what is overdue fires afterwards as usual.
"""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from deadlines import due
from deadlines.clocks import next_look
from events.batch import reason_of
from events.database import transaction
from events.errand import run_errand
from events.platform import Platform
from events.store import lock_cases

log = structlog.get_logger()

PAGE = 50
"""Cases per transaction: a service that wants to write to one of them waits as long."""

PATIENTLY = "SET LOCAL idle_in_transaction_session_timeout = '2min'"
"""Reading a page of long histories takes its time; nothing is written meanwhile, so no reader waits."""

CASES = """
SELECT case_id FROM gehoor.event WHERE version = 1 AND case_id > $1 ORDER BY case_id LIMIT $2
"""

ORPHANS = """
DELETE FROM due WHERE NOT EXISTS (SELECT FROM gehoor.event e WHERE e.case_id = due.case_id AND e.version = 1)
"""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: cases read, and how many of them this version of the code cannot read."""

    cases: int = 0
    unreadable: int = 0


async def rebuild(platform: Platform) -> Rebuilt:
    """Make every row of `due` what the streams say; one that cannot be read is counted."""
    cases, unreadable, after = 0, 0, UUID(int=0)
    while page := [row["case_id"] for row in await platform.pool.fetch(CASES, after, PAGE)]:
        async with transaction(platform.pool) as connection:
            unreadable += await _rebuild_page(platform, connection, page)
        cases, after = cases + len(page), page[-1]
    await platform.pool.execute(ORPHANS)
    log.info("due.rebuilt", cases=cases, unreadable=unreadable)
    return Rebuilt(cases, unreadable)


async def _rebuild_page(platform: Platform, connection: asyncpg.Connection, page: list[UUID]) -> int:
    await connection.execute(PATIENTLY)
    await lock_cases(connection, page)
    looks: list[due.NextLook] = []
    unreadable: list[tuple[UUID, str]] = []
    for case_id, history in (await platform.store.histories(page, connection)).items():
        try:
            looks.append(due.NextLook(case_id, next_look(history)))
        except Exception as error:  # noqa: BLE001 - one unreadable stream must not stop the rebuilding of all
            log.warning("due.not_rebuilt", case=str(case_id), reason=reason_of(error))
            unreadable.append((case_id, reason_of(error)))
    await due.write(connection, looks)
    await due.block(connection, unreadable)
    return len(unreadable)


async def _answer(platform: Platform) -> dict[str, Any]:
    return {"table": "deadlines.due", **asdict(await rebuild(platform))}


if __name__ == "__main__":
    run_errand("deadlines", _answer)
