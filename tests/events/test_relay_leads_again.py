"""The relay and a database connection that breaks while it leads; found by a campaign with a cut network."""

import asyncio

from events.bus.relay import RelayLoop
from events.testing import TestSystem

_LIVES = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"


async def test_a_relay_whose_connection_broke_leads_again(system: TestSystem) -> None:
    """A cut connection costs the relay a moment and not its life: it takes a new one and goes on."""
    loop = RelayLoop(await system.platform("relay"), lambda: None)  # type: ignore[arg-type]  # no bus is needed
    first = await loop.leadership.take()
    assert first is not None
    pid = await first.fetchval("SELECT pg_backend_pid()")

    admin = await system.admin()
    await admin.execute("SELECT pg_terminate_backend($1)", pid)
    async with asyncio.timeout(10):
        while await admin.fetchval(_LIVES, pid):  # noqa: ASYNC110 - a backend sends no signal
            await asyncio.sleep(0.01)
    await admin.close()

    second = None
    async with asyncio.timeout(10):
        while second is None:
            try:
                second = await loop.leadership.take()
                assert second is None or await second.fetchval("SELECT pg_backend_pid()") != pid
            except OSError:
                second = None  # the pool hands out one more broken connection before it notices

    assert second is not None
    await loop.close()
