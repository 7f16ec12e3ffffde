"""Why a clock asks nothing any more: what ended it, what it waited for, what made it needless."""

from dataclasses import dataclass
from datetime import datetime

from deadlines.clocks.context import Surroundings, ends_of, first_of
from deadlines.clocks.state import RunningClock
from events.catalogue import ClockRule
from procedures.counting.facts import CLOSED, MERGED, NO_COMPLAINT, Fact, Facts
from procedures.counting.schedule import Timed, Waiting

TAKEN_BACK = "start taken back"
"""Why a clock is dropped whose start did not happen after all; it is set again when the start comes."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Why a clock is dropped, and when that happened, if anybody knows."""

    because: str
    at: datetime | None


def ground_to_drop(running: RunningClock, case: Surroundings) -> Drop | None:
    """Say why a clock asks nothing, by the facts as they stand; None when it asks as ever.

    Nobody can keep a promise about a case that is closed, and about a report that is no complaint there is
    none. What the complainant may do, they may also do afterwards.
    """
    rule = running.rule
    closed = (CLOSED,) if rule.binds == "company" else ()
    ended = first_of((*rule.dropped_by, MERGED, NO_COMPLAINT, *closed), case.facts)
    if rule.only_if_unmet is not None:
        base_met = _base_met_in_time(rule.only_if_unmet, running.since, case)
        if base_met is not None and (ended is None or base_met.happened_at <= ended.happened_at):
            return Drop(f"{rule.only_if_unmet} was met in time", base_met.happened_at)
    if ended is not None:
        return Drop(ended.name, ended.happened_at)
    plan = case.plans[rule.clock]
    if isinstance(plan, Waiting):
        return Drop(TAKEN_BACK, _taken_back_at(rule, case.facts))
    if rule.precedes is not None:
        following = first_of(case.rules[rule.precedes].satisfied_by, case.facts)
        released = first_of(rule.released_by, case.facts)
        if following is not None and released is not None and released.happened_at < following.happened_at:
            return Drop(released.name, following.happened_at)
    return None


def _base_met_in_time(clock: str, since: datetime | None, case: Surroundings) -> Fact | None:
    plan = case.plans[clock]
    if not isinstance(plan, Timed):
        return None
    span = next((span for span in plan.spans if span.since == since), plan.spans[-1])
    met = first_of(case.rules[clock].satisfied_by, case.facts)
    in_time = met is not None and met.happened_at < ends_of(clock, span, case)[0].at
    return met if in_time else None


def _taken_back_at(rule: ClockRule, facts: Facts) -> datetime | None:
    starts = {rule.starts, *rule.starts_also}
    return max((each.at for each in facts.revoked if each.fact.name in starts), default=None)
