"""The servers that are measured: a real Postgres, a key store and NATS, with the settings of `make run`.

Nothing is made faster than in earnest: fsync and synchronous_commit are on. Every cell gets databases of its
own on the same server. All of it lies in one folder that is deleted at the end.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from events.testing import TestSystem, make_system
from gehoor.embedded import nats, postgres
from gehoor.embedded.ports import choose
from gehoor.embedded.processes import Child, start

SHOWN = (
    "server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_compression", "shared_buffers",
    "max_wal_size", "wal_sync_method", "random_page_cost",
)  # fmt: skip


class Servers:
    """Starts each server when a cell first asks for it."""

    def __init__(self, under: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gehoor-bench-", dir=under))
        self._postgres: tuple[postgres.Cluster, Child] | None = None
        self._keys: tuple[postgres.Cluster, Child] | None = None
        self._children: list[tuple[Child, float]] = []
        self._systems: list[TestSystem] = []

    async def admin_url(self) -> str:
        """Return the administrator's address of the event store's server."""
        if self._postgres is None:
            self._postgres = await self._cluster("events", postgres.EVENT_STORE)
        return self._postgres[0].url()

    async def keys_url(self) -> str:
        """Return the administrator's address of the key store."""
        if self._keys is None:
            self._keys = await self._cluster("keys", postgres.KEY_STORE)
        return self._keys[0].url()

    async def system(self, **settings: Any) -> TestSystem:
        """Make fresh, provisioned databases."""
        made = await make_system(
            self.folder / "home", await self.admin_url(), await self.keys_url(), **settings
        )
        self._systems.append(made)
        return made

    async def empty_database(self, name: str) -> str:
        """Make an empty database for a peer on the same server; return the administrator's address of it."""
        connection = await asyncpg.connect(await self.admin_url())
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {name}")
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        finally:
            await connection.close()
        if self._postgres is None:
            raise RuntimeError("the server was started a line above")
        return self._postgres[0].url(name)

    async def nats(self, configuration: Callable[[nats.NatsServer], str]) -> nats.NatsServer:
        """Start a NATS server of its own for one cell."""
        folder = Path(tempfile.mkdtemp(prefix="nats-", dir=self.folder))
        server = nats.NatsServer(
            folder / "nats.conf", folder / "store", folder / "nats.log", choose(), choose()
        )
        server.configure(configuration(server))
        child = await start(server.launch)
        self._children.append((child, nats.STOPS_WITHIN_S))
        await nats.wait_until_ready(server, child)
        return server

    async def quiet(self, url: str) -> None:
        """Bring a database into the state in which each cell begins."""
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    async def postgres_settings(self) -> dict[str, str]:
        """Say with which settings the figures were taken."""
        connection = await asyncpg.connect(await self.admin_url())
        try:
            return {name: await connection.fetchval("SELECT current_setting($1)", name) for name in SHOWN}
        finally:
            await connection.close()

    async def done_with_cell(self) -> None:
        """Close and drop what the last cell used, so that the next one has the machine for itself."""
        for system in self._systems:
            await system.close()
            connection = await asyncpg.connect(await self.admin_url())
            name = system.database_url.rpartition("/")[2]
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.close()
        self._systems.clear()
        for child, within_s in self._children:
            await child.stop(within_s)
        self._children.clear()

    async def close(self) -> None:
        """Stop every server and delete what they wrote."""
        for child, within_s in self._children:
            await child.stop(within_s)
        for system in self._systems:
            await system.close()
        for server in (self._postgres, self._keys):
            if server is not None:
                await server[1].stop(postgres.STOPS_WITHIN_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _cluster(self, name: str, settings: Any) -> tuple[postgres.Cluster, Child]:
        cluster = postgres.Cluster(
            name=name,
            data_folder=self.folder / name,
            port=choose(),
            password_file=self.folder / f"{name}.password",
            log=self.folder / f"{name}.log",
            settings=settings,
        )
        await postgres.make(cluster)
        child = await start(cluster.launch)
        await postgres.wait_until_ready(cluster, child)
        return cluster, child
