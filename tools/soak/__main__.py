"""`python -m soak`: steady load on a whole `gehoor up`, as `make soak` starts it.

`SECONDS` of load (3600) at `RATE` visits a second (2), after `WARM_UP` seconds of the same load (900) and a
rest of `SETTLE` seconds (1500) before the baseline and again at the end; `SPEED` is the pace of the system's
clock (600: an hour holds 25 days, so that deadlines fall due and are broken), `SEED` makes the load
repeatable. Exit status 1 when something was not as it should be; then the home is kept.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any

from bench.machine import describe
from soak.judging import AFTER, BEFORE, DURING, UsageComparison, judge, left_over
from soak.load import VisitLoad
from soak.picture import draw
from soak.sampling import Sampler
from whole_system import WholeSystem

RESULTS = Path(__file__).parent / "results"
RESTS_WITHIN_S = 120.0
VERIFIED_WITHIN_S = 600.0
LOOKS_AT_REST = 12
STREAM_MIB = 8
"""Full within the warm-up: the bus remembers the subject of whatever it keeps, and that is all it keeps."""
SETTLES_FOR_S = 1500.0
"""Two thirds of it are longer than the ten minutes for which NATS remembers identifiers, and than the two
collections of Go after that."""

LONGEST_LIST = 10

_WITHOUT_LETTER = """
SELECT count(*) FROM gehoor.event r WHERE type = 'ComplaintReceived' AND NOT EXISTS (
    SELECT FROM gehoor.event l WHERE l.case_id = r.case_id AND l.type IN ('LetterSent', 'LetterPrepared'))
"""
_KNOWN = "SELECT reference FROM gehoor.case_reference"
_EVENT_COUNTS = "SELECT type, count(*) FROM gehoor.event GROUP BY type ORDER BY 2 DESC"


@dataclass(frozen=True, slots=True)
class SoakOptions:
    """What to do, from the environment."""

    seconds: float
    rate: float
    warm_up: float
    settle: float
    speed: float
    seed: int

    @classmethod
    def from_environment(cls) -> "SoakOptions":
        given = {
            "SECONDS": 3600.0,
            "RATE": 2.0,
            "WARM_UP": 900.0,
            "SETTLE": SETTLES_FOR_S,
            "SPEED": 600.0,
            "SEED": 1.0,
        }
        given |= {name: float(os.environ[name]) for name in given if os.environ.get(name)}
        return cls(
            seconds=given["SECONDS"],
            rate=given["RATE"],
            warm_up=given["WARM_UP"],
            settle=given["SETTLE"],
            speed=given["SPEED"],
            seed=int(given["SEED"]),
        )


async def soak(
    options: SoakOptions, home: Path
) -> tuple[dict[str, Any], list[UsageComparison], list[str], Sampler]:
    """Go through all phases; return the figures, the comparison, what is wrong, and the samples."""
    machine = describe(home.parent)
    system = WholeSystem(
        home, GEHOOR_CLOCK_START="2026-03-02T08:00:00+01:00", GEHOOR_CLOCK_SPEED=str(options.speed),
        GEHOOR_NATS_STREAM_MIB=str(STREAM_MIB),
    )  # fmt: skip
    try:
        _print(f"up in {await system.start():.1f} s, in {home}")
        token = (home / "tokens" / "handler").read_text().strip()
        load = VisitLoad(system.intake, system.workflow, f"Bearer {token}", options.seed, options.rate)
        sampler = Sampler(system, every_s=options.settle / 3 / LOOKS_AT_REST)
        looking = asyncio.create_task(sampler.run())
        try:
            await _or_fail(load.run(options.warm_up), looking)
            await _rest(sampler, looking, options.settle, BEFORE)
            sampler.phase, before = DURING, dict(sampler.samples[-1].processes)
            spent_s = process_time()
            await _or_fail(load.run(options.seconds), looking)
            spent_s = process_time() - spent_s
            under_load = sampler.samples[-1].processes
            await _rest(sampler, looking, options.settle, AFTER)
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        wrong = [*load.wrong, *await _ending(system, load)]
        wrong += [f"{name} was started again" for name in sampler.restarted]
        rows = judge(sampler.samples)
        wrong += [
            f"{row.process}: {row.what} {row.before:g} became {row.after:g}"
            for row in rows
            if row.fits is False
        ]
        async with system.database() as connection:
            events = {row[0]: row[1] for row in await connection.fetch(_EVENT_COUNTS)}
    finally:
        await system.stop()
    cores = {
        name: round((use.cpu_s - before[name].cpu_s) / options.seconds, 4) for name, use in under_load.items()
    }
    figures = {
        "options": asdict(options),
        "machine": machine,
        "visits": load.visits,
        "complaints": len(load.filed),
        "answers": dict(sorted(load.answers.items())),
        "events": events,
        "cores": cores | {"load and sampling": round(spent_s / options.seconds, 4)},
        "looks": len(sampler.samples),
        "missed looks": sampler.missed,
        "wrong": wrong,
    }
    return figures, rows, wrong, sampler


async def _rest(sampler: Sampler, looking: "asyncio.Task[None]", seconds: float, name: str) -> None:
    """Let the system settle for two thirds of the time, and look at it at rest for the last third."""
    _print(f"load ended; {name} after {2 * seconds / 3:.0f} s of rest")
    sampler.phase = "settling"
    await _or_fail(asyncio.sleep(2 * seconds / 3), looking)
    sampler.phase = name
    await _or_fail(asyncio.sleep(seconds / 3), looking)


async def _or_fail(work: Awaitable[None], looking: "asyncio.Task[None]") -> None:
    """Do something while somebody looks, and stop when looking fails: a process has ended."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task, looking], return_when=asyncio.FIRST_COMPLETED)
    if looking.done():
        task.cancel()
        looking.result()
    await task


async def _ending(system: WholeSystem, load: VisitLoad) -> list[str]:
    """Return what the store, the queues and the command line find wrong at the end."""
    await system.until_at_rest(RESTS_WITHIN_S)
    sampler = Sampler(system, 1.0)
    wrong = left_over([await sampler.look()])
    async with system.database() as connection:
        if lacking := await connection.fetchval(_WITHOUT_LETTER):
            wrong.append(f"{lacking} complaints without a letter")
        known = {row[0] for row in await connection.fetch(_KNOWN)}
    if lost := set(load.filed) - known:
        wrong.append(f"{len(lost)} promised complaints are not there")
    if strange := len(known) - len(set(load.filed)):
        wrong.append(f"{strange} complaints that nobody was promised")
    verified = await system.gehoor("verify", "--json", within_s=VERIFIED_WITHIN_S)
    _print(f"verify: exit {verified.code} {verified.out.strip()[:200]}")
    if verified.code:
        wrong.append(f"verify: exit {verified.code}")
    return wrong


def table(rows: list[UsageComparison]) -> str:
    """Write the comparison as a table."""
    lines = [f"{'process':12} {'what':12} {'before':>9} {'most':>9} {'after':>9} {'change':>8}"]
    marks = {True: "", False: "  NOT BACK", None: "  (shown)"}
    lines += [
        f"{row.process:12} {row.what:12} {row.before:9.1f} {row.most:9.1f} {row.after:9.1f} "
        f"{row.change:+8.1%}{marks[row.fits]}"
        for row in rows
    ]
    return "\n".join(lines)


async def main() -> int:
    """Run, print, write the results."""
    options = SoakOptions.from_environment()
    this = asyncio.current_task()
    if this is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    folder = Path(tempfile.mkdtemp(prefix="gsoak-", dir="/tmp"))
    figures, rows, wrong, sampler = await soak(options, folder / "h")
    RESULTS.mkdir(exist_ok=True)
    compared = [asdict(row) | {"change": round(row.change, 4)} for row in rows]
    samples = [asdict(sample) for sample in sampler.samples]
    (RESULTS / "soak.json").write_text(
        json.dumps(figures | {"compared": compared, "samples": samples}, indent=1)
    )
    draw(RESULTS / "soak.svg", sampler.samples)
    _print(json.dumps({name: value for name, value in figures.items() if name != "wrong"}, indent=1))
    _print(table(rows))
    for line in wrong[:LONGEST_LIST]:
        _print(f"WRONG: {line}")
    _print(f"{len(wrong)} findings; {RESULTS / 'soak.json'} and soak.svg")
    if wrong:
        _print(f"kept: {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
