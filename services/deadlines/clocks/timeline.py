"""The timeline of one clock with a term: its ends one after the other, and what is true under each. Pure.

What is true follows from the facts: what met the clock, when it breaks and lapses, when it asks no more.
Whether that was recorded makes no difference here; `owed.py` takes the record away from the timeline.

The record says only where the timeline begins: at the end that was recorded last, with the calendars it was
counted on and the moment its round began. The ends before it were judged when they were in force, and a fact
that is recorded later judges none of them again.
"""

from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from cases.clocks.clock import Clock
from cases.clocks.fold import after
from deadlines.clocks.context import CaseContext, ends_of, first_of, index_of
from deadlines.clocks.drop import Drop, ground_to_drop
from deadlines.clocks.endings import Passing, meeting, passings
from deadlines.clocks.moves import move
from events.catalogue import ClockRule, DeadlineSet
from events.record.envelope import NewEvent
from procedures.counting.facts import Fact
from procedures.counting.schedule import Span, Timed

BEFORE_ALL_TIME = datetime.min.replace(tzinfo=UTC)
"""A look at this moment finds nothing that time did, only what comes."""


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
    drop = ground_to_drop(clock, case)
    if drop is not None and drop.at is not None and until is not None and drop.at >= until:
        drop = None  # that happened under a later end
    ends = [moment for moment in (until, drop.at if drop else None) if moment is not None]
    met_by = _met_by(clock, until, drop, case)
    asked_from = _asked_from(deadline, index, case, until)
    return Round(
        deadline=deadline,
        moved=moved,
        until=until,
        drop=drop,
        over_at=min(ends, default=None),
        met_by=met_by,
        passings=tuple(
            passing
            for passing in passings(deadline, asked_from)
            if met_by is None or met_by.happened_at >= passing.due.at
        ),
        lapses_at=_lapses_at(deadline, met_by) if deadline.kind == "window" else None,
        warn_at=_warn_at(clock, deadline) if met_by is None else None,
    )


def _met_by(clock: Clock, until: datetime | None, drop: Drop | None, case: CaseContext) -> Fact | None:
    """Find what met the clock under this end."""
    rule = clock.deadline.rule
    found = first_of(rule.satisfied_by, case.facts, clock.anew_since)
    if found is None:
        return None
    if until is not None and found.happened_at >= until:
        # The notice that brings the next end is what the duty to give notice asked for: it belongs here.
        is_the_notice = rule.only_if_unmet is not None and found.happened_at == until
        return found if is_the_notice else None
    if drop is not None and drop.at is not None and found.happened_at > drop.at:
        return None
    return found


def _asked_from(
    deadline: DeadlineSet, index: int, case: CaseContext, until: datetime | None
) -> tuple[datetime, datetime]:
    """From when each reading can break: at once, after the base clock, or after what met it was lost."""
    rule = deadline.rule
    strict_at = lenient_at = BEFORE_ALL_TIME
    base = None if rule.only_if_unmet is None else case.plans[rule.only_if_unmet]
    if rule.only_if_unmet is not None and isinstance(base, Timed):
        # Nobody owes a notice of delay before there is a delay: this duty waits for the end of its base.
        strict, lenient = ends_of(rule.only_if_unmet, base.spans[min(index, len(base.spans) - 1)], case)
        strict_at, lenient_at = strict.at, lenient.at
        if until is not None:
            strict_at, lenient_at = min(strict_at, until), min(lenient_at, until)
    for lost in case.facts.revoked:
        if lost.fact.name in rule.satisfied_by and lost.fact.happened_at < deadline.lenient.at:
            # It was kept as far as anybody knew: it cannot break before the letter came back.
            strict_at, lenient_at = max(strict_at, lost.at), max(lenient_at, lost.at)
    return strict_at, lenient_at


def _lapses_at(deadline: DeadlineSet, met_by: Fact | None) -> datetime | None:
    was_used = met_by is not None and met_by.happened_at < deadline.lenient.at
    return None if was_used else deadline.lenient.at


def _warn_at(clock: Clock, deadline: DeadlineSet) -> datetime | None:
    """Find when to warn: about what the company still has to do, and not before it had to."""
    if deadline.warn_at is None or deadline.binds != "company" or deadline.kind not in ("duty", "target"):
        return None
    warn_at = max(deadline.warn_at, clock.set_at, clock.reopened_at or clock.set_at)
    return warn_at if warn_at < deadline.due.at else None
