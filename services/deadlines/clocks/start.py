"""Setting the clocks that can run and do not: for the first time, or again after they were dropped."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from cases.clocks.clock import Clock
from deadlines.clocks.context import CaseContext, index_of
from deadlines.clocks.drop import ground_to_drop
from deadlines.clocks.moves import version_of
from deadlines.clocks.state import Clocks
from events.catalogue import ClockRule, DeadlineDropped, DeadlineSet, OpenEndedSet
from events.record.envelope import NewEvent
from procedures.counting.derivation import Derivation, norm_end
from procedures.counting.facts import CLOSED, MERGED, NO_COMPLAINT, WITHDRAWN
from procedures.counting.schedule import ClockPlan, OpenEnd, Timed, Waiting
from procedures.counting.zones import TIMEZONE_DATA

_SET_ASIDE = (WITHDRAWN, MERGED, CLOSED, NO_COMPLAINT)
"""Why a clock is dropped that goes on where it stood, when the case goes on by itself."""


def starts(clocks: Clocks, case: CaseContext, now: datetime) -> Iterator[NewEvent]:
    """Set every clock that can run and does not, in the order of the rules."""
    for rule in clocks.rules:
        clock = clocks.running.get(rule.clock)
        plan = case.plans[rule.clock]
        if clock is None:
            # The first time a clock begins with its first end; the ends told since move it from there.
            yield from _set(rule, plan, 0, case, now)
        elif clock.dropped is not None:
            yield from _set_again(clock, rule, plan, case, now)
        elif _has_other_form(clock, plan):
            yield NewEvent(DeadlineDropped(clock=rule.clock, because=version_of(clock)), now)
            yield from _set(rule, plan, -1, case, now)


def _set(
    rule: ClockRule, plan: ClockPlan, index: int, case: CaseContext, now: datetime
) -> Iterator[NewEvent]:
    """Set a clock with the end at `index`; nothing while it waits for its start."""
    match plan:
        case Waiting():
            pass
        case OpenEnd():
            yield NewEvent(_open_ended(rule, plan, case.opened.zone), now)
        case Timed():
            yield NewEvent(_deadline_set(rule, plan.spans[index].derivation, case.opened.zone), now)
        case _:
            assert_never(plan)


def _set_again(
    clock: Clock, rule: ClockRule, plan: ClockPlan, case: CaseContext, now: datetime
) -> Iterator[NewEvent]:
    """Set a dropped clock once its ground is gone, with the end in force; as it stood, if nothing changed."""
    if ground_to_drop(clock, case) is not None or _is_over(clock, plan, case):
        return
    if clock.dropped in _SET_ASIDE and clock.rule == rule and _is_same(clock, plan):
        # The very same setting says that it goes on where it stood: the fold then keeps what was recorded.
        yield NewEvent(clock.deadline, now)
        return
    yield from _set(rule, plan, -1, case, now)


def _has_other_form(clock: Clock, plan: ClockPlan) -> bool:
    """Report whether a new version made something else of a clock: another party, kind or way to end."""
    if clock.by_version is None or isinstance(plan, Waiting):
        return False
    deadline, rule = clock.deadline, clock.rule
    is_timed = isinstance(deadline, DeadlineSet)
    other_rule = (deadline.kind, deadline.binds) != (rule.kind, rule.binds)
    return other_rule or is_timed != isinstance(plan, Timed)


def _is_same(clock: Clock, plan: ClockPlan) -> bool:
    """Report whether what was dropped is what would be set now; a period told since then makes it another."""
    if isinstance(plan, Timed):
        return plan.spans[index_of(clock, plan.spans)] is plan.spans[-1]
    return isinstance(plan, OpenEnd) == isinstance(clock.deadline, OpenEndedSet)


def _is_over(clock: Clock, plan: ClockPlan, case: CaseContext) -> bool:
    """Report whether a clock that a withdrawal or a closing dropped is not set again when the case goes on.

    What was broken was judged. What ran out while nothing was owed asks nothing, unless the reopening or a
    period that was told since gives it another end.
    """
    if clock.dropped not in (WITHDRAWN, CLOSED):
        return False
    ended = [each.at for each in case.facts.revoked if each.fact.name == clock.dropped]
    resumed_at = max(ended, default=None)
    if clock.broken_by:
        return True
    ran_out = isinstance(plan, Timed) and resumed_at is not None
    return ran_out and plan.derivation.strict.at <= resumed_at  # type: ignore[union-attr,operator]


def _deadline_set(rule: ClockRule, derivation: Derivation, zone: str) -> DeadlineSet:
    return DeadlineSet(
        clock=rule.clock,
        kind=rule.kind,
        binds=rule.binds,
        zone=zone,
        timezone_data=TIMEZONE_DATA,
        strict=derivation.strict,
        lenient=derivation.lenient,
        working=derivation.working,
        warn_at=derivation.warn_at,
        readings=derivation.readings,
        rule=rule,
    )


def _open_ended(rule: ClockRule, plan: OpenEnd, zone: str) -> OpenEndedSet:
    return OpenEndedSet(
        clock=rule.clock,
        kind=rule.kind,
        binds=rule.binds,
        zone=zone,
        since_on=plan.since_on,
        norm=norm_end(rule, plan.since_on, zone),
        rule=rule,
    )
