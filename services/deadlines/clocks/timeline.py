"""The timeline of one clock with a term: its ends one after the other, and what is true under each. Pure.

What is true follows from the facts: what met the clock, when it breaks and lapses, when it asks no more.
Whether that was recorded makes no difference here; `owed.py` takes the record away from the timeline.

The record says only where the timeline begins: at the end that was recorded last, with the calendars it was
counted on and the moment its round began. The ends before it were judged when they were in force, and a fact
that is recorded later judges none of them again.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from cases.clocks.clock import Clock
from cases.clocks.fold import after
from deadlines.clocks.context import CaseContext, first_of, index_of
from deadlines.clocks.drop import Drop, ground_to_drop
from deadlines.clocks.endings import meeting
from deadlines.clocks.moves import move
from deadlines.clocks.passings import Passing, passings
from events.catalogue import ClockRule, DeadlineSet
from events.record.envelope import NewEvent
from procedures.counting.facts import Fact
from procedures.counting.schedule import Span, Timed

_WARNED = ("duty", "target")
"""The kinds of clocks that the company is warned about; in a window or a right nobody is late."""


class Round(msgspec.Struct, frozen=True):
    """One end of a clock, and what is true under it; it holds until `until`, None for the end in force.

    `moved` is the event that gives the clock this end, None if the record has it. `over_at` is when this end
    asks no more: at the next end, or when the clock was dropped. `passings` are the moments at which the
    clock breaks because it is not met before. `lapses_at` and `warn_at` are None where that never comes.
    """

    deadline: DeadlineSet
    moved: NewEvent | None
    until: datetime | None
    drop: Drop | None
    over_at: datetime | None
    met_by: Fact | None
    passings: tuple[Passing, ...]
    lapses_at: datetime | None
    warn_at: datetime | None


def timeline(clock: Clock, plan: Timed, case: CaseContext, now: datetime) -> tuple[Round, ...]:
    """List the rounds of a clock from the end that was recorded last; () for one that was set without term.

    `now` is the moment of a move that nothing dates, such as that by a corrected fact.
    """
    rule, deadline = clock.deadline.rule, clock.deadline
    rounds: list[Round] = []
    spans = tuple(span for span in plan.spans if not (span.anew and _is_needless(span, rule, case)))
    for index in range(index_of(clock, spans), len(spans)):
        if not isinstance(deadline, DeadlineSet):
            break
        span, following = spans[index], spans[index + 1] if index + 1 < len(spans) else None
        if following is not None and rule.only_if_unmet is not None and _is_same_end(following, span):
            continue  # a duty to tell a delay goes on when somebody says again by when the answer comes
        moved = move(clock, deadline, index, span, case, now)
        if moved is not None:
            clock = after(clock, moved.event, moved.happened_at)
            deadline = clock.term
        found = _round(clock, deadline, index, case, moved, None if following is None else following.since)
        rounds.append(found)
        if found.drop is not None and found.drop.at is not None:
            break  # what is over does not go on with a day told since
        if following is not None and found.met_by is not None:
            # A plan that is told again after it was met begins anew: the next move asks for that.
            clock = replace(clock, met=meeting(deadline, found.met_by))
    return tuple(rounds)


def _is_needless(span: Span, rule: ClockRule, case: CaseContext) -> bool:
    """Nothing is promised anew about what was done by then; only a plan says that there is more to do."""
    if span.since is None or rule.term == "told":
        return False
    base = rule if rule.only_if_unmet is None else case.rules[rule.only_if_unmet]
    done = first_of(base.satisfied_by, case.facts)
    return done is not None and done.happened_at <= span.since


def _is_same_end(following: Span, span: Span) -> bool:
    return following.derivation.strict == span.derivation.strict


def _round(
    clock: Clock,
    deadline: DeadlineSet,
    index: int,
    case: CaseContext,
    moved: NewEvent | None,
    until: datetime | None,
) -> Round:
    """Find what is true under one end of a clock; `clock` has been moved to it, and `deadline` is that end.

    `index` is its place among the ends, `moved` the event that gives it, `until` when the next one was told.
    """
    # 1. Why it asks no more, unless that happened under a later end.
    drop = ground_to_drop(clock, case)
    if drop is not None and drop.at is not None and until is not None and drop.at >= until:
        drop = None
    dropped_at = None if drop is None else drop.at
    # 2. What met it: neither under a later end nor after it was dropped.
    met_by = first_of(deadline.rule.satisfied_by, case.facts, clock.anew_since)
    if met_by is not None and until is not None and met_by.happened_at >= until:
        # The notice that brings the next end is what the duty to give notice asked for: it belongs here.
        is_the_notice = deadline.rule.only_if_unmet is not None and met_by.happened_at == until
        met_by = met_by if is_the_notice else None
    elif met_by is not None and dropped_at is not None and met_by.happened_at > dropped_at:
        met_by = None
    # 3. When to warn: about what the company still has to do, and not before it had to.
    warn_at = deadline.warn_at if deadline.binds == "company" and deadline.kind in _WARNED else None
    if warn_at is not None:
        warn_at = max(warn_at, clock.set_at, clock.reopened_at or clock.set_at)
    is_warned = met_by is None and warn_at is not None and warn_at < deadline.due.at
    return Round(
        deadline=deadline,
        moved=moved,
        until=until,
        drop=drop,
        over_at=min((at for at in (until, dropped_at) if at is not None), default=None),
        met_by=met_by,
        passings=tuple(
            passing
            for passing in passings(deadline, index, until, case)
            if met_by is None or met_by.happened_at >= passing.due.at
        ),
        lapses_at=_lapses_at(deadline, met_by) if deadline.kind == "window" else None,
        warn_at=warn_at if is_warned else None,
    )


def _lapses_at(deadline: DeadlineSet, met_by: Fact | None) -> datetime | None:
    was_used = met_by is not None and met_by.happened_at < deadline.lenient.at
    return None if was_used else deadline.lenient.at
