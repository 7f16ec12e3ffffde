"""One idempotent command that makes everything a running system needs, with an administrator's rights.

Secrets as files, roles with the least they need, schemas by migration, stream and durables on the bus.
Services later only log in and bind. Running it again corrects what drifted and changes nothing else: a table
that is as it should be is only read, because a lock that waits for a long reader makes every append wait too.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import nats
import structlog

from events import secrets
from events.catalogue import CATALOGUE
from events.errors import Misconfigured
from events.migrate import Migrations, migrate
from events.settings import Settings

log = structlog.get_logger()

OLDEST_POSTGRES = 150_000
_SQL = Path(__file__).parent / "sql"
_OWNER = "gehoor_owner"
_ROLE_OF = {"keys": "keeper"}
"""The role that emits for a part of the catalogue, where it has another name."""

_WAITS_AT_MOST = "5s"
"""For a lock on a table: while it waits, everybody who wants the table after it waits too."""

_IN_THE_WAY = """
SELECT pid, usename,
       coalesce(to_char(xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS"Z"'), 'a moment it does not tell') AS since
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid IN (
    SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.granted AND c.relnamespace::regnamespace::text = ANY($1))
ORDER BY xact_start, pid
LIMIT 3
"""

_POLICIES = """
SELECT policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies
WHERE schemaname = 'gehoor' AND tablename = 'event'
"""
_ONLY_AS_POLICIES_SAY = "SELECT relrowsecurity FROM pg_class WHERE oid = 'gehoor.event'::regclass"

_FROM_ANOTHER_CLUSTER = """
SELECT EXISTS (
    SELECT FROM gehoor.event e JOIN gehoor.store_setting s ON e.epoch = s.epoch
    WHERE e.xid >= pg_snapshot_xmax(pg_current_snapshot()))
"""

_UNGUARDED = """
SELECT tables.oid::regclass::text AS "table", names.name AS "trigger", t.oid IS NULL AS missing
FROM (SELECT to_regclass('gehoor.event')::oid AS oid
      UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('gehoor.event')) tables
CROSS JOIN (VALUES ('event_is_never_changed'), ('event_is_never_emptied')) names(name)
LEFT JOIN pg_trigger t ON t.tgrelid = tables.oid AND t.tgname = names.name
WHERE tables.oid IS NOT NULL AND t.tgenabled IS DISTINCT FROM 'A'
ORDER BY tables.oid, names.name
"""
"""The migration makes both triggers on the parent and on each partition, ENABLE ALWAYS."""

_TRIGGER = {
    "event_is_never_changed": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW",
    "event_is_never_emptied": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}

ROLE_SETTINGS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
    "default_transaction_isolation": "read committed",
    "jit": "off",
    "synchronous_commit": "on",
}
"""Per role, because every writing transaction holds back all readers of the feed."""


async def provision(
    settings: Settings, admin_database_url: str, admin_keys_url: str, *, new_epoch: bool = False
) -> list[str]:
    """Make or correct secrets, roles, schemas and access tokens; the bus is `provision_bus`'s business.

    Gives a line for each guard of the record that was off and is on again: somebody switched it off.

    `new_epoch` begins the next epoch, as needed once after a restore into another cluster. Raises
    `Misconfigured` for a server that is too old, an administrator who may not, a store that was moved and
    has not begun its next epoch, and a table that has to be changed and is in use.
    """
    secrets.ensure(settings.home, settings.reader_names)
    await _prepare_cluster(settings, admin_database_url, "database", secrets.DATABASE_ROLES)
    await _prepare_cluster(settings, admin_keys_url, "keys", secrets.KEYS_ROLES)
    await _migrate(admin_database_url, _store_migrations())
    await _migrate(admin_keys_url, [Migrations("gehoor", "keys", _SQL / "keys")])
    await _grant_service_schemas(admin_database_url)
    await _grant_appends(admin_database_url)
    corrected = await _guard_the_record(admin_database_url)
    await _check_epoch(admin_database_url, new_epoch)
    from events.access import write_tokens

    write_tokens(settings)
    return corrected


async def unguarded(connection: asyncpg.Connection) -> list[str]:
    """Name each append-only trigger that is not as it was made; any role that sees events may ask."""
    return [_named(row) for row in await connection.fetch(_UNGUARDED)]


async def provision_bus(settings: Settings) -> list[str]:
    """Make or correct the stream and its durables; the generation is the store's.

    The relay does the same by itself; this is for setting up servers ahead of it.
    """
    from events.relay import ensure_generation
    from events.topology import reconcile

    client = await nats.connect(settings.nats_for("provisioner"), inbox_prefix=b"_INBOX_provisioner")
    connection = await asyncpg.connect(settings.database_for("relay"))
    try:
        generation = await ensure_generation(client, connection)
        return await reconcile(
            client, generation, settings.nats_replicas, settings.reader_scopes, settings.nats_stream_mib
        )
    finally:
        await connection.close()
        await client.close()


def _store_migrations() -> list[Migrations]:
    sets = [Migrations("gehoor", "store", _SQL / "store")]
    for service in secrets.SERVICES:
        if service in secrets.CONSUMERS:
            sets.append(Migrations(service, "consumer", _SQL / "consumer"))
        found = find_spec(service)
        folder = (
            Path(found.submodule_search_locations[0]) / "sql"
            if found and found.submodule_search_locations
            else None
        )
        if folder is not None and folder.is_dir():
            sets.append(Migrations(service, service, folder))
    return sets


async def _prepare_cluster(settings: Settings, url: str, kind: str, roles: tuple[str, ...]) -> None:
    """Make the database and the roles; a role's password is always what its secret file says."""
    await _make_database(url)
    connection = await asyncpg.connect(url)
    try:
        if connection.get_server_version().major * 10_000 < OLDEST_POSTGRES:
            raise Misconfigured(
                f"Postgres {connection.get_server_version().major} is too old: 15 or newer is needed"
            )
        database = await connection.fetchval("SELECT current_database()")
        await _role(connection, _OWNER, "NOLOGIN")
        await connection.execute(f"GRANT {_OWNER} TO CURRENT_USER")
        for role in roles:
            password = (settings.secrets / f"{kind}-{role}").read_text().strip()
            await _role(connection, f"gehoor_{role}", f"LOGIN PASSWORD '{scram_verifier(password)}'")
            for name, value in ROLE_SETTINGS.items():
                await connection.execute(f"ALTER ROLE gehoor_{role} SET {name} = '{value}'")
        quoted = '"' + database.replace('"', '""') + '"'
        await connection.execute(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        names = ", ".join(f"gehoor_{role}" for role in roles)
        await connection.execute(f"GRANT CONNECT ON DATABASE {quoted} TO {names}")
        await connection.execute(f"GRANT CREATE ON DATABASE {quoted} TO {_OWNER}")
        await _let_the_relay_see_transactions(connection, roles)
    except asyncpg.InsufficientPrivilegeError as error:
        raise Misconfigured(f"the administrator of {_without_password(url)} may not: {error}") from error
    finally:
        await connection.close()


async def _let_the_relay_see_transactions(connection: asyncpg.Connection, roles: tuple[str, ...]) -> None:
    """Grant what the metric of the watermark's age needs; without it the metric stays empty."""
    if "relay" not in roles:
        return
    try:
        await connection.execute("GRANT pg_read_all_stats TO gehoor_relay")
    except asyncpg.InsufficientPrivilegeError:
        log.warning("watermark.unseen", reason="the administrator may not grant pg_read_all_stats")


async def _make_database(url: str) -> None:
    name = urlsplit(url).path.lstrip("/") or "postgres"
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        maintenance = await asyncpg.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")))
        try:
            quoted = '"' + name.replace('"', '""') + '"'
            await maintenance.execute(f"CREATE DATABASE {quoted} ENCODING 'UTF8' TEMPLATE template0")
        except asyncpg.DuplicateDatabaseError:
            log.debug("database.was_made_meanwhile")
        finally:
            await maintenance.close()
    else:
        await connection.close()


async def _role(connection: asyncpg.Connection, name: str, options: str) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    await connection.execute(f"{'ALTER' if exists else 'CREATE'} ROLE {name} {options}")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect to change something; a table that is in use is told with who uses it, as `Misconfigured`."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET lock_timeout = '{_WAITS_AT_MOST}'")
        yield connection
    except asyncpg.LockNotAvailableError as error:
        raise Misconfigured(await _what_is_in_the_way(connection)) from error
    finally:
        await connection.close()


async def _what_is_in_the_way(connection: asyncpg.Connection) -> str:
    found = await connection.fetch(_IN_THE_WAY, ["gehoor", *secrets.SERVICES])
    users = (
        ", ".join(f"process {row['pid']} ({row['usename']}, since {row['since']})" for row in found)
        or "somebody who has let go of it by now"
    )
    return (
        f"a table has to be changed and is in use by {users}; it was waited for {_WAITS_AT_MOST} and no "
        "longer, because every append waits too: run this again when that is done (a dump, `gehoor verify`), "
        "or end it with SELECT pg_terminate_backend(process)"
    )


async def _migrate(url: str, sets: list[Migrations]) -> None:
    async with _connected(url) as connection:
        # Each file has a limit of its own, and another provisioning may take as long as its files need.
        await connection.execute("RESET lock_timeout")
        await migrate(connection, sets, _OWNER)


async def _grant_service_schemas(url: str) -> None:
    """A service reads and writes its own tables, the auditor reads all, nobody else sees them."""
    async with _connected(url) as connection:  # granting locks no table: a reader is not in its way
        for schema in secrets.SERVICES:
            role = f"gehoor_{schema}"
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {_OWNER}")
            await connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}, gehoor_auditor")
            await connection.execute(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
            )
            await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO gehoor_auditor")
            await connection.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
            if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.migration"):
                await connection.execute(f"REVOKE ALL ON {schema}.migration FROM {role}")


async def _grant_appends(url: str) -> None:
    """Let each service append the events it emits and no others, as the catalogue says."""
    async with _connected(url) as connection, connection.transaction():
        found = {row["policyname"]: tuple(row)[1:] for row in await connection.fetch(_POLICIES)}
        wanted = _policies()
        wrong = [name for name, policy in wanted.items() if found.get(name) != policy]
        is_on = await connection.fetchval(_ONLY_AS_POLICIES_SAY)
        if is_on and not wrong:
            return
        await connection.execute(f"SET LOCAL ROLE {_OWNER}")
        if not is_on:
            await connection.execute("ALTER TABLE gehoor.event ENABLE ROW LEVEL SECURITY")
        for name in wrong:
            _, (role,), command, using, check = wanted[name]
            await connection.execute(f"DROP POLICY IF EXISTS {name} ON gehoor.event")
            await connection.execute(
                f"CREATE POLICY {name} ON gehoor.event FOR {command} TO {role} "
                + (f"USING ({using})" if using is not None else f"WITH CHECK ({check})")
            )


_Policy = tuple[str, list[str], str, str | None, str | None]
"""As `pg_policies` shows it: permissive, for whom, for what, which rows are seen, which may be added."""


def _policies() -> Mapping[str, _Policy]:
    """Give the policies of the event table by name, written as Postgres writes them when asked.

    Should a version write them in another way, they are only made again each time.
    """
    types: dict[str, list[str]] = {}
    for name, event in CATALOGUE.items():
        types.setdefault(_ROLE_OF.get(event.emitted_by, event.emitted_by), []).append(f"'{name}'::text")
    appending: dict[str, _Policy] = {
        f"appending_{role}": ("PERMISSIVE", [f"gehoor_{role}"], "INSERT", None, _one_of(sorted(names)))
        for role, names in types.items()
    }
    return {"reading": ("PERMISSIVE", ["public"], "SELECT", "true", None), **appending}


def _one_of(types: list[str]) -> str:
    return f"(type = {types[0]})" if len(types) == 1 else f"(type = ANY (ARRAY[{', '.join(types)}]))"


async def _guard_the_record(url: str) -> list[str]:
    """Switch the append-only triggers on again where an administrator switched them off or removed them."""
    async with _connected(url) as connection, connection.transaction():
        found = await connection.fetch(_UNGUARDED)
        if not found:
            return []
        await connection.execute(f"SET LOCAL ROLE {_OWNER}")
        # Of the parent first: what is made there is made on each partition too, and not yet ALWAYS.
        while rows := await connection.fetch(_UNGUARDED):
            await _switch_on(connection, rows[0])
    for row in found:
        log.warning("trigger.was_off", table=row["table"], trigger=row["trigger"], missing=row["missing"])
    return [f"{_named(row)}: on again" for row in found]


async def _switch_on(connection: asyncpg.Connection, row: asyncpg.Record) -> None:
    table, trigger = row["table"], row["trigger"]
    if row["missing"]:
        what = _TRIGGER[trigger].format(table=table)
        await connection.execute(f"CREATE TRIGGER {trigger} {what} EXECUTE FUNCTION gehoor.refuse_change()")
    await connection.execute(f"ALTER TABLE ONLY {table} ENABLE ALWAYS TRIGGER {trigger}")


def _named(row: asyncpg.Record) -> str:
    return f"{row['trigger']} on {row['table']} was {'removed' if row['missing'] else 'off'}"


async def _check_epoch(url: str, new_epoch: bool) -> None:
    """Refuse a store whose newest events come of transactions that this cluster has not had yet."""
    async with _connected(url) as connection:
        if new_epoch:
            log.warning("epoch.begun", epoch=await connection.fetchval("SELECT gehoor.begin_epoch()"))
        if await connection.fetchval(_FROM_ANOTHER_CLUSTER):
            raise Misconfigured(
                "this event store was restored into another cluster: run `gehoor provision --new-epoch` "
                "once, while no service runs, or every reader would miss events"
            )


def scram_verifier(password: str) -> str:
    """Give what Postgres stores of a password (RFC 5803), so that no log of statements ever holds it."""
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${rounds}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"
