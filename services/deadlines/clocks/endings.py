"""The events that say how a clock ended: broken and by which reading, met and how late, dropped and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from cases.clocks.clock import Clock
from deadlines.clocks.drop import TAKEN_BACK, Drop
from deadlines.clocks.passings import Passing
from events.catalogue import (
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineSet,
    Moment,
    OpenEndedSet,
    TargetMissed,
)
from events.record.envelope import NewEvent
from procedures.counting.derivation import standing
from procedures.counting.facts import Fact


def breaches(deadline: DeadlineSet, passings: Sequence[Passing], clock: Clock) -> Sequence[NewEvent]:
    """List the breaches of a clock that were not recorded, each at the moment when it is known.

    One failure is counted once.
    """
    if clock.beyond_dispute:
        return ()
    found = [passing for passing in passings if passing.reading not in clock.broken_by]
    if len(found) == 2 and found[0].at == found[1].at:
        # Both are known at one moment, such as the end of the base clock: they are one breach, not two.
        found = [replace(found[0], reading="both", beyond_dispute=True)]
    events: list[NewEvent] = []
    for passing in found:
        reading, due, beyond_dispute = passing.reading, passing.due, passing.beyond_dispute
        event: TargetMissed | DeadlineBreached
        if deadline.kind == "target":
            event = TargetMissed(
                clock=deadline.clock, reading=reading, due=due, beyond_dispute=beyond_dispute
            )
        else:
            event = DeadlineBreached(
                clock=deadline.clock,
                binds=deadline.binds,
                reading=reading,
                due=due,
                beyond_dispute=beyond_dispute,
            )
        events.append(NewEvent(event, passing.at))
    return events


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
