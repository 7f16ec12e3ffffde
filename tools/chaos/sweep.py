"""The sweep: every failpoint meets every fate.

Most points are passed by the load alone. A point at which a case is set aside needs a poison, one of taking
the lead needs a leader that died, and those of forgetting are passed by a process of their own.
"""

import asyncio
import random
import signal
import sys

from chaos.forgetting import forget
from chaos.reading import TROUBLE
from chaos.record import Erased
from chaos.system import ROOT
from chaos.world import World
from events.failpoints import FAILPOINTS

Pair = tuple[str, str]
"""A point and the fate that a process meets there."""

FATES = ("kill", "pause", "raise", "delay")
FIRES_WITHIN_S = 12.0
GIVES_UP_AFTER = 3

LONG_PAUSE_S = (11.5, 14.0)
"""Longer than a replica may be silent before another takes its lanes: every fifth pause."""

SHORT_S = 2.0
FORGETTING = "forgetting"
"""The name under which the process that forgets somebody leaves its notes."""

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


def next_pair(world: World, chance: random.Random) -> Pair:
    """Give the next point and fate; when a round is through, another one begins in another order."""
    if not world.sweep:
        world.sweep += [(name, fate) for name in FAILPOINTS for fate in FATES]
        chance.shuffle(world.sweep)
    return world.sweep.pop()


async def meet_next(world: World, chance: random.Random) -> str:
    """Let the next pair happen; gives it, or nothing if nobody came by, and then it is tried again later."""
    pair = next_pair(world, chance)
    try:
        met = await _meet(world, pair, chance)
    except (*TROUBLE, KeyError):
        met = False
    if met:
        return "=".join(pair)
    world.unreached[pair] = world.unreached.get(pair, 0) + 1
    if world.unreached[pair] < GIVES_UP_AFTER:
        world.sweep.insert(0, pair)
    return ""


async def _meet(world: World, pair: Pair, chance: random.Random) -> bool:
    name, fate = pair
    amount_s = chance.uniform(*LONG_PAUSE_S) if fate == "pause" and chance.random() < 0.2 else SHORT_S
    setting = f"{name}={fate}:{amount_s:.1f}" if fate in ("pause", "delay") else f"{name}={fate}"
    if name.startswith("erasure."):
        return await _break_forgetting(world, pair, setting, chance)
    setting += "@1" if name in _PASSED_SELDOM else f"@{chance.randint(1, 3)}"
    system, hosts = world.system, hosts_of(name)
    if not name.startswith("relay."):  # of two relays only one leads, and nobody says which
        hosts = (chance.choice(hosts),)
    if name == "relay.leads":
        for host in hosts:
            system.send(host, signal.SIGKILL)
    before = {host: system.met(host).count(pair) for host in hosts}
    for host in hosts:
        system.failpoint(host, setting)
    if name == "consumer.parked":
        await world.plant_poison(chance)
    try:
        async with asyncio.timeout(FIRES_WITHIN_S):
            while all(system.met(host).count(pair) == before[host] for host in hosts):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    finally:
        for host in hosts:
            system.disarm(host)
    if fate == "pause":
        await asyncio.sleep(amount_s)
    return True


async def _break_forgetting(world: World, pair: Pair, setting: str, chance: random.Random) -> bool:
    """Let somebody be forgotten by a process that meets its fate at the point, then by one that does not."""
    if not world.filed:
        return False
    system = world.system
    reference = world.filed.pop(chance.randrange(len(world.filed)))
    world.history.write(Erased(reference=reference))
    before = system.met(FORGETTING).count(pair)
    system.failpoint(FORGETTING, setting)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaos.forgetting", str(system.home), reference, cwd=ROOT,
        env=system.environment(), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await process.wait()
    system.disarm(FORGETTING)
    await forget(system, reference, "")
    return system.met(FORGETTING).count(pair) > before
