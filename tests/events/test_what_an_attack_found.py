"""Rules that a hostile reading of the core showed to be missing; each once was broken."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from events.catalogue import ABOUT, COMPLAINANT, DeadlineWarned, Moment, ReportClassified
from events.clock import SystemClock
from events.consumer.batch import Reaction
from events.consumer.loop import ConsumerLoop
from events.erasure import erase
from events.errors import KeyMissing, Misconfigured
from events.identity import PARTITIONS, new_case_id
from events.partitions import ownership as ownership_module
from events.partitions.ownership import DEAD_AFTER_S, Ownership
from events.partitions.partition import Message
from events.platform import Platform
from events.provision.provision import provision
from events.record.chain import data_root, field_leaf, field_salts, join_roots, merkle_root
from events.record.chain_checker import root_of
from events.record.encryption import CaseKeys, open_sealed, person_roots
from events.record.envelope import START, Cause, FeedPosition, History, NewEvent, Recorded
from events.record.sealing import next_rows
from events.store.database import transaction
from events.store.feed import EventRef, head, page
from events.store.streams import StreamAppend
from events.testing import A_COMPLAINANT, TestSystem
from events.transact import Command, transact

pytestmark = pytest.mark.postgres

ALL_PARTITIONS = frozenset(range(PARTITIONS))


@dataclass
class Watcher:
    """A consumer that counts, and that a test can make slow or faulty."""

    name: str = "deadlines"
    reacts_to: frozenset[str] = frozenset({"ComplaintReceived", "ReportClassified"})
    reconciles: bool = False
    asked: list[tuple[UUID, int]] = field(default_factory=list)
    done: list[UUID] = field(default_factory=list)
    faulty: set[UUID] = field(default_factory=set)
    error: type[Exception] = RuntimeError
    clock: Any = None
    warns: bool = False

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        self.asked.append((event.case_id, event.version))
        if self.clock is not None and event.case_id in self.faulty:
            self.clock.jump(timedelta(seconds=3))
        warned = DeadlineWarned(clock="T", due=Moment(on=now.date(), at=now))
        events = (NewEvent(warned, now),) if self.warns and event.type == "ComplaintReceived" else ()
        return Reaction(events, (event.case_id,))

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        if self.clock is None and any(case_id in self.faulty for _, case_id in effects):
            raise self.error("only this case")
        self.done.extend(case_id for _, case_id in effects)


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake", keys=True)


@pytest.fixture(scope="module")
async def workflow(system: TestSystem) -> Platform:
    return await system.platform("workflow", keys=True)


@pytest.fixture
async def deadlines(system: TestSystem) -> AsyncIterator[Platform]:
    """The deadlines service, which has seen everything there is so far."""
    connection = await system.admin()
    place = await head(connection)
    await connection.execute("UPDATE deadlines.checkpoint SET epoch = $1, xid = $2, position = $3", *place)
    await connection.execute("DELETE FROM deadlines.parked")
    yield await system.platform("deadlines")
    await connection.close()


async def loop_of(platform: Platform, watcher: Watcher) -> ConsumerLoop:
    loop = ConsumerLoop(platform, watcher)
    await loop.own(ALL_PARTITIONS)
    return loop


async def parked(platform: Platform) -> dict[UUID, str]:
    rows = await platform.pool.fetch("SELECT case_id, reason FROM parked")
    return {row["case_id"]: row["reason"] for row in rows}


# --- consumers -------------------------------------------------------------------------------------------


async def test_a_message_about_an_event_that_never_was_moves_nothing(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """A bus that remembers what the store lost cannot make a service pass over events that come later."""
    watcher = Watcher()
    loop = await loop_of(deadlines, watcher)
    await loop.sweep()
    case_id = new_case_id()
    partition = loop.partitions[case_id.int & 15]
    ghost = partition.checkpoint._replace(xid=partition.checkpoint.xid + 100_000)

    ref = EventRef(case_id, 1, "ComplaintReceived", ghost)
    before = partition.checkpoint
    await loop.receive([Message(ref, before)])
    assert before == partition.checkpoint
    real = await system.receive(intake)
    await loop.sweep()

    assert [real] == watcher.done
    assert {} == await parked(deadlines)


async def test_a_fault_in_one_case_s_effects_parks_that_case_alone(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """Whatever goes wrong when one case's table row is written, the other cases go on."""
    cases = [await system.receive(intake) for _ in range(7)]
    watcher = Watcher(faulty={cases[3]})
    loop = await loop_of(deadlines, watcher)

    await loop.sweep()

    assert {cases[3]: "RuntimeError"} == await parked(deadlines)
    assert set(cases) - {cases[3]} == set(watcher.done)


async def test_a_missing_right_parks_nothing(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """When an administrator forgot a grant, the service waits for it; no case is blamed."""
    cases = [await system.receive(intake) for _ in range(3)]
    watcher = Watcher(faulty=set(cases), error=asyncpg.InsufficientPrivilegeError)
    loop = await loop_of(deadlines, watcher)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await loop.sweep()
    watcher.faulty.clear()
    await loop.sweep()

    assert {} == await parked(deadlines)
    assert set(cases) == set(watcher.done)


async def test_a_slow_decision_stops_nobody(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """An event is stamped when it is written, so three seconds of thinking do not make its moment wrong."""

    class Jumping:
        """A clock that a test pushes ahead and that falls back to the truth when it is asked again."""

        speed = 1.0

        def __init__(self, true: SystemClock) -> None:
            self.true, self.ahead = true, timedelta(0)

        def jump(self, step: timedelta) -> None:
            self.ahead = -step

        def now(self) -> datetime:
            shown, self.ahead = self.true.now() + self.ahead, timedelta(0)
            return shown

    cases = [await system.receive(intake) for _ in range(4)]
    clock = Jumping(deadlines.clock)
    watcher = Watcher(faulty={cases[1]}, clock=clock, warns=True)
    slow = replace(deadlines, clock=clock)
    loop = await loop_of(slow, watcher)

    await loop.sweep()

    for case_id in cases:
        assert 2 == (await deadlines.store.history(case_id)).version


async def test_one_failing_retry_does_not_hold_up_the_others(
    system: TestSystem, deadlines: Platform, intake: Platform
) -> None:
    """Of several parked cases that are tried again, those that are mended come free."""
    cases = [await system.receive(intake) for _ in range(3)]
    watcher = Watcher(faulty=set(cases))
    loop = await loop_of(deadlines, watcher)
    await loop.sweep()
    assert set(cases) == set(await parked(deadlines))

    watcher.faulty = {cases[0]}
    await deadlines.pool.execute("UPDATE parked SET retry_at = clock_timestamp()")
    await loop.sweep()

    assert {cases[0]} == set(await parked(deadlines))
    assert {cases[1], cases[2]} == set(watcher.done)


async def test_a_long_case_is_folded_once_per_batch(
    system: TestSystem, deadlines: Platform, intake: Platform, workflow: Platform
) -> None:
    """Somebody who writes very much about one case does not slow down everybody else's."""
    case_id = await system.receive(intake)
    said = [NewEvent(classified(str(i)), workflow.clock.now()) for i in range(50)]
    await transact(workflow, Command(case_id, new_case_id(), "person:a", lambda history, now: said))
    watcher = Watcher(reconciles=True)
    loop = await loop_of(deadlines, watcher)

    await loop.sweep()

    assert [(case_id, 51)] == watcher.asked


async def test_the_same_message_waits_once(system: TestSystem, deadlines: Platform, intake: Platform) -> None:
    """A bus that repeats itself does not fill the memory of a service."""
    await system.receive(intake)
    second = await system.receive(intake)
    (event,) = (await intake.store.history(second)).events
    loop = await loop_of(deadlines, Watcher())
    partition = loop.partitions[second.int & 15]

    ref = EventRef(second, 1, event.type, event.place)
    for _ in range(100):
        partition.wait(Message(ref, START))

    assert 1 == len(partition.waiting)


# --- replicas --------------------------------------------------------------------------------------------


async def test_after_an_outage_nobody_buries_the_living(
    system: TestSystem, deadlines: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database was away for a minute, the first replica to be back takes nothing from others."""
    now_s = [1000.0]
    monkeypatch.setattr(ownership_module, "monotonic", lambda: now_s[0])
    here, there = Ownership(), Ownership()
    await here.beat(deadlines.pool)
    await there.beat(deadlines.pool)
    await here.beat(deadlines.pool)

    now_s[0] += 60
    await here.beat(deadlines.pool)
    still_there = await deadlines.pool.fetchval(
        "SELECT count(*) FROM member WHERE member_id = $1", there.member_id
    )
    for _ in range(int(DEAD_AFTER_S / 2) + 1):
        now_s[0] += 2
        await here.beat(deadlines.pool)

    assert 1 == still_there
    assert ALL_PARTITIONS == here.owned


async def test_a_replica_that_starts_again_takes_its_own_place(
    system: TestSystem, deadlines: Platform
) -> None:
    """A killed and restarted replica with a name works on at once; nobody waits for its silence."""
    before, after = Ownership("a-1"), Ownership("a-1")
    await deadlines.pool.execute("DELETE FROM member")
    await before.beat(deadlines.pool)

    owned = await after.beat(deadlines.pool)

    assert ALL_PARTITIONS == owned


# --- the record ------------------------------------------------------------------------------------------


def classified(because: str = "a rule") -> ReportClassified:
    return ReportClassified(kind="complaint", by="rule", because=because)


async def test_a_service_may_append_only_what_it_emits(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """Who breaks into one service cannot write in another's name."""
    case_id = await system.receive(intake)
    deadlines = await system.platform("deadlines")
    command = Command(case_id, new_case_id(), "service:x", lambda history, now: [NewEvent(classified(), now)])

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await transact(deadlines, command)


async def test_recorded_moments_never_run_back_in_a_case(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """Two services whose clocks differ by a second still write one order of what was known when."""
    case_id = await system.receive(intake)
    first = (await workflow.store.history(case_id)).events[-1]

    rows = next_rows(
        case_id=case_id,
        organisation=first.organisation,
        after=first,
        events=[NewEvent(classified(), first.happened_at)],
        cause=Cause("service:workflow", new_case_id(), case_id),
        recorded_at=first.recorded_at - timedelta(seconds=1),
        keys=None,
    )

    assert first.recorded_at == rows[0].recorded_at


async def test_a_field_of_an_extract_is_proven_without_the_others(
    system: TestSystem, intake: Platform
) -> None:
    """Who gets one field of an event and its salt can check it against the record, and guesses no other."""
    case_id = await system.receive(intake)
    (event,) = (await intake.store.history(case_id)).events
    fields = sorted(msgspec.json.decode(event.data, type=dict[str, msgspec.Raw]).items())
    salts = field_salts(event.salt, len(fields))
    leaves = [
        field_leaf(salt, f"data/{name}", value) for salt, (name, value) in zip(salts, fields, strict=True)
    ]
    shown = [name for name, _ in fields].index("channel")
    others = [leaf for i, leaf in enumerate(leaves) if i != shown]

    proven = field_leaf(salts[shown], "data/channel", b'"portal"')
    tree = merkle_root([*others[:shown], proven, *others[shown:]])

    assert data_root(event.salt, event.data) == tree
    assert event.fields_root == join_roots(tree, person_roots(event.pii))


async def test_after_erasing_one_person_the_rest_stays_provable(system: TestSystem, intake: Platform) -> None:
    """Forgetting the one does not take away the proof of what was said about the other."""
    about = {ABOUT: {"name": "Pieter Quak", "function": "planner"}}
    case_id = await system.receive(intake, personal={**A_COMPLAINANT, **about})
    keeper = await system.platform("keeper", keys=True)

    await erase(keeper, case_id, [ABOUT], "request", "person:privacy")
    event = (await keeper.store.history(case_id)).events[0]

    assert event.fields_root == root_of(event)
    assert {ABOUT, COMPLAINANT} == {person for person, _ in person_roots(event.pii)}


async def test_a_lost_key_is_told_from_a_destroyed_one(system: TestSystem, intake: Platform) -> None:
    """When the key store lost a key nobody was forgotten: somebody must restore it, and nothing is closed."""
    case_id = await system.receive(intake)
    (event,) = (await intake.store.history(case_id)).events

    with pytest.raises(KeyMissing):
        open_sealed(event, CaseKeys({}, frozenset()))


# --- another cluster -------------------------------------------------------------------------------------


async def test_a_store_restored_elsewhere_is_refused_until_its_next_epoch(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """After a restore into a new server, whose numbers start low, nothing is read wrong without a word."""
    case_id = await system.receive(intake)
    connection = await system.admin()
    try:
        async with connection.transaction():
            await connection.execute("ALTER TABLE gehoor.event_2026 DISABLE TRIGGER USER")
            await connection.execute(
                "UPDATE gehoor.event SET xid = (xid::text::numeric + 1000000)::text::xid8 WHERE case_id = $1",
                case_id,
            )
            await connection.execute(
                "ALTER TABLE gehoor.event_2026 ENABLE ALWAYS TRIGGER event_is_never_changed"
            )
            await connection.execute(
                "ALTER TABLE gehoor.event_2026 ENABLE ALWAYS TRIGGER event_is_never_emptied"
            )
        with pytest.raises(Misconfigured, match="--new-epoch"):
            await provision(system.settings, system.database_url, system.keys_url)

        await provision(system.settings, system.database_url, system.keys_url, new_epoch=True)
        await transact(
            workflow,
            Command(case_id, new_case_id(), "person:a", lambda history, now: [NewEvent(classified(), now)]),
        )
        later = await system.receive(intake)
        feed = [event.case_id for event in await page(workflow.pool, FeedPosition(1, 0, 0), 10_000)]
    finally:
        await connection.close()

    assert [case_id, later] == feed[-2:]
    assert case_id in feed[:-2]


async def test_an_event_too_large_for_the_bus_is_never_stored(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """What could not be published does not get in, so that it cannot hold up everything behind it."""
    case_id = await system.receive(intake)
    history = await workflow.store.history(case_id)
    rows = next_rows(
        case_id=case_id, organisation="supportoplus", after=history.last,
        events=[NewEvent(classified("x" * 600_000), workflow.clock.now())],
        cause=Cause("person:a", new_case_id(), case_id), recorded_at=workflow.clock.now(), keys=None,
    )  # fmt: skip

    with pytest.raises(asyncpg.CheckViolationError):
        async with transaction(workflow.pool) as connection:
            await workflow.store.append(connection, [StreamAppend(rows, history.last_hash)])
