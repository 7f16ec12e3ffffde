"""A bus on a small disk still carries events: the stream is as large as the server has room for."""

from collections.abc import Callable
from uuid import uuid4

import nats
import pytest

from events.bus.reconcile import BusRefused, api, reconcile
from events.bus.topology import STREAM
from gehoor.embedded.nats import NatsServer, minimal_configuration
from servers import NatsFactory

MIB = 1024**2

pytestmark = pytest.mark.nats


def room_for(size_bytes: int) -> Callable[[NatsServer], str]:
    """Configure a server that may keep so much on its disk."""

    def configuration(server: NatsServer) -> str:
        return minimal_configuration(server).replace("store_dir", f"max_file_store: {size_bytes}, store_dir")

    return configuration


async def test_the_stream_is_as_large_as_the_disk_allows_and_stays_so(nats_server: NatsFactory) -> None:
    """With room for 300 MiB the stream takes 256, and provisioning again finds nothing to correct."""
    server = await nats_server(room_for(300 * MIB))
    client = await nats.connect(server.url)
    generation = uuid4()

    made = await reconcile(client, generation)
    again = await reconcile(client, generation)
    stream = await api(client, f"STREAM.INFO.{STREAM}")
    await client.close()

    assert f"stream {STREAM}: made" == made[0]
    assert [] == again
    assert 256 * MIB == stream["config"]["max_bytes"]


async def test_a_disk_without_room_for_the_smallest_stream_is_reported(nats_server: NatsFactory) -> None:
    """With room for 10 MiB nothing can be made, and the server's own words say so."""
    server = await nats_server(room_for(10 * MIB))
    client = await nats.connect(server.url)

    with pytest.raises(BusRefused, match="insufficient storage"):
        await reconcile(client, uuid4())
    await client.close()


async def test_the_stream_is_no_larger_than_was_asked(nats_server: NatsFactory) -> None:
    """Who gives the bus 16 MiB gets a stream of that size, and one of another size once that is asked."""
    server = await nats_server(minimal_configuration)
    client = await nats.connect(server.url)
    generation = uuid4()

    await reconcile(client, generation, largest_mib=16)
    first = await api(client, f"STREAM.INFO.{STREAM}")
    corrected = await reconcile(client, generation, largest_mib=32)
    second = await api(client, f"STREAM.INFO.{STREAM}")
    await client.close()

    assert 16 * MIB == first["config"]["max_bytes"]
    assert 32 * MIB == second["config"]["max_bytes"]
    assert corrected
