"""Faults at failpoints: a process is killed, paused, delayed or broken at a named step."""

import asyncio
import random
from typing import get_args

from chaos.faults.processes import PAUSED_FOR_S
from chaos.sweep import hosts_of, meet_next
from chaos.testbed import Testbed
from events.failpoints import FAILPOINTS, Action

WAIT_MARGIN_S = 10.0
"""Seconds added to three delays: the process passes the point a few seconds apart."""


async def falsify_clock(testbed: Testbed, chance: random.Random) -> str:
    """One process measures the database's clock wrongly by seconds: it is slow, or ahead of it."""
    name = testbed.service(chance)
    point, seconds = chance.choice(("clock.asked", "clock.sampled")), chance.choice((5, 6, 8))
    return await arm_and_wait(testbed, name, point, f"delay:{seconds}@1*3", 3 * seconds + WAIT_MARGIN_S)


async def reach_failpoint(testbed: Testbed, chance: random.Random) -> str:
    """A random process is killed, paused, delayed or broken at a random failpoint."""
    names = [name for name in FAILPOINTS if not name.startswith("erasure.")]
    name, action = chance.choice(names), chance.choice(get_args(Action))
    service = chance.choice(hosts_of(name))
    amount = {"pause": f":{chance.uniform(*PAUSED_FOR_S):.1f}", "delay": f":{chance.uniform(0.5, 3):.1f}"}
    setting = f"{action}{amount.get(action, '')}@{chance.randint(1, 3)}"
    return await arm_and_wait(testbed, service, name, setting, float(amount.get(action, ":0")[1:]) + 1.0)


async def commit_late(testbed: Testbed, chance: random.Random) -> str:
    """One intake holds its inserted complaints back for a second while the other one commits."""
    name = chance.choice(hosts_of("intake.before_commit"))
    return await arm_and_wait(testbed, name, "intake.before_commit", "delay:1.0", 1.5)


async def make_zombie(testbed: Testbed, chance: random.Random) -> str:
    """A replica stands still between planning its work and doing it, until others have its partitions."""
    name = chance.choice(("workflow", "deadlines", "notifier"))
    return await arm_and_wait(testbed, name, "consumer.before_transaction", "pause:14", 16.0)


async def sweep_failpoints(testbed: Testbed, chance: random.Random) -> str:
    """The next failpoint and action of the sweep."""
    return await meet_next(testbed, chance)


async def arm_and_wait(testbed: Testbed, process: str, failpoint: str, setting: str, within_s: float) -> str:
    """Arm a failpoint in a process and wait; return an empty text when the process did not pass it."""

    def times_passed() -> int:
        return sum(name == failpoint for name, _ in testbed.system.passed(process))

    before = times_passed()
    testbed.system.failpoint(process, f"{failpoint}={setting}")
    await asyncio.sleep(within_s)
    return f"{process} {failpoint}={setting}" if times_passed() > before else ""
