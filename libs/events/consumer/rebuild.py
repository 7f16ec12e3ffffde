"""Makes a service's own table anew from the streams, beside the running service.

Every case is read, page by page; each page is locked, folded and written in one transaction, exactly as a
reaction would do it. Only rows of the service's table change, never a stream.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

import asyncpg
import structlog

from events.consumer.batch import reason_of
from events.platform import Platform
from events.record.envelope import History
from events.store.database import transaction
from events.store.streams import lock_cases

log = structlog.get_logger()

Row = TypeVar("Row")

PAGE = 50
"""Cases per transaction: a service that wants to write to one of them waits as long."""

_PATIENTLY = "SET LOCAL idle_in_transaction_session_timeout = '2min'"
"""Between two statements long histories are folded, which may take longer than the role's 10 s. Nothing is
written meanwhile, so no reader of the feed waits."""

_CASES = """
SELECT case_id FROM gehoor.event WHERE version = 1 AND case_id > $1 ORDER BY case_id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: cases read, and how many of them this version of the code cannot read."""

    cases: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class ProjectionTable(Generic[Row]):
    """A table with a row per case: how a row is made, how rows and unreadable cases (with why) are written.

    `orphans` deletes the rows of cases that are not there.
    """

    name: str
    row_of: Callable[[UUID, History], Row]
    write: Callable[[asyncpg.Connection, Sequence[Row]], Awaitable[None]]
    write_unreadable: Callable[[asyncpg.Connection, Sequence[tuple[UUID, str]]], Awaitable[None]]
    orphans: str


async def rebuild_table(platform: Platform, table: ProjectionTable[Row]) -> Rebuilt:
    """Make every row anew from its stream; a case that cannot be read is logged and counted.

    Raises asyncpg's errors when the store is away; run it again, it begins anew and does no harm.
    """
    cases, unreadable, after = 0, 0, UUID(int=0)
    while page := [row["case_id"] for row in await platform.pool.fetch(_CASES, after, PAGE)]:
        async with transaction(platform.pool) as connection:
            unreadable += await _rebuild_page(platform, connection, page, table)
        cases, after = cases + len(page), page[-1]
    await platform.pool.execute(table.orphans)
    log.info("table.rebuilt", table=table.name, cases=cases, unreadable=unreadable)
    return Rebuilt(cases, unreadable)


async def _rebuild_page(
    platform: Platform, connection: asyncpg.Connection, page: list[UUID], table: ProjectionTable[Row]
) -> int:
    await connection.execute(_PATIENTLY)
    # The running service waits for this lock, and then reads the row that is written here.
    await lock_cases(connection, page)
    rows: list[Row] = []
    unreadable: list[tuple[UUID, str]] = []
    for case_id, history in (await platform.store.histories(page, connection)).items():
        try:
            rows.append(table.row_of(case_id, history))
        except Exception as error:  # noqa: BLE001 - one unreadable stream must not stop the rebuilding of all
            log.warning("row.not_rebuilt", table=table.name, case=str(case_id), reason=reason_of(error))
            unreadable.append((case_id, reason_of(error)))
    await table.write(connection, rows)
    await table.write_unreadable(connection, unreadable)
    return len(unreadable)
