"""Filling a store with many real events: sealed and chained as in earnest, loaded by binary COPY.

Two processes seal and load, because the machine has two cores. What is loaded passes `gehoor verify`.
"""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing import active_children, get_context
from uuid import UUID

import asyncpg

from bench.payload import EventWriter
from events.record.envelope import Recorded
from events.store.streams import COLUMNS

PER_CASE = 8
BATCH_CASES = 1_000
_OPENED_AT = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)


async def fill(url: str, events: int, first_case: int = 0, workers: int = 2) -> None:
    """Load so many events in cases of eight, the first of number `first_case`, as the administrator."""
    cases = events // PER_CASE
    borders = [first_case + cases * i // workers for i in range(workers + 1)]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            await asyncio.gather(
                *(loop.run_in_executor(pool, _load, url, low, high) for low, high in pairwise(borders))
            )
        except asyncio.CancelledError:  # the pool would wait until all is loaded
            for worker in active_children():
                worker.terminate()
            raise


def case_number(number: int) -> UUID:
    """Return the identifier of a filled case: opened in 2026, one per 50 ms, spread over all partitions."""
    milliseconds = int(_OPENED_AT.timestamp() * 1000) + 50 * number
    tail = (number * 0x9E3779B97F4A7C15) & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (7 << 76) | ((number & 0xFFF) << 64) | (2 << 62) | tail)


def _load(url: str, low: int, high: int) -> None:
    asyncio.run(_copy(url, low, high))


async def _copy(url: str, low: int, high: int) -> None:
    columns = COLUMNS.split(", ")
    connection = await asyncpg.connect(url)
    writer = EventWriter()
    try:
        for start in range(low, high, BATCH_CASES):
            rows: list[Recorded] = []
            for number in range(start, min(start + BATCH_CASES, high)):
                at = _OPENED_AT + timedelta(milliseconds=50 * number)
                rows += writer.seal(writer.draw(PER_CASE, at), at, case_number(number))
            await connection.copy_records_to_table(
                "event",
                schema_name="gehoor",
                columns=columns,
                records=[[getattr(row, name) for name in columns] for row in rows],
            )
    finally:
        await connection.close()
