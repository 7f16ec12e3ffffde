"""Setting the clocks that can run and do not: for the first time, or again after they were dropped."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from deadlines.clocks.context import Surroundings, index_of
from deadlines.clocks.drop import ground_to_drop
from deadlines.clocks.state import Clocks, RunningClock
from events.catalogue import ClockRule, DeadlineDropped, DeadlineSet, OpenEndedSet
from events.record.envelope import NewEvent
from procedures.counting.derivation import Derivation, norm_end
from procedures.counting.facts import CLOSED, MERGED, NO_COMPLAINT, WITHDRAWN
from procedures.counting.schedule import ClockPlan, OpenEnd, Timed, Waiting
from procedures.counting.zones import TIMEZONE_DATA

_SET_ASIDE = (WITHDRAWN, MERGED, CLOSED, NO_COMPLAINT)
"""Why a clock is dropped that goes on where it stood, when the case goes on by itself."""


def starts(clocks: Clocks, case: Surroundings, now: datetime) -> Iterable[NewEvent]:
    """Set every clock that can run and does not, in the order of the rules."""
    for rule in clocks.rules:
        running = clocks.running.get(rule.clock)
        plan = case.plans[rule.clock]
        if running is not None:
            if running.dropped is None:
                if not _has_other_form(running, plan):
                    continue
                yield NewEvent(DeadlineDropped(clock=rule.clock, because=version_of(running)), now)
            elif ground_to_drop(running, case) is not None or _is_over(running, plan, case):
                continue
            elif running.dropped in _SET_ASIDE and running.rule == rule and _is_same(running, plan):
                yield NewEvent(running.deadline, now)
                continue
        match plan:
            case Waiting():
                continue
            case OpenEnd():
                yield NewEvent(_open_ended(rule, plan, case.opened.zone), now)
            case Timed():
                # One that is set again begins with the end in force; the first time, with the first.
                span = plan.spans[0] if running is None else plan.spans[-1]
                yield NewEvent(_deadline_set(rule, span.derivation, case.opened.zone), now)
            case _:
                assert_never(plan)


def _has_other_form(running: RunningClock, plan: ClockPlan) -> bool:
    """Tell whether a new version made something else of a clock: another party, kind or way to end."""
    if running.by_version is None or isinstance(plan, Waiting):
        return False
    deadline, rule = running.deadline, running.rule
    is_timed = isinstance(deadline, DeadlineSet)
    other_rule = (deadline.kind, deadline.binds) != (rule.kind, rule.binds)
    return other_rule or is_timed != isinstance(plan, Timed)


def version_of(running: RunningClock) -> str:
    return f"procedure version {running.by_version}"


def _is_same(running: RunningClock, plan: ClockPlan) -> bool:
    """Tell whether what was dropped is what would be set now; a period told since then makes it another."""
    if isinstance(plan, Timed):
        return plan.spans[index_of(running, plan.spans)] is plan.spans[-1]
    return isinstance(plan, OpenEnd) == isinstance(running.deadline, OpenEndedSet)


def _is_over(running: RunningClock, plan: ClockPlan, case: Surroundings) -> bool:
    """Tell whether a clock that a withdrawal or a closing dropped is not set again when the case goes on.

    What was broken was judged. What ran out while nothing was owed asks nothing, unless the reopening or a
    period that was told since gives it another end.
    """
    if running.dropped not in (WITHDRAWN, CLOSED):
        return False
    ended = [each.at for each in case.facts.revoked if each.fact.name == running.dropped]
    resumed_at = max(ended, default=None)
    if running.broken_by:
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
