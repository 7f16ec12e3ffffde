"""Faults of Postgres, of the bus and of the connections to them."""

import asyncio
import random
import shutil
import signal
from contextlib import suppress
from time import monotonic

import asyncpg

from chaos.database import DATABASE_ERRORS, admin
from chaos.proxy import NETWORK_MODES
from chaos.testbed import Testbed

HELD_FOR_S = 2.0
STARTED_AGAIN_WITHIN_S = 5.0


async def crash_postgres(testbed: Testbed, chance: random.Random) -> str:
    """Postgres' immediate shutdown: no checkpoint, recovery at the next start."""
    name = "postgres" if chance.random() < 0.8 else "keys"
    return name if testbed.system.send(name, signal.SIGQUIT) else ""


async def crash_at_promise(testbed: Testbed, chance: random.Random) -> str:
    """Postgres is shut down at once in the very moment in which somebody was promised something."""
    before = len(testbed.filed)
    async with asyncio.timeout(30):
        while len(testbed.filed) == before:  # noqa: ASYNC110 - the very next millisecond is wanted
            await asyncio.sleep(0.001)
    return "postgres" if testbed.system.send("postgres", signal.SIGQUIT) else ""


async def restart_nats(testbed: Testbed, chance: random.Random) -> str:
    """The bus goes and comes back with what it stored."""
    return await end_nats(testbed, chance.choice((signal.SIGKILL, signal.SIGTERM)))


async def wipe_nats(testbed: Testbed, chance: random.Random) -> str:
    """The bus is killed and everything it stored is deleted."""
    ended = await end_nats(testbed, signal.SIGKILL)
    shutil.rmtree(testbed.system.home / "nats", ignore_errors=True)
    return ended


async def end_nats(testbed: Testbed, number: signal.Signals) -> str:
    """End the bus, once it is back from the last time."""
    until_s = monotonic() + STARTED_AGAIN_WITHIN_S
    while monotonic() < until_s:
        one = testbed.system.record.processes.get("nats")
        if one is not None and one.ready and testbed.system.send("nats", number):
            return "nats"
        await asyncio.sleep(0.02)
    return ""


async def upset_network(testbed: Testbed, chance: random.Random) -> str:
    """Connections to Postgres or NATS are slow, cut, half open or served out of turn."""
    proxy = chance.choice(testbed.proxies)
    proxy.set_mode(chance.choice(NETWORK_MODES))
    mode = proxy.mode
    await asyncio.sleep(chance.uniform(1.0, 6.0))
    proxy.set_mode("normal")
    return mode


async def hold_transaction(testbed: Testbed, chance: random.Random) -> str:
    """A transaction that wrote stays open for two seconds: the feed may not be read beyond it meanwhile."""
    async with admin(testbed.system) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetchval("SELECT pg_current_xact_id()")
        await asyncio.sleep(HELD_FOR_S)
        await transaction.rollback()
    return "held"


async def exhaust_connections(testbed: Testbed, chance: random.Random) -> str:
    """Somebody takes every connection that Postgres gives."""
    url_of = testbed.system.settings.database_for("auditor")
    taken: list[asyncpg.Connection] = []
    try:
        with suppress(*DATABASE_ERRORS):
            while len(taken) < 120:
                taken.append(await asyncpg.connect(url_of, timeout=5))
        await asyncio.sleep(chance.uniform(1.0, 3.0))
    finally:
        for connection in taken:
            connection.terminate()
    return f"{len(taken)} connections"
