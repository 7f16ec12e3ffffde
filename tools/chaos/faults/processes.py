"""Faults of processes: kills, stops and pauses."""

import asyncio
import random
import signal

from chaos.sweep import hosts_of
from chaos.testbed import Testbed

PAUSED_FOR_S = (11.5, 14.0)
"""Longer than a replica may be silent (10 s) before another takes its partitions."""

PAUSED_LONG_FOR_S = (32.0, 36.0)
"""Longer than a request to the bus, a sweep, or a held message of an integrator lasts (30 s each)."""

LONG_PAUSE_SHARE = 0.3


async def kill_one(testbed: Testbed, chance: random.Random) -> str:
    """kill -9 of any process, servers included."""
    name = chance.choice(testbed.system.names or ["intake"])
    return name if testbed.system.send(name, signal.SIGKILL) else ""


async def kill_service(testbed: Testbed, chance: random.Random) -> str:
    """kill -9 of a service."""
    name = testbed.service(chance)
    return name if testbed.system.send(name, signal.SIGKILL) else ""


async def kill_intake(testbed: Testbed, chance: random.Random) -> str:
    """kill -9 of who answers complaints."""
    name = chance.choice(hosts_of("intake.parsed"))
    return name if testbed.system.send(name, signal.SIGKILL) else ""


async def kill_all(testbed: Testbed, chance: random.Random) -> str:
    """kill -9 of everything at once, servers included, as when the machine falls over."""
    killed = sum(testbed.system.send(name, signal.SIGKILL) for name in testbed.system.names)
    return f"{killed} processes" if killed else ""


async def stop_one(testbed: Testbed, chance: random.Random) -> str:
    """SIGTERM in the middle of work."""
    name = testbed.service(chance)
    return name if testbed.system.send(name, signal.SIGTERM) else ""


async def pause_one(testbed: Testbed, chance: random.Random) -> str:
    """SIGSTOP for longer than a time-out, now and then than any, then SIGCONT: it knows of no time passed."""
    name = testbed.service(chance)
    record = testbed.system.record.processes.get(name)
    if not testbed.system.send(name, signal.SIGSTOP):
        return ""
    length_s = PAUSED_LONG_FOR_S if chance.random() < LONG_PAUSE_SHARE else PAUSED_FOR_S
    await asyncio.sleep(chance.uniform(*length_s))
    now = testbed.system.record.processes.get(name)
    if record is not None and now is not None and record.pid == now.pid:
        testbed.system.send(name, signal.SIGCONT)
    return name
