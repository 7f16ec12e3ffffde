"""One job of a service, in a process of its own: settings, one answer, and an end.

A job is what is done now and then and not in a loop, such as making a table again. It has the rights of the
service, as the same user of the databases, and the service may run beside it. The answer is the last line of
standard output, as JSON; log lines come before it.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from events import settings as settings_module
from events.errors import GehoorError
from events.logs import configure
from events.platform import Platform
from events.store.database import close_pool, open_pool
from events.store.store_clock import StoreClock
from events.store.streams import Store

Job = Callable[[Platform], Awaitable[Mapping[str, Any]]]

CONNECTIONS = 2
"""Few, because the service itself runs beside the job and needs its own share of what Postgres allows."""


def run_job(name: str, job: Job) -> None:
    """Run a job as the service `name`, and print what it answers as one line of JSON.

    Raises `SystemExit` with one line and status 1 when the job, a setting or a server refuses.
    """
    try:
        settings = settings_module.load()
        configure(name, settings.log_level)
        answer = asyncio.run(_run(name, settings, job))
    except GehoorError as problem:
        raise SystemExit(f"{name}: {problem}") from None
    sys.stdout.write(f"{json.dumps(answer)}\n")


async def _run(name: str, settings: settings_module.Settings, job: Job) -> Mapping[str, Any]:
    pool = await open_pool(settings.database_for(name), name, CONNECTIONS)
    try:
        # The clock first: until it was measured, `now()` raises, and the store stamps what it appends with
        # it.
        clock = StoreClock()
        await clock.measure(pool)
        return await job(Platform(name, settings, pool, clock, Store(pool, clock), None))
    finally:
        await close_pool(pool)
