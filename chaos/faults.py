"""What can be broken: each fault is a named errand that begins, lasts, and heals what it broke.

A fault works through identifiers of processes that this campaign started, through files in its own folder,
and through its own proxies and mail server; it never touches anything else on the machine.
"""

import asyncio
import random
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import get_args
from uuid import UUID

import asyncpg

from chaos.disk import Disk
from chaos.mail_server import MOODS, MailServer
from chaos.poison import poison
from chaos.proxy import NETWORK_MOODS, FaultProxy
from chaos.reading import TROUBLE, admin
from chaos.record import Erased, Fault, History, Poisoned, Reached
from chaos.system import System
from events.failpoints import FAILPOINTS, Action

PAUSED_FOR_S = (11.5, 14.0)
"""Longer than a replica may be silent (10 s) before another takes its lanes."""

HELD_FOR_S = 2.0
BREAKS_AGAIN_AFTER_S = 10.0
FIRES_WITHIN_S = 8.0
SWEPT = ("kill", "pause", "raise")
REACHED_BY_LOAD = frozenset(
    name for name in FAILPOINTS if not name.startswith("erasure.") and name != "consumer.parked"
)
"""The others need somebody to be forgotten, or a poison: those faults pass them."""


@dataclass(slots=True)
class World:
    """Everything a fault may reach; `filed` are references that were promised."""

    system: System
    history: History
    mail: MailServer
    filed: list[str]
    proxies: list[FaultProxy] = field(default_factory=list)
    disk: Disk | None = None
    poisoned: list[UUID] = field(default_factory=list)
    sweep: list[tuple[str, str]] = field(default_factory=list)

    def service(self, chance: random.Random) -> str:
        return chance.choice(self.system.service_names or ["intake"])


FaultErrand = Callable[[World, random.Random], Awaitable[str]]
"""Breaks something and heals it; gives a word about what it broke."""


async def kill_one(world: World, chance: random.Random) -> str:
    """kill -9 of any process, servers included."""
    name = chance.choice(world.system.names or ["intake"])
    world.system.send(name, signal.SIGKILL)
    return name


async def kill_service(world: World, chance: random.Random) -> str:
    """kill -9 of a service."""
    name = world.service(chance)
    world.system.send(name, signal.SIGKILL)
    return name


async def kill_intake(world: World, chance: random.Random) -> str:
    """kill -9 of who answers complaints."""
    name = chance.choice(hosts_of("intake.parsed"))
    world.system.send(name, signal.SIGKILL)
    return name


async def stop_one(world: World, chance: random.Random) -> str:
    """SIGTERM in the middle of work."""
    name = world.service(chance)
    world.system.send(name, signal.SIGTERM)
    return name


async def kill_all(world: World, chance: random.Random) -> str:
    """kill -9 of everything at once, servers included, as when the machine falls over."""
    for name in world.system.names:
        world.system.send(name, signal.SIGKILL)
    return "all"


async def pause_one(world: World, chance: random.Random) -> str:
    """SIGSTOP for longer than any time-out, then SIGCONT: the process does not know that time passed."""
    name = world.service(chance)
    record = world.system.record.processes.get(name)
    world.system.send(name, signal.SIGSTOP)
    await asyncio.sleep(chance.uniform(*PAUSED_FOR_S))
    now = world.system.record.processes.get(name)
    if record is not None and now is not None and record.pid == now.pid:
        world.system.send(name, signal.SIGCONT)
    return name


async def crash_postgres(world: World, chance: random.Random) -> str:
    """Postgres' immediate shutdown: no checkpoint, recovery at the next start."""
    name = "postgres" if chance.random() < 0.8 else "keys"
    world.system.send(name, signal.SIGQUIT)
    return name


async def crash_at_promise(world: World, chance: random.Random) -> str:
    """Postgres is shut down at once in the very moment in which somebody was promised something."""
    before = len(world.filed)
    async with asyncio.timeout(30):
        while len(world.filed) == before:  # noqa: ASYNC110 - the very next millisecond is wanted
            await asyncio.sleep(0.001)
    world.system.send("postgres", signal.SIGQUIT)
    return "postgres"


async def restart_nats(world: World, chance: random.Random) -> str:
    """The bus goes and comes back with what it stored."""
    world.system.send("nats", chance.choice((signal.SIGKILL, signal.SIGTERM)))
    return "nats"


async def wipe_nats(world: World, chance: random.Random) -> str:
    """The bus is killed and everything it stored is deleted."""
    world.system.send("nats", signal.SIGKILL)
    shutil.rmtree(world.system.home / "nats", ignore_errors=True)
    return "nats"


async def upset_mail(world: World, chance: random.Random) -> str:
    """The mail server refuses, grey-lists, hangs after the final dot, drops, drips or says 421."""
    world.mail.mood = chance.choice(MOODS)
    await asyncio.sleep(chance.uniform(2.0, 6.0))
    mood, world.mail.mood = world.mail.mood, "well"
    return mood


async def drop_mail(world: World, chance: random.Random) -> str:
    """The mail server hangs up after the final dot, whether or not it has taken the mail."""
    world.mail.mood = "dropping"
    await asyncio.sleep(2.0)
    world.mail.mood = "well"
    return "dropping"


async def grey_mail(world: World, chance: random.Random) -> str:
    """The mail server wants everybody to come again."""
    world.mail.mood = "grey"
    await asyncio.sleep(3.0)
    world.mail.mood = "well"
    return "grey"


async def close_mail(world: World, chance: random.Random) -> str:
    """Nobody listens on the mail server's port."""
    await world.mail.stop()
    await asyncio.sleep(chance.uniform(1.0, 4.0))
    await world.mail.start()
    return "closed"


async def upset_network(world: World, chance: random.Random) -> str:
    """Connections to Postgres or NATS are slow, cut, half open or served out of turn."""
    proxy = chance.choice(world.proxies)
    proxy.set_mood(chance.choice(NETWORK_MOODS))
    mood = proxy.mood
    await asyncio.sleep(chance.uniform(1.0, 6.0))
    proxy.set_mood("well")
    return mood


async def hold_transaction(world: World, chance: random.Random) -> str:
    """A writer takes its place in the feed and commits only after two seconds."""
    async with admin(world.system) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetchval("SELECT pg_current_xact_id()")
        await asyncio.sleep(HELD_FOR_S)
        await transaction.rollback()
    return "held"


async def exhaust_connections(world: World, chance: random.Random) -> str:
    """Somebody takes every connection that Postgres gives."""
    url_of = world.system.settings.database_for("auditor")
    taken: list[asyncpg.Connection] = []
    try:
        with suppress(*TROUBLE):
            while len(taken) < 120:
                taken.append(await asyncpg.connect(url_of, timeout=5))
        await asyncio.sleep(chance.uniform(1.0, 3.0))
    finally:
        for connection in taken:
            connection.terminate()
    return f"{len(taken)} connections"


async def falsify_clock(world: World, chance: random.Random) -> str:
    """One process measures the database's clock wrongly by seconds, in either direction of the answer."""
    name = world.service(chance)
    seconds = chance.choice((5, 6, 8))
    world.system.failpoint(name, f"clock.sampled=delay:{seconds}@1*3")
    await asyncio.sleep(3 * seconds + BREAKS_AGAIN_AFTER_S)
    return name


async def reach_failpoint(world: World, chance: random.Random) -> str:
    """A random process meets a random fate at a random step."""
    names = [name for name in FAILPOINTS if not name.startswith("erasure.")]
    name, action = chance.choice(names), chance.choice(get_args(Action))
    service = chance.choice(hosts_of(name))
    amount = {"pause": f":{chance.uniform(*PAUSED_FOR_S):.1f}", "delay": f":{chance.uniform(0.5, 3):.1f}"}
    world.system.failpoint(service, f"{name}={action}{amount.get(action, '')}@{chance.randint(1, 3)}")
    await asyncio.sleep(float(amount.get(action, ":0")[1:]) + 1.0)
    return f"{service} {name}={action}"


async def commit_late(world: World, chance: random.Random) -> str:
    """One intake holds its inserted complaints back for a second while the other one commits."""
    name = chance.choice(("intake", "intake-2"))
    world.system.failpoint(name, "intake.before_commit=delay:1.0")
    await asyncio.sleep(1.5)
    return name


async def make_zombie(world: World, chance: random.Random) -> str:
    """A replica stands still between planning its work and doing it, until others have its lanes."""
    name = chance.choice(("workflow", "deadlines", "notifier"))
    world.system.failpoint(name, "consumer.before_transaction=pause:14")
    await asyncio.sleep(16)
    return name


async def sweep_failpoints(world: World, chance: random.Random) -> str:
    """The next point and fate of the sweep, in whichever replica passes it first."""
    if not world.sweep:
        world.sweep = [(name, action) for name in FAILPOINTS if name in REACHED_BY_LOAD for action in SWEPT]
        chance.shuffle(world.sweep)
    name, action = world.sweep.pop()
    amount = f":{chance.uniform(*PAUSED_FOR_S) if chance.random() < 0.2 else 2.0:.1f}"
    setting = f"{name}={action}{amount if action == 'pause' else ''}@{chance.randint(1, 3)}"
    hosts = hosts_of(name)
    before = {host: world.system.fired(host) for host in hosts}
    for host in hosts:
        world.system.failpoint(host, setting)
    try:
        async with asyncio.timeout(FIRES_WITHIN_S):
            while not (fired := [host for host in hosts if world.system.fired(host) > before[host]]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    except TimeoutError:
        return "not reached"
    finally:
        for host in hosts:
            world.system.disarm(host)
    world.history.write(Reached(name=name, action=action, process=fired[0]))
    if action == "pause":
        await asyncio.sleep(float(amount[1:]))
    return fired[0]


async def put_poison(world: World, chance: random.Random) -> str:
    """An event that no service of this version can read stands in a case; only that case may wait."""
    if not world.filed:
        return "no case yet"
    case_id, version = await poison(world.system, chance.choice(world.filed))
    if case_id is None:
        return "no case yet"
    world.poisoned.append(case_id)
    world.history.write(Poisoned(case=str(case_id), version=version))
    return "poison"


async def forget_somebody(world: World, chance: random.Random) -> str:
    """A complainant is forgotten, and the errand breaks off in the middle and is taken up again."""
    from chaos.forgetting import forget

    if not world.filed:
        return "no case yet"
    reference = world.filed.pop(chance.randrange(len(world.filed)))
    step = chance.choice(("erasure.requested", "erasure.destroyed", ""))
    world.history.write(Erased(reference=reference))
    await forget(world.system, reference, step)
    return step or "whole"


async def cut_power(world: World, chance: random.Random) -> str:
    """The machine loses its power: unsynced data is gone, every process too; then all of it starts again."""
    assert world.disk is not None
    world.disk.cut_power()
    await world.system.kill()
    await world.disk.mount_again()
    await world.system.start()
    return "power"


async def fill_disk(world: World, chance: random.Random) -> str:
    """There is no room left for a few seconds."""
    assert world.disk is not None
    filler = world.disk.fill()
    await asyncio.sleep(chance.uniform(3.0, 6.0))
    filler.unlink(missing_ok=True)
    return "full"


def hosts_of(failpoint: str) -> tuple[str, ...]:
    """Name the processes that pass a failpoint."""
    consumers = ("workflow", "deadlines", "notifier")
    hosts = {
        "intake": ("intake",), "relay": ("relay",), "consumer": consumers, "firing": ("deadlines",),
        "clock": ("intake", "relay", *consumers), "letters": ("notifier",),
    }  # fmt: skip
    exact = {"keys.before_mint": ("intake",), "keys.loaded": ("notifier",)}
    services = exact.get(failpoint) or hosts[failpoint.partition(".")[0]]
    return tuple(name for service in services for name in (service, f"{service}-2"))


FAULTS: Mapping[str, FaultErrand] = {
    "kill": kill_service,
    "kill anything": kill_one,
    "kill all": kill_all,
    "pause": pause_one,
    "kill intake": kill_intake,
    "stop": stop_one,
    "postgres immediate": crash_postgres,
    "crash at a promise": crash_at_promise,
    "nats restart": restart_nats,
    "nats wiped": wipe_nats,
    "mail upset": upset_mail,
    "mail closed": close_mail,
    "mail dropped": drop_mail,
    "mail grey": grey_mail,
    "late commit": commit_late,
    "zombie": make_zombie,
    "network": upset_network,
    "held transaction": hold_transaction,
    "no connections": exhaust_connections,
    "wrong clock": falsify_clock,
    "failpoint": reach_failpoint,
    "sweep": sweep_failpoints,
    "poison": put_poison,
    "forgetting": forget_somebody,
    "power cut": cut_power,
    "disk full": fill_disk,
}


async def commit_fault(world: World, name: str, chance: random.Random) -> None:
    """Break and heal once, and write down when."""
    world.history.write(Fault(name=name, begins=True))
    try:
        await FAULTS[name](world, chance)
    except (*TROUBLE, KeyError):
        pass  # what should be broken further was broken already
    finally:
        world.history.write(Fault(name=name, begins=False))
