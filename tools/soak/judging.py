"""Whether a system is back to what it used before the load: pure, from samples taken at rest.

At rest before is compared with at rest after, each the median of its samples. Memory, files and threads may
be less; tasks neither more nor less. Of a small count a tenth is nothing: a difference of two is let pass.
Threads of the database and bus servers are shown only: they are theirs, and Go never gives one back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from soak.sampling import SERVERS, ProcessSample, Sample

BEFORE, DURING, AFTER = "baseline", "load", "settled"
WITHIN = 0.10
LET_PASS = 2
COUNTS = ("descriptors", "threads", "tasks")


@dataclass(frozen=True, slots=True)
class UsageComparison:
    """One figure of one process: at rest before, the most under load, at rest after."""

    process: str
    what: str
    before: float
    most: float
    after: float
    fits: bool | None
    """None: shown and not judged."""

    @property
    def change(self) -> float:
        return self.after / self.before - 1 if self.before else 0.0


def judge(samples: Sequence[Sample]) -> list[UsageComparison]:
    """Compare every process with itself; raises ValueError when a phase has no samples."""
    by_phase = {phase: [one for one in samples if one.phase == phase] for phase in (BEFORE, DURING, AFTER)}
    if missing := [phase for phase, found in by_phase.items() if not found]:
        raise ValueError(f"there is no sample of {', '.join(missing)}: the run was cut off or too short")
    return [
        row
        for process in by_phase[AFTER][-1].processes
        for row in _rows(process, *([one.processes[process] for one in found] for found in by_phase.values()))
    ]


def left_over(samples: Sequence[Sample]) -> list[str]:
    """Return what still waits, or was set aside, in the last sample."""
    return [f"{count} {queue}" for queue, count in samples[-1].queues.items() if count and _must_end(queue)]


def _rows(
    process: str,
    before: Sequence[ProcessSample],
    during: Sequence[ProcessSample],
    after: Sequence[ProcessSample],
) -> list[UsageComparison]:
    judged = "private_mb" if process in SERVERS else "rss_mb"
    names = [judged, "pss_mb", *COUNTS]
    if before[0].tasks is None:
        names.remove("tasks")
    return [
        _row(
            process, name, judged, process in SERVERS,
            *([getattr(use, name) for use in uses] for uses in (before, during, after)),
        )
        for name in names
    ]  # fmt: skip


def _row(
    process: str, name: str, judged: str, is_server: bool,
    before: list[float], during: list[float], after: list[float],
) -> UsageComparison:  # fmt: skip
    was, most, now = median(before), max(during), median(after)
    fits: bool | None = None
    if name == judged:
        fits = now <= was * (1 + WITHIN)
    elif name in COUNTS and not (name == "threads" and is_server):
        most_away = max(WITHIN * was, LET_PASS)
        fits = now - was <= most_away and (name != "tasks" or was - now <= most_away)
    return UsageComparison(process, name, was, most, now, fits)


def _must_end(queue: str) -> bool:
    """Clocks go on falling due for as long as there are cases; everything else comes to an end."""
    return queue != "due clocks"
