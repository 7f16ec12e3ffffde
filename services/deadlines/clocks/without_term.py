"""What is owed about a duty or right without a term: overtaken, norm passed, met, dropped. Pure."""

from datetime import datetime

from cases.clocks.clock import Clock
from cases.clocks.fold import after
from deadlines.clocks.context import CaseContext, first_of
from deadlines.clocks.drop import Drop, ground_to_drop
from deadlines.clocks.endings import breach_of, dropping, meeting_without_term
from events.catalogue import ClockRule, Moment, NormPassed, OpenEndedSet
from events.record.envelope import NewEvent
from procedures.counting.facts import Fact
from procedures.counting.zones import civil_date

Found = tuple[tuple[NewEvent, ...], tuple[datetime, ...]]
"""The events that are owed, and the moments at which time alone may change something."""


def owed_without_term(clock: Clock, case: CaseContext, now: datetime, passed: datetime) -> Found:
    """Give what is owed about a clock that has no term by the facts as they stand."""
    drop = ground_to_drop(clock, case)
    begun = clock.deadline
    if not isinstance(begun, OpenEndedSet):
        # It was set with a term, and its start was taken back since.
        return (() if drop is None else tuple(dropping(clock, drop, now))), ()
    met_by = _met_by(begun.rule, drop, case)
    overtaken_at = _overtaken_at(begun.rule, met_by, case)
    events: list[NewEvent] = []
    coming: tuple[datetime, ...] = ()
    if overtaken_at is not None and drop is None and not clock.beyond_dispute:
        due = Moment(on=civil_date(overtaken_at, begun.zone), at=overtaken_at)
        events.append(NewEvent(breach_of(begun, due), overtaken_at))
    norm = None if clock.norm_passed else _norm(begun, met_by)
    if norm is not None:
        if norm.at <= _reached(drop, passed):
            events.append(NewEvent(NormPassed(clock=begun.clock, norm=norm), norm.at))
        elif drop is None:
            coming = (norm.at,)
    if met_by is not None and clock.met is None:
        events.append(NewEvent(meeting_without_term(begun, met_by, overtaken_at), met_by.happened_at))
    if drop is not None:
        for new in events:
            clock = after(clock, new.event, new.happened_at)
        events += dropping(clock, drop, now)
    return tuple(events), coming


def _met_by(rule: ClockRule, drop: Drop | None, case: CaseContext) -> Fact | None:
    found = first_of(rule.satisfied_by, case.facts)
    is_too_late = (
        found is not None and drop is not None and drop.at is not None and found.happened_at > drop.at
    )
    return None if is_too_late else found


def _overtaken_at(rule: ClockRule, met_by: Fact | None, case: CaseContext) -> datetime | None:
    """Find when the clock that this one must precede was met without it."""
    if rule.precedes is None:
        return None
    following = first_of(case.rules[rule.precedes].satisfied_by, case.facts)
    if following is None or (met_by is not None and met_by.happened_at < following.happened_at):
        return None
    return following.happened_at


def _norm(begun: OpenEndedSet, met_by: Fact | None) -> Moment | None:
    """Give the internal norm that passes because nothing met the duty before it."""
    norm = begun.norm
    is_kept = norm is not None and met_by is not None and met_by.happened_at < norm.at
    return None if is_kept else norm


def _reached(drop: Drop | None, passed: datetime) -> datetime:
    return passed if drop is None or drop.at is None else min(passed, drop.at)
