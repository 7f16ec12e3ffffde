"""Appending many cases in one statement: what firing, consumers and intake do.

The bare limit inserts the very same bytes with one `INSERT … SELECT FROM unnest` into the same table, without
any check. Ours once with everything (encrypting, hashing, chaining) and once for rows sealed already.
"""

from collections.abc import Sequence
from time import perf_counter

import asyncpg

from bench.append import PREPARED
from bench.figures import Figure, Target, of_repeats, ratio
from bench.payload import EventWriter
from bench.run import Run
from events.platform import Platform
from events.record.envelope import NewEvent
from events.store.streams import COLUMNS, StreamAppend, arguments

CELL = "grouped"
GROUPS, CASES, PER_CASE = 25, 100, 3
EVENTS = GROUPS * CASES * PER_CASE

BARE = f"""
INSERT INTO gehoor.event ({COLUMNS})
SELECT {COLUMNS} FROM unnest(
    $1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[],
    $7::timestamptz[], $8::text[], $9::uuid[], $10::text[], $11::uuid[], $12::text[], $13::bytea[],
    $14::bytea[], $15::bytea[], $16::bytea[], $17::bytea[])
AS row({COLUMNS})
"""


async def run(run: Run) -> Sequence[Figure]:
    """One connection; each group is one transaction of 300 events; the three take turns group by group."""
    system = await run.servers.system()
    platform = await system.platform("intake")
    writer = EventWriter()
    groups = [[writer.draw(PER_CASE, platform.clock.now()) for _ in range(CASES)] for _ in range(GROUPS)]
    results: dict[str, list[float]] = {"sealing": [], "sealed": [], "bare": []}
    connection = await asyncpg.connect(system.settings.database_for("intake"), server_settings=PREPARED)
    try:
        await _round(platform, connection, writer, groups[:2])  # warm
        for _ in range(run.repeats):
            for name, taken_s in (await _round(platform, connection, writer, groups)).items():
                results[name].append(EVENTS / taken_s)
            await run.servers.quiet(system.database_url)
    finally:
        await connection.close()
    admin = await system.admin()
    count = await admin.fetchval("SELECT count(*) FROM gehoor.event")
    await admin.close()
    expected = 3 * (run.repeats * EVENTS + 2 * CASES * PER_CASE)
    if count != expected:
        raise RuntimeError(f"{count} events stand, {expected} were appended")
    return [
        of_repeats(CELL, "ours, sealing included", results["sealing"], "events/s"),
        of_repeats(CELL, "ours, statement alone", results["sealed"], "events/s"),
        of_repeats(CELL, "bare INSERT … unnest", results["bare"], "events/s"),
        ratio(CELL, "ours ÷ bare, same bytes", results["sealed"], results["bare"], Target(0.5, 0.6)),
        ratio(CELL, "ours with sealing ÷ bare", results["sealing"], results["bare"]),
    ]


async def _round(
    platform: Platform,
    connection: asyncpg.Connection,
    writer: EventWriter,
    groups: list[list[list[NewEvent]]],
) -> dict[str, float]:
    """Return the seconds that each of the three took for all groups."""
    taken_s = dict.fromkeys(("sealing", "sealed", "bare"), 0.0)

    def sealed(group: list[list[NewEvent]]) -> list[StreamAppend]:
        now = platform.clock.now()
        return [StreamAppend(writer.seal(case, now), b"") for case in group]

    for group in groups:
        began_s = perf_counter()
        await _append(platform, connection, sealed(group))
        taken_s["sealing"] += perf_counter() - began_s

        entries = sealed(group)
        began_s = perf_counter()
        await _append(platform, connection, entries)
        taken_s["sealed"] += perf_counter() - began_s

        columns = arguments(sealed(group))[1:]
        began_s = perf_counter()
        await connection.execute(BARE, *columns)
        taken_s["bare"] += perf_counter() - began_s
    return taken_s


async def _append(platform: Platform, connection: asyncpg.Connection, entries: list[StreamAppend]) -> None:
    statuses = await platform.store.append(connection, entries)
    if set(statuses.values()) != {"ok"}:
        raise RuntimeError("an append without a rival was refused")
