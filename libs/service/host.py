"""How a service runs: settings, logs, pools, clock, consumer, loops, HTTP, an orderly stop.

FastStream's application holds the process together. Its lifespan starts everything that only needs Postgres;
the bus connects in the background, however long that takes, because Postgres decides and NATS only carries.
HTTP answers from the first moment: /livez says the process runs, /readyz whether it can do its work.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvicorn
from faststream.asgi import AsgiFastStream
from prometheus_client import REGISTRY, Gauge, make_asgi_app

from events import failpoints
from events import settings as settings_module
from events.bus import asyncapi
from events.bus.broker import make_broker
from events.bus.subscriber import subscribe
from events.errors import Misconfigured
from events.logs import configure, describe
from events.partitions.ownership import Ownership
from events.settings import Settings
from events.version import VERSION
from service import health
from service.running import RunningService, Service
from web.protocol import Protocol

log = structlog.get_logger()

STOP_WITHIN_S = 8

TASKS = Gauge("gehoor_asyncio_tasks", "Tasks of the event loop; one that only grows is a leak")
BUILD = Gauge("gehoor_build_info", "Always 1: its label says which version of Gehoor runs", ["version"])
BUILD.labels(VERSION).set(1)


class ServiceApplication(AsgiFastStream):
    """FastStream's application in front of the service's own HTTP."""

    service: RunningService

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
    running = RunningService(service, settings, broker, Ownership(settings.replica))
    if service.consumer is not None:
        running.subscriber = subscribe(broker, service.name, running.receive, running.ownership)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        TASKS.set_function(lambda: len(asyncio.all_tasks(loop)))
        task = asyncio.create_task(running.run(), name=service.name)
        task.add_done_callback(_report_failure)
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
    """Run a service until it is told to stop.

    A wrong setting is one line in the log; then `SystemExit` is raised with exit status 2.
    """
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


def _one_line(wrong: Misconfigured) -> int:
    log.error("service.misconfigured", reason=str(wrong))
    return 2


def _report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("service.failed", **describe(error))
        raise SystemExit(70)
