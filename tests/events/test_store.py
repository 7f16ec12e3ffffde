"""What the event store guarantees, on a real Postgres: order, one writer per version, no skipped event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from events.catalogue import ReportClassified
from events.errors import ClockDisagrees
from events.identity import new_case_id
from events.platform import Platform
from events.record.envelope import START, NewEvent
from events.store import feed
from events.store.database import transaction
from events.store.streams import StreamAppend
from events.testing import TestSystem
from events.transact import Command, rows_after, transact, transact_many


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake", keys=True)


@pytest.fixture(scope="module")
async def workflow(system: TestSystem) -> Platform:
    return await system.platform("workflow", keys=True)


def classified(because: str = "a rule") -> ReportClassified:
    return ReportClassified(kind="complaint", by="rule", because=because)


def classify(case_id: UUID, because: str = "a rule", command_id: UUID | None = None) -> Command:
    return Command(
        case_id,
        command_id or new_case_id(),
        "person:test",
        lambda history, now: [NewEvent(classified(because), now)],
    )


async def test_a_stored_event_comes_back_as_it_was_sent(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """What is written down about a complaint is read back exactly, also what concerns the person."""
    case_id = await system.receive(intake, "supportoplus")

    history = await workflow.store.history(case_id)
    assert workflow.keys is not None
    await workflow.keys.load([case_id])

    assert [(1, "ComplaintReceived")] == [(event.version, event.type) for event in history.events]
    assert "Sanne de Wit" == workflow.keys.open(history.events[0])["complainant"]["name"]
    assert history.events[0].place > START


async def test_a_command_is_carried_out_once(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """Whoever sends the same command twice causes it once."""
    case_id = await system.receive(intake)
    command = classify(case_id)

    first, second = await transact(workflow, command), await transact(workflow, command)

    assert ("ok", "duplicate") == (first.status, second.status)
    assert first.events[0].hash == second.events[0].hash
    assert 2 == (await workflow.store.history(case_id)).version


async def test_of_two_writers_of_one_version_one_wins(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """Two people who decide at the same moment never both get the same place in the history."""
    case_id = await system.receive(intake)
    history = await workflow.store.history(case_id)
    now = workflow.clock.now()

    async def write(because: str) -> str:
        rows = rows_after(
            workflow, history, [NewEvent(classified(because), now)], classify(case_id).cause(), now
        )
        async with transaction(workflow.pool) as connection:
            return (await workflow.store.append(connection, [StreamAppend(rows, history.last_hash)]))[case_id]

    statuses = await asyncio.gather(*(write(f"writer {i}") for i in range(4)))

    assert ["conflict", "conflict", "conflict", "ok"] == sorted(statuses)
    assert 2 == (await workflow.store.history(case_id)).version


async def test_a_loser_leaves_none_of_its_rows(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """When the first of several facts comes too late, the later ones are not written either."""
    case_id = await system.receive(intake)
    history = await workflow.store.history(case_id)
    await transact(workflow, classify(case_id))
    now = workflow.clock.now()
    late = rows_after(
        workflow,
        history,
        [NewEvent(classified(str(i)), now) for i in range(3)],
        classify(case_id).cause(),
        now,
    )

    async with transaction(workflow.pool) as connection:
        statuses = await workflow.store.append(connection, [StreamAppend(late, history.last_hash)])

    assert {case_id: "conflict"} == statuses
    assert 2 == (await workflow.store.history(case_id)).version


async def test_an_event_hashed_onto_another_past_is_refused(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """Nobody can append to a history other than the one that stands."""
    case_id = await system.receive(intake)
    history = await workflow.store.history(case_id)
    now = workflow.clock.now()
    rows = rows_after(workflow, history, [NewEvent(classified(), now)], classify(case_id).cause(), now)

    async with transaction(workflow.pool) as connection:
        statuses = await workflow.store.append(connection, [StreamAppend(rows, bytes(32))])

    assert {case_id: "conflict"} == statuses


async def test_a_gap_in_the_versions_is_refused(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """A history never jumps from its first event to its third."""
    case_id = await system.receive(intake)
    history = await workflow.store.history(case_id)
    now = workflow.clock.now()
    (row,) = rows_after(workflow, history, [NewEvent(classified(), now)], classify(case_id).cause(), now)

    async with transaction(workflow.pool) as connection:
        statuses = await workflow.store.append(
            connection, [StreamAppend([replace(row, version=3)], history.last_hash)]
        )

    assert {case_id: "conflict"} == statuses


@asynccontextmanager
async def clock_set_back(system: TestSystem, platform: Platform, by: timedelta) -> AsyncIterator[None]:
    """Let the database's clock stand `by` earlier for a while."""
    admin = await system.pool_of("admin")
    await admin.execute(
        "INSERT INTO gehoor.clock_anchor (start_at, simulated_at, real_at, speed)"
        " SELECT now - $1::interval, now - $1::interval, now, 1.0"
        " FROM (SELECT clock_timestamp() AS now) AS clock",
        by,
    )
    await platform.store.measure_clock()
    try:
        yield
    finally:
        await admin.execute("DELETE FROM gehoor.clock_anchor")
        await platform.store.measure_clock()


async def test_a_recorded_moment_far_from_the_database_clock_is_refused(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """A service with a wrong clock cannot write wrong moments into the history."""
    case_id = await system.receive(intake)
    history = await workflow.store.history(case_id)
    wrong = workflow.clock.now() + timedelta(seconds=3)
    rows = rows_after(workflow, history, [NewEvent(classified(), wrong)], classify(case_id).cause(), wrong)

    with pytest.raises(ClockDisagrees):
        async with transaction(workflow.pool) as connection:
            await workflow.store.append(connection, [StreamAppend(rows, history.last_hash)])


@pytest.mark.parametrize("events", [1, 2])
async def test_a_case_goes_on_when_the_database_clock_was_set_back(
    system: TestSystem, intake: Platform, workflow: Platform, events: int
) -> None:
    """The clock of a new server is an hour behind the last event: the case goes on at its moment."""
    case_id = await system.receive(intake)
    last = (await workflow.store.history(case_id)).last
    command = classify(case_id)
    twice = replace(command, decide=lambda history, now: [*command.decide(history, now)] * events)

    async with clock_set_back(system, workflow, timedelta(hours=1)):
        outcome = await transact(workflow, twice)

    assert last is not None
    assert ("ok", events) == (outcome.status, len(outcome.events))
    assert {last.recorded_at} == {event.recorded_at for event in outcome.events}


async def test_commands_that_fare_well_stand_beside_one_that_does_not(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """A case that does not exist does not stop the others of the same transaction."""
    real, imagined = await system.receive(intake), new_case_id()

    outcomes = await transact_many(workflow, [classify(imagined), classify(real)])

    assert ["refused", "ok"] == [outcome.status for outcome in outcomes]


async def test_a_reader_never_passes_a_transaction_that_is_still_open(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """An event that was numbered early and committed late is read all the same, and in its place."""
    slow, quick = await system.receive(intake), await system.receive(intake)
    start = (await feed.page(workflow.pool, START, 10_000))[-1].place
    written, finish = asyncio.Event(), asyncio.Event()

    async def hold(connection: object, _: object) -> None:
        written.set()
        await asyncio.wait_for(finish.wait(), 10)

    holding = asyncio.create_task(transact_many(workflow, [classify(slow)], hold))
    await asyncio.wait_for(written.wait(), 10)
    await transact(workflow, classify(quick))
    seen_while_open = await feed.page(workflow.pool, start)
    finish.set()
    await holding
    seen_after = await feed.page(workflow.pool, start)

    assert [] == seen_while_open
    assert [slow, quick] == [event.case_id for event in seen_after]


async def test_versions_never_invert_in_the_feed(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """A transaction that began before its predecessor's is refused rather than sorted before it."""
    case_id = await system.receive(intake)

    async with transaction(workflow.pool) as early:
        await early.fetchval("SELECT pg_current_xact_id()")
        await transact(workflow, classify(case_id))
        history = await workflow.store.history(case_id, early)
        now = workflow.clock.now()
        rows = rows_after(workflow, history, [NewEvent(classified(), now)], classify(case_id).cause(), now)
        statuses = await workflow.store.append(early, [StreamAppend(rows, history.last_hash)])

    assert {case_id: "conflict"} == statuses


async def test_feed_order_is_version_order_under_concurrent_writers(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """However many write at once, a reader in steps sees every event once and each case in order."""
    cases = [await system.receive(intake) for _ in range(6)]
    start = (await feed.page(workflow.pool, START, 10_000))[-1].place
    seen: list[tuple[UUID, int]] = []
    done = asyncio.Event()

    async def write(worker: int) -> None:
        for i in range(15):
            await transact(workflow, classify(cases[(worker + i) % len(cases)], f"{worker}/{i}"))

    async def read() -> None:
        place = start
        while True:
            finished = done.is_set()
            page = await feed.page(intake.pool, place, 7)
            seen.extend((event.case_id, event.version) for event in page)
            if page:
                place = page[-1].place
            elif finished:
                return

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(worker) for worker in range(4)))
    done.set()
    await asyncio.wait_for(reading, 30)

    assert 60 == len(seen) == len(set(seen))
    for case_id in cases:
        versions = [version for case, version in seen if case == case_id]
        assert list(range(2, 2 + len(versions))) == versions
