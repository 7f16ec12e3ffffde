"""The chain tells on whoever changes the past, and says honestly what it cannot tell."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from events.catalogue import ReportClassified
from events.identity import new_case_id
from events.platform import Platform
from events.record.chain_checker import LIMITS, ChainChecker, hash_of
from events.record.envelope import NewEvent
from events.store.verify import verify
from events.testing import TestSystem, history_of, received
from events.transact import Command, Decide, transact

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake")


@pytest.fixture(scope="module")
async def workflow(system: TestSystem) -> Platform:
    return await system.platform("workflow")


async def a_case_of(system: TestSystem, intake: Platform, workflow: Platform, events: int) -> UUID:
    case_id = await system.receive(intake)
    for i in range(events - 1):
        await transact(workflow, Command(case_id, new_case_id(), "person:a", saying(f"reason {i}")))
    return case_id


def saying(because: str) -> Decide:
    event = ReportClassified(kind="complaint", by="rule", because=because)
    return lambda history, now: [NewEvent(event, now)]


@pytest.fixture
async def superuser(system: TestSystem) -> AsyncIterator[asyncpg.Connection]:
    """Somebody with every right, who switches the triggers off; what they do is undone after the test."""
    connection = await system.admin()
    await connection.execute("CREATE TABLE public.kept AS SELECT * FROM gehoor.event")
    await connection.execute(
        "ALTER TABLE gehoor.event DISABLE TRIGGER event_is_never_changed;"
        "ALTER TABLE gehoor.event DISABLE TRIGGER event_is_never_emptied;"
        "ALTER TABLE gehoor.event_2026 DISABLE TRIGGER USER"
    )
    yield connection
    await connection.execute("DELETE FROM gehoor.event; INSERT INTO gehoor.event SELECT * FROM public.kept")
    await connection.execute("DROP TABLE public.kept")
    await connection.close()


COLUMNS = {
    "organisation": "'destiny'",
    "type": "'CaseClosed'",
    "schema_version": "2",
    "happened_at": "happened_at - interval '1 microsecond'",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "actor": "'person:b'",
    "command_id": "gen_random_uuid()",
    "causation": "'x'",
    "correlation": "gen_random_uuid()",
    "traceparent": "'00-1'",
    "data": "'{}'",
    "pii": "'x'",
    "salt": "substr(sha256('x'), 1, 16)",
    "fields_root": "sha256('x')",
    "hash": "sha256('x')",
}


async def test_untouched_chains_hold(system: TestSystem, intake: Platform, workflow: Platform) -> None:
    """Nothing is reported where nothing was changed."""
    await a_case_of(system, intake, workflow, 3)

    report = await verify(system.database_url)

    assert report.first_bad is None
    assert report.events >= 3
    assert "tail" in LIMITS


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("version", [1, 3])
async def test_a_changed_column_is_found(
    system: TestSystem,
    intake: Platform,
    workflow: Platform,
    superuser: asyncpg.Connection,
    column: str,
    version: int,
) -> None:
    """Whatever a service once wrote, changing it later shows, in the first event and in the last."""
    case_id = await a_case_of(system, intake, workflow, 3)

    await superuser.execute(
        f"UPDATE gehoor.event SET {column} = {COLUMNS[column]} WHERE case_id = $1 AND version = $2",
        case_id, version,
    )  # fmt: skip
    report = await verify(system.database_url)

    assert report.first_bad is not None
    assert (case_id, version) == (report.first_bad.case_id, report.first_bad.version)


UNREADABLE = {
    "a negative version of its form": "schema_version = -1",
    "a moment after all calendars": "happened_at = '294000-01-01'",
    "a moment before all calendars": "recorded_at = '4000-01-01 BC'",
    "a moment that never comes": "happened_at = 'infinity'",
    "fields that are no text": r"data = '\xff'",
}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_row_that_cannot_even_be_read_is_found_and_the_others_are_checked(
    system: TestSystem,
    intake: Platform,
    workflow: Platform,
    superuser: asyncpg.Connection,
    change: str,
) -> None:
    """Whatever somebody writes into a row, it is named, and it does not hide what they did elsewhere."""
    case_id = await a_case_of(system, intake, workflow, 3)
    later = await a_case_of(system, intake, workflow, 2)

    await superuser.execute(f"UPDATE gehoor.event SET {change} WHERE case_id = $1 AND version = 2", case_id)
    await superuser.execute("UPDATE gehoor.event SET actor = 'x' WHERE case_id = $1 AND version = 2", later)
    report = await verify(system.database_url)

    assert report.first_bad is not None
    assert (case_id, 2) == (report.first_bad.case_id, report.first_bad.version)
    assert 2 == report.bad


async def test_a_row_without_what_every_row_has_is_found(
    system: TestSystem, intake: Platform, workflow: Platform, superuser: asyncpg.Connection
) -> None:
    """Also an administrator who takes the table's own rules away does not end the search."""
    case_id = await a_case_of(system, intake, workflow, 3)

    await superuser.execute("ALTER TABLE gehoor.event ALTER COLUMN epoch DROP NOT NULL")
    await superuser.execute(
        "UPDATE gehoor.event SET epoch = NULL WHERE case_id = $1 AND version = 3", case_id
    )
    report = await verify(system.database_url)
    await superuser.execute("DELETE FROM gehoor.event WHERE epoch IS NULL")
    await superuser.execute("ALTER TABLE gehoor.event ALTER COLUMN epoch SET NOT NULL")

    assert report.first_bad is not None
    assert (case_id, 3) == (report.first_bad.case_id, report.first_bad.version)


def test_a_forged_personal_part_that_is_no_code_is_found() -> None:
    """Who forges the encrypted part and the hash over it is found by the roots, however it is forged."""
    event = history_of(NewEvent(received(), datetime(2026, 3, 30, 9, 15, tzinfo=UTC))).events[0]
    pii = b'[{"person":"complainant","key_id":"%s","nonce":"","ciphertext":"","root":"A"}]'
    forged = replace(event, pii=pii % str(event.case_id).encode())
    checker = ChainChecker()

    checker.check(replace(forged, hash=hash_of(forged, b"")))

    assert checker.report.first_bad is not None
    assert "fields_root" in checker.report.first_bad.problem


async def test_a_removed_event_is_found(
    system: TestSystem, intake: Platform, workflow: Platform, superuser: asyncpg.Connection
) -> None:
    """An event that is taken out of the middle leaves a hole."""
    case_id = await a_case_of(system, intake, workflow, 4)

    await superuser.execute("DELETE FROM gehoor.event WHERE case_id = $1 AND version = 2", case_id)
    report = await verify(system.database_url)

    assert report.first_bad is not None
    assert (case_id, 3) == (report.first_bad.case_id, report.first_bad.version)


async def test_a_removed_event_is_found_after_renumbering(
    system: TestSystem, intake: Platform, workflow: Platform, superuser: asyncpg.Connection
) -> None:
    """Closing the hole by renumbering the later events does not help."""
    case_id = await a_case_of(system, intake, workflow, 4)

    await superuser.execute("DELETE FROM gehoor.event WHERE case_id = $1 AND version = 2", case_id)
    for version in (3, 4):
        await superuser.execute(
            "UPDATE gehoor.event SET version = version - 1 WHERE case_id = $1 AND version = $2",
            case_id, version,
        )  # fmt: skip
    report = await verify(system.database_url)

    assert report.first_bad is not None
    assert (case_id, 2) == (report.first_bad.case_id, report.first_bad.version)


async def test_an_inserted_event_is_found(
    system: TestSystem, intake: Platform, workflow: Platform, superuser: asyncpg.Connection
) -> None:
    """An event that is slipped in between shows, because the next one was written onto another."""
    case_id = await a_case_of(system, intake, workflow, 3)

    await superuser.execute("UPDATE gehoor.event SET version = 4 WHERE case_id = $1 AND version = 3", case_id)
    await superuser.execute(
        """INSERT INTO gehoor.event
           SELECT case_id, 3, organisation, type, schema_version, happened_at, recorded_at, actor, command_id,
               causation, correlation, traceparent, data, pii, salt, fields_root, hash, epoch, xid, position
           FROM gehoor.event WHERE case_id = $1 AND version = 2""",
        case_id,
    )
    report = await verify(system.database_url)

    assert report.first_bad is not None
    assert (case_id, 3) == (report.first_bad.case_id, report.first_bad.version)


async def test_swapped_events_are_found(
    system: TestSystem, intake: Platform, workflow: Platform, superuser: asyncpg.Connection
) -> None:
    """Two events that change places show."""
    case_id = await a_case_of(system, intake, workflow, 4)

    for before, after in ((2, 102), (3, 2), (102, 3)):
        await superuser.execute(
            "UPDATE gehoor.event SET version = $3 WHERE case_id = $1 AND version = $2", case_id, before, after
        )
    report = await verify(system.database_url)

    assert report.first_bad is not None
    assert (case_id, 2) == (report.first_bad.case_id, report.first_bad.version)


async def test_a_removed_tail_is_not_found_by_chains_alone(
    system: TestSystem, intake: Platform, workflow: Platform, superuser: asyncpg.Connection
) -> None:
    """We say what chains cannot show: the last event of a case can vanish unseen until seals exist."""
    case_id = await a_case_of(system, intake, workflow, 3)

    await superuser.execute("DELETE FROM gehoor.event WHERE case_id = $1 AND version = 3", case_id)
    report = await verify(system.database_url)

    assert report.first_bad is None
    assert "a removed tail, a removed whole case, a forged epoch, xid or position" in LIMITS


async def test_verification_in_several_processes_agrees(
    system: TestSystem, intake: Platform, workflow: Platform, superuser: asyncpg.Connection
) -> None:
    """Many processes see the same as one, and each event once."""
    case_id = await a_case_of(system, intake, workflow, 3)
    await superuser.execute(
        """INSERT INTO gehoor.event
           SELECT gen_random_uuid(), 1, organisation, type, schema_version, happened_at, recorded_at, actor,
               command_id, causation, correlation, traceparent, data, pii, salt, fields_root, hash,
               epoch, xid, position
           FROM gehoor.event, generate_series(1, 2500) WHERE case_id = $1 AND version = 1""",
        case_id,
    )
    events = await superuser.fetchval("SELECT count(*) FROM gehoor.event")
    told: list[int] = []

    report = await verify(system.database_url, workers=2, progress=lambda done, total: told.append(done))

    assert events == report.events == told[-1]
    assert 2500 == report.bad
