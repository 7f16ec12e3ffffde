"""The bus: how quickly the relay publishes, and how quickly a consumer applies what it pulls.

The bare limits speak to the same server: the same payloads and headers published by the client's own
`js.publish`, as many in flight; and the same messages pulled and acknowledged without doing anything. The
consumer reacts to every event: case locked, history read, event decoded, checkpoint and effect in one commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any

import asyncpg
import nats as client_library
from nats.aio.client import Client
from nats.aio.msg import Msg

from bench import filling
from bench.figures import Figure, of_repeats, ratio
from bench.run import Run
from events.bus.publishing import IN_FLIGHT
from events.bus.pull import PartitionPull
from events.bus.relay import RelayLoop
from events.bus.subscriber import HAND_OVER_PER_PARTITION, understand
from events.bus.wire import headers_of, subject_of
from events.catalogue import CATALOGUE
from events.consumer.batch import Reaction
from events.consumer.loop import ConsumerLoop
from events.identity import PARTITIONS
from events.platform import Platform
from events.provision.provision import provision_bus
from events.record.envelope import START, History, Recorded
from events.store import feed
from events.testing import TestSystem
from gehoor.embedded.nats import minimal_configuration

CELL = "bus"
EVENTS = 4_000


class Counting:
    """A consumer that reacts to everything and only counts."""

    name = "deadlines"
    reconciles = False
    reacts_to = frozenset(CATALOGUE)

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        return Reaction(effects=(event.version,))

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        return None


async def run(run: Run) -> Sequence[Figure]:
    """Publish, then consume; the bare limit after each."""
    results: dict[str, list[float]] = {"relay": [], "publish": [], "consumer": [], "pull": []}
    for _ in range(3):
        server = await run.servers.nats(minimal_configuration)
        system = await run.servers.system(nats_url=server.url)
        await filling.fill(system.database_url, EVENTS, workers=1)
        await provision_bus(system.settings)
        client = await client_library.connect(server.url)
        try:
            results["relay"].append(await _relay(system, client))
            results["publish"].append(await _publish(system, client))
            platform = await system.platform("deadlines")
            results["consumer"].append(await _consume(platform, client))
            results["pull"].append(await _pull(client, "notifier", _nothing))
        finally:
            await client.close()
        await run.servers.done_with_cell()
    return [
        of_repeats(CELL, "relay: read, published, acknowledged, checkpoint", results["relay"], "events/s"),
        of_repeats(CELL, "bare js.publish of the same messages", results["publish"], "events/s"),
        ratio(CELL, "relay ÷ bare publish", results["relay"], results["publish"]),
        of_repeats(CELL, "consumer: pulled, applied, checkpoint", results["consumer"], "events/s"),
        of_repeats(CELL, "bare pull", results["pull"], "events/s"),
        ratio(CELL, "consumer ÷ bare pull", results["consumer"], results["pull"]),
    ]


async def _relay(system: TestSystem, client: Client) -> float:
    relay = RelayLoop(await system.platform("relay"), lambda: client)  # type: ignore[arg-type]
    began_s, published = perf_counter(), 0
    while published < EVENTS:
        published += await relay.run_once()
    taken_s = perf_counter() - began_s
    await relay.close()
    return EVENTS / taken_s


async def _publish(system: TestSystem, client: Client) -> float:
    """Publish what the relay did, to a stream of the same kind, read beforehand."""
    jetstream = client.jetstream()
    await jetstream.add_stream(name="BARE", subjects=["bare.>"], duplicate_window=600)
    pool = (await system.platform("relay")).pool
    events: list[Recorded] = []
    while len(events) < EVENTS:
        events += await feed.page(pool, events[-1].place if events else START, 1000)
    generation = events[0].case_id
    messages = []
    for event in events:
        headers = headers_of(event, START, generation) | {"Nats-Expected-Stream": "BARE"}
        messages.append((f"bare.{subject_of(event)}", event.data, headers))
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(subject: str, data: bytes, headers: dict[str, str]) -> None:
        async with room:
            await jetstream.publish(subject, data, headers=headers)

    began_s = perf_counter()
    await asyncio.gather(*(one(*message) for message in messages))
    return EVENTS / (perf_counter() - began_s)


async def _consume(platform: Platform, client: Client) -> float:
    loop = ConsumerLoop(platform, Counting())
    await platform.ownership.beat(platform.pool)
    await loop.own(platform.ownership.owned)
    for partition in loop.partitions.values():
        partition.sweep = False  # this time everything comes over the bus

    async def apply(messages: list[Msg]) -> None:
        await loop.receive(understand(messages))

    rate = await _pull(client, "deadlines", apply)
    if loop.applied != EVENTS:
        raise RuntimeError(f"{loop.applied} of {EVENTS} events were applied")
    return rate


async def _pull(client: Client, consumer: str, work: Callable[[list[Msg]], Awaitable[None]]) -> float:
    """Pull all partitions as the services do, and hand what comes to `work`."""
    arrival = asyncio.Event()
    pulls = [PartitionPull(client, consumer, partition, arrival) for partition in range(PARTITIONS)]
    began_s, count = perf_counter(), 0
    tasks = [asyncio.create_task(pull.run()) for pull in pulls]
    try:
        while count < EVENTS:
            await asyncio.wait_for(arrival.wait(), 30)
            arrival.clear()
            while batch := [message for pull in pulls for message in pull.take(HAND_OVER_PER_PARTITION)]:
                await work(batch)
                count += len(batch)
        return EVENTS / (perf_counter() - began_s)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _nothing(messages: list[Msg]) -> None:
    return None
