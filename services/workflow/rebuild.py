"""Makes the worklist again from the store, for when it is lost, doubted or shows a new column.

It may run beside the service: each page of cases is locked, folded and written in one transaction. Only rows
change, never a stream.
"""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from events.batch import reason_of
from events.database import transaction
from events.errand import run_errand
from events.platform import Platform
from events.store import lock_cases
from workflow.worklist import Row, project, write

log = structlog.get_logger()

PAGE = 50
"""Cases per transaction: a service that wants to write to one of them waits as long."""

PATIENTLY = "SET LOCAL idle_in_transaction_session_timeout = '2min'"
"""Reading a page of long histories takes its time; nothing is written meanwhile, so no reader waits."""

_CASES = """
SELECT case_id FROM gehoor.event WHERE version = 1 AND case_id > $1 ORDER BY case_id LIMIT $2
"""

_FORGET = "DELETE FROM case_state WHERE case_id = ANY($1)"

_ORPHANS = """
DELETE FROM case_state s
WHERE NOT EXISTS (SELECT FROM gehoor.event e WHERE e.case_id = s.case_id AND e.version = 1)
"""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: cases read, and how many of them this version of the code cannot read."""

    cases: int = 0
    unreadable: int = 0


async def rebuild(platform: Platform) -> Rebuilt:
    """Make every row what its stream says; a case that cannot be read keeps its row, and is counted."""
    cases, unreadable, after = 0, 0, UUID(int=0)
    while page := [row["case_id"] for row in await platform.pool.fetch(_CASES, after, PAGE)]:
        async with transaction(platform.pool) as connection:
            unreadable += await _rebuild_page(platform, connection, page)
        cases, after = cases + len(page), page[-1]
    await platform.pool.execute(_ORPHANS)
    log.info("worklist.rebuilt", cases=cases, unreadable=unreadable)
    return Rebuilt(cases, unreadable)


async def _rebuild_page(platform: Platform, connection: asyncpg.Connection, page: list[UUID]) -> int:
    """Forget the rows first: one that is wrong at the right version would otherwise stay."""
    await connection.execute(PATIENTLY)
    await lock_cases(connection, page)
    rows: list[Row] = []
    unreadable = 0
    for case_id, history in (await platform.store.histories(page, connection)).items():
        try:
            rows.append(project(history))
        except Exception as error:  # noqa: BLE001 - one unreadable stream must not stop the rebuilding of all
            log.warning("worklist.not_rebuilt", case=str(case_id), reason=reason_of(error))
            unreadable += 1
    await connection.execute(_FORGET, [row.case_id for row in rows])
    await write(connection, rows)
    return unreadable


async def _answer(platform: Platform) -> dict[str, Any]:
    return {"table": "workflow.case_state", **asdict(await rebuild(platform))}


if __name__ == "__main__":
    run_errand("workflow", _answer)
