"""Makes the worklist again from the store, for when it is lost, doubted or shows a new column."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import asyncpg

from events.consumer.rebuild import ProjectionTable, Rebuilt, rebuild_table
from events.platform import Platform
from events.record.envelope import History
from service.job import run_job
from workflow.worklist import WorklistRow, project, write

_FORGET = "DELETE FROM case_state WHERE case_id = ANY($1)"

_ORPHANS = """
DELETE FROM case_state s
WHERE NOT EXISTS (SELECT FROM gehoor.event e WHERE e.case_id = s.case_id AND e.version = 1)
"""


def _row_of(_case_id: UUID, history: History) -> WorklistRow:
    return project(history)


async def _write_anew(connection: asyncpg.Connection, rows: Sequence[WorklistRow]) -> None:
    """Delete the rows of these cases and write them again."""
    # `write` changes a row only for a newer version, so a wrong row at the right version would stay without
    # this.
    await connection.execute(_FORGET, [row.case_id for row in rows])
    await write(connection, rows)


async def _leave(_connection: asyncpg.Connection, _unreadable: Sequence[tuple[UUID, str]]) -> None:
    """A case that cannot be read keeps the row it has."""


TABLE = ProjectionTable("workflow.case_state", _row_of, _write_anew, _leave, _ORPHANS)


async def rebuild(platform: Platform) -> Rebuilt:
    """Write every row again from its stream; a case that cannot be read keeps its row, and is counted."""
    return await rebuild_table(platform, TABLE)


async def _answer(platform: Platform) -> dict[str, Any]:
    return {"table": TABLE.name, **asdict(await rebuild(platform))}


if __name__ == "__main__":
    run_job("workflow", _answer)
