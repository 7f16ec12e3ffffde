"""Whether a service can do its work: said soon, also when the store, the pool or a loop hangs."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

import asyncpg
import pytest

from events.bus.broker import make_broker
from events.consumer.batch import Reaction
from events.consumer.loop import ConsumerLoop
from events.platform import Platform
from events.record.envelope import History, Recorded
from events.testing import TestSystem
from events.version import VERSION
from service.consumer_loops import SweepLoop
from service.health import ANSWERS_WITHIN_S, STALLED_AFTER_S, readyz
from service.loops import LoopHealth, Stepping, keep_running
from service.running import RunningService, Service

pytestmark = pytest.mark.postgres

CONNECTIONS = 2


class Waiting:
    """A loop that stays in its run."""

    name = "waiting"
    interval_s = 0.0
    wake: asyncio.Event | None = None

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()

    async def run_once(self) -> int:
        self.has_begun.set()
        await asyncio.Event().wait()
        return 0


class ReadingOn(Waiting):
    """A loop that is in one long run and comes on in it."""

    @property
    def stepped_at_s(self) -> float:
        return monotonic()


class Failing(Waiting):
    """A loop that cannot come through."""

    async def run_once(self) -> int:
        self.has_begun.set()
        raise ConnectionError


class NobodyAtHome:
    """A consumer that does nothing about anything."""

    name = "intake"
    reconciles = True
    reacts_to = frozenset[str]()

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction:
        return Reaction()

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None:
        """There is nothing to write."""


@pytest.fixture
async def platform(system: TestSystem) -> Platform:
    return await system.platform("intake", size=CONNECTIONS)


@pytest.fixture
async def running(system: TestSystem, platform: Platform) -> RunningService:
    """A service whose store is there, with no loop yet."""
    broker = make_broker("nats://127.0.0.1:1", "intake")
    return RunningService(Service("intake"), system.settings, broker, platform=platform)


@pytest.fixture
async def tasks() -> AsyncIterator[list[asyncio.Task[None]]]:
    """The loops that a test keeps running; they end with it."""
    kept: list[asyncio.Task[None]] = []
    yield kept
    for task in kept:
        task.cancel()
    await asyncio.gather(*kept, return_exceptions=True)


async def asked(running: RunningService) -> tuple[int, dict[str, Any]]:
    """Ask whether the service is ready; gives status and body."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with asyncio.timeout(2 * ANSWERS_WITHIN_S):
        await readyz(running)({}, None, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def kept(running: RunningService, loop: Waiting, tasks: list[asyncio.Task[None]]) -> LoopHealth:
    """Keep a loop running, and say when it is in its run."""
    health = running.loops[loop.name] = LoopHealth()
    tasks.append(asyncio.create_task(keep_running(loop, health)))
    await loop.has_begun.wait()
    return health


async def test_a_service_with_its_store_and_quiet_loops_is_ready(
    running: RunningService, tasks: list[asyncio.Task[None]]
) -> None:
    """Nothing is wrong, so nothing is told, also long after a loop came through."""
    loop = Waiting()
    health = await kept(running, loop, tasks)
    health.good_at_s -= 10 * STALLED_AFTER_S

    status, body = await asked(running)

    assert (200, "ready", []) == (status, body["status"], body["problems"])
    assert VERSION == body["version"]


async def test_a_loop_that_hangs_is_told(running: RunningService, tasks: list[asyncio.Task[None]]) -> None:
    """One that waits in a single run for longer than any step may take does not do its work."""
    health = await kept(running, Waiting(), tasks)
    assert health.began_at_s is not None
    health.began_at_s -= STALLED_AFTER_S + 1

    status, body = await asked(running)

    assert (503, ["loop waiting hangs: no step for 61 s"]) == (status, body["problems"])


async def test_a_loop_that_takes_long_and_comes_on_is_not_told(
    running: RunningService, tasks: list[asyncio.Task[None]]
) -> None:
    """Reading on through a large store is work; it says that it comes on."""
    health = await kept(running, ReadingOn(), tasks)
    assert health.began_at_s is not None
    health.began_at_s -= 10 * STALLED_AFTER_S

    status, _ = await asked(running)

    assert 200 == status


async def test_reading_on_through_the_store_tells_its_rounds(platform: Platform) -> None:
    """The sweep, which may take long after a long time away, is told from one that hangs by its rounds."""
    consumer = ConsumerLoop(platform, NobodyAtHome())
    consumer.last_round_at_s = 0.0
    sweep = SweepLoop(consumer, lambda: True)
    assert isinstance(sweep, Stepping)

    await sweep.run_once()

    assert sweep.stepped_at_s > 0.0


async def test_a_loop_that_fails_for_long_is_told(
    running: RunningService, tasks: list[asyncio.Task[None]]
) -> None:
    """One that always breaks off is told with what it breaks off with."""
    health = await kept(running, Failing(), tasks)
    health.good_at_s -= STALLED_AFTER_S + 1

    status, body = await asked(running)

    assert (503, ["loop waiting fails: ConnectionError"]) == (status, body["problems"])


async def test_without_a_free_connection_the_answer_comes_in_time(
    running: RunningService, platform: Platform
) -> None:
    """Who asks hears within two seconds that the store cannot be asked."""
    taken = [await platform.pool.acquire() for _ in range(CONNECTIONS)]
    began_s = monotonic()

    status, body = await asked(running)

    assert (503, ["the event store does not answer: TimeoutError"]) == (status, body["problems"])
    assert monotonic() - began_s < ANSWERS_WITHIN_S + 1
    for connection in taken:
        await platform.pool.release(connection)
    assert 200 == (await asked(running))[0]
