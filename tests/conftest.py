"""Real servers for the tests: one Postgres, one key store per test process, and NATS servers as wanted.

They live in a folder with a short path outside the repository and vanish with the tests.
`libs/events/testing.py` builds fresh, migrated databases on top of them.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from events.testing import TestSystem, make_system
from gehoor.embedded import nats, postgres
from gehoor.embedded.ports import choose
from gehoor.embedded.processes import start
from servers import JetStreamServer, NatsFactory, PostgresServer


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A private folder for servers, with a short path, deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gehoor-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def postgres_server(short_folder: Path) -> AsyncIterator[PostgresServer]:
    """The event store's Postgres of this test process, with the settings of `make run` but without fsync."""
    async for server in _postgres("events", short_folder, {**postgres.EVENT_STORE, "shared_buffers": "64MB"}):
        yield server


@pytest.fixture(scope="session")
async def keys_server(short_folder: Path) -> AsyncIterator[PostgresServer]:
    """The second, small Postgres in which only keys live."""
    async for server in _postgres("keys", short_folder, postgres.KEY_STORE):
        yield server


@pytest.fixture
async def nats_server(short_folder: Path) -> AsyncIterator[NatsFactory]:
    """A factory: `await nats_server()` starts one; `configuration=` takes a function of the server to text.

    `start=False` gives one that was never started. All are stopped at the end of the test.
    """
    made: list[JetStreamServer] = []

    async def make(
        configuration: Callable[[nats.NatsServer], str] = nats.minimal_configuration, *, start: bool = True
    ) -> JetStreamServer:
        folder = Path(tempfile.mkdtemp(prefix="nats-", dir=short_folder))
        server = JetStreamServer(folder, configuration)
        made.append(server)
        return await server.start() if start else server

    yield make
    for server in made:
        await server.kill()


@pytest.fixture(scope="module")
async def system(
    postgres_server: PostgresServer, keys_server: PostgresServer, short_folder: Path
) -> AsyncIterator[TestSystem]:
    """A fresh event store and key store, provisioned as in earnest, for the tests of one file."""
    made = await make_system(short_folder / "home", postgres_server.admin_url, keys_server.admin_url)
    yield made
    await made.close()


@pytest.fixture
def free_port() -> int:
    """A port on 127.0.0.1 where nobody listens."""
    return choose()


async def _postgres(name: str, folder: Path, settings: Mapping[str, str]) -> AsyncIterator[PostgresServer]:
    cluster = postgres.Cluster(
        name=name,
        data_folder=folder / name,
        port=choose(),
        password_file=folder / f"{name}.password",
        log=folder / f"{name}.log",
        settings={**settings, **postgres.UNSAFE_FOR_TESTS},
    )
    await postgres.make(cluster)
    child = await start(cluster.launch)
    try:
        await postgres.wait_until_ready(cluster, child)
        yield PostgresServer(cluster, child)
    finally:
        await child.stop(postgres.STOPS_WITHIN_S)
