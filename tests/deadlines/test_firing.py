"""Time fires each promise once, never early and never one that was kept, on a real Postgres."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import asyncpg
import msgspec
import pytest

from deadline_stories import (
    CONFIRM,
    EASTER,
    EASTER_LENIENT,
    EASTER_STRICT,
    SECOND,
    letter,
    opened,
    received,
)
from deadlines import due_table
from deadlines import firing as firing_file
from deadlines.consumer import DeadlinesConsumer
from deadlines.firing import Firing
from deadlines.look import look
from deadlines.rebuild import rebuild
from events.catalogue import ClockRule, Event
from events.clock import FrozenClock
from events.consumer.loop import ConsumerLoop
from events.identity import PARTITIONS, new_case_id
from events.partitions.ownership import Ownership
from events.platform import Platform
from events.record.envelope import History, NewEvent
from events.store.database import connection_of
from events.testing import TestSystem
from events.transact import Apply, Command, CommandOutcome, transact, transact_many

pytestmark = pytest.mark.postgres

EVERY_LANE = frozenset(range(PARTITIONS))
BREACHES = [("DeadlineBreached", EASTER_STRICT), ("DeadlineBreached", EASTER_LENIENT)]


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake")


@pytest.fixture(scope="module")
async def workflow(system: TestSystem) -> Platform:
    return await system.platform("workflow")


@pytest.fixture(scope="module")
async def notifier(system: TestSystem) -> Platform:
    return await system.platform("notifier")


@pytest.fixture
async def deadlines(system: TestSystem) -> Platform:
    """The service's platform, owning every lane, with an empty table of next looks."""
    platform = owning_all(await system.platform("deadlines"))
    await platform.pool.execute("DELETE FROM due")
    return platform


def owning_all(platform: Platform) -> Platform:
    return replace(platform, ownership=Ownership(owned=EVERY_LANE))


class Cases:
    """Puts cases into the store as the services would, at moments that the test chooses."""

    def __init__(self, system: TestSystem, intake: Platform, workflow: Platform, deadlines: Platform) -> None:
        self.system, self.intake, self.workflow, self.deadlines = system, intake, workflow, deadlines

    async def opened(self, at: datetime = EASTER, *rules: ClockRule) -> UUID:
        """Receive a complaint and open its case; deadlines has not looked at it yet."""
        complaint = received(at)
        values = msgspec.structs.asdict(complaint)
        del values["reference"]
        case_id = await self.system.receive(self.intake, "preact", personal={}, happened_at=at, **values)
        await append(self.workflow, case_id, opened(complaint.received_on, *(rules or (CONFIRM,))), at)
        return case_id

    async def running(self, at: datetime = EASTER) -> UUID:
        """Open a case at which deadlines looked right away, so that its clock runs and a row waits."""
        case_id = await self.opened(at)

        async def apply(
            connection: asyncpg.Connection, done: Sequence[tuple[Command, CommandOutcome]]
        ) -> None:
            history = await self.deadlines.store.history(case_id, connection)
            await due_table.write(
                connection, [due_table.NextLook(case_id, look(history, at + SECOND).next_at)]
            )

        command = Command(
            case_id, new_case_id(), "service:deadlines", lambda history, _: look(history, at + SECOND).events
        )
        await transact(self.deadlines, command, apply)
        return case_id


@pytest.fixture
def cases(system: TestSystem, intake: Platform, workflow: Platform, deadlines: Platform) -> Cases:
    return Cases(system, intake, workflow, deadlines)


async def append(platform: Platform, case_id: UUID, event: Event, happened_at: datetime) -> None:
    command = Command(case_id, new_case_id(), "service:test", lambda *_: [NewEvent(event, happened_at)])
    await transact(platform, command)


async def told(platform: Platform, case_id: UUID) -> list[tuple[str, datetime]]:
    """List what was told about a case after its clock was set."""
    history: History = await platform.store.history(case_id)
    types = [(event.type, event.happened_at) for event in history.events]
    return types[[name for name, _ in types].index("DeadlineSet") + 1 :]


async def rows(platform: Platform) -> dict[UUID, tuple[datetime, bool]]:
    found = await platform.pool.fetch("SELECT case_id, fire_at, blocked IS NOT NULL AS blocked FROM due")
    return {row["case_id"]: (row["fire_at"], row["blocked"]) for row in found}


async def test_what_is_due_is_breached_once_and_leaves_the_table(cases: Cases, deadlines: Platform) -> None:
    """A promise whose time has passed is told as broken, at the moment it broke."""
    case_id = await cases.running()

    fired = await Firing(deadlines).run_once()
    again = await Firing(deadlines).run_once()

    assert (1, 0) == (fired, again)
    assert BREACHES == await told(deadlines, case_id)
    assert {} == await rows(deadlines)


async def test_two_loops_at_once_give_one_breach(
    system: TestSystem, cases: Cases, deadlines: Platform
) -> None:
    """While two processes believe that a case is theirs, it is still told once."""
    case_ids = [await cases.running() for _ in range(12)]
    other = owning_all(await system.platform("deadlines"))

    await asyncio.gather(*(Firing(platform).run_once() for platform in (deadlines, other, deadlines, other)))

    assert [BREACHES] * 12 == [await told(deadlines, case_id) for case_id in case_ids]
    assert {} == await rows(deadlines)


async def test_a_firing_that_is_rolled_back_keeps_its_row(
    cases: Cases, deadlines: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the power fails in the middle, neither half of the work stands, and it is done afterwards."""
    case_id = await cases.running()
    before = await rows(deadlines)
    write = due_table.write

    async def fail(connection: asyncpg.Connection, looks: Sequence[due_table.NextLook]) -> None:
        await write(connection, looks)
        raise ConnectionResetError("the connection was lost before the commit")

    monkeypatch.setattr(due_table, "write", fail)
    with pytest.raises(ConnectionResetError):
        await Firing(deadlines).run_once()
    monkeypatch.undo()

    assert [] == await told(deadlines, case_id)
    assert before == await rows(deadlines)
    assert 1 == await Firing(deadlines).run_once()
    assert BREACHES == await told(deadlines, case_id)


async def test_a_duty_that_was_met_just_before_is_not_breached(
    cases: Cases, notifier: Platform, deadlines: Platform
) -> None:
    """The letter was accepted in the last second, and the service has not heard of it yet: no breach."""
    case_id = await cases.running()
    await append(notifier, case_id, letter(), EASTER_STRICT - SECOND)

    fired = await Firing(deadlines).run_once()

    met = ("DeadlineMet", EASTER_STRICT - SECOND)
    assert 1 == fired
    assert [("LetterSent", EASTER_STRICT - SECOND), met] == await told(deadlines, case_id)
    assert {} == await rows(deadlines)


async def test_nothing_fires_before_its_time(cases: Cases, deadlines: Platform) -> None:
    """A case of today is left alone, and the loop sleeps no longer than a second."""
    today = deadlines.clock.now()
    case_id = await cases.running(today)
    before = await rows(deadlines)
    firing = Firing(deadlines)

    fired = await firing.run_once()

    assert 0 == fired
    assert 1.0 == firing.interval_s
    assert [] == await told(deadlines, case_id)
    assert before == await rows(deadlines)


async def test_a_row_that_is_too_early_is_put_right_and_fires_nothing(
    cases: Cases, deadlines: Platform
) -> None:
    """The table is only a hint: the stream of the case decides, and corrects it."""
    case_id = await cases.running(deadlines.clock.now())
    before = await rows(deadlines)
    await deadlines.pool.execute("UPDATE due SET fire_at = fire_at - interval '30 days'")

    await Firing(deadlines).run_once()

    assert [] == await told(deadlines, case_id)
    assert before == await rows(deadlines)


async def test_a_loop_sleeps_until_the_next_row(cases: Cases, deadlines: Platform) -> None:
    """A deadline in a moment is waited for exactly, not rounded up to the next look."""
    await cases.running(deadlines.clock.now())
    await deadlines.pool.execute("UPDATE due SET fire_at = clock_timestamp() + interval '0.5 s'")
    firing = Firing(deadlines)

    await firing.run_once()

    assert 0.01 <= firing.interval_s <= 0.5


async def test_only_the_lanes_it_owns_are_fired(cases: Cases, deadlines: Platform) -> None:
    """Replicas share the work: a case is left to the process whose lane it lies in."""
    case_id = await cases.running()
    lane = case_id.int % PARTITIONS
    elsewhere = replace(deadlines, ownership=Ownership(owned=EVERY_LANE - {lane}))
    here = replace(deadlines, ownership=Ownership(owned=frozenset({lane})))
    nowhere = replace(deadlines, ownership=Ownership())

    assert 0 == await Firing(elsewhere).run_once()
    assert 0 == await Firing(nowhere).run_once()
    assert 1 == await Firing(here).run_once()
    assert BREACHES == await told(deadlines, case_id)


async def test_firing_is_held_while_the_clocks_disagree(
    system: TestSystem, cases: Cases, deadlines: Platform
) -> None:
    """A process whose clock is wrong says so and tells nothing about anybody's promises."""
    case_id = await cases.running()
    wrong = FrozenClock(datetime(2030, 1, 1, tzinfo=UTC))
    astray = owning_all(await system.platform("deadlines", clock=wrong))

    fired = await Firing(astray).run_once()

    assert 0 == fired
    assert [] == await told(deadlines, case_id)
    assert case_id in await rows(deadlines)


class PlanCarriedOut(Event, frozen=True, kw_only=True):
    """An event of a later version, which this code does not know."""

    emitted_by: ClassVar[str] = "workflow"


async def test_a_case_that_cannot_be_read_is_set_aside_alone(
    cases: Cases, workflow: Platform, deadlines: Platform
) -> None:
    """What a newer version wrote may be the promised letter: that case waits, the others do not."""
    strange, plain = await cases.running(), await cases.running()
    await cases.system.append(strange, NewEvent(PlanCarriedOut(), EASTER), store=workflow.store)
    firing = Firing(deadlines)

    await firing.run_once()
    await firing.run_once()

    assert BREACHES == await told(deadlines, plain)
    assert [("PlanCarriedOut", EASTER)] == await told(deadlines, strange)
    ((waiting, (_, blocked)),) = (await rows(deadlines)).items()
    assert (strange, True) == (waiting, blocked)


async def test_a_case_that_the_database_refuses_is_set_aside_alone(
    cases: Cases, deadlines: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One case with a value that cannot be stored does not keep the others from being told."""
    bad, *good = [await cases.running() for _ in range(5)]

    async def refuse(
        platform: Platform, commands: Sequence[Command], apply: Apply | None
    ) -> list[CommandOutcome]:
        if bad in [command.case_id for command in commands]:
            raise asyncpg.DataError("a value that cannot be stored")
        return await transact_many(platform, commands, apply)

    monkeypatch.setattr(firing_file, "transact_many", refuse)

    await Firing(deadlines).run_once()

    assert [BREACHES] * 4 == [await told(deadlines, case_id) for case_id in good]
    assert [] == await told(deadlines, bad)
    ((waiting, (_, blocked)),) = (await rows(deadlines)).items()
    assert (bad, True) == (waiting, blocked)


async def test_a_new_start_tries_again_what_was_set_aside(cases: Cases, deadlines: Platform) -> None:
    """After the version that can read it is started, a case that waited fires by itself."""
    case_id = await cases.running()
    await deadlines.pool.execute("UPDATE due SET blocked = 'unreadable'")

    await Firing(deadlines).run_once()

    assert BREACHES == await told(deadlines, case_id)


async def test_events_lead_to_clocks_and_rows_through_the_consumer(
    cases: Cases, notifier: Platform, deadlines: Platform
) -> None:
    """Opening a case sets its clock and notes the next look; the letter meets it and ends the looking."""
    kept, open_still = await cases.opened(deadlines.clock.now()), await cases.opened(deadlines.clock.now())
    wake = asyncio.Event()
    consumer = ConsumerLoop(deadlines, DeadlinesConsumer(wake))
    await consumer.own(EVERY_LANE)

    await consumer.sweep()
    both = await rows(deadlines)
    await append(notifier, kept, letter(), deadlines.clock.now())
    await consumer.sweep()

    assert {kept, open_still} <= set(both)
    assert kept not in await rows(deadlines)
    assert open_still in await rows(deadlines)
    assert "DeadlineMet" == (await told(deadlines, kept))[-1][0]
    assert wake.is_set()


async def test_of_several_looks_at_one_case_the_last_counts(deadlines: Platform) -> None:
    """Three events of one case in one batch leave one row, or none when nothing is left to wait for."""
    moved, over = new_case_id(), new_case_id()
    looks = [
        due_table.NextLook(moved, EASTER_STRICT),
        due_table.NextLook(over, EASTER_STRICT),
        due_table.NextLook(moved, EASTER_LENIENT),
        due_table.NextLook(over, None),
    ]

    async with connection_of(deadlines.pool) as connection:
        await due_table.write(connection, looks)

    assert {moved: (EASTER_LENIENT, False)} == await rows(deadlines)


async def test_rebuilding_gives_the_same_table(cases: Cases, deadlines: Platform) -> None:
    """The table can be lost: the streams hold all that it said."""
    await deadlines.pool.execute("DELETE FROM due")
    await rebuild(deadlines)
    for at in (EASTER, deadlines.clock.now(), deadlines.clock.now() - timedelta(days=3)):
        await cases.running(at)
    before = await rows(deadlines)
    await deadlines.pool.execute("DELETE FROM due WHERE case_id = (SELECT case_id FROM due LIMIT 1)")
    await deadlines.pool.execute("UPDATE due SET fire_at = fire_at + interval '1 day'")
    await deadlines.pool.execute("INSERT INTO due (case_id, fire_at) VALUES ($1, now())", new_case_id())

    await rebuild(deadlines)

    assert before == await rows(deadlines)


async def test_many_cases_due_at_one_instant_each_break_once(
    cases: Cases, deadlines: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At midnight many promises end together: all are told, in batches, none twice."""
    target = msgspec.structs.replace(CONFIRM, clock="ING-2", kind="target")
    case_ids = [await cases.opened(EASTER, CONFIRM, target) for _ in range(30)]
    await due_now(deadlines, case_ids)
    monkeypatch.setattr(firing_file, "BATCH", PARTITIONS)
    firing = Firing(deadlines)

    while await firing.run_once():
        pass

    counted = [Counter(name for name, _ in await told(deadlines, case_id)) for case_id in case_ids]
    assert [Counter({"DeadlineSet": 1, "DeadlineBreached": 2, "TargetMissed": 2})] * 30 == counted
    assert {} == await rows(deadlines)


async def due_now(platform: Platform, case_ids: Sequence[UUID]) -> None:
    async with connection_of(platform.pool) as connection:
        await due_table.write(
            connection, [due_table.NextLook(case_id, EASTER_STRICT) for case_id in case_ids]
        )
