"""Whether a clock gets another end, and whether that end begins a round of its own. Pure."""

from datetime import datetime

from cases.clocks.clock import Clock
from deadlines.clocks.context import CaseContext, kept_end
from events.catalogue import DeadlineMoved, DeadlineSet
from events.record.envelope import NewEvent
from procedures.counting.schedule import ClockPlan, Span, Timed


def move(
    clock: Clock, deadline: DeadlineSet, index: int, span: Span, case: CaseContext, now: datetime
) -> NewEvent | None:
    """Give the event that moves a clock to the end of `span`, or None while that end is the one it has.

    `deadline` is the setting of the clock, `index` the place of the span among its ends. A told end moved the
    clock when it was told; a corrected fact, a version or a calendar moves it `now`.
    """
    if kept_end(clock, span, case) is not None:
        return None
    derivation = span.derivation
    is_same = (deadline.strict, deadline.lenient) == (derivation.strict, derivation.lenient)
    anew = index > 0 and _is_next(clock, span) and _begins_anew(clock, deadline, span)
    round_began_at, plan = clock.anew_since, case.plans[deadline.clock]
    # A notice that came back ends its round, though the end before may fall on the very same day.
    is_taken_back = round_began_at is not None and is_end_taken_back(round_began_at, plan)
    if is_same and not anew and not is_taken_back:
        return None
    event = DeadlineMoved(
        clock=deadline.clock,
        because=_because(clock, span, case),
        strict=derivation.strict,
        lenient=derivation.lenient,
        warn_at=derivation.warn_at,
        readings=derivation.readings,
        since=span.since,
        anew=anew,
    )
    return NewEvent(event, span.since or now)


def is_end_taken_back(told_at: datetime, plan: ClockPlan) -> bool:
    """Report whether the end that was told at this moment, and began a round, was taken back since."""
    if not isinstance(plan, Timed):
        return False
    return all(span.since is None or span.since < told_at for span in plan.spans)


def _is_next(clock: Clock, span: Span) -> bool:
    """Report whether this end was told after the one that was recorded last, not in its place."""
    return span.since is not None and (clock.since is None or span.since > clock.since)


def _begins_anew(clock: Clock, deadline: DeadlineSet, span: Span) -> bool:
    """Report whether a new end is a promise of its own: what met or broke the one before is not for it."""
    is_other = deadline.strict != span.derivation.strict
    if clock.rule.term == "told":  # such as a plan: the same day told again after it was met is another plan
        return is_other or clock.met is not None
    return span.anew or (is_other and clock.rule.only_if_unmet is not None)


def _because(clock: Clock, span: Span, case: CaseContext) -> tuple[str, ...]:
    """Name what gave the clock another end: a telling, a version, a calendar, else the facts it starts with.

    An end that the record has already may differ again: then a version or a calendar did it, not the telling.
    """
    told = (span.told_as,) if span.told_as else ()
    if told and span.since != clock.since:
        return told
    if clock.by_version is not None:
        return (version_of(clock),)
    if clock.renewed:
        return ("calendar",)
    return told or _started_by(clock, case)


def _started_by(clock: Clock, case: CaseContext) -> tuple[str, ...]:
    rule = clock.rule
    awaited = () if rule.guard is None else rule.guard.unless
    starts = (rule.starts, *rule.starts_also, *(other.starts for other in rule.alternatives), *awaited)
    return tuple(dict.fromkeys(name for name in starts if case.facts.first(name)))


def version_of(clock: Clock) -> str:
    """Name the version that changed the rule of a clock, as the ground of an event."""
    return f"procedure version {clock.by_version}"
