"""The way over the bus, on a real NATS server: the relay publishes, consumers apply, and NATS may die."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import asyncpg
import nats
import pytest

from events import secrets
from events.bus.grants import server_config
from events.bus.topology import STREAM
from events.consumer.batch import Reaction
from events.platform import Platform
from events.record.envelope import History, Recorded
from events.settings import Settings
from events.testing import TestSystem
from servers import JetStreamServer, NatsFactory
from service.host import ServiceApplication, make_application
from service.relay import make_loop
from service.running import Service

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

BOUND_S = 30.0


@dataclass
class Collector:
    """A consumer that notes what it reacted to, in the transaction, and tells waiting tests."""

    name: str = "deadlines"
    reacts_to: frozenset[str] = frozenset({"ComplaintReceived"})
    reconciles: bool = True
    seen: list[UUID] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        return Reaction(effects=(event.version,))

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        self.seen.extend(history.case_id for history, _ in effects)
        self.news.set()

    async def wait_for(self, cases: set[UUID]) -> None:
        async with asyncio.timeout(BOUND_S):
            while not cases <= set(self.seen):
                self.news.clear()
                await self.news.wait()


@dataclass
class Bus:
    """Services of one system around one NATS server."""

    system: TestSystem
    server: JetStreamServer
    settings: Settings
    stack: AsyncExitStack

    async def start(self, service: Service) -> ServiceApplication:
        """Run a service's whole lifespan in a task of its own, as a server would, until the test ends."""
        application = make_application(service, self.settings)
        started, stop = asyncio.Event(), asyncio.Event()

        async def live() -> None:
            async with application.start_lifespan_context():
                started.set()
                await stop.wait()

        task = asyncio.create_task(live())

        async def end() -> None:
            stop.set()
            await asyncio.wait_for(task, BOUND_S)

        self.stack.push_async_callback(end)
        await asyncio.wait_for(started.wait(), BOUND_S)
        return application

    async def collect(self) -> Collector:
        collector = Collector()
        await self.start(Service(name="deadlines", consumer=lambda platform: collector))
        return collector


@pytest.fixture
async def bus(system: TestSystem, nats_server: NatsFactory) -> AsyncIterator[Bus]:
    """A NATS server with our users and grants, and nothing on it yet."""
    server = await nats_server(
        lambda made: server_config(
            system.settings.secrets, port=made.port, store_dir=made.store, monitor_port=made.monitor_port
        ),
        start=False,
    )
    async with AsyncExitStack() as stack:
        settings = system.settings.model_copy(update={"nats_url": server.url})
        yield Bus(system, server, settings, stack)


@pytest.fixture(scope="module")
async def intake(system: TestSystem) -> Platform:
    return await system.platform("intake")


RELAY = Service(name="relay", loops=(make_loop,))


async def test_a_complaint_reaches_a_consumer_over_the_bus(bus: Bus, intake: Platform) -> None:
    """From the store over NATS to a service, without anybody having set NATS up before."""
    await bus.server.start()
    await bus.start(RELAY)
    collector = await bus.collect()

    case_id = await bus.system.receive(intake)

    await collector.wait_for({case_id})


async def test_two_relays_and_two_consumers_have_one_effect(bus: Bus, intake: Platform) -> None:
    """A second replica of everything stands by and does nothing twice."""
    await bus.server.start()
    await bus.start(RELAY)
    await bus.start(RELAY)
    first, second = await bus.collect(), await bus.collect()

    cases = {await bus.system.receive(intake) for _ in range(30)}

    async with asyncio.timeout(BOUND_S):
        while not cases <= {*first.seen, *second.seen}:
            waiting = [asyncio.create_task(one.news.wait()) for one in (first, second)]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
            first.news.clear()
            second.news.clear()
    ours = [case_id for case_id in first.seen + second.seen if case_id in cases]
    assert len(cases) == len(ours)


async def test_without_nats_everything_still_happens(bus: Bus, intake: Platform) -> None:
    """A NATS server that was never started delays, and loses nothing."""
    collector = await bus.collect()

    case_id = await bus.system.receive(intake)

    await collector.wait_for({case_id})


async def test_a_wiped_stream_loses_nothing(bus: Bus, intake: Platform) -> None:
    """When the bus loses all it knew, the relay makes it anew and nothing is missed or doubled."""
    await bus.server.start()
    await bus.start(RELAY)
    collector = await bus.collect()
    before = {await bus.system.receive(intake) for _ in range(5)}
    await collector.wait_for(before)

    await bus.server.kill()
    meanwhile = {await bus.system.receive(intake) for _ in range(5)}
    await bus.server.wipe()
    await bus.server.start()
    after = {await bus.system.receive(intake) for _ in range(5)}
    await collector.wait_for(before | meanwhile | after)

    ours = [case_id for case_id in collector.seen if case_id in before | meanwhile | after]
    assert 15 == len(ours)


async def test_the_relay_publishes_again_after_a_restart(bus: Bus, intake: Platform) -> None:
    """A killed and restarted NATS server gets what it missed."""
    await bus.server.start()
    await bus.start(RELAY)
    reader = await bus.stack.enter_async_context(_Reader(bus))
    first = await bus.system.receive(intake)
    assert first in await reader.read_until(first)

    await bus.server.kill()
    second = await bus.system.receive(intake)
    await bus.server.start()

    assert second in await reader.read_until(second)


async def test_a_service_stops_in_order_with_something_unsent_to_a_dead_server(
    bus: Bus, intake: Platform
) -> None:
    """Whoever is told to stop while the bus is away does so without an error."""
    await bus.server.start()
    application = make_application(RELAY, bus.settings)
    gone = asyncio.Event()

    async def disconnected() -> None:
        gone.set()

    async with asyncio.timeout(BOUND_S), application.start_lifespan_context():
        async with _Reader(bus) as reader:
            await reader.read_until(await bus.system.receive(intake))
        client = application.service.broker._connection
        assert client is not None
        client._disconnected_cb = disconnected
        await bus.server.kill()
        await gone.wait()
        await client.publish("gehoor.doorbell", b"")

    assert client.is_closed


async def test_messages_hold_nothing_personal(bus: Bus) -> None:
    """What travels over the bus names no person."""
    await bus.server.start()
    await bus.start(RELAY)
    with_keys = await bus.system.platform("intake", keys=True)
    reader = await bus.stack.enter_async_context(_Reader(bus))

    case_id = await bus.system.receive(with_keys)
    await reader.read_until(case_id)

    everything = b"".join(reader.raw)
    for secret in (b"Sanne", b"klant.example", b"monteur"):
        assert secret not in everything
    stored = b"".join(path.read_bytes() for path in bus.server.server.store.rglob("*") if path.is_file())
    assert b"Sanne" not in stored


async def test_a_reader_of_one_organisation_sees_no_other(
    system: TestSystem, nats_server: NatsFactory, intake: Platform
) -> None:
    """An integrator of one organisation is told of its complaints and of nobody else's."""
    settings = system.settings.model_copy(update={"readers": "reader,erp=ingressus"})
    secrets.ensure(settings.home, settings.reader_names)
    server = await nats_server(
        lambda made: server_config(
            settings.secrets, port=made.port, store_dir=made.store, readers=settings.reader_names
        )
    )
    async with AsyncExitStack() as stack:
        bus = Bus(system, server, settings.model_copy(update={"nats_url": server.url}), stack)
        await bus.start(RELAY)
        before = await system.receive(intake, "supportoplus")
        ours = await system.receive(intake, "ingressus")
        after = await system.receive(intake, "supportoplus")
        everything = await stack.enter_async_context(_Reader(bus))
        limited = await stack.enter_async_context(_Reader(bus, "erp"))

        seen_by_all = await everything.read_until(after)
        seen_by_one = await limited.read_until(ours)

    assert {before, ours, after} <= set(seen_by_all)
    assert {ours} == set(seen_by_one)


class _Reader:
    """An integrator's own durable, read as its README says."""

    def __init__(self, bus: Bus, name: str = "reader") -> None:
        self._name = name
        self._url = bus.settings.nats_for(name)
        self.raw: list[bytes] = []

    async def __aenter__(self) -> Self:
        self._client = await nats.connect(
            self._url,
            inbox_prefix=f"_INBOX_{self._name}".encode(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def read_until(self, case_id: UUID) -> list[UUID]:
        seen: list[UUID] = []
        async with asyncio.timeout(BOUND_S):
            while case_id not in seen:
                try:
                    subscription = await self._client.jetstream().pull_subscribe_bind(self._name, STREAM)
                    for message in await subscription.fetch(1, timeout=1):
                        seen.append(UUID(message.subject.rsplit(".", 1)[1]))
                        self.raw.append(
                            message.subject.encode() + str(message.headers).encode() + message.data
                        )
                        await message.ack()
                except (TimeoutError, nats.js.errors.Error, nats.errors.Error):
                    continue
        return seen
