"""Faults of the disk: lost power, and no room left."""

import asyncio
import random
import signal

from chaos.faults.servers import end_nats
from chaos.testbed import Testbed


async def cut_power(testbed: Testbed, chance: random.Random) -> str:
    """The machine loses its power: unsynced data is gone, every process too; then all of it starts again."""
    assert testbed.disk is not None
    testbed.disk.cut_power()
    await testbed.system.kill()
    await testbed.disk.mount_again()
    await testbed.system.start()
    return "power"


async def fill_disk(testbed: Testbed, chance: random.Random) -> str:
    """There is no room left for a few seconds; then NATS is started again, or it never writes any more."""
    assert testbed.disk is not None
    filler = testbed.disk.fill()
    await asyncio.sleep(chance.uniform(3.0, 6.0))
    filler.unlink(missing_ok=True)
    await end_nats(testbed, signal.SIGTERM)
    return "full"
