"""One idempotent command that makes everything a running system needs, with an administrator's rights.

Secrets as files, roles with the least they need, schemas by migration, stream and durables on the bus.
Services later only log in and bind. Running it again corrects what drifted and changes nothing else.
"""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import nats
import structlog

from events import secrets
from events.errors import Misconfigured
from events.migrate import Migrations, migrate
from events.settings import Settings

log = structlog.get_logger()

OLDEST_POSTGRES = 150_000
_SQL = Path(__file__).parent / "sql"
_OWNER = "gehoor_owner"

ROLE_SETTINGS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
    "default_transaction_isolation": "read committed",
    "jit": "off",
    "synchronous_commit": "on",
}
"""Per role, because every writing transaction holds back all readers of the feed."""


async def provision(settings: Settings, admin_database_url: str, admin_keys_url: str) -> None:
    """Make or correct secrets, roles, schemas and access tokens; the bus is `provision_bus`'s business.

    Raises `Misconfigured` for a server that is too old or an administrator who may not.
    """
    secrets.ensure(settings.home, settings.reader_names)
    await _prepare_cluster(settings, admin_database_url, "database", secrets.DATABASE_ROLES)
    await _prepare_cluster(settings, admin_keys_url, "keys", secrets.KEYS_ROLES)
    await _migrate(admin_database_url, _store_migrations())
    await _migrate(admin_keys_url, [Migrations("gehoor", "keys", _SQL / "keys")])
    await _grant_service_schemas(admin_database_url)
    from events.access import write_tokens

    write_tokens(settings)


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
        return await reconcile(client, generation, settings.nats_replicas, settings.reader_names)
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
            await _role(connection, f"gehoor_{role}", f"LOGIN PASSWORD '{password}'")
            for name, value in ROLE_SETTINGS.items():
                await connection.execute(f"ALTER ROLE gehoor_{role} SET {name} = '{value}'")
        quoted = '"' + database.replace('"', '""') + '"'
        await connection.execute(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        names = ", ".join(f"gehoor_{role}" for role in roles)
        await connection.execute(f"GRANT CONNECT ON DATABASE {quoted} TO {names}")
        await connection.execute(f"GRANT CREATE ON DATABASE {quoted} TO {_OWNER}")
    except asyncpg.InsufficientPrivilegeError as error:
        raise Misconfigured(f"the administrator of {_without_password(url)} may not: {error}") from error
    finally:
        await connection.close()


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


async def _migrate(url: str, sets: list[Migrations]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection, sets, _OWNER)
    finally:
        await connection.close()


async def _grant_service_schemas(url: str) -> None:
    """A service reads and writes its own tables, the auditor reads all, nobody else sees them."""
    connection = await asyncpg.connect(url)
    try:
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
    finally:
        await connection.close()


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"
