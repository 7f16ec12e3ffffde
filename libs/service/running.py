"""A service while it runs: what makes it different, what it opened, and the loops that it keeps going."""

import asyncio
import ctypes
import gc
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog
from faststream.nats import NatsBroker

from events.bus.broker import BusDoorbell
from events.bus.subscriber import PartitionSubscriber
from events.consumer.batch import Consumer
from events.consumer.loop import ConsumerLoop
from events.logs import describe
from events.partitions.ownership import Ownership
from events.platform import Platform
from events.settings import Settings
from events.store.database import close_pool, open_pool
from events.store.keys import KeyStore
from events.store.store_clock import StoreClock
from events.store.streams import Store
from service.consumer_loops import ClockLoop, OwnershipLoop, SweepLoop
from service.loops import Closing, Loop, LoopHealth, keep_running

log = structlog.get_logger()

ASGIApp = Callable[[Any, Any, Any], Any]

POOL_SIZE = 4
OPEN_AGAIN_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Service:
    """What makes one service different from another."""

    name: str
    consumer: Callable[[Platform], Consumer] | None = None
    http: Callable[[Platform], ASGIApp] | None = None
    port: Callable[[Settings], int] = lambda settings: settings.health_port
    loops: tuple[Callable[[Platform], Loop], ...] = ()
    keys: bool = False
    pool_size: int = POOL_SIZE


@dataclass(slots=True)
class RunningService:
    """A service while it runs; `platform` is there once Postgres could be reached."""

    service: Service
    settings: Settings
    broker: NatsBroker
    ownership: Ownership = field(default_factory=Ownership)
    platform: Platform | None = None
    consumer_loop: ConsumerLoop | None = None
    subscriber: PartitionSubscriber | None = None
    http: ASGIApp | None = None
    loops: dict[str, LoopHealth] = field(default_factory=dict)
    last_error: str = "starting"

    async def receive(self, messages: Any) -> None:
        """Hand messages to the consumer; one that is made later begins with a look at the store."""
        if self.consumer_loop is not None:
            await self.consumer_loop.receive(messages)

    async def run(self) -> None:
        """Open everything, however long Postgres takes, and keep the loops going until cancelled."""
        async with AsyncExitStack() as stack:
            platform = await self._open_persistently(stack)
            loops: list[Loop] = [ClockLoop(platform)]
            if self.service.consumer is not None:
                consumer_loop = ConsumerLoop(platform, self.service.consumer(platform))
                ownership_loop = OwnershipLoop(platform)
                await ownership_loop.run_once()
                self.consumer_loop = consumer_loop
                loops += [ownership_loop, SweepLoop(consumer_loop, self.bus_is_up)]
            loops += [make(platform) for make in self.service.loops]
            for closing in (loop for loop in loops if isinstance(loop, Closing)):
                stack.push_async_callback(closing.close)
            self.http = self.service.http(platform) if self.service.http is not None else None
            self.platform, self.last_error = platform, ""
            give_back_memory()
            log.info("service.ready", loops=[loop.name for loop in loops])
            async with asyncio.TaskGroup() as group:
                for loop in loops:
                    self.loops[loop.name] = LoopHealth()
                    group.create_task(keep_running(loop, self.loops[loop.name]), name=loop.name)

    def bus_is_up(self) -> bool:
        client = self.broker._connection
        return client is not None and bool(client.is_connected) and self._pulls_are_good()

    def _pulls_are_good(self) -> bool:
        if self.subscriber is None or not self.subscriber.pulls:
            return True
        return all(not pull.health.last_error for pull in self.subscriber.pulls.values())

    async def _open_persistently(self, stack: AsyncExitStack) -> Platform:
        while True:
            try:
                async with AsyncExitStack() as opened:
                    platform = await self._open(opened)
                    stack.push_async_exit(opened.pop_all())
                    return platform
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if type(error).__qualname__ != self.last_error:
                    log.warning("service.waits_for_postgres", **describe(error))
                self.last_error = type(error).__qualname__
                await asyncio.sleep(OPEN_AGAIN_AFTER_S)

    async def _open(self, stack: AsyncExitStack) -> Platform:
        name = self.service.name
        pool = await open_pool(self.settings.database_for(name), name, self.service.pool_size)
        stack.push_async_callback(close_pool, pool)
        clock = StoreClock()
        await clock.measure(pool)
        keys = None
        if self.service.keys:
            keys_pool = await open_pool(self.settings.keys_for(name), name, 2)
            stack.push_async_callback(close_pool, keys_pool)
            keys = KeyStore(keys_pool, self.settings.master_key())
        return Platform(
            name=name,
            settings=self.settings,
            pool=pool,
            clock=clock,
            store=Store(pool, clock),
            keys=keys,
            doorbell=BusDoorbell(self.broker),
            ownership=self.ownership,
            broker=self.broker,
        )


def give_back_memory() -> None:
    """Let the system have what only starting needed: some megabytes of freed pages that glibc would keep."""
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # another C library than glibc keeps or returns as it likes
        ctypes.CDLL(None).malloc_trim(0)
