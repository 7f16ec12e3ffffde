"""One run: start the system, load it, break it, heal it, write down what is left, judge.

Everything random comes from the seed: which complaints, which faults, when. The moments at which processes
meet them are the machine's, so a seed repeats the attempt and not every interleaving; the simulation under
`tests/simulation` repeats exactly.
"""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from chaos import ending
from chaos.checker import BROKE_OFF, Violation, check
from chaos.disk import Disk, is_possible
from chaos.faults import commit_fault
from chaos.load import Load
from chaos.mail_server import MailServer
from chaos.mixes import MIXES, Mix
from chaos.planted import PLANTED, prepare
from chaos.proxy import FaultProxy
from chaos.reading import TROUBLE, FeedReader, admin, note_moves, slow_the_clock
from chaos.record import Began, Ended, Fault, History, Reached
from chaos.recovery import PathWatch, promises_again_s, recoveries_s, slowest_letters_s
from chaos.run import RECOVERS_WITHIN_S, sort
from chaos.runtime import TWICE, Wanted
from chaos.system import ROOT, System, SystemFailed
from chaos.world import World

WARMS_UP_FOR_S = 4.0
GOES_ON_FOR_S = RECOVERS_WITHIN_S + 10.0
"""Load after everything is healed: in its last ten seconds an error has no excuse any more."""

HEALS_WITHIN_S = 60.0
WORKS_WITHIN_S = 30.0
LETTERS_AGAIN = 6
"""So many later complaints have their letter before a fault that is to be alone: most lanes are then back."""
CLOCK_START = "2026-03-20T08:00:00+01:00"
"""Nine days before summer time begins: every term crosses the change of the clocks and Easter."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What to run."""

    seed: int
    seconds: float
    mix: str = "all"
    rate: float = 15.0
    speed: float = 43_200.0
    planted: str = ""
    rests_within_s: float = 90.0
    twice: bool = True
    keep: Path | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    """Points and fates with which a sweep begins; all of them otherwise."""


@dataclass(slots=True)
class Result:
    """What came out; `recoveries_s` tells per fault how long until the whole path worked again."""

    attempt: Attempt
    violations: list[Violation]
    faults: dict[str, int]
    recoveries_s: dict[str, list[float]]
    complaints: int
    events: int
    rested_after_s: float
    took_s: float
    commit: str
    reached: dict[str, int] = field(default_factory=dict)
    slowest_letters_s: dict[str, list[float]] = field(default_factory=dict)
    promises_again_s: dict[str, list[float]] = field(default_factory=dict)
    load_average: float = 0.0
    judged_s: float = 0.0
    """How long there was load and nothing was broken: only then lateness and errors are violations."""

    notes: list[str] = field(default_factory=list)


async def run(attempt: Attempt) -> Result:
    """Run one attempt; its folder is deleted afterwards unless something was found or it is to be kept."""
    since_s = monotonic()
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))
    history = History(folder / "history.jsonl")
    try:
        violations = await _run(attempt, folder, history)
    except (SystemFailed, *TROUBLE) as failure:
        violations = [Violation(BROKE_OFF, f"{type(failure).__name__}: {failure}")]
    finally:
        history.close()
        if attempt.keep is not None:
            attempt.keep.mkdir(parents=True, exist_ok=True)
            name = f"{attempt.mix}-{attempt.planted or 'sound'}-{attempt.seed}.jsonl"
            shutil.copy(folder / "history.jsonl", attempt.keep / name)
    result = _result(attempt, history, violations, monotonic() - since_s)
    if violations and not attempt.planted:
        result.notes.append(f"kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return result


async def _run(attempt: Attempt, folder: Path, history: History) -> list[Violation]:
    mix = _mix_of(attempt)
    if mix.disk and not is_possible():
        raise SystemExit("this mix needs root and loop devices; run another one")
    home = folder / "home"
    disk = Disk(folder / "disk.img", home) if mix.disk else None
    mail = MailServer(history, attempt.seed)
    await mail.start()
    system = System(home, folder / "supervisor.log", mail.url, CLOCK_START, attempt.speed)
    proxies = [
        FaultProxy(lambda: system.record.ports["database"], attempt.seed),
        FaultProxy(lambda: system.record.ports["nats"], attempt.seed + 1),
    ]
    try:
        if disk is not None:
            await disk.make()
        else:
            home.mkdir()
        if mix.network:
            for proxy in proxies:
                await proxy.start()
        system.wanted = Wanted(
            planted=attempt.planted if attempt.planted and PLANTED[attempt.planted].modules else "",
            database_port=proxies[0].port or None,
            nats_port=proxies[1].port or None,
            nats_is_absent=mix.bus_is_absent,
            twice=TWICE if attempt.twice else (),
        )
        history.write(
            Began(
                seed=attempt.seed, commit=commit(), mix=attempt.mix, speed=attempt.speed,
                planted=attempt.planted, bus_is_absent=mix.bus_is_absent, is_whole=True,
            )
        )  # fmt: skip
        await system.start()
        await note_moves(system)
        if attempt.planted:
            await prepare(system, attempt.planted)
        if disk is not None:
            disk.sync()
        path = PathWatch(history)
        world = World(system, history, mail, [], path, proxies if mix.network else [], disk)
        world.sweep += attempt.pairs
        await _watched(attempt, mix, world)
    finally:
        await system.stop()
        for proxy in proxies:
            await proxy.stop()
        await mail.stop()
        if disk is not None:
            shutil.copytree(home / "log", folder / "log", dirs_exist_ok=True)
            await disk.remove()
    return check(history.lines)


async def _watched(attempt: Attempt, mix: Mix, world: World) -> None:
    """Load, break, heal and come to rest under the eyes of a reader; then write everything down."""
    enough = asyncio.Event()
    reader = FeedReader(world.system, world.history)
    reading = asyncio.create_task(reader.run(enough))
    try:
        await _load_and_break(attempt, mix, world)
        await slow_the_clock(world.system, world.history)
        rested = await ending.come_to_rest(
            world.system, world.poisoned, attempt.rests_within_s, bus_is_absent=mix.bus_is_absent
        )
    finally:
        enough.set()
        await reading
    async with admin(world.system) as connection:
        await reader.read_on(connection)
    world.history.extend(ending.usage(world.system, "end"))
    world.history.extend(world.system.reached())
    await ending.write_down(world.system, world.history)
    world.history.write(
        Ended(is_quiet=rested.is_quiet, quiet_after_s=rested.quiet_after_s, waits_for=rested.waits_for)
    )


async def _load_and_break(attempt: Attempt, mix: Mix, world: World) -> None:
    enough = asyncio.Event()
    load = Load(world.history, attempt.seed, attempt.rate, world.system.intake_ports, world.filed)
    loading = asyncio.create_task(load.run(enough))
    try:
        await asyncio.sleep(WARMS_UP_FOR_S)
        world.history.extend(ending.usage(world.system, "start"))
        await _nemesis(attempt, mix, world)
        await _heal(world)
        await asyncio.sleep(GOES_ON_FOR_S if mix.faults else WARMS_UP_FOR_S)
    finally:
        enough.set()
        await loading


async def _nemesis(attempt: Attempt, mix: Mix, world: World) -> None:
    """Break something every few seconds; a fault that lasts does not keep the next one waiting."""
    chance = random.Random(attempt.seed)
    until_s = monotonic() + attempt.seconds
    begun: list[asyncio.Task[None]] = []
    lasting: set[asyncio.Task[None]] = set()
    while monotonic() < until_s:
        if mix.faults:
            (name,) = chance.choices(list(mix.faults), list(mix.faults.values()))
            begun.append(asyncio.create_task(commit_fault(world, name, random.Random(chance.random()))))
            lasting.add(begun[-1])
            while len(lasting) >= mix.at_once:
                _, lasting = await asyncio.wait(lasting, return_when=asyncio.FIRST_COMPLETED)
            if mix.alone:
                await world.path.until_works(monotonic(), LETTERS_AGAIN, WORKS_WITHIN_S)
        await asyncio.sleep(mix.every_s * chance.uniform(0.5, 1.5))
    await asyncio.gather(*begun)


async def _heal(world: World) -> None:
    world.history.write(Fault(name="healing", begins=True))
    world.mail.mood = "well"
    await world.mail.start()
    for proxy in world.proxies:
        proxy.set_mood("well")
    world.system.disarm()
    await world.system.until_ready(HEALS_WITHIN_S)
    world.history.write(Fault(name="healing", begins=False))


def _mix_of(attempt: Attempt) -> Mix:
    return PLANTED[attempt.planted].mix if attempt.planted else MIXES[attempt.mix]


def _result(attempt: Attempt, history: History, violations: list[Violation], took_s: float) -> Result:
    faults: dict[str, int] = {}
    for fault in history.lines:
        if isinstance(fault, Fault) and fault.what:
            faults[fault.name] = faults.get(fault.name, 0) + 1
    reached: dict[str, int] = {}
    for line in history.lines:
        if isinstance(line, Reached):
            reached[f"{line.name} {line.action}"] = reached.get(f"{line.name} {line.action}", 0) + 1
    kinds = [type(line).__name__ for line in history.lines]
    ended = [line for line in history.lines if isinstance(line, Ended)]
    return Result(
        attempt, violations, faults, recoveries_s(history.lines), kinds.count("Invoked"),
        kinds.count("Event"), ended[-1].quiet_after_s if ended else -1.0, took_s, commit(), reached,
        slowest_letters_s(history.lines), promises_again_s(history.lines), round(os.getloadavg()[0], 1),
        round(sort(history.lines).judged_s, 1) if ended else 0.0,
    )  # fmt: skip


def commit() -> str:
    """Name the commit of the code under test, with a mark when files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=10"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "no commit"
