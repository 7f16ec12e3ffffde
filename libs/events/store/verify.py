"""Checking every chain of the store, in parallel, without trusting anything but the bytes.

`record/chain_checker.py` checks the rows of a case; this file reads all of them, in several processes.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.managers import ValueProxy
from uuid import UUID

import asyncpg

from events.record.chain_checker import ChainChecker, ChainReport
from events.store.streams import COLUMNS, recorded

_SLICES_PER_WORKER = 4
"""Slices are of about the same size only; with several per worker nobody waits long for the last one."""

_REPORT_EVERY = 2_000
"""Events between two reports of progress; a store with fewer is checked in this process."""

_MANY = 200_000
"""Events from which the planner's estimate is good enough, because counting them takes seconds."""

_ESTIMATE = """
SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint
FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE i.inhparent = 'gehoor.event'::regclass AND c.relkind = 'r'
"""
_COUNT = "SELECT count(*) FROM gehoor.event"
_BORDERS = """
SELECT percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY case_id::text)
FROM gehoor.event TABLESAMPLE SYSTEM ({share})
"""
_AS_PYTHON_KNOWS_IT = "CASE WHEN {0} >= '0001-01-01 00:00Z' AND {0} < '10000-01-01 00:00Z' THEN {0} END"
_READABLE = ", ".join(
    _AS_PYTHON_KNOWS_IT.format(column) if column.endswith("_at") else column for column in COLUMNS.split(", ")
)
"""Postgres knows moments that Python does not (year 10000, infinity). One forged row with such a moment would
end the reading of its whole slice. Read as null, it only fails its own check."""

_EVENTS = f"""
SELECT {_READABLE}, epoch, xid, position FROM gehoor.event
WHERE case_id >= $1 AND case_id <= $2 ORDER BY case_id, version
"""

_LOWEST, _HIGHEST = UUID(int=0), UUID(int=2**128 - 1)


async def verify(
    url: str,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> ChainReport:
    """Recompute all chains; `progress` is called now and then with how many of how many events are done.

    Raises what asyncpg raises when the store cannot be read; what is wrong in it is in the report.
    """
    workers = workers or os.cpu_count() or 1
    connection = await asyncpg.connect(url)
    try:
        total: int = await connection.fetchval(_ESTIMATE)
        if total < _MANY:
            total = await connection.fetchval(_COUNT)
        slices = await _slices(connection, workers, total)
    finally:
        await connection.close()
    if total < _REPORT_EVERY:
        return await _verify_slice(url, _LOWEST, _HIGHEST, lambda done: progress(done, total))
    return await _in_processes(url, slices, workers, total, progress)


async def _slices(connection: asyncpg.Connection, workers: int, total: int) -> list[tuple[UUID, UUID]]:
    """Cut the cases into slices of about the same size, so that no worker has most of the work."""
    number = workers * _SLICES_PER_WORKER
    share = "100" if total < _MANY else "1"
    found = await connection.fetchval(_BORDERS.format(share=share), [i / number for i in range(1, number)])
    borders = sorted({UUID(border) for border in found or [] if border is not None})
    starts = [_LOWEST, *(UUID(int=border.int + 1) for border in borders)]
    return list(zip(starts, [*borders, _HIGHEST], strict=True))


async def _in_processes(
    url: str,
    slices: list[tuple[UUID, UUID]],
    workers: int,
    total: int,
    progress: Callable[[int, int], None],
) -> ChainReport:
    # spawn and not fork: a forked child would inherit open connections and a running event loop, and hang.
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(workers, mp_context=context) as pool:
        counts = [manager.Value("L", 0) for _ in slices]
        loop = asyncio.get_running_loop()
        tasks = {
            loop.run_in_executor(pool, _in_process, url, low, high, count)
            for (low, high), count in zip(slices, counts, strict=True)
        }
        report, waiting = ChainReport(), set(tasks)
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=0.3)
            for task in done:
                report += task.result()
            progress(sum(count.value for count in counts), total)
        return report


def _in_process(url: str, low: UUID, high: UUID, count: ValueProxy[int]) -> ChainReport:
    def report(done: int) -> None:
        count.value = done

    return asyncio.run(_verify_slice(url, low, high, report))


async def _verify_slice(url: str, low: UUID, high: UUID, report: Callable[[int], None]) -> ChainReport:
    connection = await asyncpg.connect(url)
    checker = ChainChecker()
    try:
        # A cursor needs a transaction. It never gets a number, so it holds back no reader of the feed.
        async with connection.transaction(readonly=True):
            cursor = await connection.cursor(_EVENTS, low, high)
            while rows := await cursor.fetch(_REPORT_EVERY):
                for row in rows:
                    checker.check(recorded(row))
                report(checker.report.events)
    finally:
        await connection.close()
    report(checker.report.events)
    return checker.report
