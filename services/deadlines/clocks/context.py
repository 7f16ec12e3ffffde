"""What a decision about one clock needs of its case: the other clocks, the facts, and which end holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from deadlines.clocks.state import RunningClock
from events.catalogue import CaseOpened, ClockRule, DeadlineSet, Moment
from procedures.counting.derivation import Derivation
from procedures.counting.facts import Fact, Facts
from procedures.counting.schedule import ClockPlan, Span, Timed


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the decisions about one clock need of the others."""

    opened: CaseOpened
    rules: Mapping[str, ClockRule]
    plans: Mapping[str, ClockPlan]
    facts: Facts
    running: Mapping[str, RunningClock]


def first_of(names: Iterable[str], facts: Facts, later_than: datetime | None = None) -> Fact | None:
    """Find the first of these facts to happen, or the first after a moment."""
    known = [
        fact
        for name in names
        for fact in facts.by_name.get(name, ())
        if later_than is None or fact.happened_at > later_than
    ]
    return min(known, key=lambda fact: (fact.happened_at, fact.version), default=None)


def index_of(running: RunningClock, spans: tuple[Span, ...]) -> int:
    """Find the end that was last told of; if it was taken back, the last one before it."""
    since = running.since
    if running.again and since is None:
        return len(spans) - 1  # it was set again, with the end in force then
    for index in reversed(range(len(spans))):
        told_at = spans[index].since
        if told_at is None or (since is not None and told_at <= since):
            return index
    return 0


def ends_of(clock: str, span: Span, case: Surroundings) -> tuple[Moment, Moment]:
    """Give the ends of another clock under one span: as it stands, if it keeps what it was counted on."""
    running = case.running.get(clock)
    if (
        running is not None
        and isinstance(running.deadline, DeadlineSet)
        and keeps_its_end(running, span, case)
    ):
        return running.deadline.strict, running.deadline.lenient
    return span.derivation.strict, span.derivation.lenient


def keeps_its_end(running: RunningClock, span: Span, case: Surroundings) -> bool:
    """Tell whether only the calendar says otherwise: a running clock keeps the one it was counted on.

    That holds until the calendars are renewed by command, and also then for an end that would have passed.
    """
    deadline, derivation = running.deadline, span.derivation
    if not isinstance(deadline, DeadlineSet) or running.since != span.since:
        return False
    counted_on = {reading.calendar for reading in deadline.readings}
    today = {reading.calendar for reading in derivation.readings}
    if counted_on == today or running.by_version is not None:
        return False
    if running.renewed_at is not None and today - counted_on <= set(running.renewed):
        return derivation.due.at <= running.renewed_at
    return _starts_of(running, derivation, case) is None


def _starts_of(running: RunningClock, derivation: Derivation, case: Surroundings) -> object:
    """Give what a clock would start from now; None while that is what it was counted from."""
    deadline, base = running.deadline, running.rule.end_of
    if base is not None:
        other, plan = case.running.get(base), case.plans[base]
        if other is None or not isinstance(plan, Timed):
            return plan
        span = plan.spans[index_of(running, plan.spans)]
        return None if keeps_its_end(other, span, case) else span
    before = {(reading.name, reading.starts_on) for reading in deadline.readings}  # type: ignore[union-attr]
    now = {(reading.name, reading.starts_on) for reading in derivation.readings}
    return None if before == now else now
