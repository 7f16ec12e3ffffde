"""A simulated year put to the code and to the oracle, and where the two differ.

`python tests/support/simulated_year.py CASES [PROCESSES [SEED [YEAR]]]` (`make simulate-check`) runs
many cases, in processes, with a line of progress and the table at the end; the tests run a few hundred.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import msgspec

from oracle import Judgement, judge
from simulation.case_run import CaseRun, run_case
from simulation.clock_ends import ClockEnd, end_in_words, ends, table
from simulation.generator import plans
from simulation.year import Counts, Year

SHOWN = 5
FAR = timedelta(days=365)
"""Longer than any term: a case that is over by then stays as it is."""


def judged(lived: CaseRun, until: datetime) -> dict[str, Judgement]:
    """What the oracle says of a case that was lived through."""
    diary: list[dict[str, Any]] = msgspec.to_builtins(lived.diary, builtin_types=(datetime,))
    return judge(lived.plan.organisation, diary, until)


def difference(lived: CaseRun, ended: Sequence[ClockEnd], until: datetime) -> list[str]:
    """What the oracle says otherwise; of a clock that was dropped nobody asks when it would have ended."""
    expected = judged(lived, until)
    found = []
    for one in ended:
        outcome, *days = expected.pop(one.clock, ("no such clock", None, None))
        same_days = one.outcome == "dropped" or [one.strict, one.lenient] == days
        if outcome != one.outcome or not same_days:
            found.append(
                f"{one.clock}: {one.outcome} {one.strict} {one.lenient}, the oracle: {outcome} {days}"
            )
    found += [f"{clock}: missing, the oracle: {told}" for clock, told in expected.items()]
    return [f"case {lived.plan.number} of {lived.plan.organisation}: {line}" for line in found]


def oracle_says(cases: Sequence[CaseRun]) -> dict[tuple[int, str], str]:
    """The oracle's list: how every clock of these cases ends, in a reader's word."""
    found: dict[tuple[int, str], str] = {}
    for lived in cases:
        kinds = {one.clock: one.kind for one in ends(lived)}
        for clock, (outcome, _, _) in judged(lived, lived.stream.events[-1].recorded_at + FAR).items():
            found[lived.plan.number, clock] = end_in_words(kinds[clock], outcome)  # type: ignore[arg-type]
    return found


def compared(year: Year, piece: Sequence[int]) -> tuple[Counts, list[str]]:
    """Live through a piece of a year and compare every clock of it."""
    counts, found = Counts(), list[str]()
    for planned in plans(year.seed, year.season, piece, year.organisations):
        lived = run_case(planned, year.until)
        ended = list(ends(lived))
        counts.take(lived, ended)
        found += difference(lived, ended, year.until)
    return counts, found


def main(year: Year, processes: int) -> int:
    """Compare a whole year in pieces, and give an exit code."""
    total, found, done = Counts(), list[str](), 0
    begun_s = os.times().elapsed
    with ProcessPoolExecutor(processes) as pool:
        for counts, differences in pool.map(
            compared, *zip(*((year, piece) for piece in year.pieces()), strict=True)
        ):
            total.add(counts)
            found += differences
            done += counts.cases
            took_s = os.times().elapsed - begun_s
            left_s = took_s / done * (year.count - done)
            say(
                f"\r{done:>10,} of {year.count:,} cases, {done / took_s:,.0f} a second, {left_s:,.0f} s left "
            )
    say("\n" + "\n".join([*table(total.ends), *found[:SHOWN]]) + "\n")
    say(f"{total.cases:,} cases, {total.events:,} events; {len(found)} clocks end otherwise for the oracle\n")
    return 1 if found else 0


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    given = [int(end_in_words) for end_in_words in sys.argv[1:]]
    cases, processes, seed, in_year = [*given, *(100_000, os.cpu_count() or 1, 1, 2026)[len(given) :]]
    sys.exit(main(Year(seed, in_year, cases), processes))
