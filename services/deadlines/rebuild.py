"""Computes the table of next looks again from the store, for when it is lost or doubted.

What is overdue fires afterwards as usual.
"""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from deadlines import due_table
from deadlines.look import next_look
from events.consumer.rebuild import ProjectionTable, Rebuilt, rebuild_table
from events.platform import Platform
from events.record.envelope import History
from service.job import run_job

_ORPHANS = """
DELETE FROM due WHERE NOT EXISTS (SELECT FROM gehoor.event e WHERE e.case_id = due.case_id AND e.version = 1)
"""


def _row_of(case_id: UUID, history: History) -> due_table.NextLook:
    return due_table.NextLook(case_id, next_look(history))


TABLE = ProjectionTable("deadlines.due", _row_of, due_table.write, due_table.block, _ORPHANS)


async def rebuild(platform: Platform) -> Rebuilt:
    """Make every row of `due` what the streams say; one that cannot be read is set aside, and counted."""
    return await rebuild_table(platform, TABLE)


async def _answer(platform: Platform) -> dict[str, Any]:
    return {"table": TABLE.name, **asdict(await rebuild(platform))}


if __name__ == "__main__":
    run_job("deadlines", _answer)
