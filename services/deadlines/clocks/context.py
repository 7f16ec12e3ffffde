"""What a decision about one clock needs of its case: the other clocks, the facts, and which end holds."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from cases.clocks.clock import Clock
from events.catalogue import CaseOpened, ClockRule, DeadlineSet
from procedures.counting.derivation import Derivation
from procedures.counting.facts import Fact, Facts
from procedures.counting.schedule import ClockPlan, Span, Timed


class CaseContext(msgspec.Struct, frozen=True):
    """What the decisions about one clock need of the others; `running` is as recorded before this look."""

    opened: CaseOpened
    rules: Mapping[str, ClockRule]
    plans: Mapping[str, ClockPlan]
    facts: Facts
    running: Mapping[str, Clock]


def first_of(names: Iterable[str], facts: Facts, later_than: datetime | None = None) -> Fact | None:
    """Find the first of these facts to happen, or the first after a moment."""
    found: Fact | None = None
    for name in names:
        for fact in facts.by_name.get(name, ()):
            if later_than is not None and fact.happened_at <= later_than:
                continue
            if found is None or (fact.happened_at, fact.version) < (found.happened_at, found.version):
                found = fact
            break  # facts of one name stand in the order in which they happened
    return found


def index_of(clock: Clock, spans: tuple[Span, ...]) -> int:
    """Find the end that was recorded last; if that was taken back, the last one before it."""
    since = clock.since
    if clock.again and since is None:
        return len(spans) - 1  # it was set again, with the end in force then
    for index in reversed(range(len(spans))):
        told_at = spans[index].since
        if told_at is None or (since is not None and told_at <= since):
            return index
    return 0


def kept_end(clock: Clock | None, span: Span, case: CaseContext) -> DeadlineSet | None:
    """Return the setting whose end a clock keeps, where only the calendar says otherwise; None to count anew.

    A running clock keeps the calendar that it was counted on until the calendars are renewed by command. It
    keeps it also then for an end that would have passed.
    """
    deadline, derivation = None if clock is None else clock.deadline, span.derivation
    if clock is None or not isinstance(deadline, DeadlineSet) or clock.since != span.since:
        return None
    counted_on = {reading.calendar for reading in deadline.readings}
    today = {reading.calendar for reading in derivation.readings}
    if counted_on == today or clock.by_version is not None:
        return None
    if clock.renewed_at is not None and today - counted_on <= set(clock.renewed):
        # A renewed calendar moves an end, but never into the past: nobody could keep that promise any more.
        return deadline if derivation.due.at <= clock.renewed_at else None
    return None if _has_another_start(clock, deadline, derivation, case) else deadline


def _has_another_start(
    clock: Clock, deadline: DeadlineSet, derivation: Derivation, case: CaseContext
) -> bool:
    """Report whether facts let the clock start elsewhere; then it is counted anew, on today's calendars."""
    base = clock.rule.end_of
    if base is None:
        before = {(reading.name, reading.starts_on) for reading in deadline.readings}
        return before != {(reading.name, reading.starts_on) for reading in derivation.readings}
    # What counts back from another clock starts at its end: that one may keep its end in turn.
    other, plan = case.running.get(base), case.plans[base]
    if other is None or not isinstance(plan, Timed):
        return True
    # Both count by the same tellings, so the place of this clock among its ends is that of its base.
    return kept_end(other, plan.spans[index_of(clock, plan.spans)], case) is None
