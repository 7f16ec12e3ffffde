"""Setting the clocks that can run and do not: for the first time, or again after they were dropped."""

from datetime import datetime
from typing import assert_never

from cases.clocks.clock import Clock, Setting
from deadlines.clocks.context import CaseContext, index_of
from deadlines.clocks.drop import ground_to_drop
from deadlines.clocks.moves import version_of
from deadlines.clocks.state import Clocks
from events.catalogue import ClockRule, DeadlineDropped, DeadlineSet, Event, OpenEndedSet
from events.record.envelope import NewEvent
from procedures.counting.derivation import norm_end
from procedures.counting.facts import CLOSED, MERGED, NO_COMPLAINT, WITHDRAWN
from procedures.counting.schedule import ClockPlan, OpenEnd, Timed, Waiting
from procedures.counting.zones import TIMEZONE_DATA

_SET_ASIDE = (WITHDRAWN, MERGED, CLOSED, NO_COMPLAINT)
"""Why a clock is dropped that goes on where it stood, when the case goes on by itself."""


def starts(clocks: Clocks, case: CaseContext, now: datetime) -> tuple[NewEvent, ...]:
    """Set every clock that can run and does not, in the order of the rules."""
    events: list[Event] = []
    for rule in clocks.rules:
        clock, plan = clocks.running.get(rule.clock), case.plans[rule.clock]
        setting: Setting | None = None
        if clock is None:
            # The first time a clock begins with its first end; the ends told since move it from there.
            setting = _setting(rule, plan, 0, case.opened.zone)
        elif clock.dropped is not None:
            setting = _setting_again(clock, rule, plan, case)
        elif clock.by_version is not None and _has_other_form(clock, plan):
            events.append(DeadlineDropped(clock=rule.clock, because=version_of(clock)))
            setting = _setting(rule, plan, -1, case.opened.zone)
        if setting is not None:
            events.append(setting)
    return tuple(NewEvent(event, now) for event in events)


def _setting(rule: ClockRule, plan: ClockPlan, index: int, zone: str) -> Setting | None:
    """Give a clock the end at `index` of its plan, or no end; None while it waits for its start."""
    match plan:
        case Waiting():
            return None
        case OpenEnd():
            return OpenEndedSet(
                clock=rule.clock,
                kind=rule.kind,
                binds=rule.binds,
                zone=zone,
                since_on=plan.since_on,
                norm=norm_end(rule, plan.since_on, zone),
                rule=rule,
            )
        case Timed():
            derivation = plan.spans[index].derivation
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
        case _:
            assert_never(plan)


def _setting_again(clock: Clock, rule: ClockRule, plan: ClockPlan, case: CaseContext) -> Setting | None:
    """Give a dropped clock the end in force once its ground is gone; as it stood, if nothing changed."""
    if ground_to_drop(clock, case) is not None or _is_over(clock, plan, case):
        return None
    if clock.dropped in _SET_ASIDE and clock.rule == rule and _is_same(clock, plan):
        # The very same setting says that it goes on where it stood: the fold then keeps what was recorded.
        return clock.deadline
    return _setting(rule, plan, -1, case.opened.zone)


def _has_other_form(clock: Clock, plan: ClockPlan) -> bool:
    """Report whether a new version made something else of a clock: another party, kind or way to end."""
    if isinstance(plan, Waiting):
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
