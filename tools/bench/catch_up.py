"""Reading on: how quickly a reader that was away catches up, and whether it misses what commits late.

The bare limit is the same paged SELECT over the same index without decoding anything. The second part is not
about speed: a writer holds a transaction for two seconds while others commit, and readers follow.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic, perf_counter

import asyncpg

from bench import filling
from bench.figures import Figure, Target, of_repeats, ratio
from bench.payload import EventWriter
from bench.peers import eventsourcing
from bench.peers.environment import NotHere
from bench.run import Run
from events.platform import Platform
from events.record.envelope import START
from events.store import feed
from events.store.streams import COLUMNS, StreamAppend

CELL = "catch-up"
EVENTS = 48_000
PAGE = 1000
HOLD_S = 2.0
QUICK = 100

BARE = f"""
SELECT {COLUMNS}, epoch, xid, position FROM gehoor.event
WHERE (epoch, xid, position) > ($1::smallint, $2::xid8, $3::bigint)
ORDER BY epoch, xid, position LIMIT $4
"""
NAIVE = "SELECT position FROM gehoor.event WHERE position > $1 ORDER BY position LIMIT 1000"


async def run(run: Run) -> Sequence[Figure]:
    """Speed first, then the slow writer."""
    system = await run.servers.system()
    await filling.fill(system.database_url, EVENTS)
    await run.servers.quiet(system.database_url)
    connection = await asyncpg.connect(system.settings.database_for("workflow"))
    try:
        await _bare(connection)  # both read from memory afterwards
        ours, bare = [], []
        for _ in range(run.repeats):
            ours.append(await _ours(connection))
            bare.append(await _bare(connection))
    finally:
        await connection.close()
    return [
        of_repeats(CELL, "ours, every event decoded", ours, "events/s"),
        of_repeats(CELL, "bare paged SELECT", bare, "events/s"),
        ratio(CELL, "ours ÷ bare", ours, bare, Target(0.4, 0.5)),
        *await _behind_a_slow_writer(run, await system.platform("intake")),
    ]


async def _ours(connection: asyncpg.Connection) -> float:
    began_s, place, count = perf_counter(), START, 0
    while page := await feed.page(connection, place, PAGE):
        for event in page:
            _ = event.event
        count, place = count + len(page), page[-1].place
    return _checked(count) / (perf_counter() - began_s)


async def _bare(connection: asyncpg.Connection) -> float:
    began_s, place, count = perf_counter(), tuple(START), 0
    while page := await connection.fetch(BARE, *place, PAGE):
        last = page[-1]
        count, place = count + len(page), (last["epoch"], last["xid"], last["position"])
    return _checked(count) / (perf_counter() - began_s)


def _checked(count: int) -> int:
    if count != EVENTS:
        raise RuntimeError(f"{count} of {EVENTS} events were read")
    return count


async def _behind_a_slow_writer(run: Run, platform: Platform) -> list[Figure]:
    """Count what each way of reading has missed after the slow writer has committed."""
    start = await feed.head(platform.pool)
    naive_from: int = await platform.pool.fetchval("SELECT max(position) FROM gehoor.event")
    writer = EventWriter()

    async def append(connection: asyncpg.Connection) -> None:
        now = platform.clock.now()
        rows = writer.seal(writer.draw(1, now), now)
        await platform.store.append(connection, [StreamAppend(rows, b"")])

    async def write() -> None:
        slow = await asyncpg.connect(platform.settings.database_for("intake"))
        quick = await asyncpg.connect(platform.settings.database_for("intake"))
        try:
            async with slow.transaction():
                await append(slow)
                for _ in range(QUICK):
                    await append(quick)
                await asyncio.sleep(HOLD_S)
        finally:
            await slow.close()
            await quick.close()

    async def ours() -> int:
        seen, place = 0, start
        ends_s = monotonic() + HOLD_S + 3
        while monotonic() < ends_s and seen < QUICK + 1:
            page = await feed.page(platform.pool, place, PAGE)
            seen, place = seen + len(page), page[-1].place if page else place
            await asyncio.sleep(0.02)
        return QUICK + 1 - seen

    async def naive() -> int:
        seen, last = 0, naive_from
        ends_s = monotonic() + HOLD_S + 1
        while monotonic() < ends_s:
            rows = await platform.pool.fetch(NAIVE, last)
            seen, last = seen + len(rows), rows[-1]["position"] if rows else last
            await asyncio.sleep(0.02)
        return QUICK + 1 - seen

    _, lost, lost_naive = await asyncio.gather(write(), ours(), naive())
    figures = [
        Figure(
            CELL, f"lost behind a writer of {HOLD_S:g} s: ours", lost, "events", Target(0, 0, at_least=False)
        ),
        Figure(CELL, "the same: `position > last`, the usual way", lost_naive, "events"),
    ]
    try:
        url = await run.servers.empty_database("eventsourcing_gap")
        found = await eventsourcing.lost_behind_a_slow_writer(url, HOLD_S)
        figures.append(
            Figure(CELL, "the same: eventsourcing 9.5.6, database functions on", found["lost"], "events")
        )
    except NotHere as reason:
        run.say(f"eventsourcing left out: {reason}")
    return figures
