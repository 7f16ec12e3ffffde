"""What the status page shows of a clock: a promise of the organisation, or a window of the complainant. Pure.

Both are views of the one fold of clocks (`cases.clocks`). A promise adds one thing: the promises before it,
which the page goes on showing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from cases.clocks.clock import Clock, ClockStatus
from cases.clocks.fold import ClockEvent
from events.catalogue import DeadlineBreached, DeadlineMoved, DeadlineSet, TargetMissed
from procedures.counting.zones import zone_named

WindowStatus = Literal["open", "dropped", "lapsed", "used"]


@dataclass(frozen=True, slots=True)
class ShownPromise:
    """Something the organisation will do by a day. `what` is the fact that keeps it.

    `earlier` are those before it that were kept or passed: a day that is told after them is another promise.
    """

    what: str
    is_aim: bool
    on: date
    kept_on: date | None = None
    passed: bool = False
    dropped: bool = False
    earlier: "tuple[ShownPromise, ...]" = ()


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """Something the complainant may do up to and including a day. `what` is the fact that uses it."""

    what: str
    until: date
    status: WindowStatus = "open"


def is_window(clock: Clock) -> bool:
    """Report whether a clock is something that the complainant may do."""
    return (clock.binds, clock.kind) == ("customer", "window")


def is_promise(clock: Clock) -> bool:
    """Report whether a clock is a promise; a duty that waits for another to fail promises nothing."""
    return clock.binds == "company" and clock.kind in ("duty", "target") and clock.rule.only_if_unmet is None


def window_of(clock: Clock) -> ShownWindow:
    """Show a window as it stands; one that lapsed is open again once a better answer moves its end."""
    what = next(iter(clock.rule.satisfied_by), "")
    return ShownWindow(what, clock.lenient.on, _WINDOWS.get(clock.status, "open"))


def promise_after(before: ShownPromise | None, event: ClockEvent, clock: Clock) -> ShownPromise:
    """Show a promise after an event, from `clock` as it stands then; None before it was made.

    A promise binds the company, which works by the strict reading.
    """
    # A promise that is set again shows no days of earlier rounds, although its clock goes on where it stood.
    told = _told(before, event, clock.strict.on)
    return ShownPromise(
        what=clock.rule.satisfied_by[0],
        is_aim=clock.kind == "target",
        on=clock.strict.on,
        kept_on=_kept_on(clock),
        passed=isinstance(event, DeadlineBreached | TargetMissed) or (told is not None and told.passed),
        dropped=clock.dropped is not None,
        earlier=() if told is None else told.earlier,
    )


def _told(before: ShownPromise | None, event: ClockEvent, on: date) -> ShownPromise | None:
    """Give the promise that goes on under the end `on`, with those before it; None for a first one."""
    match event:
        case DeadlineSet():
            return None
        case DeadlineMoved(anew=True) if before is not None:
            was_judged = before.passed or before.kept_on is not None
            earlier = (*before.earlier, replace(before, earlier=())) if was_judged else before.earlier
            return replace(before, passed=False, earlier=earlier)
        case DeadlineMoved() if before is not None and before.earlier and before.earlier[-1].on == on:
            # What told the other day came back: the promise before it is in force again, as it was judged.
            return replace(before.earlier[-1], earlier=before.earlier[:-1])
        case _:
            return before


def _kept_on(clock: Clock) -> date | None:
    return None if clock.met is None else clock.met.met_at.astimezone(zone_named(clock.term.zone)).date()


_WINDOWS: Mapping[ClockStatus, WindowStatus] = {
    ClockStatus.MET: "used",
    ClockStatus.DROPPED: "dropped",
    ClockStatus.LAPSED: "lapsed",
}
