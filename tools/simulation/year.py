"""A year of cases, cut into pieces that processes live through one after the other, and counted."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from time import monotonic

import msgspec

from simulation.arrivals import Season, whole_year
from simulation.case_run import CaseRun, run_case
from simulation.clock_ends import ClockEnd, End, count, ends
from simulation.generator import plans

PIECE = 250
"""Cases that a process takes at a time: half a minute's patience at most before a run can be stopped."""

_AHEAD = 4
"""Pieces that wait for each process, so that none is idle and the finished ones do not pile up."""


@dataclass(frozen=True, slots=True)
class Year:
    """Which cases: `count` of them, drawn from `seed`, received in `year`, by these organisations in turn."""

    seed: int
    year: int
    count: int
    organisations: tuple[str, ...] | None = None

    @property
    def season(self) -> Season:
        return whole_year(self.year)

    @property
    def until(self) -> datetime:
        """The end of the simulated time: three months later, when what December began goes on."""
        return datetime(self.year + 1, 4, 1, tzinfo=UTC)

    def pieces(self) -> Iterator[range]:
        """Cut the numbers of the cases into pieces."""
        for first in range(0, self.count, PIECE):
            yield range(first, min(first + PIECE, self.count))


@dataclass(slots=True)
class Lines:
    """What one piece gives besides its counts: lines of JSON, in the order of the cases."""

    ends: list[bytes] = field(default_factory=list)
    diaries: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Counts:
    """What is counted of cases: how clocks ended, events, letters, commands done and refused."""

    cases: int = 0
    events: int = 0
    letters: int = 0
    done: int = 0
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    ends: dict[tuple[str, str], Counter[End]] = field(default_factory=dict)
    stories: Counter[str] = field(default_factory=Counter)
    hard: int = 0

    def take(self, lived: CaseRun, ended: Sequence[ClockEnd]) -> None:
        """Count one case."""
        count(ended, self.ends)
        self.cases += 1
        self.events += len(lived.stream.events)
        self.letters += lived.letters
        self.done += len(lived.diary)
        self.refused.update((lived.plan.organisation, command, code) for command, code in lived.refused)
        self.stories[lived.plan.story] += 1
        self.hard += lived.plan.hard is not None

    def add(self, other: "Counts") -> None:
        """Add what another piece counted."""
        self.cases += other.cases
        self.events += other.events
        self.letters += other.letters
        self.done += other.done
        self.refused += other.refused
        self.stories += other.stories
        self.hard += other.hard
        for clock, counts in other.ends.items():
            self.ends.setdefault(clock, Counter()).update(counts)


def run_piece(year: Year, piece: Sequence[int], with_lines: bool = False) -> tuple[Counts, Lines]:
    """Live through a piece of a year; a process of its own may do that."""
    counts, lines = Counts(), Lines()
    for planned in plans(year.seed, year.season, piece, year.organisations):
        lived = run_case(planned, year.until)
        ended = list(ends(lived))
        counts.take(lived, ended)
        if with_lines:
            lines.ends += map(msgspec.json.encode, ended)
            lines.diaries.append(msgspec.json.encode(lived.for_judge()))
    return counts, lines


def run(
    year: Year,
    processes: int,
    take: Callable[[Lines], None] | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Counts:
    """Live through a whole year in processes; `take` gets the lines, `progress` how far it is."""
    begun, total = monotonic(), Counts()
    work = partial(run_piece, year, with_lines=take is not None)
    for counts, lines in _in_order(work, year.pieces(), processes):
        total.add(counts)
        if take is not None:
            take(lines)
        if progress is not None:
            progress(total.cases, monotonic() - begun)
    return total


def _in_order(
    work: Callable[[range], tuple[Counts, Lines]], pieces: Iterator[range], processes: int
) -> Iterator[tuple[Counts, Lines]]:
    if processes == 1:
        yield from map(work, pieces)
        return
    with ProcessPoolExecutor(processes) as pool:
        try:
            waiting = [pool.submit(work, piece) for piece in islice(pieces, processes * _AHEAD)]
            while waiting:
                first = waiting.pop(0)
                waiting += [pool.submit(work, piece) for piece in islice(pieces, 1)]
                yield first.result()
        finally:
            pool.shutdown(cancel_futures=True)
