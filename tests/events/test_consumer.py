"""What a consumer promises: every event's effects once and in order, whatever the bus does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from events.catalogue import DeadlineWarned, Moment, ReportClassified
from events.consumer.batch import Reaction
from events.consumer.loop import ConsumerLoop
from events.identity import PARTITIONS, new_case_id, partition_of
from events.partitions.partition import Message
from events.platform import Platform
from events.record.envelope import START, FeedPosition, History, NewEvent, Recorded
from events.store import feed
from events.testing import TestSystem
from events.transact import Command, transact

pytestmark = pytest.mark.postgres

ALL_PARTITIONS = frozenset(range(PARTITIONS))


@dataclass
class Recorder:
    """A consumer that writes down what it reacted to, in its own table, and may be told to fail."""

    name: str = "deadlines"
    reacts_to: frozenset[str] = frozenset({"ComplaintReceived", "ReportClassified"})
    poison: set[UUID] = field(default_factory=set)
    appends: bool = False
    reconciles: bool = False

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        if event.case_id in self.poison:
            raise ValueError("a value that must not be told: sanne.dewit@klant.example")
        events: tuple[NewEvent, ...] = ()
        if self.appends and event.type == "ComplaintReceived":
            warned = DeadlineWarned(clock="T", due=Moment(on=now.date(), at=now))
            events = (NewEvent(warned, now),)
        return Reaction(events, ((event.version, event.type),))

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        await connection.executemany(
            "INSERT INTO effect (case_id, version, type) VALUES ($1, $2, $3)",
            [(history.case_id, version, type_) for history, (version, type_) in effects],
        )


async def effects(platform: Platform) -> list[tuple[UUID, int]]:
    rows = await platform.pool.fetch("SELECT case_id, version FROM effect ORDER BY number")
    return [(row["case_id"], row["version"]) for row in rows]


@pytest.fixture
async def deadlines(system: TestSystem) -> Platform:
    """The deadlines service on a store where nothing was consumed yet."""
    connection = await system.admin()
    await connection.execute(
        """DROP TABLE IF EXISTS deadlines.effect;
           CREATE TABLE deadlines.effect (
               number bigserial, case_id uuid, version int, type text, UNIQUE (case_id, version));
           GRANT ALL ON deadlines.effect TO gehoor_deadlines;
           GRANT USAGE ON deadlines.effect_number_seq TO gehoor_deadlines;
           DELETE FROM deadlines.parked;
           UPDATE deadlines.partition_owner SET member_id = NULL"""
    )
    head = await feed.head(connection)
    await connection.execute("UPDATE deadlines.checkpoint SET epoch = $1, xid = $2, position = $3", *head)
    await connection.close()
    return await system.platform("deadlines")


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake")


@pytest.fixture(scope="module")
async def workflow(system: TestSystem) -> Platform:
    return await system.platform("workflow")


async def classify(workflow: Platform, case_id: UUID) -> None:
    event = ReportClassified(kind="complaint", by="rule", because="a rule")
    await transact(
        workflow,
        Command(case_id, new_case_id(), "person:test", lambda history, now: [NewEvent(event, now)]),
    )


async def messages(platform: Platform, after: FeedPosition) -> list[Message]:
    """Give what the relay would publish after a place, each with its predecessor in the partition."""
    tails = dict.fromkeys(range(PARTITIONS), after)
    made = []
    for ref in await feed.event_refs(platform.pool, after):
        made.append(Message(ref, tails[ref.partition]))
        tails[ref.partition] = ref.place
    return made


async def start(platform: Platform, recorder: Recorder) -> ConsumerLoop:
    loop = ConsumerLoop(platform, recorder)
    await loop.own(ALL_PARTITIONS)
    for partition in loop.partitions.values():
        partition.sweep = False
    return loop


async def test_messages_in_order_are_applied_and_let_go(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """What comes over the bus takes effect at once, and does not wait any more."""
    before = await feed.head(intake.pool)
    cases = [await system.receive(intake) for _ in range(5)]
    loop = await start(deadlines, Recorder())

    await loop.receive(await messages(intake, before))

    assert [(case_id, 1) for case_id in cases] == await effects(deadlines)
    assert [] == [message for partition in loop.partitions.values() for message in partition.waiting]


@pytest.mark.parametrize("disorder", ["reversed", "doubled", "every other one lost", "all lost"])
async def test_disorder_on_the_bus_changes_nothing(
    system: TestSystem, deadlines: Platform, intake: Platform, workflow: Platform, disorder: str
) -> None:
    """Messages may be lost, doubled or turned around: the effects are the same, once, and in order."""
    before = await feed.head(intake.pool)
    cases = [await system.receive(intake) for _ in range(6)]
    for case_id in cases:
        await classify(workflow, case_id)
    sent = await messages(intake, before)
    arrived = {
        "reversed": sent[::-1],
        "doubled": [message for message in sent for _ in range(2)],
        "every other one lost": sent[::2],
        "all lost": [],
    }[disorder]
    loop = await start(deadlines, Recorder())

    for message in arrived:
        await loop.receive([message])
    await loop.sweep()

    applied = await effects(deadlines)
    assert sorted([(case_id, version) for case_id in cases for version in (1, 2)]) == sorted(applied)
    for case_id in cases:
        assert [1, 2] == [version for case, version in applied if case == case_id]


async def test_without_a_bus_everything_happens_from_the_store(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """The store alone is enough."""
    cases = [await system.receive(intake) for _ in range(3)]
    loop = ConsumerLoop(deadlines, Recorder())
    await loop.own(ALL_PARTITIONS)

    applied = await loop.sweep()

    assert 3 == applied
    assert [(case_id, 1) for case_id in cases] == await effects(deadlines)
    assert 0 == await loop.sweep()


async def test_two_replicas_on_the_same_partitions_have_one_effect(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """Even when two replicas both believe a partition is theirs, one of them is fenced by the checkpoint."""
    loops = [await start(deadlines, Recorder(appends=True)) for _ in range(2)]
    cases = [await system.receive(intake) for _ in range(20)]

    await asyncio.gather(*(loop.sweep() for loop in loops))
    await asyncio.gather(*(loop.sweep() for loop in loops))

    assert sorted((case_id, 1) for case_id in cases) == sorted(await effects(deadlines))
    for case_id in cases:
        assert 2 == (await deadlines.store.history(case_id)).version


async def test_a_poison_event_blocks_only_its_own_case(
    system: TestSystem, deadlines: Platform, intake: Platform, workflow: Platform
) -> None:
    """One event nobody can handle holds up its own case; it waits with a reason that tells no secrets."""
    cases = [await system.receive(intake) for _ in range(3)]
    bad = cases[1]
    recorder = Recorder(poison={bad})
    loop = await start(deadlines, recorder)

    await loop.sweep()
    for case_id in cases:
        await classify(workflow, case_id)
    await loop.sweep()

    assert bad not in {case_id for case_id, _ in await effects(deadlines)}
    assert 4 == len(await effects(deadlines))
    (parked,) = await deadlines.pool.fetch("SELECT case_id, version, type, reason FROM parked")
    assert (bad, 1, "ComplaintReceived", "ValueError") == tuple(parked)


async def test_a_retried_case_catches_up_in_order(
    system: TestSystem, deadlines: Platform, intake: Platform, workflow: Platform
) -> None:
    """Once the cause is mended, everything that waited is done in order, and later events follow on."""
    case_id = await system.receive(intake)
    recorder = Recorder(poison={case_id})
    loop = await start(deadlines, recorder)
    await loop.sweep()
    await classify(workflow, case_id)
    await loop.sweep()

    recorder.poison.clear()
    await deadlines.pool.execute("UPDATE parked SET retry_at = clock_timestamp()")
    await loop.sweep()

    assert [(case_id, 1), (case_id, 2)] == await effects(deadlines)
    assert 0 == await deadlines.pool.fetchval("SELECT count(*) FROM parked")


async def test_an_unknown_event_type_is_parked(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """An event of a newer version of the software waits for that version, it is not thrown away."""
    case_id = await system.receive(intake)
    history = await intake.store.history(case_id)
    connection = await system.admin()
    await connection.execute(
        """INSERT INTO gehoor.event (case_id, version, organisation, type, schema_version, happened_at,
               recorded_at, actor, command_id, correlation, data, salt, fields_root, hash)
           SELECT case_id, 2, organisation, 'ComplaintFramed', 1, happened_at, recorded_at, actor,
               gen_random_uuid(), correlation, '{}', salt, fields_root, hash
           FROM gehoor.event WHERE case_id = $1""",
        history.case_id,
    )
    await connection.close()
    loop = await start(deadlines, Recorder())

    await loop.sweep()

    (parked,) = await deadlines.pool.fetch("SELECT case_id, version, type FROM parked")
    assert (case_id, 2, "ComplaintFramed") == tuple(parked)


async def test_an_effect_that_the_database_refuses_parks_only_its_case(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """A batch that fails is cut until the one at fault is found; the others are done."""
    cases = [await system.receive(intake) for _ in range(5)]
    await deadlines.pool.execute("INSERT INTO effect (case_id, version) VALUES ($1, 1)", cases[2])
    loop = await start(deadlines, Recorder())

    await loop.sweep()

    assert sorted((case_id, 1) for case_id in cases) == sorted(await effects(deadlines))
    (parked,) = await deadlines.pool.fetch("SELECT case_id, reason FROM parked")
    assert (cases[2], "UniqueViolationError") == tuple(parked)


class Hurried(Recorder):
    """A consumer that does not wait long for a lock."""

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        await connection.execute("SET LOCAL lock_timeout = '50ms'")
        await super().apply(connection, effects)


async def test_who_stands_still_with_a_lock_in_hand_parks_nobody(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """Waiting in vain for a lock is no event's fault: it is tried again when the lock is free."""
    case_id = await system.receive(intake)
    loop = await start(deadlines, Hurried())
    holder = await system.admin()

    async with holder.transaction():
        await holder.execute("LOCK TABLE deadlines.effect")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await loop.sweep()
    await holder.close()
    loop.bus_is_up = True
    assert loop.sweep_is_due()
    await loop.sweep()

    assert [(case_id, 1)] == await effects(deadlines)
    assert 0 == await deadlines.pool.fetchval("SELECT count(*) FROM parked")


async def test_a_sweep_brings_idle_partitions_along(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """A partition without events does not stay behind, so that nobody reads the same past again and again."""
    await system.receive(intake)
    loop = await start(deadlines, Recorder())

    await loop.sweep()

    head = await feed.head(intake.pool)
    assert {head} == {partition.checkpoint for partition in loop.partitions.values()}


async def test_partitions_are_shared_out_fairly_and_taken_over(
    system: TestSystem, deadlines: Platform
) -> None:
    """Two replicas share the work; when one leaves, the other takes it all."""
    other = await system.platform("deadlines")

    await deadlines.ownership.beat(deadlines.pool)
    await other.ownership.beat(other.pool)
    await deadlines.ownership.beat(deadlines.pool)
    shared = await other.ownership.beat(other.pool)
    await other.ownership.leave(other.pool)
    alone = await deadlines.ownership.beat(deadlines.pool)

    assert 8 == len(shared)
    assert ALL_PARTITIONS == alone


def test_the_partition_of_a_case_is_the_low_four_bits_of_its_identifier() -> None:
    """Python and SQL agree on the partition, for ever."""
    case_id = UUID("0196f000-0000-7000-8000-00000000abc7")

    assert 7 == partition_of(case_id)
    assert START < FeedPosition(1, 1, 1)
