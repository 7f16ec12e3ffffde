"""The events that say how a clock ended: broken and by which reading, met and how late, dropped and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

import msgspec
from msgspec.structs import replace

from cases.clocks.clock import Clock
from deadlines.clocks.drop import TAKEN_BACK, Drop
from events.catalogue import (
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineSet,
    Moment,
    OpenEndedSet,
    TargetMissed,
)
from events.catalogue.words import PassedReading
from events.record.envelope import NewEvent
from procedures.counting.derivation import standing
from procedures.counting.facts import Fact


class Passing(msgspec.Struct, frozen=True):
    """A moment at which an unmet clock breaks, and by which reading.

    `at` is when that is known: the due instant itself, or later for a duty that is only asked for if another
    clock is not met.
    """

    reading: PassedReading
    due: Moment
    at: datetime
    beyond_dispute: bool


def passings(deadline: DeadlineSet, asked_at: tuple[datetime, datetime]) -> tuple[Passing, ...]:
    """List when this clock breaks unless it is met before, in order.

    The first is the working reading's moment. Where the readings differ and the strict one is worked by, the
    case is disputed until the lenient one has passed too. Windows and rights lapse: nobody broke a promise.
    `asked_at` is from when each reading asks for it at all.
    """
    match deadline.kind:
        case "window" | "right":
            return ()
        case "duty" | "target":
            strict_at = max(deadline.strict.at, asked_at[0])
            lenient_at = max(deadline.lenient.at, asked_at[1])
            last = Passing("lenient", deadline.lenient, lenient_at, beyond_dispute=True)
        case _:
            assert_never(deadline.kind)
    if deadline.strict.at == deadline.lenient.at and strict_at == lenient_at:
        return (Passing("both", deadline.strict, strict_at, beyond_dispute=True),)
    if deadline.working == "lenient":
        return (last,)
    return (Passing("strict", deadline.strict, strict_at, beyond_dispute=False), last)


def unrecorded(known: Sequence[Passing], clock: Clock) -> Sequence[Passing]:
    """List the moments that were not recorded as broken; one failure is counted once."""
    if clock.beyond_dispute:
        return ()
    found = [passing for passing in known if passing.reading not in clock.broken_by]
    if len(found) == 2 and found[0].at == found[1].at:
        # Both are known at one moment, such as the end of the base clock: they are one breach, not two.
        return (replace(found[0], reading="both", beyond_dispute=True),)
    return found


def breach(deadline: DeadlineSet, passing: Passing) -> DeadlineBreached | TargetMissed:
    if deadline.kind == "target":
        return TargetMissed(
            clock=deadline.clock,
            reading=passing.reading,
            due=passing.due,
            beyond_dispute=passing.beyond_dispute,
        )
    return DeadlineBreached(
        clock=deadline.clock,
        binds=deadline.binds,
        reading=passing.reading,
        due=passing.due,
        beyond_dispute=passing.beyond_dispute,
    )


def breach_of(begun: OpenEndedSet, due: Moment) -> DeadlineBreached:
    """Make the breach of a duty that had to come before another and did not."""
    return DeadlineBreached(
        clock=begun.clock, binds=begun.binds, reading="both", due=due, beyond_dispute=True
    )


def meeting(deadline: DeadlineSet, fact: Fact) -> DeadlineMet:
    """Compare a fact with both readings; the lateness is against the working one, in whole seconds."""
    late_by = fact.happened_at - deadline.due.at
    return DeadlineMet(
        clock=deadline.clock,
        kind=deadline.kind,
        fact=fact.name,
        by_version=fact.version,
        met_at=fact.happened_at,
        standing=standing((deadline.strict, deadline.lenient), fact.happened_at),
        late_by_s=max(late_by // timedelta(seconds=1), 0),
    )


def meeting_without_term(begun: OpenEndedSet, fact: Fact, overtaken_at: datetime | None) -> DeadlineMet:
    late_by = timedelta() if overtaken_at is None else fact.happened_at - overtaken_at
    return DeadlineMet(
        clock=begun.clock,
        kind=begun.kind,
        fact=fact.name,
        by_version=fact.version,
        met_at=fact.happened_at,
        standing="in time" if overtaken_at is None else "late",
        late_by_s=max(late_by // timedelta(seconds=1), 0),
    )


def dropping(clock: Clock, drop: Drop, now: datetime) -> Sequence[NewEvent]:
    """Drop a clock, unless it is over; one that lapsed is dropped only where its start was taken back.

    `now` is the moment of a drop that nothing dates.
    """
    is_over = clock.lapsed and drop.because != TAKEN_BACK
    if clock.met is not None or clock.beyond_dispute or is_over:
        return ()
    return (NewEvent(DeadlineDropped(clock=clock.deadline.clock, because=drop.because), drop.at or now),)
