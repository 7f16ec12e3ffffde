"""Why a clock asks nothing any more: what ended it, what it waited for, what made it needless."""

from datetime import datetime

import msgspec

from cases.clocks.clock import Clock
from deadlines.clocks.context import CaseContext, first_of, kept_end
from events.catalogue import ClockRule
from procedures.counting.facts import CLOSED, MERGED, NO_COMPLAINT, Facts
from procedures.counting.schedule import Timed, Waiting

TAKEN_BACK = "start taken back"
"""Why a clock is dropped whose start did not happen after all; it is set again when the start comes."""


class Drop(msgspec.Struct, frozen=True):
    """Why a clock is dropped, and when that happened, if anybody knows."""

    because: str
    at: datetime | None


def ground_to_drop(clock: Clock, case: CaseContext) -> Drop | None:
    """Say why a clock asks nothing, by the facts as they stand; None when it asks as ever.

    Nobody can keep a promise about a case that is closed, and about a report that is no complaint there is
    none. What the complainant may do, they may also do afterwards.
    """
    rule = clock.deadline.rule
    closed = (CLOSED,) if rule.binds == "company" else ()
    ended = first_of((*rule.dropped_by, MERGED, NO_COMPLAINT, *closed), case.facts)
    base = None if rule.only_if_unmet is None else case.plans[rule.only_if_unmet]
    if rule.only_if_unmet is not None and isinstance(base, Timed):
        # The base is judged by the end that brought this round; a later one is the next round's.
        span = next((span for span in base.spans if span.since == clock.since), base.spans[-1])
        end = kept_end(case.running.get(rule.only_if_unmet), span, case) or span.derivation
        met = first_of(case.rules[rule.only_if_unmet].satisfied_by, case.facts)
        is_in_time = met is not None and met.happened_at < end.strict.at
        if met is not None and is_in_time and (ended is None or met.happened_at <= ended.happened_at):
            return Drop(f"{rule.only_if_unmet} was met in time", met.happened_at)
    if ended is not None:
        return Drop(ended.name, ended.happened_at)
    if isinstance(case.plans[rule.clock], Waiting):
        return Drop(TAKEN_BACK, _taken_back_at(rule, case.facts))
    return None if rule.precedes is None else _released(rule, rule.precedes, case)


def _taken_back_at(rule: ClockRule, facts: Facts) -> datetime | None:
    starts = {rule.starts, *rule.starts_also}
    return max((each.at for each in facts.revoked if each.fact.name in starts), default=None)


def _released(rule: ClockRule, precedes: str, case: CaseContext) -> Drop | None:
    """Drop a duty that must precede another, once that one was met after this one was released."""
    following = first_of(case.rules[precedes].satisfied_by, case.facts)
    released = first_of(rule.released_by, case.facts)
    if following is None or released is None or released.happened_at >= following.happened_at:
        return None
    return Drop(released.name, following.happened_at)
