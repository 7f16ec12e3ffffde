"""The embedded servers are real, private to this machine, and reachable with a password alone."""

import asyncpg
import pytest

from gehoor.embedded import nats
from servers import NatsFactory, PostgresServer


@pytest.mark.postgres
async def test_the_embedded_postgres_answers_with_its_password(postgres_server: PostgresServer) -> None:
    """The administrator of the embedded database gets in with the stored password."""
    connection = await asyncpg.connect(postgres_server.admin_url)

    version = await connection.fetchval("SHOW server_version_num")
    checksums = await connection.fetchval("SHOW data_checksums")
    encoding = await connection.fetchval("SHOW server_encoding")
    await connection.close()

    assert int(version) >= 150000
    assert (checksums, encoding) == ("on", "UTF8")


@pytest.mark.postgres
async def test_nobody_gets_in_without_the_password(postgres_server: PostgresServer) -> None:
    """Another user of the same machine cannot read the database."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1",
            port=postgres_server.port,
            user="postgres",
            password="guess",
            database="postgres",
        )


@pytest.mark.nats
async def test_a_nats_server_can_be_stopped_wiped_and_started_again_on_its_port(
    nats_server: NatsFactory,
) -> None:
    """A test can take the bus away, empty it and bring it back at the same address."""
    server = await nats_server()
    port = server.port

    await server.stop()
    with pytest.raises(OSError):
        await nats.greeting("127.0.0.1", port)
    await server.wipe()

    greeting = await nats.greeting("127.0.0.1", port)
    assert greeting["jetstream"] is True
