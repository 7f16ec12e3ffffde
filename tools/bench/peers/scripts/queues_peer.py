"""Runs in the peers' environment: what a fetch costs with and without a future. JSON in, JSON out."""

import asyncio
import json
import statistics
import sys
import time
from datetime import timedelta

FETCHES = 40


async def procrastinate(url: str, future: int) -> dict[str, float]:
    """One job per fetch, as its worker does."""
    import procrastinate as library
    from procrastinate import utils

    app = library.App(connector=library.PsycopgConnector(conninfo=url))
    async with app.open_async():
        await app.schema_manager.apply_schema_async()

        @app.task(name="breach")
        async def breach(case: int) -> None:
            return

        async def fetches() -> float:
            await breach.batch_defer_async(*({"case": i} for i in range(FETCHES)))
            worker = await app.job_manager.register_worker()
            taken = []
            for _ in range(FETCHES):
                began_s = time.perf_counter()
                job = await app.job_manager.fetch_job(queues=None, worker_id=worker)
                taken.append((time.perf_counter() - began_s) * 1000)
                if job is None:
                    raise RuntimeError("no job was there")
            return statistics.median(taken)

        empty = await fetches()
        later = utils.utcnow() + timedelta(days=365)
        for start in range(0, future, 5_000):
            await breach.configure(schedule_at=later).batch_defer_async(
                *({"case": i} for i in range(start, min(start + 5_000, future)))
            )
        await app.connector.execute_query_async("ANALYZE")
        return {"empty_ms": empty, "full_ms": await fetches()}


async def pgqueuer(url: str, future: int) -> dict[str, float]:
    """Batches of 500, its own driver for asyncpg."""
    import asyncpg
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()

    async def enqueue(number: int, after: timedelta) -> None:
        for start in range(0, number, 5_000):
            count = min(5_000, number - start)
            await queries.enqueue(["breach"] * count, [None] * count, [0] * count, [after] * count)

    async def fetches() -> float:
        await enqueue(500 * 8, timedelta(0))
        taken = []
        for _ in range(8):
            began_s = time.perf_counter()
            jobs = await dequeue(queries)
            taken.append((time.perf_counter() - began_s) * 1000)
            if not jobs:
                raise RuntimeError("no job was there")
        return statistics.median(taken)

    empty = await fetches()
    await enqueue(future, timedelta(days=365))
    await connection.execute("ANALYZE")
    return {"empty_ms": empty, "full_ms": await fetches()}


async def dequeue(queries: object) -> list[object]:
    """Take 500 jobs."""
    import uuid

    from pgqueuer.queries import EntrypointExecutionParameter

    return await queries.dequeue(  # type: ignore[attr-defined]
        batch_size=500,
        entrypoints={"breach": EntrypointExecutionParameter(0)},
        queue_manager_id=uuid.uuid4(),
        global_concurrency_limit=None,
        heartbeat_timeout=timedelta(seconds=30),
    )


if __name__ == "__main__":
    given = json.load(sys.stdin)
    name = given.pop("name")
    print(json.dumps(asyncio.run({"procrastinate": procrastinate, "pgqueuer": pgqueuer}[name](**given))))
