"""What is owed about one clock: its timeline, less what was recorded of it. Pure.

Events come in the order in which things happened under each end. A breach happened when it was due, whenever
it is noticed.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from cases.clocks.clock import Clock
from cases.clocks.fold import after
from deadlines.clocks.context import CaseContext
from deadlines.clocks.endings import breaches, dropping, meeting
from deadlines.clocks.moves import is_end_taken_back
from deadlines.clocks.timeline import Round, timeline
from deadlines.clocks.without_term import owed_without_term
from events.catalogue import DeadlineMet, DeadlineReopened, DeadlineSet, DeadlineWarned, WindowLapsed
from events.record.envelope import NewEvent
from procedures.counting.facts import Fact, Facts
from procedures.counting.schedule import Timed


class Owed(msgspec.Struct, frozen=True):
    """The events that are still to be appended, and the moments at which time alone may change something."""

    events: tuple[NewEvent, ...] = ()
    coming: tuple[datetime, ...] = ()


def owed(clock: Clock, case: CaseContext, now: datetime, passed: datetime) -> Owed:
    """Give what is owed about one clock; `passed` is the moment that has certainly been reached."""
    plan, round_began_at = case.plans[clock.deadline.clock], clock.anew_since
    is_taken_back = round_began_at is not None and is_end_taken_back(round_began_at, plan)
    if clock.dropped is not None and not is_taken_back:
        return Owed()
    events: list[NewEvent] = []
    # 1. Take back what met it, if that was taken back itself.
    reopened = None if clock.met is None else _reopening(clock.met, case.facts)
    if reopened is not None:
        events.append(reopened)
        clock = after(clock, reopened.event, reopened.happened_at)
    if not isinstance(plan, Timed):
        found, coming = owed_without_term(clock, case, now, passed)
        return Owed((*events, *found), coming)
    # 2. Go through its ends one after the other, and settle each before the next one.
    for end in timeline(clock, plan, case, now):
        if end.moved is not None:
            events.append(end.moved)
            clock = after(clock, end.moved.event, end.moved.happened_at)
        here = _owed_under(end, clock, now, passed)
        events += here.events
        for new in here.events:
            clock = after(clock, new.event, new.happened_at)
        if here.coming or clock.dropped is not None:
            # A moment under this end has not certainly passed. Going on would judge the clock by the next
            # end, and a promise that was broken would be forgotten.
            return Owed(tuple(events), here.coming)
    return Owed(tuple(events))


def _reopening(met: DeadlineMet, facts: Facts) -> NewEvent | None:
    """Take back what met the clock, if that was taken back itself."""
    for revoked in facts.revoked:
        if (revoked.fact.name, revoked.fact.version) == (met.fact, met.by_version):
            return NewEvent(DeadlineReopened(clock=met.clock, by_version=revoked.by_version), revoked.at)
    return None


def _owed_under(end: Round, clock: Clock, now: datetime, passed: datetime) -> Owed:
    """Give what is true under one end and was not recorded: broken, warned, lapsed, met, dropped."""
    breaks = breaches(end.deadline, end.passings, clock)
    reached = passed if end.over_at is None else min(passed, end.over_at)
    events = [new for new in breaks if new.happened_at <= reached]
    if end.over_at is not None:
        uncertain = [new.happened_at for new in breaks if reached < new.happened_at <= end.over_at]
        if uncertain:
            return Owed(tuple(events), (min(uncertain),))
    # Warn once, and never after a breach: a warning would come too late for anybody to act on it.
    is_warned = clock.warned or events or clock.broken_by
    warn_at = None if is_warned else end.warn_at
    lapses_at = None if clock.lapsed else end.lapses_at
    if warn_at is not None and warn_at <= reached:
        events.append(NewEvent(DeadlineWarned(clock=end.deadline.clock, due=end.deadline.due), warn_at))
    if lapses_at is not None and lapses_at <= reached:
        events.append(NewEvent(WindowLapsed(clock=end.deadline.clock, due=end.deadline.lenient), lapses_at))
    if end.met_by is not None:
        events += _meeting(end.deadline, end.met_by, clock.met)
    if end.drop is not None:
        for new in events:
            clock = after(clock, new.event, new.happened_at)
        return Owed((*events, *dropping(clock, end.drop, now)))
    if end.until is not None:
        return Owed(tuple(events))
    moments = [*(new.happened_at for new in breaks), warn_at, lapses_at]
    return Owed(tuple(events), tuple(at for at in moments if at is not None and at > reached))


def _meeting(deadline: DeadlineSet, met_by: Fact, recorded: DeadlineMet | None) -> Sequence[NewEvent]:
    """Record what met the clock; once more if an earlier fact did, or if it counts otherwise now."""
    met = meeting(deadline, met_by)
    if recorded is not None:
        if met.met_at > recorded.met_at:
            return ()
        if (met.standing, met.late_by_s) == (recorded.standing, recorded.late_by_s):
            return ()
    return (NewEvent(met, met_by.happened_at),)
