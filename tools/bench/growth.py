"""Growth: does an event cost more when there are many? Measured on one table as it is filled.

At each size: one appended event (server round trip, with its fsync), an event of a grouped append, the whole
stream of a random old case, and a page of the feed in the middle. The picture shows each relative to the
smallest size. `make bench GROWTH=10m` goes to ten million events.
"""

import random
from collections.abc import Sequence
from statistics import median
from time import perf_counter

import asyncpg

from bench import filling
from bench.figures import Figure, Target, short
from bench.payload import SEED, EventWriter
from bench.picture import curve
from bench.run import RESULTS, Run
from events.platform import Platform
from events.record.envelope import FeedPosition
from events.store import feed
from events.store.streams import StreamAppend

CELL = "growth"
SIZES = (10_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
SINGLE, GROUPS, PER_GROUP, STREAMS, PAGES = 300, 12, 200, 300, 8
MIDDLE = "SELECT epoch, xid, position FROM gehoor.event WHERE case_id = $1 AND version = 1"


async def run(run: Run) -> Sequence[Figure]:
    """Fill to each size, measure there, draw."""
    system = await run.servers.system()
    platform = await system.platform("intake")
    largest = run.growth if run.full else 300_000
    measured: dict[int, dict[str, float]] = {}
    filled = 0
    for size in (size for size in SIZES if size <= largest):
        await filling.fill(system.database_url, size - filled, filled // filling.PER_CASE)
        filled = size
        await run.servers.quiet(system.database_url)
        measured[size] = await _measure(platform, size)
        run.say(f"{size:,} events: " + ", ".join(f"{k} {short(v)} µs" for k, v in measured[size].items()))
    curves = {
        name: [(size, costs[name]) for size, costs in measured.items()]
        for name in next(iter(measured.values()))
    }
    RESULTS.mkdir(exist_ok=True)
    curve(RESULTS / "growth.svg", "Cost by number of events in the store, relative to the smallest", curves)
    run.details[CELL] = measured
    base = measured[min(measured, key=lambda size: abs(size - 100_000))]
    figures = []
    for name, points in curves.items():
        at, cost = points[-1]
        target = Target(goal=1.2, at_least=False) if name == "grouped append" and at >= 10_000_000 else None
        figures.append(
            Figure(
                CELL,
                f"{name}: {at:,} events ÷ 100,000",
                cost / base[name],
                "×",
                target,
                note=f"{short(cost)} µs",
            )
        )
    return figures


async def _measure(platform: Platform, size: int) -> dict[str, float]:
    """Give microseconds per piece of work at this size; medians."""
    chance, writer, store = random.Random(SEED), EventWriter(), platform.store
    single, grouped, streams, pages = [], [], [], []
    async with platform.pool.acquire() as borrowed:
        connection: asyncpg.Connection = borrowed  # type: ignore[assignment]
        for _ in range(SINGLE):
            now = platform.clock.now()
            rows = writer.seal(writer.draw(1, now), now)
            began_s = perf_counter()
            await store.append(connection, [StreamAppend(rows, b"")])
            single.append(perf_counter() - began_s)
        for _ in range(GROUPS):
            now = platform.clock.now()
            entries = [StreamAppend(writer.seal(writer.draw(1, now), now), b"") for _ in range(PER_GROUP)]
            began_s = perf_counter()
            await store.append(connection, entries)
            grouped.append((perf_counter() - began_s) / PER_GROUP)
        cases = size // filling.PER_CASE
        for _ in range(STREAMS):
            case_id = filling.case_number(chance.randrange(cases))
            began_s = perf_counter()
            history = await store.history(case_id, connection)
            streams.append(perf_counter() - began_s)
            if history.version != filling.PER_CASE:
                raise RuntimeError(f"case {case_id} has {history.version} events")
        (found,) = await connection.fetch(MIDDLE, filling.case_number(cases // 2))
        place = FeedPosition(*found)
        for _ in range(PAGES):
            began_s = perf_counter()
            page = await feed.page(connection, place, 500)
            pages.append((perf_counter() - began_s) / len(page))
            place = page[-1].place
    return {
        "single append": median(single) * 1e6,
        "grouped append": median(grouped) * 1e6,
        "one case read": median(streams) * 1e6,
        "feed page": median(pages) * 1e6,
    }
