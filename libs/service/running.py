"""A service while it runs: what makes it different, what it opened, and the loops that it keeps going.

The order is always the same: reach Postgres, take a share of the partitions, make the service's own parts,
say ready, run the loops. The bus is not in it: it connects by itself, whenever it is there.
"""

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
"""Connections of a service that asks for no other number; all services share what Postgres allows."""

OPEN_AGAIN_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Service:
    """What makes one service different from another.

    The functions are called once, when Postgres is reached. `keys` says whether it may open personal fields.
    """

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
        """Hand messages of the bus to the consumer, or drop them while there is none yet.

        Dropping loses nothing: a consumer begins by reading on from the store.
        """
        if self.consumer_loop is not None:
            await self.consumer_loop.receive(messages)

    async def run(self) -> None:
        """Open everything, however long Postgres takes, and keep the loops going until cancelled.

        What was opened is closed in reverse order, loops before pools. Raises what the service's own
        functions raise when they make its parts: that is a bug or a wrong file, and the process ends.
        """
        async with AsyncExitStack() as stack:
            platform = await self._open_persistently(stack)
            loops: list[Loop] = [ClockLoop(platform)]
            if self.service.consumer is not None:
                consumer_loop = ConsumerLoop(platform, self.service.consumer(platform))
                ownership_loop = OwnershipLoop(platform)
                # Once before anything runs: without partitions the first sweep would read nothing, and the
                # service would be called ready before it can do anything.
                await ownership_loop.run_once()
                self.consumer_loop = consumer_loop
                loops += [ownership_loop, SweepLoop(consumer_loop, self.bus_is_up)]
            loops += [make(platform) for make in self.service.loops]
            for closing in (loop for loop in loops if isinstance(loop, Closing)):
                stack.push_async_callback(closing.close)
            self.http = self.service.http(platform) if self.service.http is not None else None
            # Last: `/readyz` and the HTTP of the service look at these two, and must find everything made.
            self.platform, self.last_error = platform, ""
            give_back_memory()
            log.info("service.ready", loops=[loop.name for loop in loops])
            async with asyncio.TaskGroup() as group:
                for loop in loops:
                    self.loops[loop.name] = LoopHealth()
                    group.create_task(keep_running(loop, self.loops[loop.name]), name=loop.name)

    def bus_is_up(self) -> bool:
        """Return whether the bus is connected and every pull loop gets an answer from it.

        A connection alone is not enough: after a wipe NATS is there and the stream is not.
        """
        client = self.broker._connection
        return client is not None and bool(client.is_connected) and self._pulls_are_good()

    def _pulls_are_good(self) -> bool:
        if self.subscriber is None or not self.subscriber.pulls:
            return True
        return all(not pull.health.last_error for pull in self.subscriber.pulls.values())

    async def _open_persistently(self, stack: AsyncExitStack) -> Platform:
        """Open pools and clock, again every second until it works."""
        while True:
            try:
                # A stack of its own per try: when the second pool fails, the first one is closed here.
                # Without it each try would leave a pool open, and Postgres would run out of connections as it
                # comes back.
                async with AsyncExitStack() as opened:
                    platform = await self._open(opened)
                    stack.push_async_exit(opened.pop_all())
                    return platform
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                # Each kind of failure once: a Postgres that is away for an hour would otherwise fill the log.
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
    """Return to the system what only starting needed: some megabytes that glibc would keep for later."""
    gc.collect()
    # What is alive now (modules, classes, routes) stays so: the collector need not look at it ever again.
    gc.freeze()
    with suppress(OSError, AttributeError):  # another C library than glibc keeps or returns as it likes
        ctypes.CDLL(None).malloc_trim(0)
