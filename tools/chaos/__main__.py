"""`python -m chaos`: a campaign from the environment, as `make chaos` starts it.

Without more it runs every slice of `slices.py` in turn. `MIX` names one mix instead, broken for `SECONDS`
(60) at `RATE` complaints a second; `SEED` makes either repeatable. `PLANTED=1` runs every planted bug instead
and fails for each that is not found. `KEEP` is a folder for the histories, `RESULTS` a file to which each
result is added, `RESTS` the seconds (90) in which everything must come to rest. Exit status 1 when something
was found that should not be. `PAIRS` (`relay.read=kill,…`) are met first by a sweep.
"""

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from chaos.campaign import RunResult, RunSpec, run
from chaos.checker import BROKE_OFF
from chaos.disk import is_possible
from chaos.mixes import MIXES
from chaos.planted import PLANTED
from chaos.slices import SLICES, Slice
from chaos.table import add_to, plain, tables

RESTS_WITHIN_S = 90.0
PLANTED_FOR_S = 10.0
PLANTED_CLOCKS_FOR_S = 30.0
"""Fifteen days: ten seconds end before the first promise does, three working days after a Friday."""


async def campaign(slices: Sequence[Slice], seed: int, keep: Path | None) -> list[RunResult]:
    """Run the slices in turn, each with a seed of its own."""
    results: list[RunResult] = []
    for number, one in enumerate(slices):
        if MIXES[one.mix].disk and not is_possible():
            _print(f"{one.mix}: left out, it needs root and loop devices")
            continue
        rests_within_s = float(os.environ.get("RESTS") or RESTS_WITHIN_S)
        spec = RunSpec(
            seed + number, one.seconds, one.mix, one.rate,
            rests_within_s=rests_within_s, keep=keep, pairs=_pairs(os.environ.get("PAIRS", "")),
        )  # fmt: skip
        results.append(await _run_and_print(spec))
    return results


async def planted(seed: int, names: list[str], keep: Path | None) -> list[RunResult]:
    """Run every planted bug once; `violations` then are what should have been found and was not."""
    specs = (
        RunSpec(
            seed,
            PLANTED_CLOCKS_FOR_S if "I8" in PLANTED[name].found_by else PLANTED_FOR_S,
            "planted",
            planted=name,
            rests_within_s=PLANTED[name].rests_within_s,
            keep=keep,
        )
        for name in names
        if is_possible() or not PLANTED[name].mix.disk
    )
    return [await _run_and_print(spec) for spec in specs]


def missed(result: RunResult) -> str:
    """Return how a planted bug escaped, or nothing when it was found as it should be."""
    bug = PLANTED[result.spec.planted]
    found = {violation.invariant for violation in result.violations}
    if bug.is_harmless:
        return f"harmless, yet {sorted(found)}" if found else ""
    if BROKE_OFF in found and BROKE_OFF not in bug.found_by:
        return f"the run broke off: {result.violations[0].what}"
    right = [
        one for one in result.violations if one.invariant in bug.found_by and bug.violation_holds in one.what
    ]
    return (
        "" if right else f"not found by {bug.found_by} saying {bug.violation_holds!r}, but by {sorted(found)}"
    )


async def _run_and_print(spec: RunSpec) -> RunResult:
    _print(f"{spec.mix} {spec.planted} seed {spec.seed} for {spec.seconds:.0f} s …")
    result = await run(spec)
    number = sum(result.faults.values())
    _print(
        f"  {number} faults, {result.complaints} requests, {result.events} events, rest after "
        f"{result.rested_after_s:.1f} s, {len(result.violations)} violations, {result.took_s:.0f} s in all"
    )
    for violation in result.violations[:8]:
        _print(f"  {violation}")
    for note in result.notes:
        _print(f"  {note}")
    if results := os.environ.get("RESULTS"):
        add_to(Path(results), result)
    return result


def main() -> None:
    """Read the environment, run, print the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    seed = int(os.environ.get("SEED") or random.randrange(1_000_000))
    keep = Path(os.environ["KEEP"]) if os.environ.get("KEEP") else None
    if os.environ.get("PLANTED"):
        names = list(PLANTED) if os.environ["PLANTED"] == "1" else os.environ["PLANTED"].split(",")
        results = asyncio.run(planted(seed, names, keep))
        bad = [f"{one.spec.planted}: {escape}" for one in results if (escape := missed(one))]
        _print(f"\n{len(results) - len(bad)} of {len(results)} planted bugs behaved as expected")
    else:
        slices = _one_slice() or SLICES
        results = asyncio.run(campaign(slices, seed, keep))
        bad = [f"{one.spec.mix} seed {one.spec.seed}: {v}" for one in results for v in one.violations]
        _print(tables([plain(one) for one in results]))
    for line in bad[:40]:
        _print(line)
    sys.exit(1 if bad else 0)


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    found = (part.partition("=") for part in text.split(",") if part)
    return tuple((name, action) for name, _, action in found)


def _one_slice() -> tuple[Slice, ...]:
    mix = os.environ.get("MIX")
    if not mix:
        return ()
    seconds, rate = float(os.environ.get("SECONDS") or 60), float(os.environ.get("RATE") or 15)
    return (Slice(mix, seconds, rate),)


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
