"""Servers in containers that stand where the embedded ones stand, so that the same tests run on both.

The images are settings with the names of `deploy/.env`: POSTGRES_IMAGE and NATS_IMAGE. A NATS container
shares this machine's network and one of its folders: tests read what the server stored, and give it
the configuration of an embedded one. That needs an engine on this machine (Linux).
"""

import asyncio
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer

from gehoor.embedded import nats
from gehoor.embedded.ports import HOST
from servers import JetStreamServer

SWITCH = "GEHOOR_TEST_CONTAINERS"
"""The variable that turns the tests on servers in containers on."""


STARTS_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05
STOPS_WITHIN_S = 10


def postgres_image() -> str:
    return os.environ.get("POSTGRES_IMAGE", "postgres:18-bookworm")


def nats_image() -> str:
    return os.environ.get("NATS_IMAGE", "nats:2.15-alpine")


@dataclass(frozen=True, slots=True)
class PostgresInContainer:
    """A Postgres in a container; `admin_url` is its administrator's address."""

    container: PostgresContainer

    @property
    def admin_url(self) -> str:
        return str(self.container.get_connection_url(driver=None))


def make_postgres() -> PostgresContainer:
    """Describe a throw-away Postgres: as in earnest, but without fsync."""
    return PostgresContainer(
        postgres_image(),
        username="postgres",
        password=secrets.token_urlsafe(16),
        dbname="postgres",
        driver=None,
        command=["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100"],
    )


class JetStreamInContainer(JetStreamServer):
    """A NATS server in a container that a test starts, stops, kills, wipes and starts again on its port."""

    def __init__(self, folder: Path, configuration: Callable[[nats.NatsServer], str]) -> None:
        super().__init__(folder, configuration)
        self._folder = folder
        self._container: DockerContainer | None = None

    async def start(self) -> "JetStreamInContainer":
        if self._container is not None:
            return self
        self.server.configure(self._configuration(self.server))
        self._container = (
            DockerContainer(nats_image())
            .with_command(["-c", str(self.server.configuration)])
            .with_volume_mapping(str(self._folder), str(self._folder), "rw")
            .with_kwargs(network_mode="host", user=f"{os.getuid()}:{os.getgid()}")
        )
        await asyncio.to_thread(self._container.start)
        async with asyncio.timeout(STARTS_WITHIN_S):
            while True:
                try:
                    await nats.greeting(HOST, self.port)
                except OSError:
                    await asyncio.sleep(LOOK_EVERY_S)
                else:
                    return self

    async def stop(self) -> None:
        if self._container is not None:
            container, self._container = self._container, None
            wrapped = container.get_wrapped_container()
            await asyncio.to_thread(wrapped.stop, timeout=STOPS_WITHIN_S)
            await asyncio.to_thread(container.stop)

    async def kill(self) -> None:
        if self._container is not None:
            container, self._container = self._container, None
            await asyncio.to_thread(container.get_wrapped_container().kill)
            await asyncio.to_thread(container.stop)
