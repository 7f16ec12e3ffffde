"""Cases that end the same way whether somebody is some hours later or not: what a live run can compare.

At a day a second, a tenth of a second of delay is hours of clock. So a live run takes cases in which nobody
acts near a moment at which something falls due, and in which letters leave at once; whatever else a case may
hold. Which cases those are is found by living through each of them more than once.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from deadlines.look import EMITS, ClockOutcome, next_look
from events.catalogue import DeadlineMoved, DeadlineSet
from events.record.envelope import History
from simulation.arrivals import Season
from simulation.case_run import CaseRun, run_case
from simulation.clock_ends import ends
from simulation.generator import plans
from simulation.plan import CasePlan, PlannedDelivery

LIVE = ("destiny", "bc", "supportoplus", "preact", "ingressus")
"""Intake takes complaints to these; the two demonstrations live in the pure core only."""

DISTANCE = timedelta(days=1.25)
"""So far from a due moment everything is done: at a day a second, more than a second of delay is forgiven."""

_LATER = (timedelta(hours=9), timedelta(hours=22))
"""So much later everybody may be, in the further lives of a case, without any end being another."""


def steady_plans(
    seed: int, season: Season, count: int, longest: timedelta, distance: timedelta, numbers: Sequence[int]
) -> Iterator[CaseRun]:
    """Give steady cases from among these numbers, lived through once: as many of each organisation.

    None takes longer than `longest`, and nothing in it lies nearer than `distance` to what is due.
    """
    wanted = {name: count // len(LIVE) + (place < count % len(LIVE)) for place, name in enumerate(LIVE)}
    for number in numbers:
        name = LIVE[number % len(LIVE)]
        if wanted[name] == 0:
            if not any(wanted.values()):
                return
            continue
        (planned,) = plans(seed, season, [number], LIVE)
        lived = _steady(_calm(planned), longest, distance)
        if lived is not None:
            wanted[name] -= 1
            yield lived


def outcomes(lived: CaseRun) -> dict[str, ClockOutcome]:
    """Return how each clock of a case ended."""
    return {one.clock: one.outcome for one in ends(lived)}


def is_delayed(lived: CaseRun, history: History, by: timedelta) -> bool:
    """Return whether anything happened that much later than in the pure run: then other ends may be right."""
    planned: dict[str, list[datetime]] = {}
    for recorded in lived.stream.events:
        if recorded.type not in EMITS:
            planned.setdefault(recorded.type, []).append(recorded.happened_at)
    for recorded in history.events:
        moments = planned.get(recorded.type)
        if moments and recorded.happened_at - moments.pop(0) >= by:
            return True
    return False


def _calm(planned: CasePlan) -> CasePlan:
    """Let every letter leave at once, none be refused, and what comes back come back days later."""
    fates = {
        letter: PlannedDelivery(
            after=timedelta(minutes=30),
            returned_after=None
            if delivery.returned_after is None
            else timedelta(days=3) + delivery.returned_after,
            posted_after=None if delivery.posted_after is None else timedelta(days=2) + delivery.posted_after,
        )
        for letter, delivery in planned.fates.items()
    }
    # The submission states the day of receipt, as intake may get the complaint some hours later.
    submission = {"received_at": planned.arrives_at.isoformat(), **planned.submission}
    steps = tuple(step for step in planned.steps if step.command != "write")
    return replace(planned, fates=fates, submission=submission, steps=steps)


def _steady(planned: CasePlan, longest: timedelta, distance: timedelta) -> CaseRun | None:
    until = planned.arrives_at + longest
    lived = run_case(planned, until)
    if lived.refused or next_look(lived.stream.history) is not None or lived.has_more:
        return None
    if not _keeps_distance(lived, distance):
        return None
    chance = random.Random(planned.number)
    for later in _LATER:
        other = run_case(_delayed(planned, later, chance), until + timedelta(days=7))
        if other.refused or outcomes(other) != outcomes(lived):
            return None
    return lived


def _keeps_distance(lived: CaseRun, distance: timedelta) -> bool:
    """Return whether nothing is done near a moment at which something falls due."""
    events = lived.stream.events
    dues = {
        moment.at
        for recorded in events
        if isinstance(event := recorded.event, DeadlineSet | DeadlineMoved)
        for moment in (event.strict, event.lenient)
    }
    done: set[datetime] = {each.at for each in lived.diary} | {step.at for step in lived.given}
    return all(abs(due - at) >= distance for due in dues for at in done)


def _delayed(planned: CasePlan, later: timedelta, chance: random.Random) -> CasePlan:
    """Let everybody be later by some of this, in the same order."""
    return replace(
        planned,
        arrives_at=planned.arrives_at + later * chance.random() / 4,
        steps=tuple(
            replace(step, at=step.at + later * (0.5 + chance.random() / 2)) for step in planned.steps
        ),
        fates={
            letter: replace(delivery, after=delivery.after + later * chance.random() / 2)
            for letter, delivery in planned.fates.items()
        },
    )
