"""Clocks: many open, a tenth due at one instant, all breached; and what a claim costs beside a future.

Every breached case is a whole stream that is locked, read, folded and appended to, in the transactions of the
service. The cases of the future have their row in the queue and no stream, which the queue does not read. Two
replicas of the loop, as the machine has two cores.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import asyncpg
import structlog

from bench import due_cases
from bench.figures import Figure, Target
from bench.peers import queues
from bench.peers.environment import NotHere
from bench.run import Run
from deadlines import due_table
from deadlines.firing import Firing
from events.settings import Settings
from events.testing import TestSystem

CELL = "clocks"
REPLICAS = 2
CLAIMS = 200
FUTURE = 1_000_000
PEER_FUTURE = 100_000

_FUTURE = """
INSERT INTO deadlines.due (case_id, fire_at)
SELECT gen_random_uuid(), timestamptz '2030-01-01' + n * interval '1 second'
FROM generate_series(1, $1::integer) n
"""
_BREACHED = """
SELECT count(*), count(DISTINCT case_id) FROM gehoor.event WHERE type = 'DeadlineBreached'
"""


async def run(run: Run) -> Sequence[Figure]:
    """Claims first, on an empty and on a full queue; then the instant."""
    opened = run.size(100_000, FUTURE)
    tenth = opened // 10
    system = await run.servers.system()
    await due_cases.load(system.database_url, tenth)
    await run.servers.quiet(system.database_url)
    alone = await _claim_us(system)
    admin = await system.admin()
    await admin.execute(_FUTURE, FUTURE)
    await admin.close()
    await run.servers.quiet(system.database_url)
    beside = await _claim_us(system)
    taken_s = await _fire(system, tenth)
    per_100k = taken_s * 100_000 / tenth
    return [
        Figure(CELL, f"{opened:,} open, {tenth:,} due at one instant, all breached", taken_s, "s",
               note=f"{tenth / taken_s:,.0f} cases/s"),
        Figure(CELL, "100,000 due at one instant", per_100k, "s", Target(60, 15, at_least=False),
               note="" if run.full else "scaled"),
        Figure(CELL, "a claim of 500, nothing in the future", alone, "µs"),
        Figure(CELL, "a claim with 1,000,000 future rows ÷ with none", beside / alone, "×",
               Target(1.2, 1.2, at_least=False)),
        *await _peers(run),
    ]  # fmt: skip


async def _claim_us(system: TestSystem) -> float:
    """Time a claim of one batch, which takes nothing away."""
    pool = (await system.platform("deadlines")).pool
    taken = []
    async with pool.acquire() as borrowed:
        connection: asyncpg.Connection = borrowed  # type: ignore[assignment]
        for _ in range(CLAIMS):
            began_s = perf_counter()
            rows = await due_table.claim(connection, range(16), datetime.now(UTC), 500)
            taken.append((perf_counter() - began_s) * 1e6)
            if not rows:
                raise RuntimeError("nothing was due")
    return median(taken)


async def _fire(system: TestSystem, expected: int) -> float:
    loop = asyncio.get_running_loop()
    partitions = [range(i, 16, REPLICAS) for i in range(REPLICAS)]
    given: dict[str, Any] = {"home": str(system.home), "database_url": system.database_url}
    with ProcessPoolExecutor(REPLICAS, mp_context=get_context("spawn")) as pool:
        await asyncio.gather(
            *(loop.run_in_executor(pool, _fire_partitions, given, []) for _ in partitions)
        )  # warm
        began_s = perf_counter()
        await asyncio.gather(
            *(loop.run_in_executor(pool, _fire_partitions, given, list(own)) for own in partitions)
        )
        taken_s = perf_counter() - began_s
    admin = await system.admin()
    ((breaches, cases),) = await admin.fetch(_BREACHED)
    await admin.close()
    if (breaches, cases) != (expected, expected):
        raise RuntimeError(f"{breaches} breaches of {cases} cases, {expected} were due")
    return taken_s


def _fire_partitions(given: dict[str, Any], partitions: list[int]) -> int:
    import uvloop

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return uvloop.run(_fire_until_empty(given, partitions))


async def _fire_until_empty(given: dict[str, Any], partitions: list[int]) -> int:
    settings = Settings(home=Path(given["home"]), database_url=given["database_url"])
    system = TestSystem(settings.home, given["database_url"], "", settings)
    platform = await system.platform("deadlines")
    platform.ownership.owned = frozenset(partitions)
    firing, done = Firing(platform), 0
    while fired := await firing.run_once():
        done += fired
    await system.close()
    return done


async def _peers(run: Run) -> list[Figure]:
    figures = []
    for name in ("procrastinate", "pgqueuer"):
        try:
            found = await queues.claim_ms(name, await run.servers.empty_database(f"peer_{name}"), PEER_FUTURE)
        except NotHere as reason:
            run.say(f"{name} left out: {reason}")
            continue
        figures.append(
            Figure(CELL, f"{name}: a fetch with {PEER_FUTURE:,} future jobs ÷ with none",
                   found["full_ms"] / found["empty_ms"], "×", note=f"{found['full_ms']:.2f} ms")
        )  # fmt: skip
    return figures
