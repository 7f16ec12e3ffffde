"""What `gehoor simulate` shows while a year is lived through, and what it says afterwards."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from events.errors import Misconfigured
from procedures.organisations import with_demonstrations

try:
    from simulation.arrivals import Season
    from simulation.case_run import CaseRun
    from simulation.clock_ends import End, count, ends, table
    from simulation.year import Counts, Lines, Year, run
except ModuleNotFoundError as missing:  # an image of one service holds no deciders of the others
    raise Misconfigured(
        f"the simulation needs the deciders of every service, and {missing.name} is not installed here: "
        "run it where the whole of Gehoor is"
    ) from missing

MOST_DIFFERENCES_SHOWN = 10


def simulate_a_year(
    cases: int,
    seed: int,
    year: int,
    organisations: tuple[str, ...],
    processes: int,
    diary: Path | None,
    against: Path | None,
    as_json: bool,
) -> int:
    """Run a year, print what was asked for, and give the exit code."""
    known = tuple(with_demonstrations())
    if strangers := [name for name in organisations if name not in known]:
        raise Misconfigured(f"--organisation: unknown {strangers[0]!r}; known: {', '.join(known)}")
    asked = Year(seed, year, cases, organisations or None)
    expected = _expected(against) if against is not None else None
    differences: list[str] = []
    with ExitStack() as stack:
        diaries = stack.enter_context(_opened(diary)) if diary is not None else None

        def take(lines: Lines) -> None:
            if diaries is not None:
                diaries.writelines(line + b"\n" for line in lines.diaries)
            if as_json:
                sys.stdout.writelines(line.decode() + "\n" for line in lines.ends)
            if expected is not None:
                differences.extend(_differing(lines, expected))

        is_wanted = as_json or diary is not None or against is not None
        bar = _Bar(cases)
        counts = run(asked, processes if cases > 2 * processes else 1, take if is_wanted else None, bar.show)
        bar.end()
    if not as_json:
        _print(counts, bar.took_s)
    if expected is None:
        return 0
    differences += [f"case {case}: {clock} should have ended as {end}, it has no such clock"
                    for (case, clock), end in expected.items()]  # fmt: skip
    for line in differences[:MOST_DIFFERENCES_SHOWN]:
        print(line, file=sys.stderr)
    print(f"{len(differences)} clocks end otherwise than {against} says", file=sys.stderr)
    return 1 if differences else 0


def simulate_live(
    cases: int,
    seed: int,
    season: Season,
    longest_days: int,
    speed: float,
    diary: Path | None,
    against: Path | None,
    as_json: bool,
) -> int:
    """Live through cases in the services, compare with the pure core or a list, and give the exit code."""
    import asyncio

    from events.settings import load
    from gehoor.simulate.driver import compare
    from gehoor.simulate.live import LiveRun, live_through

    asked = LiveRun(cases, seed, season, timedelta(days=longest_days), speed)
    drawn = asked.cases()
    if len(drawn) < cases:
        raise Misconfigured(f"--cases: only {len(drawn)} of {cases} end within --longest {longest_days} days")
    if diary is not None:
        with _opened(diary) as file:
            file.writelines(msgspec.json.encode(lived.for_judge()) + b"\n" for lived in drawn)
    expected = _expected(against) if against is not None else _of_the_pure_core(drawn)
    outcome = asyncio.run(live_through(drawn, asked, load()))
    found = [one for lived in drawn for one in outcome.ended.get(lived.plan.number, ())]
    if as_json:
        sys.stdout.writelines(msgspec.json.encode(one).decode() + "\n" for one in found)
    else:
        counted: dict[tuple[str, str], Counter[End]] = {}
        count(found, counted)
        print("\n".join(table(counted)))
        print(f"\n{cases:,} cases, {outcome.events:,} events in the store, {outcome.took_s:,.0f} s")
    differences = compare(drawn, outcome, expected)
    for line in differences[:MOST_DIFFERENCES_SHOWN]:
        print(line, file=sys.stderr)
    whose = against or "the pure core"
    print(
        f"{len(found):,} clocks ended, {len(differences):,} otherwise than {whose} says; "
        f"{len(outcome.delayed):,} cases were delayed too much to be compared",
        file=sys.stderr,
    )
    return 1 if differences else 0


def _of_the_pure_core(drawn: Sequence[CaseRun]) -> dict[tuple[int, str], str]:
    return {(one.case, one.clock): one.end for lived in drawn for one in ends(lived)}


def _opened(diary: Path) -> BinaryIO:
    try:
        return diary.open("wb")
    except OSError as error:
        raise Misconfigured(f"--diary: {diary}: {error.strerror}") from error


def _expected(path: Path) -> dict[tuple[int, str], str]:
    """Read somebody else's list: one object per line with case, clock and end."""
    try:
        lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines() if line.strip()]
        return {(line["case"], line["clock"]): line["end"] for line in lines}
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as wrong:
        raise Misconfigured(f"{path} is no list of ends, one JSON object per line: {wrong}") from wrong


def _differing(lines: Lines, expected: dict[tuple[int, str], str]) -> list[str]:
    found = []
    for line in lines.ends:
        told: Mapping[str, Any] = msgspec.json.decode(line)
        end = expected.pop((told["case"], told["clock"]), "not told of")
        if end != told["end"]:
            found.append(f"case {told['case']}: {told['clock']} ended as {told['end']}, there it is {end}")
    return found


def _print(counts: Counts, took_s: float) -> None:
    print("\n".join(table(counts.ends)))
    refused = sum(counts.refused.values())
    stories = ", ".join(f"{number:,} {story}" for story, number in counts.stories.most_common())
    print(
        f"\n{counts.cases:,} cases ({stories}; {counts.hard:,} on hard days), {counts.events:,} events, "
        f"{counts.letters:,} letters\n{counts.done:,} things done, {refused:,} refused by the procedures\n"
        f"{took_s:.1f} s, {counts.cases / took_s:,.0f} cases, {counts.events / took_s:,.0f} events a second"
    )


class _Bar:
    """A line of progress, where somebody watches."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._is_watched = sys.stderr.isatty()
        self.took_s = 0.0

    def show(self, done: int, took_s: float) -> None:
        """Draw how far it is, and how long it will still take."""
        self.took_s = took_s
        if not self._is_watched:
            return
        full = 30 * done // self._of
        left_s = took_s / done * (self._of - done)
        sys.stderr.write(
            f"\r[{'#' * full}{'.' * (30 - full)}] {done:,} of {self._of:,} cases, {left_s:,.0f} s left   "
        )
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._is_watched:
            sys.stderr.write("\n")
