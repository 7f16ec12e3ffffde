"""Forgetting a person: nothing readable is left anywhere, and the proof still holds."""

from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from events.catalogue import ERASED, LetterSent
from events.erasure import erase
from events.errors import CommandRefused
from events.identity import new_case_id
from events.platform import Platform
from events.record.encryption import open_sealed
from events.record.envelope import NewEvent
from events.store.keys import KeyStore, NewPerson
from events.store.verify import verify
from events.testing import A_COMPLAINANT, TestSystem
from events.transact import Command, transact
from servers import PostgresServer

pytestmark = pytest.mark.postgres

CANARIES = (
    "Sanne de Wit",
    "sanne.dewit@klant.example",
    "monteur is twee keer",
    "Pieter Quak",
    "planner Quak",
)
ABOUT = {"about": {"name": "Pieter Quak", "function": "planner Quak"}}


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake", keys=True)


@pytest.fixture(scope="module")
async def workflow(system: TestSystem) -> Platform:
    return await system.platform("workflow", keys=True)


@pytest.fixture(scope="module")
async def keeper(system: TestSystem) -> Platform:
    return await system.platform("keeper", keys=True)


async def fresh_keys(system: TestSystem) -> KeyStore:
    """A key store that remembers nothing, as a process that starts now would have."""
    keys = (await system.platform("notifier", keys=True)).keys
    assert keys is not None
    return keys


async def complaint(system: TestSystem, intake: Platform) -> UUID:
    return await system.receive(intake, personal={**A_COMPLAINANT, **ABOUT})


async def test_an_erased_person_reads_as_erased_and_the_chain_holds(
    system: TestSystem, intake: Platform, keeper: Platform
) -> None:
    """After erasing, every field of the person says so; the other person and the proof are untouched."""
    case_id = await complaint(system, intake)

    await erase(keeper, case_id, ["complainant"], "request", "person:privacy")
    history = await keeper.store.history(case_id)
    keys = await fresh_keys(system)
    await keys.load([case_id])
    opened = keys.open(history.events[0])

    assert {ERASED} == set(opened["complainant"].values())
    assert "Pieter Quak" == opened["about"]["name"]
    assert ["ErasureRequested", "SubjectErased"] == [event.type for event in history.events[1:]]
    assert (await verify(system.database_url)).first_bad is None


async def test_erasing_twice_changes_nothing_more(
    system: TestSystem, intake: Platform, keeper: Platform
) -> None:
    """The command may be repeated after a crash."""
    case_id = await complaint(system, intake)

    first = await erase(keeper, case_id, ["complainant"], "request", "person:privacy")
    second = await erase(keeper, case_id, ["complainant"], "request", "person:privacy")

    assert ("ok", "duplicate") == (first.status, second.status)
    assert 3 == (await keeper.store.history(case_id)).version


async def test_an_interrupted_erasure_goes_on_where_it_stopped(
    system: TestSystem, intake: Platform, keeper: Platform
) -> None:
    """Keys that died before the certificate was written are named in it all the same."""
    case_id = await complaint(system, intake)
    assert keeper.keys is not None
    destroyed = await keeper.keys.destroy(case_id, ["complainant"])

    outcome = await erase(keeper, case_id, ["complainant"], "request", "person:privacy")

    assert tuple(destroyed) == outcome.events[0].event.key_ids  # type: ignore[attr-defined]
    assert 1 == len(destroyed)


async def test_a_person_the_case_does_not_know_cannot_be_erased(
    system: TestSystem, intake: Platform, keeper: Platform
) -> None:
    """A wrong name is answered, and nothing is destroyed."""
    case_id = await system.receive(intake)

    with pytest.raises(CommandRefused, match="about"):
        await erase(keeper, case_id, ["about"], "request", "person:privacy")


async def test_nothing_personal_is_written_about_an_erased_person(
    system: TestSystem, intake: Platform, keeper: Platform
) -> None:
    """A letter that is recorded after the erasure is refused, and the case goes on without it."""
    case_id = await complaint(system, intake)
    await erase(keeper, case_id, ["complainant"], "request", "person:privacy")
    notifier = await system.platform("notifier", keys=True)
    sent = LetterSent(
        letter="acknowledgement", letter_id=new_case_id(), message_id="<x@example.org>", channel="email",
        language="nl", dated_on=date(2026, 4, 2), contents=(), attempts=1,
    )  # fmt: skip
    command = Command(
        case_id, new_case_id(), "service:notifier",
        lambda history, now: [NewEvent(sent, now, {"complainant": {"to": "sanne.dewit@klant.example"}})],
    )  # fmt: skip

    with pytest.raises(CommandRefused, match="person-erased"):
        await transact(notifier, command)


async def test_a_ciphertext_cannot_be_moved_to_another_event(
    system: TestSystem, intake: Platform, workflow: Platform
) -> None:
    """What was said in one event cannot be made to look as if it was said in another."""
    first, second = await complaint(system, intake), await complaint(system, intake)
    assert workflow.keys is not None
    await workflow.keys.load([first, second])
    stolen = (await workflow.store.history(first)).events[0]
    moved = stolen.__class__(
        **{**{k: v for k, v in stolen.__dict__.items() if k != "event"}, "case_id": second}
    )

    with pytest.raises(InvalidTag):
        open_sealed(moved, workflow.keys.of_case(first))


async def test_a_person_is_found_by_address_until_erased(
    system: TestSystem, intake: Platform, keeper: Platform
) -> None:
    """The same person in several cases is found by e-mail address, and no longer after erasing."""
    case_id = new_case_id()
    assert intake.keys is not None
    assert keeper.keys is not None
    person = NewPerson(case_id, "complainant", "Jan.Zoeker@Klant.Example ", "+31 85 000 12 34")
    await intake.keys.mint([person])
    by_email = keeper.keys.email_token("jan.zoeker@klant.example")
    by_phone = keeper.keys.phone_token("085-0001234")
    assert by_email is not None
    assert by_phone is not None

    assert [(case_id, "complainant")] == await keeper.keys.find(by_email) == await keeper.keys.find(by_phone)
    await keeper.keys.destroy(case_id, ["complainant"])
    assert [] == await keeper.keys.find(by_email)


async def test_an_erased_person_gets_no_new_key(
    system: TestSystem, intake: Platform, keeper: Platform
) -> None:
    """Who is forgotten in a case stays forgotten there: nothing can be written about them under a new key."""
    case_id = await complaint(system, intake)
    await erase(keeper, case_id, ["complainant"], "request", "person:privacy")
    assert intake.keys is not None

    with pytest.raises(asyncpg.UniqueViolationError):
        await intake.keys.mint([NewPerson(case_id, "complainant")])
    connection = await asyncpg.connect(system.settings.keys_for("keeper"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("UPDATE gehoor.person_key SET wrapped = 'x', destroyed_at = NULL")
    await connection.close()


async def test_no_plaintext_of_a_person_lies_in_any_file_of_either_postgres(
    system: TestSystem,
    intake: Platform,
    keeper: Platform,
    postgres_server: PostgresServer,
    keys_server: PostgresServer,
) -> None:
    """Tables, indexes, write-ahead logs and server logs of both clusters hold no word of what was said."""
    case_id = await complaint(system, intake)
    await erase(keeper, case_id, ["complainant", "about"], "request", "person:privacy")
    for url in (system.database_url, system.keys_url):
        connection = await asyncpg.connect(url)
        await connection.execute("CHECKPOINT")
        await connection.close()

    folders = [postgres_server.cluster.data_folder, keys_server.cluster.data_folder]
    found = [(canary, path) for folder in folders for canary, path in plaintext_in(folder)]

    assert [] == found


def plaintext_in(folder: Path) -> list[tuple[str, Path]]:
    """Find canaries in the bytes of every file of a folder, in UTF-8 and UTF-16."""
    needles = [(canary, canary.encode(code)) for canary in CANARIES for code in ("utf-8", "utf-16-le")]
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [(canary, path) for canary, needle in needles if needle in content]
    return found


def test_the_search_for_plaintext_finds_it_where_it_is(tmp_path: Path) -> None:
    """The test above can fail: a planted word is found."""
    (tmp_path / "base").write_bytes(b"\x00\x01Sanne de Wit\x00")

    assert [("Sanne de Wit", tmp_path / "base")] == plaintext_in(tmp_path)
