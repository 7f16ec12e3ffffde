"""The promises of the store and the bus, once more, on servers in containers: `make test-containers`.

`make test` skips them and says so: they need a Docker engine and images. Here the fixtures of
`tests/conftest.py` that start embedded servers give containers instead; what the tests demand is the same, to
the letter.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gehoor.embedded import nats
from servers import NatsFactory
from servers_in_containers import SWITCH, JetStreamInContainer, PostgresInContainer, make_postgres

collect_ignore_glob = [] if os.environ.get(SWITCH) else ["test_*_in_containers.py"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "containers: needs a Docker engine; see make test-containers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.containers)


@pytest.fixture(scope="session")
async def postgres_server() -> AsyncIterator[PostgresInContainer]:
    """The event store's Postgres, in a container."""
    async for server in _postgres():
        yield server


@pytest.fixture(scope="session")
async def keys_server() -> AsyncIterator[PostgresInContainer]:
    """The second Postgres, in which only keys live, in a container of its own."""
    async for server in _postgres():
        yield server


@pytest.fixture
async def nats_server(short_folder: Path) -> AsyncIterator[NatsFactory]:
    """The factory of `tests/conftest.py`, with containers."""
    made: list[JetStreamInContainer] = []

    async def make(
        configuration: Callable[[nats.NatsServer], str] = nats.minimal_configuration, *, start: bool = True
    ) -> JetStreamInContainer:
        folder = Path(tempfile.mkdtemp(prefix="nats-", dir=short_folder))
        server = JetStreamInContainer(folder, configuration)
        made.append(server)
        return await server.start() if start else server

    yield make
    for server in made:
        await server.kill()


async def _postgres() -> AsyncIterator[PostgresInContainer]:
    container = make_postgres()
    try:
        await asyncio.to_thread(container.start)
        yield PostgresInContainer(container)
    finally:
        await asyncio.to_thread(container.stop)
