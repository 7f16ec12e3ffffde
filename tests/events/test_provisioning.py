"""Provisioning beside a system that works: it reads, changes what is wrong, and never stands in the way.

A lock that waits behind a long reader makes every append wait behind itself. So what is right is only
looked at, and what is wrong is changed at once or not at all.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from events.errors import Misconfigured
from events.platform import Platform
from events.provision import table_locks
from events.provision.provision import provision
from events.testing import TestSystem

WITHIN_S = 60.0
CHANGED = {
    "it was removed": "DROP POLICY appending_deadlines ON gehoor.event",
    "it allows more": "ALTER POLICY appending_deadlines ON gehoor.event WITH CHECK (true)",
    "it holds for others": "ALTER POLICY appending_deadlines ON gehoor.event TO gehoor_workflow",
    "nobody asks for it": "ALTER TABLE gehoor.event DISABLE ROW LEVEL SECURITY",
}

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits five seconds to see that somebody would."""
    monkeypatch.setattr(table_locks, "_WAITS_AT_MOST", "100ms")


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake")


@pytest.fixture
async def administrator(system: TestSystem) -> AsyncIterator[asyncpg.Connection]:
    connection = await system.admin()
    yield connection
    await connection.close()


@asynccontextmanager
async def a_long_reader(system: TestSystem) -> AsyncIterator[int]:
    """Somebody who reads all events in one transaction, as a dump does, and takes their time; gives who."""
    connection = await asyncpg.connect(system.settings.database_for("auditor"))
    await connection.execute("SET idle_in_transaction_session_timeout = 0")
    async with connection.transaction(readonly=True):
        await connection.fetchval("SELECT count(*) FROM gehoor.event")
        yield connection.get_server_pid()
    await connection.close()


async def again(system: TestSystem, *, new_epoch: bool = False) -> list[str]:
    async with asyncio.timeout(WITHIN_S):
        return await provision(system.settings, system.database_url, system.keys_url, new_epoch=new_epoch)


async def policies(connection: asyncpg.Connection) -> list[tuple[object, ...]]:
    found = await connection.fetch(
        "SELECT policyname, permissive, roles, cmd, qual, with_check FROM pg_policies"
        " WHERE tablename = 'event' ORDER BY policyname"
    )
    is_on = await connection.fetchval(
        "SELECT relrowsecurity FROM pg_class WHERE oid = 'gehoor.event'::regclass"
    )
    return [*(tuple(row) for row in found), (is_on,)]


async def test_preparing_again_beside_a_long_reader_changes_nothing_and_waits_for_nobody(
    system: TestSystem, intake: Platform, administrator: asyncpg.Connection
) -> None:
    """Who provisions a running system once more, beside a dump, stops no complaint from being recorded."""
    made = "SELECT oid, xmin FROM pg_policy ORDER BY oid"
    before = await administrator.fetch(made)

    async with a_long_reader(system):
        assert [] == await again(system)
        await asyncio.wait_for(system.receive(intake), WITHIN_S)

    assert before == await administrator.fetch(made)


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
async def test_who_may_append_what_is_put_right_again(
    system: TestSystem, administrator: asyncpg.Connection, change: str
) -> None:
    """However somebody loosened what a service may add to the record, the next start corrects it."""
    right = await policies(administrator)
    await administrator.execute(change)
    changed = await policies(administrator)

    await again(system)

    assert right != changed
    assert right == await policies(administrator)


@pytest.mark.parametrize("change", [CHANGED["it was removed"], CHANGED["nobody asks for it"]])
async def test_a_change_that_a_reader_is_in_the_way_of_is_refused_with_who_it_is(
    system: TestSystem, intake: Platform, administrator: asyncpg.Connection, change: str
) -> None:
    """What has to be changed and is in use is told within seconds; once the reader is done it is changed."""
    right = await policies(administrator)
    await administrator.execute(change)

    async with a_long_reader(system) as process:
        with pytest.raises(Misconfigured) as refused:
            await again(system)
        await asyncio.wait_for(system.receive(intake), WITHIN_S)
    await again(system)

    assert f"in use by process {process} (gehoor_auditor, since " in str(refused.value)
    assert "pg_terminate_backend" in str(refused.value)
    assert right == await policies(administrator)


async def test_a_new_epoch_does_not_begin_while_somebody_reads(
    system: TestSystem, administrator: asyncpg.Connection
) -> None:
    """Beginning an epoch is for when nobody works; who still reads is named, and nothing has begun."""
    epoch = "SELECT epoch FROM gehoor.store_setting"
    before = await administrator.fetchval(epoch)

    async with a_long_reader(system) as process:
        with pytest.raises(Misconfigured, match=f"in use by process {process} "):
            await again(system, new_epoch=True)

    assert before == await administrator.fetchval(epoch)
