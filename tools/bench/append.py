"""Appending single events over 8 connections, each its own transaction and fsync.

Ours does all that an append costs: encrypting, hashing, chaining, the check of the predecessor. The bare
limit inserts the very same kind of rows, sealed beforehand, as values into the same table: same indexes,
constraints and triggers, no check. message-db's `write_message` writes events of the same size with the
expected version; eventsourcing inserts as its own threads do. All go on with streams of ten events, on the
same server, in turns: every round has each of them once, and begins with another one.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from time import perf_counter

import asyncpg

from bench.figures import Figure, Target, of_repeats, ratio
from bench.payload import EventWriter
from bench.peers import eventsourcing, message_db
from bench.peers.environment import NotHere
from bench.run import Run
from events.record.envelope import NewEvent, Recorded
from events.store.streams import COLUMNS, StreamAppend
from events.testing import TestSystem

CELL = "append"
CONNECTIONS = 8
EVENTS = 1_600
PER_STREAM = 10
BARE = (
    f"INSERT INTO gehoor.event ({COLUMNS}) VALUES "
    f"({', '.join(f'${i}' for i in range(1, len(COLUMNS.split(', ')) + 1))})"
)
PREPARED = {"plan_cache_mode": "force_generic_plan"}
"""As the services' connections have it; the bare INSERT gains a little from it too."""

STREAMS = EVENTS // PER_STREAM
Work = Callable[[asyncpg.Connection, range], Awaitable[None]]
"""Writes the streams with these numbers."""
Turn = Callable[[], Awaitable[float]]
"""One result of one of them, in events per second."""


async def run(run: Run) -> Sequence[Figure]:
    """Take all of them in turns and compare them pair by pair, each pair of one round."""
    system = await run.servers.system()
    store = (await system.platform("intake")).store
    clock = (await system.platform("workflow")).clock
    writer = EventWriter()
    events = [writer.draw(PER_STREAM, clock.now()) for _ in range(STREAMS)]

    async def ours(connection: asyncpg.Connection, numbers: range) -> None:
        for number in numbers:
            last: Recorded | None = None
            for event in events[number]:
                rows = writer.seal([event], clock.now(), after=last)
                previous = last.hash if last else b""
                status = await store.append(connection, [StreamAppend(rows, previous)])
                if status[rows[0].case_id] != "ok":
                    raise RuntimeError("an append without a rival was refused")
                last = rows[0]

    message_db_url, eventsourcing_url = await _message_db(run), await _eventsourcing(run)
    url = system.settings.database_for("intake")
    for url_of in (system.database_url, message_db_url, eventsourcing_url):
        if url_of:
            await run.servers.quiet(url_of)
    results: dict[str, list[float]] = {}
    for number in range(run.repeats):
        rows = _sealed(writer, events, clock.now())
        turns: dict[str, Turn] = {
            "ours": partial(_timed, url, ours, **PREPARED),
            "bare": partial(_timed, url, _bare(rows), **PREPARED),
        }
        if message_db_url:
            turns["message-db"] = partial(_timed, message_db_url, _message_db_work(rows))
        if eventsourcing_url:
            turns["eventsourcing"] = partial(_eventsourcing_turn, eventsourcing_url)
        for name in rotated(list(turns), number):
            results.setdefault(name, []).append(await turns[name]())
    await _check(system, 2 * run.repeats * EVENTS)
    run.details[CELL] = {"payload_bytes": sum(len(r.data) + len(r.pii or b"") for r in rows[0]) / PER_STREAM}

    figures = [
        of_repeats(CELL, "ours, sealing included", results["ours"], "events/s"),
        of_repeats(CELL, "bare INSERT of sealed values", results["bare"], "events/s"),
        ratio(CELL, "ours ÷ bare", results["ours"], results["bare"], Target(0.75, 0.9)),
    ]
    if message_db_url:
        figures += [
            of_repeats(CELL, "message-db write_message", results["message-db"], "events/s"),
            ratio(CELL, "ours ÷ message-db", results["ours"], results["message-db"], Target(goal=3)),
        ]
    if eventsourcing_url:
        figures += [
            of_repeats(CELL, "eventsourcing 9.5.6, 8 threads", results["eventsourcing"], "events/s"),
            ratio(CELL, "ours ÷ eventsourcing", results["ours"], results["eventsourcing"]),
        ]
    return figures


def rotated(names: Sequence[str], round_number: int) -> Sequence[str]:
    """Return the order of a round: in the next one another begins, so that nobody is always first or last."""
    first = round_number % len(names)
    return [*names[first:], *names[:first]]


def _sealed(writer: EventWriter, streams: list[list[NewEvent]], at: datetime) -> list[list[Recorded]]:
    return [writer.seal(stream, at) for stream in streams]


def _bare(streams: list[list[Recorded]]) -> Work:
    columns = COLUMNS.split(", ")
    values = [[[getattr(row, name) for name in columns] for row in rows] for rows in streams]

    async def work(connection: asyncpg.Connection, numbers: range) -> None:
        for number in numbers:
            for row in values[number]:
                await connection.execute(BARE, *row)

    return work


def _message_db_work(streams: list[list[Recorded]]) -> Work:
    """Write the same bytes: what is encrypted goes into the metadata as text."""
    messages = [
        [
            (str(uuid.uuid4()), r.type, r.data.decode(), json.dumps({"pii": (r.pii or b"").decode()}))
            for r in rows
        ]
        for rows in streams
    ]

    async def work(connection: asyncpg.Connection, numbers: range) -> None:
        for number in numbers:
            name = f"complaint-{uuid.uuid4()}"
            for version, (identifier, type_, data, metadata) in enumerate(messages[number]):
                await connection.fetchval(
                    message_db.WRITE, identifier, name, type_, data, metadata, version - 1
                )

    return work


async def _timed(url: str, work: Work, **settings: str) -> float:
    """Give events per second over all connections, each warmed up with one stream that is not counted."""
    connections = [await asyncpg.connect(url, server_settings=settings) for _ in range(CONNECTIONS)]
    numbers = [range(worker, STREAMS, CONNECTIONS) for worker in range(CONNECTIONS)]
    try:
        await asyncio.gather(*(work(c, own[:1]) for c, own in zip(connections, numbers, strict=True)))
        began_s = perf_counter()
        await asyncio.gather(*(work(c, own[1:]) for c, own in zip(connections, numbers, strict=True)))
        return (EVENTS - CONNECTIONS * PER_STREAM) / (perf_counter() - began_s)
    finally:
        for connection in connections:
            await connection.close()


async def _check(system: TestSystem, expected: int) -> None:
    """All events stand, in streams without a hole."""
    admin = await system.admin()
    try:
        ((count, holes),) = await admin.fetch(
            "SELECT count(*), count(*) FILTER (WHERE version > 1 AND NOT EXISTS (SELECT FROM gehoor.event p "
            "WHERE p.case_id = e.case_id AND p.version = e.version - 1)) FROM gehoor.event e"
        )
    finally:
        await admin.close()
    if (count, holes) != (expected, 0):
        raise RuntimeError(f"{count} of {expected} events stand, {holes} without the one before")


async def _message_db(run: Run) -> str | None:
    """Make its database; None when it cannot be installed."""
    try:
        scripts = message_db.install()
    except NotHere as reason:
        run.say(f"message-db left out: {reason}")
        return None
    url = await run.servers.empty_database("message_db")
    await message_db.make(url, scripts)
    return url


async def _eventsourcing(run: Run) -> str | None:
    """Make its database, and let it append once that is not counted; None when it cannot be installed."""
    url = await run.servers.empty_database("eventsourcing")
    try:
        await _eventsourcing_turn(url)
    except NotHere as reason:
        run.say(f"eventsourcing left out: {reason}")
        return None
    return url


async def _eventsourcing_turn(url: str) -> float:
    return await eventsourcing.append(url, CONNECTIONS, EVENTS // 10)
