"""The sweep: every action at every failpoint.

Most points are passed by the load alone. A point at which a case is set aside needs a poison, one of taking
the lead needs a leader that died, and those of an erasure are passed by a process of their own.
"""

import asyncio
import random
import signal
import sys

from chaos.database import DATABASE_ERRORS
from chaos.erasure import erase_person
from chaos.record import PersonErased
from chaos.system import ROOT
from chaos.testbed import Testbed
from events.failpoints import FAILPOINTS

Pair = tuple[str, str]
"""A failpoint, and the action that a process carries out there."""

ACTIONS = ("kill", "pause", "raise", "delay")
FIRES_WITHIN_S = 12.0
GIVES_UP_AFTER = 3

LONG_PAUSE_S = (11.5, 14.0)
"""Longer than a replica may be silent before another takes its partitions: every fifth pause."""

SHORT_S = 2.0
ERASURE_PROCESS = "forgetting"
"""The name under which the process of an erasure leaves its notes."""

_CONSUMERS = ("workflow", "deadlines", "notifier")
_HOSTS = {
    "intake": ("intake",), "relay": ("relay",), "consumer": _CONSUMERS, "firing": ("deadlines",),
    "clock": ("intake", "relay", *_CONSUMERS), "letters": ("notifier",),
}  # fmt: skip
_HOSTS_OF_POINT = {"keys.before_mint": ("intake",), "keys.loaded": ("notifier",)}
_PASSED_SELDOM = ("consumer.parked", "relay.leads", "clock.sampled", "consumer.owned")


def hosts_of(failpoint: str) -> tuple[str, ...]:
    """Name the processes that pass a failpoint."""
    services = _HOSTS_OF_POINT.get(failpoint) or _HOSTS[failpoint.partition(".")[0]]
    return tuple(name for service in services for name in (service, f"{service}-2"))


def next_pair(testbed: Testbed, chance: random.Random) -> Pair:
    """Return the next point and action; when a round is through, another one begins in another order."""
    if not testbed.sweep:
        testbed.sweep += [(name, action) for name in FAILPOINTS for action in ACTIONS]
        chance.shuffle(testbed.sweep)
    return testbed.sweep.pop()


async def meet_next(testbed: Testbed, chance: random.Random) -> str:
    """Let the next pair happen; return it, or nothing if nobody came by, and then it is tried again later."""
    pair = next_pair(testbed, chance)
    try:
        met = await _meet(testbed, pair, chance)
    except (*DATABASE_ERRORS, KeyError):
        met = False
    if met:
        return "=".join(pair)
    testbed.unreached[pair] = testbed.unreached.get(pair, 0) + 1
    if testbed.unreached[pair] < GIVES_UP_AFTER:
        testbed.sweep.insert(0, pair)
    return ""


async def _meet(testbed: Testbed, pair: Pair, chance: random.Random) -> bool:
    name, action = pair
    amount_s = chance.uniform(*LONG_PAUSE_S) if action == "pause" and chance.random() < 0.2 else SHORT_S
    setting = f"{name}={action}:{amount_s:.1f}" if action in ("pause", "delay") else f"{name}={action}"
    if name.startswith("erasure."):
        return await _break_erasure(testbed, pair, setting, chance)
    setting += "@1" if name in _PASSED_SELDOM else f"@{chance.randint(1, 3)}"
    system, hosts = testbed.system, hosts_of(name)
    if not name.startswith("relay."):  # of two relays only one leads, and nobody says which
        hosts = (chance.choice(hosts),)
    if name == "relay.leads":
        for host in hosts:
            system.send(host, signal.SIGKILL)
    before = {host: system.passed(host).count(pair) for host in hosts}
    for host in hosts:
        system.failpoint(host, setting)
    if name == "consumer.parked":
        await testbed.plant_poison(chance)
    try:
        async with asyncio.timeout(FIRES_WITHIN_S):
            while all(system.passed(host).count(pair) == before[host] for host in hosts):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    finally:
        for host in hosts:
            system.disarm(host)
    if action == "pause":
        await asyncio.sleep(amount_s)
    return True


async def _break_erasure(testbed: Testbed, pair: Pair, setting: str, chance: random.Random) -> bool:
    """Erase somebody in a process that breaks at the failpoint, then in one that does not."""
    if not testbed.filed:
        return False
    system = testbed.system
    reference = testbed.filed.pop(chance.randrange(len(testbed.filed)))
    testbed.history.write(PersonErased(reference=reference))
    before = system.passed(ERASURE_PROCESS).count(pair)
    system.failpoint(ERASURE_PROCESS, setting)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaos.erasure", str(system.home), reference, cwd=ROOT,
        env=system.environment(), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await process.wait()
    system.disarm(ERASURE_PROCESS)
    await erase_person(system, reference, "")
    return system.passed(ERASURE_PROCESS).count(pair) > before
