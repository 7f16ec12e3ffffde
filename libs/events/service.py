"""How a service runs: settings, logs, pools, clock, consumer, loops, HTTP, an orderly stop.

FastStream's application holds the process together. Its lifespan starts everything that only needs Postgres;
the bus connects in the background, however long that takes, because Postgres decides and NATS only carries.
HTTP answers from the first moment: /livez says the process runs, /readyz whether it can do its work.
"""

import asyncio
import ctypes
import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog
import uvicorn
from faststream.asgi import AsgiFastStream
from faststream.nats import NatsBroker
from prometheus_client import REGISTRY, Gauge, make_asgi_app

from events import failpoints, health
from events import settings as settings_module
from events.bus import asyncapi
from events.bus.broker import BusDoorbell, LaneSubscriber, make_broker, subscribe
from events.consumer.batch import Consumer
from events.consumer.loop import ConsumerLoop
from events.errors import Misconfigured
from events.http_protocol import Protocol
from events.logs import configure, describe
from events.loops import Closing, Loop, LoopHealth, keep_running
from events.maintenance import ClockLoop, OwnershipLoop, SweepLoop
from events.partitions.ownership import Ownership
from events.platform import Platform
from events.settings import Settings
from events.store.database import close_pool, open_pool
from events.store.keys import KeyStore
from events.store.store_clock import StoreClock
from events.store.streams import Store

log = structlog.get_logger()

ASGIApp = Callable[[Any, Any, Any], Any]

POOL_SIZE = 4
OPEN_AGAIN_AFTER_S = 1.0
STOP_WITHIN_S = 8

TASKS = Gauge("gehoor_asyncio_tasks", "Tasks of the event loop; one that only grows is a leak")


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
class Running:
    """A service while it runs; `platform` is there once Postgres could be reached."""

    service: Service
    settings: Settings
    broker: NatsBroker
    ownership: Ownership = field(default_factory=Ownership)
    platform: Platform | None = None
    consumer_loop: ConsumerLoop | None = None
    subscriber: LaneSubscriber | None = None
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


class ServiceApplication(AsgiFastStream):
    """FastStream's application in front of the service's own HTTP."""

    service: Running

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """What the platform adds can only be read; anything else is the service's own to answer."""
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            await self.not_found(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def not_found(self, scope: Any, receive: Any, send: Any) -> None:
        if self.service.http is not None and scope["type"] == "http":
            await self.service.http(scope, receive, send)
        elif self.service.service.http is not None and scope["type"] == "http":
            await health.unavailable(scope, receive, send)
        else:
            await super().not_found(scope, receive, send)


def make_application(service: Service, settings: Settings) -> ServiceApplication:
    """Put a service together; nothing is contacted before its lifespan begins."""
    broker = make_broker(settings.nats_for(service.name), service.name)
    running = Running(service, settings, broker, Ownership(settings.replica))
    if service.consumer is not None:
        running.subscriber = subscribe(broker, service.name, running.receive, running.ownership)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        TASKS.set_function(lambda: len(asyncio.all_tasks(loop)))
        task = asyncio.create_task(running.run(), name=service.name)
        task.add_done_callback(_tell_if_failed)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=STOP_WITHIN_S)

    application = ServiceApplication(
        broker,
        lifespan=lifespan,
        logger=None,
        asgi_routes=[
            ("/livez", health.livez),
            ("/readyz", health.readyz(running)),
            ("/metrics", make_asgi_app(REGISTRY)),
            ("/asyncapi", asyncapi.endpoint),
        ],
    )
    application.service = running
    return application


def run(service: Service) -> None:
    """Run a service until it is told to stop; a wrong setting is one line and exit status 2."""
    try:
        settings = settings_module.load()
        failpoints.arm(os.environ.get("GEHOOR_FAILPOINTS"), settings.home)
        configure(service.name, settings.log_level)
        application = make_application(service, settings)
    except Misconfigured as wrong:
        raise SystemExit(_one_line(wrong)) from None
    uvicorn.run(
        application,
        host=settings.bind,
        port=service.port(settings),
        loop="uvloop",
        http=Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        timeout_keep_alive=15,
    )


def give_back_memory() -> None:
    """Let the system have what only starting needed: some megabytes of freed pages that glibc would keep."""
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # another C library than glibc keeps or returns as it likes
        ctypes.CDLL(None).malloc_trim(0)


def _one_line(wrong: Misconfigured) -> int:
    log.error("service.misconfigured", reason=str(wrong))
    return 2


def _tell_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("service.failed", **describe(error))
        raise SystemExit(70)
