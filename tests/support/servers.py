"""The running servers that the fixtures of `conftest.py` hand to tests."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from gehoor.embedded import nats, postgres
from gehoor.embedded.ports import choose
from gehoor.embedded.processes import Child, start


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running embedded Postgres; `url(database)` is the administrator's address."""

    cluster: postgres.Cluster
    child: Child

    @property
    def port(self) -> int:
        return self.cluster.port

    @property
    def admin_url(self) -> str:
        return self.cluster.url()

    def url(self, database: str) -> str:
        return self.cluster.url(database)


class JetStreamServer:
    """A real NATS server with JetStream that a test starts, stops, kills, wipes and starts again."""

    def __init__(self, folder: Path, configuration: Callable[[nats.NatsServer], str]) -> None:
        self.server = nats.NatsServer(
            configuration=folder / "nats.conf",
            store=folder / "store",
            log=folder / "nats.log",
            port=choose(),
            monitor_port=choose(),
        )
        self._configuration = configuration
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    async def start(self) -> "JetStreamServer":
        self.server.configure(self._configuration(self.server))
        self._child = await start(self.server.launch)
        await nats.wait_until_ready(self.server, self._child)
        return self

    async def stop(self) -> None:
        if self._child is not None:
            await self._child.stop(nats.STOPS_WITHIN_S)
            self._child = None

    async def kill(self) -> None:
        if self._child is not None:
            await self._child.kill()
            self._child = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def wipe(self) -> None:
        """Kill the server, delete everything JetStream stored, and start it again, empty."""
        await self.kill()
        shutil.rmtree(self.server.store, ignore_errors=True)
        await self.start()


NatsFactory = Callable[..., Awaitable[JetStreamServer]]
