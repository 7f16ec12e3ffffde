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
from time import monotonic
from typing import get_args

import asyncpg

from chaos.mail_server import MOODS
from chaos.proxy import NETWORK_MOODS
from chaos.reading import TROUBLE, admin
from chaos.record import Erased, Fault
from chaos.sweep import hosts_of, meet_next
from chaos.world import World
from events.failpoints import FAILPOINTS, Action

PAUSED_FOR_S = (11.5, 14.0)
"""Longer than a replica may be silent (10 s) before another takes its lanes."""

PAUSED_LONG_FOR_S = (32.0, 36.0)
"""Longer than a request to the bus lasts, a sweep waits and an integrator's message is held (30 s each)."""

ONE_PAUSE_IS_LONG = 0.3

HELD_FOR_S = 2.0
BREAKS_AGAIN_AFTER_S = 10.0
STARTED_AGAIN_WITHIN_S = 5.0


FaultErrand = Callable[[World, random.Random], Awaitable[str]]
"""Breaks something and heals it; gives a word about what it broke, if it broke anything."""


async def kill_one(world: World, chance: random.Random) -> str:
    """kill -9 of any process, servers included."""
    name = chance.choice(world.system.names or ["intake"])
    return name if world.system.send(name, signal.SIGKILL) else ""


async def kill_service(world: World, chance: random.Random) -> str:
    """kill -9 of a service."""
    name = world.service(chance)
    return name if world.system.send(name, signal.SIGKILL) else ""


async def kill_intake(world: World, chance: random.Random) -> str:
    """kill -9 of who answers complaints."""
    name = chance.choice(hosts_of("intake.parsed"))
    return name if world.system.send(name, signal.SIGKILL) else ""


async def stop_one(world: World, chance: random.Random) -> str:
    """SIGTERM in the middle of work."""
    name = world.service(chance)
    return name if world.system.send(name, signal.SIGTERM) else ""


async def kill_all(world: World, chance: random.Random) -> str:
    """kill -9 of everything at once, servers included, as when the machine falls over."""
    killed = sum(world.system.send(name, signal.SIGKILL) for name in world.system.names)
    return f"{killed} processes" if killed else ""


async def pause_one(world: World, chance: random.Random) -> str:
    """SIGSTOP for longer than a time-out, now and then than any, then SIGCONT: it knows of no time passed."""
    name = world.service(chance)
    record = world.system.record.processes.get(name)
    if not world.system.send(name, signal.SIGSTOP):
        return ""
    length_s = PAUSED_LONG_FOR_S if chance.random() < ONE_PAUSE_IS_LONG else PAUSED_FOR_S
    await asyncio.sleep(chance.uniform(*length_s))
    now = world.system.record.processes.get(name)
    if record is not None and now is not None and record.pid == now.pid:
        world.system.send(name, signal.SIGCONT)
    return name


async def crash_postgres(world: World, chance: random.Random) -> str:
    """Postgres' immediate shutdown: no checkpoint, recovery at the next start."""
    name = "postgres" if chance.random() < 0.8 else "keys"
    return name if world.system.send(name, signal.SIGQUIT) else ""


async def crash_at_promise(world: World, chance: random.Random) -> str:
    """Postgres is shut down at once in the very moment in which somebody was promised something."""
    before = len(world.filed)
    async with asyncio.timeout(30):
        while len(world.filed) == before:  # noqa: ASYNC110 - the very next millisecond is wanted
            await asyncio.sleep(0.001)
    return "postgres" if world.system.send("postgres", signal.SIGQUIT) else ""


async def restart_nats(world: World, chance: random.Random) -> str:
    """The bus goes and comes back with what it stored."""
    return await _end_nats(world, chance.choice((signal.SIGKILL, signal.SIGTERM)))


async def wipe_nats(world: World, chance: random.Random) -> str:
    """The bus is killed and everything it stored is deleted."""
    ended = await _end_nats(world, signal.SIGKILL)
    shutil.rmtree(world.system.home / "nats", ignore_errors=True)
    return ended


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
    """A transaction that wrote stays open for two seconds: the feed may not be read beyond it meanwhile."""
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
    """One process measures the database's clock wrongly by seconds: it is slow, or ahead of it."""
    name = world.service(chance)
    point, seconds = chance.choice(("clock.asked", "clock.sampled")), chance.choice((5, 6, 8))
    return await _meet(world, name, point, f"delay:{seconds}@1*3", 3 * seconds + BREAKS_AGAIN_AFTER_S)


async def reach_failpoint(world: World, chance: random.Random) -> str:
    """A random process meets a random fate at a random step."""
    names = [name for name in FAILPOINTS if not name.startswith("erasure.")]
    name, action = chance.choice(names), chance.choice(get_args(Action))
    service = chance.choice(hosts_of(name))
    amount = {"pause": f":{chance.uniform(*PAUSED_FOR_S):.1f}", "delay": f":{chance.uniform(0.5, 3):.1f}"}
    fate = f"{action}{amount.get(action, '')}@{chance.randint(1, 3)}"
    return await _meet(world, service, name, fate, float(amount.get(action, ":0")[1:]) + 1.0)


async def commit_late(world: World, chance: random.Random) -> str:
    """One intake holds its inserted complaints back for a second while the other one commits."""
    name = chance.choice(hosts_of("intake.before_commit"))
    return await _meet(world, name, "intake.before_commit", "delay:1.0", 1.5)


async def make_zombie(world: World, chance: random.Random) -> str:
    """A replica stands still between planning its work and doing it, until others have its lanes."""
    name = chance.choice(("workflow", "deadlines", "notifier"))
    return await _meet(world, name, "consumer.before_transaction", "pause:14", 16.0)


async def sweep_failpoints(world: World, chance: random.Random) -> str:
    """The next point and fate of the sweep."""
    return await meet_next(world, chance)


async def put_poison(world: World, chance: random.Random) -> str:
    """An event that no service of this version can read stands in a case; only that case may wait."""
    return await world.plant_poison(chance)


async def forget_somebody(world: World, chance: random.Random) -> str:
    """A complainant is forgotten, and the errand breaks off in the middle and is taken up again."""
    from chaos.forgetting import forget

    if not world.filed:
        return ""
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
    """There is no room left for a few seconds; then NATS is started again, or it never writes any more."""
    assert world.disk is not None
    filler = world.disk.fill()
    await asyncio.sleep(chance.uniform(3.0, 6.0))
    filler.unlink(missing_ok=True)
    await _end_nats(world, signal.SIGTERM)
    return "full"


async def _meet(world: World, process: str, failpoint: str, fate: str, within_s: float) -> str:
    """Let a process meet a fate at a failpoint; a fault that nobody met is none, and gives no word."""

    def met() -> int:
        return sum(name == failpoint for name, _ in world.system.met(process))

    before = met()
    world.system.failpoint(process, f"{failpoint}={fate}")
    await asyncio.sleep(within_s)
    return f"{process} {failpoint}={fate}" if met() > before else ""


async def _end_nats(world: World, number: signal.Signals) -> str:
    """End the bus, once it is back from the last time."""
    until_s = monotonic() + STARTED_AGAIN_WITHIN_S
    while monotonic() < until_s:
        one = world.system.record.processes.get("nats")
        if one is not None and one.ready and world.system.send("nats", number):
            return "nats"
        await asyncio.sleep(0.02)
    return ""


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
    what = ""
    try:
        what = await FAULTS[name](world, chance)
    except (*TROUBLE, KeyError):
        what = ""  # what should be broken further was broken already
    finally:
        world.history.write(Fault(name=name, begins=False, what=what))
