"""Nobody rewrites what happened: each service role against each way to change the event table."""

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs

from events.platform import Platform
from events.provision.append_only import unguarded
from events.provision.provision import provision
from events.secrets import DATABASE_ROLES
from events.testing import TestSystem
from gehoor.doctor import Diagnosis, append_only

pytestmark = pytest.mark.postgres

PARTITIONS = ["event", "event_past", "event_2026", "event_2044", "event_default"]
FORBIDDEN = {
    "update": "UPDATE gehoor.{table} SET actor = 'somebody else'",
    "delete": "DELETE FROM gehoor.{table}",
    "truncate": "TRUNCATE gehoor.{table}",
    "drop": "DROP TABLE gehoor.{table}",
    "disable the trigger": "ALTER TABLE gehoor.{table} DISABLE TRIGGER event_is_never_changed",
}


@pytest.fixture(scope="module", autouse=True)
async def one_case(system: TestSystem) -> None:
    await system.receive(await system.platform("intake"))


@pytest.mark.parametrize("role", DATABASE_ROLES)
@pytest.mark.parametrize("table", PARTITIONS)
async def test_no_service_role_can_change_remove_or_empty(system: TestSystem, role: str, table: str) -> None:
    """Whoever breaks into a service can add to the record, and cannot rewrite it."""
    connection = await asyncpg.connect(system.settings.database_for(role))
    try:
        for statement in FORBIDDEN.values():
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement.format(table=table))
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["intake", "workflow", "deadlines", "notifier", "keeper"])
@pytest.mark.parametrize("column", ["epoch", "xid", "position"])
async def test_no_service_role_can_choose_its_place_in_the_feed(
    system: TestSystem, role: str, column: str
) -> None:
    """Where an event stands in the order is decided by the database alone."""
    connection = await asyncpg.connect(system.settings.database_for(role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                f"""INSERT INTO gehoor.event (case_id, version, organisation, type, schema_version,
                        happened_at,
                        recorded_at, actor, command_id, correlation, data, salt, fields_root, hash,
                        {column})
                    SELECT gen_random_uuid(), 1, 'x', 'X', 1, now(), now(), 'x', gen_random_uuid(),
                        gen_random_uuid(), '', sha256(''), sha256(''), sha256(''), '1'"""
            )
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["relay", "auditor"])
async def test_who_only_reads_cannot_append(system: TestSystem, role: str) -> None:
    """The relay and the auditor add nothing to the record."""
    connection = await asyncpg.connect(system.settings.database_for(role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO gehoor.event (case_id) VALUES (gen_random_uuid())")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("table", "attack"),
    [
        *((table, "truncate") for table in PARTITIONS),
        # A row trigger speaks where there is a row: the only case lies in the partition of this year.
        *((table, attack) for table in ("event", "event_2026") for attack in ("update", "delete")),
    ],
)
async def test_the_triggers_refuse_even_a_superuser_who_forgets_them(
    system: TestSystem, table: str, attack: str
) -> None:
    """An administrator's slip of the hand is refused too, also in a session that skips ordinary triggers."""
    connection = await system.admin()
    try:
        await connection.execute("SET session_replication_role = replica")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never rewritten"):
            await connection.execute(FORBIDDEN[attack].format(table=table))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("table", "attack"),
    [
        ("event", "DISABLE TRIGGER ALL"),
        ("event_2026", "DISABLE TRIGGER event_is_never_changed"),
        ("event_2026", "ENABLE TRIGGER event_is_never_emptied"),
        ("event_2026", "DROP event_is_never_emptied"),
        ("event", "DROP event_is_never_changed"),
    ],
)
async def test_triggers_that_were_switched_off_are_noticed_and_switched_on_at_the_next_start(
    system: TestSystem, monkeypatch: pytest.MonkeyPatch, table: str, attack: str
) -> None:
    """Who silences the guard of the record is found out: doctor tells, and a start puts it back and tells."""
    monkeypatch.setenv("GEHOOR_HOME", str(system.home))
    monkeypatch.setenv("GEHOOR_DATABASE_URL", system.database_url)
    action, _, trigger = attack.rpartition(" ")
    dropped = f"DROP TRIGGER {trigger} ON gehoor.{table}"
    connection = await system.admin()
    try:
        assert [] == await unguarded(connection)
        await connection.execute(dropped if action == "DROP" else f"ALTER TABLE gehoor.{table} {attack}")
        noticed = await asyncio.to_thread(_doctor_on_the_record)
        with capture_logs() as logged:
            corrected = await provision(system.settings, system.database_url, system.keys_url)

        assert "note" == noticed.verdict
        assert f"gehoor.{table} was " in noticed.found
        assert corrected
        assert all(line.endswith("on again") for line in corrected)
        assert len(corrected) == [line["event"] for line in logged].count("trigger.was_off")
        assert [] == await unguarded(connection)
        await connection.execute("SET session_replication_role = replica")
        for forbidden in ("update", "truncate"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never rewritten"):
                await connection.execute(FORBIDDEN[forbidden].format(table=table))
    finally:
        await connection.close()
    assert "fine" == (await asyncio.to_thread(_doctor_on_the_record)).verdict
    assert [] == await provision(system.settings, system.database_url, system.keys_url)


def _doctor_on_the_record() -> Diagnosis:
    (finding,) = append_only()
    return finding


async def test_services_see_only_their_own_tables(system: TestSystem) -> None:
    """One service cannot read or change what another keeps for itself."""
    connection = await asyncpg.connect(system.settings.database_for("notifier"))
    try:
        for table in ("workflow.checkpoint", "deadlines.parked", "workflow.case_state", "gehoor.idempotency"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SELECT * FROM {table}")
    finally:
        await connection.close()


async def test_the_clock_cannot_be_set_by_a_service(system: TestSystem) -> None:
    """No service can make time run differently."""
    for role in DATABASE_ROLES:
        connection = await asyncpg.connect(system.settings.database_for(role))
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(
                    "INSERT INTO gehoor.clock_anchor VALUES (true, now(), now(), now(), 2)"
                )
        finally:
            await connection.close()


@pytest.fixture(scope="module")
async def keeper(system: TestSystem) -> Platform:
    return await system.platform("keeper", keys=True)


async def test_only_the_keeper_destroys_keys(system: TestSystem, keeper: Platform) -> None:
    """A service that reads personal fields cannot make them unreadable; deadlines knows no keys at all."""
    for role in ("intake", "workflow", "notifier"):
        connection = await asyncpg.connect(system.settings.keys_for(role))
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("UPDATE gehoor.person_key SET wrapped = NULL")
        finally:
            await connection.close()
    assert not (system.settings.secrets / "keys-deadlines").exists()
