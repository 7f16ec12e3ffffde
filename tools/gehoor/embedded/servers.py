"""The servers a set-up needs: event store, key store, bus; each our own, or one that somebody named.

What somebody named is only looked at (does it answer, is it new enough), never started or stopped.
"""

from collections.abc import Mapping

import asyncpg

from events.settings import Settings
from gehoor.embedded import nats, outside, postgres
from gehoor.embedded.children import Children
from gehoor.embedded.home import Home
from gehoor.embedded.plan import RunPlan
from gehoor.embedded.processes import Child

DATABASE = "gehoor"
KEYS_DATABASE = "gehoor_keys"


async def database(home: Home, settings: Settings, plan: RunPlan, children: Children) -> tuple[str, str]:
    """Give the administrator's address of the event store, and its version."""
    if plan.database_port is None:
        url = settings.database_url or ""
        return url, await outside.check_postgres("GEHOOR_DATABASE_URL", url)
    return await _cluster(home, children, "postgres", plan.database_port, postgres.EVENT_STORE, DATABASE)


async def keys(home: Home, settings: Settings, plan: RunPlan, children: Children) -> tuple[str, str]:
    """Give the administrator's address of the key store, and its version."""
    if plan.keys_port is None:
        url = settings.keys_url or ""
        return url, await outside.check_postgres("GEHOOR_KEYS_URL", url)
    return await _cluster(home, children, "keys", plan.keys_port, postgres.KEY_STORE, KEYS_DATABASE)


async def bus(home: Home, settings: Settings, plan: RunPlan, children: Children) -> tuple[str, str]:
    """Give the address of the bus, and its version."""
    if plan.nats_port is None or plan.nats_monitor_port is None:
        url = settings.nats_url or ""
        return url, await outside.check_nats(url)
    from events.bus.grants import server_config

    server = nats.NatsServer(
        configuration=home.folder / "nats.conf",
        store=home.folder / "nats",
        log=home.log / "nats.log",
        port=plan.nats_port,
        monitor_port=plan.nats_monitor_port,
    )
    server.configure(
        server_config(
            home.secrets,
            port=plan.nats_port,
            store_dir=server.store,
            monitor_port=plan.nats_monitor_port,
            readers=settings.reader_names,
        )
    )
    versions: list[str] = []

    async def until_ready(child: Child) -> None:
        versions.append(await nats.wait_until_ready(server, child))

    await children.keep_server(children.bus, server.launch, until_ready, plan.nats_port)
    outside.require_nats_version(str(nats.binary()), versions[0])
    return server.url, versions[0]


async def _cluster(
    home: Home, children: Children, name: str, port: int, chosen: Mapping[str, str], database_name: str
) -> tuple[str, str]:
    cluster = postgres.Cluster(
        name=name,
        data_folder=home.folder / name,
        port=port,
        password_file=home.secrets / "postgres-admin",
        log=home.log / f"{name}.log",
        settings=chosen,
    )
    if await postgres.end_orphan_server(cluster):
        children.screen.problem(f"stopped a Postgres that an earlier run left on {cluster.data}")
    is_new = await postgres.make(cluster)
    await children.keep_server(
        children.servers, cluster.launch, lambda child: postgres.wait_until_ready(cluster, child), port
    )
    if is_new:
        await _make_database(cluster.url(), database_name)
    return cluster.url(database_name), postgres.version(cluster.arrangement.binaries)


async def _make_database(url: str, name: str) -> None:
    """Make the database of a new cluster, so that its log does not begin with a failed login."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    finally:
        await connection.close()
