"""One idempotent command that makes everything a running system needs, with an administrator's rights.

Secrets as files, roles with the least they need, schemas by migration, stream and durables on the bus.
Services later only log in and bind. Running it again corrects what drifted and changes nothing else. A table
that is as it should be is only read, because a lock that waits for a long reader makes every append wait too.
"""

from importlib.util import find_spec
from pathlib import Path

import asyncpg
import nats
import structlog

from events import secrets
from events.errors import Misconfigured
from events.provision.append_only import grant_appends, guard_the_record
from events.provision.clusters import OWNER, prepare_cluster
from events.provision.migrate import Migrations, migrate
from events.provision.table_locks import to_change
from events.settings import Settings

log = structlog.get_logger()

_SQL = Path(__file__).parent / "sql"

IDEMPOTENCY_SQL = _SQL / "idempotency"
"""The one table of idempotency keys, made in the schema of each service of `REMEMBERS_REQUESTS`."""

REMEMBERS_REQUESTS: tuple[str, ...] = ()
"""Services that get the table `idempotency`: those that come after intake and workflow, which made theirs
before by migrations of their own."""

# A transaction number of this epoch that this cluster has not given out yet: the data came from another one,
# and its events would lie above the watermark, unseen, until the numbers here have caught up.
_FROM_ANOTHER_CLUSTER = """
SELECT EXISTS (
    SELECT FROM gehoor.event e JOIN gehoor.store_setting s ON e.epoch = s.epoch
    WHERE e.xid >= pg_snapshot_xmax(pg_current_snapshot()))
"""


async def provision(
    settings: Settings, admin_database_url: str, admin_keys_url: str, *, new_epoch: bool = False
) -> list[str]:
    """Make or correct secrets, roles, schemas and access tokens; the bus is `provision_bus`'s business.

    Returns a line for each guard of the record that was off and is on again: somebody switched it off.

    `new_epoch` begins the next epoch, as needed once after a restore into another cluster. Raises
    `Misconfigured` for a server that is too old, an administrator who may not, a store that was moved and
    has not begun its next epoch, and a table that has to be changed and is in use.
    """
    secrets.ensure(settings.home, settings.reader_names)
    await prepare_cluster(settings, admin_database_url, "database", secrets.DATABASE_ROLES)
    await prepare_cluster(settings, admin_keys_url, "keys", secrets.KEYS_ROLES)
    await _migrate(admin_database_url, _store_migrations())
    await _migrate(admin_keys_url, [Migrations("gehoor", "keys", _SQL / "keys")])
    await _grant_service_schemas(admin_database_url)
    await grant_appends(admin_database_url)
    corrected = await guard_the_record(admin_database_url)
    await _check_epoch(admin_database_url, new_epoch)
    from events.access_tokens import write_tokens  # loads the signing library, which only provisioning needs

    write_tokens(settings)
    return corrected


async def provision_bus(settings: Settings) -> list[str]:
    """Make or correct the stream and its durables; returns a line for each thing made or corrected.

    The relay does the same by itself; this is for setting up servers ahead of it. Raises `BusRefused` when
    the server refuses one, and the errors of asyncpg and the client when one of them does not answer.
    """
    from events.bus.reconcile import ensure_generation, reconcile

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
        if service in REMEMBERS_REQUESTS:
            sets.append(Migrations(service, "idempotency", IDEMPOTENCY_SQL))
        found = find_spec(service)
        folder = (
            Path(found.submodule_search_locations[0]) / "sql"
            if found and found.submodule_search_locations
            else None
        )
        if folder is not None and folder.is_dir():
            sets.append(Migrations(service, service, folder))
    return sets


async def _migrate(url: str, sets: list[Migrations]) -> None:
    async with to_change(url) as connection:
        # Each file has a limit of its own, and another provisioning may take as long as its files need.
        await connection.execute("RESET lock_timeout")
        await migrate(connection, sets, OWNER)


async def _grant_service_schemas(url: str) -> None:
    """Let a service read and write its own tables, and the auditor read all; nobody else sees them."""
    async with to_change(url) as connection:  # granting locks no table: a reader is not in its way
        for schema in secrets.SERVICES:
            role = f"gehoor_{schema}"
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {OWNER}")
            await connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}, gehoor_auditor")
            await connection.execute(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
            )
            await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO gehoor_auditor")
            await connection.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
            if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.migration"):
                await connection.execute(f"REVOKE ALL ON {schema}.migration FROM {role}")


async def _check_epoch(url: str, new_epoch: bool) -> None:
    """Raise `Misconfigured` for a store with events of transactions that this cluster has not had yet."""
    async with to_change(url) as connection:
        if new_epoch:
            log.warning("epoch.begun", epoch=await connection.fetchval("SELECT gehoor.begin_epoch()"))
        if await connection.fetchval(_FROM_ANOTHER_CLUSTER):
            raise Misconfigured(
                "this event store was restored into another cluster: run `gehoor provision --new-epoch` "
                "once, while no service runs, or every reader would miss events"
            )
