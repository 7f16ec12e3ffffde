"""When a clock with a term breaks unless it is met before. Pure."""

from datetime import UTC, datetime

import msgspec

from deadlines.clocks.context import CaseContext, kept_end
from events.catalogue import DeadlineSet, Moment
from events.catalogue.words import PassedReading
from procedures.counting.schedule import Timed

BEFORE_ALL_TIME = datetime.min.replace(tzinfo=UTC)
"""A look at this moment finds nothing that time did, only what comes."""


class Passing(msgspec.Struct, frozen=True):
    """A moment at which an unmet clock breaks, and by which reading.

    `at` is when that is known: the due instant itself, or later for a duty that is only asked for if another
    clock is not met.
    """

    reading: PassedReading
    due: Moment
    at: datetime
    beyond_dispute: bool


def passings(
    deadline: DeadlineSet, index: int, until: datetime | None, case: CaseContext
) -> tuple[Passing, ...]:
    """List when this clock breaks unless it is met before, in order.

    The first is the working reading's moment. Where the readings differ and the strict one is worked by, the
    case is disputed until the lenient one has passed too. `index` is the place of the end among those of the
    clock, and `until` is when the next one replaced it.
    """
    if deadline.kind not in ("duty", "target"):
        return ()  # windows and rights lapse: nobody broke a promise
    rule, strict_at, lenient_at = deadline.rule, deadline.strict.at, deadline.lenient.at
    # 1. Nobody owes a notice of delay before there is a delay: this duty waits for the end of its base.
    base = None if rule.only_if_unmet is None else case.plans[rule.only_if_unmet]
    if rule.only_if_unmet is not None and isinstance(base, Timed):
        span = base.spans[min(index, len(base.spans) - 1)]
        end = kept_end(case.running.get(rule.only_if_unmet), span, case) or span.derivation
        # It does not wait longer than until a late notice gives the base another end.
        strict_at = max(strict_at, min(end.strict.at, until or end.strict.at))
        lenient_at = max(lenient_at, min(end.lenient.at, until or end.lenient.at))
    # 2. A letter that came back kept it as far as anybody knew: it cannot break before that.
    for lost in case.facts.revoked:
        if lost.fact.name in rule.satisfied_by and lost.fact.happened_at < deadline.lenient.at:
            strict_at, lenient_at = max(strict_at, lost.at), max(lenient_at, lost.at)
    # 3. One moment where the readings fall together, or where the company works by the last one anyway.
    if deadline.strict.at == deadline.lenient.at and strict_at == lenient_at:
        return (Passing("both", deadline.strict, strict_at, beyond_dispute=True),)
    last = Passing("lenient", deadline.lenient, lenient_at, beyond_dispute=True)
    if deadline.working == "lenient":
        return (last,)
    return (Passing("strict", deadline.strict, strict_at, beyond_dispute=False), last)
