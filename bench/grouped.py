"""Appending many cases in one statement: what firing, consumers and intake do.

The bare limit inserts the very same bytes with one `INSERT … SELECT FROM unnest` into the same table, without
any check. Ours once with everything (encrypting, hashing, chaining) and once for rows sealed already.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from time import perf_counter

import asyncpg

from bench.append import PREPARED
from bench.figures import Figure, Target, of_repeats, ratio
from bench.payload import Writer
from bench.run import Run
from events.envelope import NewEvent, Recorded
from events.store import COLUMNS, Entry, Store, arguments

CELL = "grouped"
GROUPS, CASES, PER_CASE = 25, 100, 3
EVENTS = GROUPS * CASES * PER_CASE

BARE = f"""
INSERT INTO gehoor.event ({COLUMNS})
SELECT {COLUMNS} FROM unnest(
    $1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[],
    $7::timestamptz[], $8::text[], $9::uuid[], $10::text[], $11::uuid[], $12::text[], $13::bytea[],
    $14::bytea[], $15::bytea[], $16::bytea[])
AS row({COLUMNS})
"""

Work = Callable[[asyncpg.Connection], Awaitable[None]]


async def run(run: Run) -> Sequence[Figure]:
    """One connection; each group is one transaction of 300 events of 100 cases."""
    system = await run.servers.system()
    platform = await system.platform("intake")
    store, clock, writer = platform.store, platform.clock, Writer()
    events = [[writer.draw(PER_CASE, clock.now()) for _ in range(CASES)] for _ in range(GROUPS)]
    url = system.settings.database_for("intake")
    results: dict[str, list[float]] = {"sealing": [], "sealed": [], "bare": []}
    for _ in range(run.repeats):
        results["sealing"].append(await _timed(url, _sealing(store, writer, events)))
        soon = clock.now() + timedelta(seconds=1)  # the store takes rows whose clock is at most 2 s off
        results["sealed"].append(await _timed(url, _ours(store, _sealed(writer, events, soon))))
        results["bare"].append(await _timed(url, _bare(_sealed(writer, events, soon))))
        await run.servers.quiet(system.database_url)
    admin = await system.admin()
    count = await admin.fetchval("SELECT count(*) FROM gehoor.event")
    await admin.close()
    if count != 3 * run.repeats * EVENTS:
        raise RuntimeError(f"{count} events stand, {3 * run.repeats * EVENTS} were appended")
    return [
        of_repeats(CELL, "ours, sealing included", results["sealing"], "events/s"),
        of_repeats(CELL, "ours, statement alone", results["sealed"], "events/s"),
        of_repeats(CELL, "bare INSERT … unnest", results["bare"], "events/s"),
        ratio(CELL, "ours ÷ bare, same bytes", results["sealed"], results["bare"], Target(0.5, 0.6)),
        ratio(CELL, "ours with sealing ÷ bare", results["sealing"], results["bare"]),
    ]


def _sealed(writer: Writer, groups: list[list[list[NewEvent]]], at: datetime) -> list[list[list[Recorded]]]:
    return [[writer.seal(case, at) for case in group] for group in groups]


def _sealing(store: Store, writer: Writer, groups: list[list[list[NewEvent]]]) -> Work:
    async def work(connection: asyncpg.Connection) -> None:
        for group in groups:
            rows = [writer.seal(case, store.clock.now()) for case in group]
            await _append(store, connection, rows)

    return work


def _ours(store: Store, groups: list[list[list[Recorded]]]) -> Work:
    async def work(connection: asyncpg.Connection) -> None:
        for group in groups:
            await _append(store, connection, group)

    return work


async def _append(store: Store, connection: asyncpg.Connection, cases: list[list[Recorded]]) -> None:
    statuses = await store.append(connection, [Entry(rows, b"") for rows in cases])
    if set(statuses.values()) != {"ok"}:
        raise RuntimeError("an append without a rival was refused")


def _bare(groups: list[list[list[Recorded]]]) -> Work:
    prepared = [arguments([Entry(rows, b"") for rows in group])[1:] for group in groups]

    async def work(connection: asyncpg.Connection) -> None:
        for columns in prepared:
            await connection.execute(BARE, *columns)

    return work


async def _timed(url: str, work: Work) -> float:
    connection = await asyncpg.connect(url, server_settings=PREPARED)
    try:
        began_s = perf_counter()
        await work(connection)
        return EVENTS / (perf_counter() - began_s)
    finally:
        await connection.close()
