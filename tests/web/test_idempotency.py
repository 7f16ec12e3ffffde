"""A request that comes again: one table for every service, the same answer, and one refusal."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from events.provision.clusters import OWNER
from events.provision.migrate import Migrations, migrate
from events.provision.provision import IDEMPOTENCY_SQL, provision
from events.store.idempotency_rows import IdempotencyTable, delete_old_rows
from events.store.new_cases import REQUEST_KEYS as OF_INTAKE
from events.testing import TestSystem
from web.idempotency import KeyUsedForAnother, recall, recall_rows, remember
from web.idempotency_keys import RequestKey, UnusableKey, fingerprint_of, request_key
from workflow.command_handler import REQUEST_KEYS as OF_WORKFLOW

OF_A_NEW_SERVICE = IdempotencyTable("novel")
SECRET = b"a secret of thirty-two bytes ....."

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
CONSTRAINTS = "SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass"
INDEXES = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::regclass"
POLICIES = """
SELECT polname, polcmd, polpermissive, polroles::text,
       pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
FROM pg_policy WHERE polrelid = $1::regclass
"""
SECURITY = "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass"


def asked(key: str | None = "key-1", said: bytes = b"words") -> RequestKey:
    """Make the key of a request of one client."""
    return request_key("novel", SECRET, "novel/client", key, fingerprint_of(SECRET, said))


async def shape_of(connection: asyncpg.Connection, table: IdempotencyTable) -> dict[str, list[str]]:
    """Describe a table as Postgres does, without the names that differ between tables."""
    await connection.execute("SET search_path = ''")  # so that every name is written with its schema
    shape = {}
    for what in (COLUMNS, CONSTRAINTS, INDEXES, POLICIES, SECURITY):
        rows = [str(tuple(row)) for row in await connection.fetch(what, str(table))]
        shape[what] = sorted(row.replace(str(table), "TABLE").replace(table.name, "TABLE") for row in rows)
    return shape


@pytest.fixture
async def connection(system: TestSystem) -> AsyncIterator[asyncpg.Connection]:
    """An administrator's connection to a store with the schema of a new service."""
    connection = await system.admin()
    await migrate(connection, [Migrations(OF_A_NEW_SERVICE.schema, "idempotency", IDEMPOTENCY_SQL)], OWNER)
    yield connection
    await connection.close()


@pytest.mark.postgres
@pytest.mark.parametrize("table", [OF_INTAKE, OF_WORKFLOW], ids=str)
async def test_the_tables_that_stand_are_as_the_one_description_makes_them(
    connection: asyncpg.Connection, table: IdempotencyTable
) -> None:
    """Columns, types, keys and policies are the same for every service, whenever its table was made."""
    expected = await shape_of(connection, OF_A_NEW_SERVICE)

    found = await shape_of(connection, table)

    assert expected == found
    assert all(expected.values())


@pytest.mark.postgres
async def test_a_service_that_is_to_come_gets_its_table_by_provisioning(
    system: TestSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may store and read its keys, and can take back none that may still be repeated."""
    monkeypatch.setattr("events.provision.provision.REMEMBERS_REQUESTS", ("notifier",))
    table = IdempotencyTable("notifier")

    await provision(system.settings, system.database_url, system.keys_url)
    pool = await system.pool_of("notifier")
    async with pool.acquire() as service:
        await remember(service, table, asked(), uuid4(), b"the answer")
        await service.execute("UPDATE notifier.idempotency SET response = 'another'")
        await service.execute("DELETE FROM notifier.idempotency")

    assert b"the answer" == await recall(pool, table, asked())


@pytest.mark.postgres
async def test_the_same_request_gets_the_same_answer_and_another_is_refused(
    connection: asyncpg.Connection,
) -> None:
    """A key stands for one request: its words get the stored answer, other words a refusal."""
    case_id = uuid4()

    before = await recall(connection, OF_A_NEW_SERVICE, asked())
    await remember(connection, OF_A_NEW_SERVICE, asked(), case_id, b"the answer")
    after = await recall(connection, OF_A_NEW_SERVICE, asked())

    assert (None, b"the answer") == (before, after)
    with pytest.raises(KeyUsedForAnother) as refused:
        await recall(connection, OF_A_NEW_SERVICE, asked(said=b"other words"))
    assert (409, "idempotency-key-used") == (refused.value.status, refused.value.code)
    with pytest.raises(asyncpg.UniqueViolationError):
        await remember(connection, OF_A_NEW_SERVICE, asked(), uuid4(), b"another answer")


@pytest.mark.postgres
async def test_many_requests_are_looked_up_together(connection: asyncpg.Connection) -> None:
    """Each finds its own row; a key of other words is found too and is not theirs; no key finds nothing."""
    stored, new, keyless = asked("many-1"), asked("many-2"), asked(None)
    other = asked("many-1", b"other words")
    await remember(connection, OF_A_NEW_SERVICE, stored, uuid4(), b"one")

    found = await recall_rows(connection, OF_A_NEW_SERVICE, [stored, new, keyless, other])

    assert {stored, other} == set(found)
    assert (True, False) == (stored.is_for(found[stored].fingerprint), other.is_for(found[other].fingerprint))


@pytest.mark.postgres
async def test_without_a_key_nothing_is_remembered(connection: asyncpg.Connection) -> None:
    """A request without a key is a new one every time, with an identity of its own."""
    one, other = asked(None), asked(None)

    await remember(connection, OF_A_NEW_SERVICE, one, uuid4(), b"the answer")

    assert await recall(connection, OF_A_NEW_SERVICE, one) is None
    assert one.command_id != other.command_id


@pytest.mark.postgres
async def test_an_effect_that_is_taken_back_takes_its_answer_with_it(system: TestSystem) -> None:
    """The answer is stored in the transaction of the effect: it never stands alone."""
    pool = await system.pool_of("admin")

    async with pool.acquire() as inside:
        effect = inside.transaction()
        await effect.start()
        await remember(inside, OF_WORKFLOW, asked("taken-back"), uuid4(), b"the answer")
        await effect.rollback()

    assert await recall(pool, OF_WORKFLOW, asked("taken-back")) is None


@pytest.mark.postgres
async def test_only_so_many_old_keys_are_deleted_at_once(
    connection: asyncpg.Connection, system: TestSystem
) -> None:
    """What is older than ninety days goes in small portions, and what is younger stays."""
    pool = await system.pool_of("admin")
    for number in range(3):
        await remember(connection, OF_A_NEW_SERVICE, asked(f"old-{number}"), uuid4(), b"")
    await connection.execute(
        "UPDATE novel.idempotency SET recorded_at = recorded_at - interval '91 days' WHERE response = ''"
    )

    deleted = [await delete_old_rows(pool, OF_A_NEW_SERVICE, 2) for _ in range(3)]

    assert [2, 1, 0] == deleted


@pytest.mark.parametrize("key", ["", " ", "a b", "sleutel-é", "x" * 256, "a\n"])
def test_text_that_cannot_be_a_key_is_refused_by_name(key: str) -> None:
    """Keys are 1 to 255 visible ASCII characters."""
    with pytest.raises(UnusableKey) as refused:
        asked(key)

    assert (400, "idempotency-key") == (refused.value.status, refused.value.code)
    assert "Idempotency-Key" in refused.value.title


def test_a_command_is_named_by_its_key_and_its_words_and_the_name_never_changes() -> None:
    """The name stands in events for ever: made of service, scope, hidden key and fingerprint, as always."""
    key = asked("key-1")

    # Written out: computed here with the same functions, a change of them would pass, and every key that was
    # ever stored would look new.
    assert "5f017acb101adfe30b47ba81bcc35edb14cf84bcc790267f277fa52c98e67758" == key.key
    assert "7df9056e24fdd10a533b3b0ee07fc3f5e77d96f8c626dce79f2ecffb046921ff" == key.fingerprint.hex()
    assert UUID("67872776-8623-5fc8-a89e-96614a3f0ce6") == key.command_id
    assert key.command_id != asked("key-1", b"other words").command_id
