"""One run: start the system, load it, break it, heal it, record what is left, and judge.

Everything random comes from the seed: which complaints, which faults, when. The moments at which processes
meet them are the machine's, so a seed repeats the faults and not every interleaving; the simulation under
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

from chaos.checker import BROKE_OFF, Violation, check
from chaos.database import DATABASE_ERRORS, FeedReader, admin, record_moves, slow_the_clock
from chaos.disk import Disk, is_possible
from chaos.faults.catalogue import commit_fault
from chaos.final_state import record_final_state
from chaos.load import ComplaintLoad
from chaos.mail_server import MailServer
from chaos.mixes import MIXES, Mix
from chaos.planted import PLANTED, prepare
from chaos.processes_and_bus import process_usage
from chaos.proxy import FaultProxy
from chaos.quiescence import come_to_rest
from chaos.record import FailpointReached, FaultMark, RunBegan, RunEnded, RunHistory
from chaos.recovery import PathWatch, promises_again_s, recoveries_s, slowest_letters_s
from chaos.runtime import TWICE, RuntimeOptions
from chaos.sorted_history import RECOVERS_WITHIN_S, sort_history
from chaos.system import ROOT, System, SystemFailed
from chaos.testbed import Testbed

WARMS_UP_FOR_S = 4.0
GOES_ON_FOR_S = RECOVERS_WITHIN_S + 10.0
"""Load after everything is healed: in its last ten seconds an error has no excuse any more."""

HEALS_WITHIN_S = 60.0
WORKS_WITHIN_S = 30.0
LETTERS_AGAIN = 6
"""Letters of later complaints before the next fault of an `alone` mix: most partitions then work again."""
CLOCK_START = "2026-03-20T08:00:00+01:00"
"""Nine days before summer time begins: every term crosses the change of the clocks and Easter."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What one run does: its mix, seed, duration and rate."""

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
    """Pairs of failpoint and action with which a sweep begins; all of them otherwise."""


@dataclass(slots=True)
class RunResult:
    """What a run showed; `recoveries_s` is per fault how long the whole path took to work again."""

    spec: RunSpec
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


async def run(spec: RunSpec) -> RunResult:
    """Carry out one run; its folder is deleted afterwards unless something was found."""
    since_s = monotonic()
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))
    history = RunHistory(folder / "history.jsonl")
    try:
        violations = await _run(spec, folder, history)
    except (SystemFailed, *DATABASE_ERRORS) as failure:
        violations = [Violation(BROKE_OFF, f"{type(failure).__name__}: {failure}")]
    finally:
        history.close()
        if spec.keep is not None:
            spec.keep.mkdir(parents=True, exist_ok=True)
            name = f"{spec.mix}-{spec.planted or 'sound'}-{spec.seed}.jsonl"
            shutil.copy(folder / "history.jsonl", spec.keep / name)
    result = _result(spec, history, violations, monotonic() - since_s)
    if violations and not spec.planted:
        result.notes.append(f"kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return result


async def _run(spec: RunSpec, folder: Path, history: RunHistory) -> list[Violation]:
    mix = _mix_of(spec)
    if mix.disk and not is_possible():
        raise SystemExit("this mix needs root and loop devices; run another one")
    home = folder / "home"
    disk = Disk(folder / "disk.img", home) if mix.disk else None
    mail = MailServer(history, spec.seed)
    await mail.start()
    system = System(home, folder / "supervisor.log", mail.url, CLOCK_START, spec.speed)
    proxies = [
        FaultProxy(lambda: system.record.ports["database"], spec.seed),
        FaultProxy(lambda: system.record.ports["nats"], spec.seed + 1),
    ]
    try:
        if disk is not None:
            await disk.make()
        else:
            home.mkdir()
        if mix.network:
            for proxy in proxies:
                await proxy.start()
        system.options = RuntimeOptions(
            planted=spec.planted if spec.planted and PLANTED[spec.planted].modules else "",
            database_port=proxies[0].port or None,
            nats_port=proxies[1].port or None,
            nats_is_absent=mix.bus_is_absent,
            twice=TWICE if spec.twice else (),
        )
        history.write(
            RunBegan(
                seed=spec.seed, commit=commit(), mix=spec.mix, speed=spec.speed,
                planted=spec.planted, bus_is_absent=mix.bus_is_absent, is_whole=True,
            )
        )  # fmt: skip
        await system.start()
        await record_moves(system)
        if spec.planted:
            await prepare(system, spec.planted)
        if disk is not None:
            disk.sync()
        path = PathWatch(history)
        testbed = Testbed(system, history, mail, [], path, proxies if mix.network else [], disk)
        testbed.sweep += spec.pairs
        await _run_with_reader(spec, mix, testbed)
    finally:
        await system.stop()
        for proxy in proxies:
            await proxy.stop()
        await mail.stop()
        if disk is not None:
            shutil.copytree(home / "log", folder / "log", dirs_exist_ok=True)
            await disk.remove()
    return check(history.lines)


async def _run_with_reader(spec: RunSpec, mix: Mix, testbed: Testbed) -> None:
    """Load, break, heal and come to rest while a reader follows the feed; then record the final state."""
    enough = asyncio.Event()
    reader = FeedReader(testbed.system, testbed.history)
    reading = asyncio.create_task(reader.run(enough))
    try:
        await _load_and_break(spec, mix, testbed)
        await slow_the_clock(testbed.system, testbed.history)
        rested = await come_to_rest(
            testbed.system, testbed.poisoned, spec.rests_within_s, bus_is_absent=mix.bus_is_absent
        )
    finally:
        enough.set()
        await reading
    async with admin(testbed.system) as connection:
        await reader.read_on(connection)
    testbed.history.extend(process_usage(testbed.system, "end"))
    testbed.history.extend(testbed.system.reached())
    await record_final_state(testbed.system, testbed.history)
    testbed.history.write(
        RunEnded(is_quiet=rested.is_quiet, quiet_after_s=rested.quiet_after_s, waits_for=rested.waits_for)
    )


async def _load_and_break(spec: RunSpec, mix: Mix, testbed: Testbed) -> None:
    enough = asyncio.Event()
    load = ComplaintLoad(testbed.history, spec.seed, spec.rate, testbed.system.intake_ports, testbed.filed)
    loading = asyncio.create_task(load.run(enough))
    try:
        await asyncio.sleep(WARMS_UP_FOR_S)
        testbed.history.extend(process_usage(testbed.system, "start"))
        await _nemesis(spec, mix, testbed)
        await _heal(testbed)
        await asyncio.sleep(GOES_ON_FOR_S if mix.faults else WARMS_UP_FOR_S)
    finally:
        enough.set()
        await loading


async def _nemesis(spec: RunSpec, mix: Mix, testbed: Testbed) -> None:
    """Break something every few seconds; a fault that lasts does not keep the next one waiting."""
    chance = random.Random(spec.seed)
    until_s = monotonic() + spec.seconds
    begun: list[asyncio.Task[None]] = []
    lasting: set[asyncio.Task[None]] = set()
    while monotonic() < until_s:
        if mix.faults:
            (name,) = chance.choices(list(mix.faults), list(mix.faults.values()))
            begun.append(asyncio.create_task(commit_fault(testbed, name, random.Random(chance.random()))))
            lasting.add(begun[-1])
            while len(lasting) >= mix.at_once:
                _, lasting = await asyncio.wait(lasting, return_when=asyncio.FIRST_COMPLETED)
            if mix.alone:
                await testbed.path.until_works(monotonic(), LETTERS_AGAIN, WORKS_WITHIN_S)
        await asyncio.sleep(mix.every_s * chance.uniform(0.5, 1.5))
    await asyncio.gather(*begun)


async def _heal(testbed: Testbed) -> None:
    testbed.history.write(FaultMark(name="healing", begins=True))
    testbed.mail.mode = "normal"
    await testbed.mail.start()
    for proxy in testbed.proxies:
        proxy.set_mode("normal")
    testbed.system.disarm()
    await testbed.system.until_ready(HEALS_WITHIN_S)
    testbed.history.write(FaultMark(name="healing", begins=False))


def _mix_of(spec: RunSpec) -> Mix:
    return PLANTED[spec.planted].mix if spec.planted else MIXES[spec.mix]


def _result(spec: RunSpec, history: RunHistory, violations: list[Violation], took_s: float) -> RunResult:
    faults: dict[str, int] = {}
    for fault in history.lines:
        if isinstance(fault, FaultMark) and fault.what:
            faults[fault.name] = faults.get(fault.name, 0) + 1
    reached: dict[str, int] = {}
    for line in history.lines:
        if isinstance(line, FailpointReached):
            reached[f"{line.name} {line.action}"] = reached.get(f"{line.name} {line.action}", 0) + 1
    kinds = [type(line).__name__ for line in history.lines]
    ended = [line for line in history.lines if isinstance(line, RunEnded)]
    return RunResult(
        spec, violations, faults, recoveries_s(history.lines), kinds.count("RequestSent"),
        kinds.count("StoredEvent"), ended[-1].quiet_after_s if ended else -1.0, took_s, commit(), reached,
        slowest_letters_s(history.lines), promises_again_s(history.lines), round(os.getloadavg()[0], 1),
        round(sort_history(history.lines).judged_s, 1) if ended else 0.0,
    )  # fmt: skip


def commit() -> str:
    """Return the commit of the code under test, with a mark when files differ from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=10"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return described.stdout.strip() or "no commit"
