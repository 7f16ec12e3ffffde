"""What is owed about the clocks of one case: set, moved, warned, met, broken, dropped; and the next look.

Pure: `settle` compares the stream with the moment handed in and gives the events that are still owed.
What always holds:

- When a clock ends is a function of the facts alone (`procedures.counting.schedule`), so it does not matter
  when somebody looked; a fact that comes later, or is taken back, moves or drops what depended on it.
- `happened_at` of the satisfying fact decides against the due instant, never the moment somebody noticed:
  the order in which facts are recorded and looks are taken does not change how a clock ends.
- A breach is never retracted. A later fulfilment is `DeadlineMet` with its lateness, and so is one that
  turns out to have been in time after the breach was told.
- Settling twice gives nothing the second time.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from cases.clocks.clock import ClockOutcome
from deadlines.clocks.context import CaseContext
from deadlines.clocks.owed import owed
from deadlines.clocks.passings import BEFORE_ALL_TIME
from deadlines.clocks.start import starts
from deadlines.clocks.state import BRINGS_RULES, EMITS, Clocks, evolve, fold
from events.record.envelope import History, NewEvent
from procedures.counting.schedule import known_days, schedule

__all__ = [
    "BRINGS_RULES",
    "EMITS",
    "ClockOutcome",
    "Clocks",
    "Look",
    "fold",
    "look",
    "next_look",
    "settle",
]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a case gives: the events that are owed, and when the next look is due."""

    events: tuple[NewEvent, ...]
    next_at: datetime | None


def look(history: History, now: datetime, passed: datetime | None = None) -> Look:
    """Give the events owed at `now`, and the next moment at which time alone may change something.

    Clocks start in the order of the rules; then, clock by clock, what happened to it in the order in which
    it happened. `passed` is the moment that has certainly been reached, for callers whose `now` is an
    estimate: a breach that is told too early could never be taken back.
    """
    passed = now if passed is None else passed
    clocks = fold(history)
    if clocks.opened is None:
        return Look((), None)
    case = CaseContext(
        clocks.opened,
        {rule.clock: rule for rule in clocks.rules},
        schedule(
            clocks.rules, known_days(clocks.facts, clocks.opened.zone, clocks.anew_on), clocks.opened.zone
        ),
        clocks.facts,
        clocks.running,
    )
    started = starts(clocks, case, now)
    for new in started:
        clocks = evolve(clocks, new.event, new.happened_at)
    found = [owed(clock, case, now, passed) for clock in clocks.running.values()]
    events = chain(started, *(each.events for each in found))
    coming = chain.from_iterable(each.coming for each in found)
    return Look(tuple(events), min(coming, default=None))


def settle(history: History, now: datetime) -> tuple[NewEvent, ...]:
    """Give the events owed at `now`; nothing means the stream says it all already."""
    return look(history, now).events


def next_look(history: History) -> datetime | None:
    """Tell when a settled case must be looked at again, or None when time changes nothing any more."""
    return look(history, BEFORE_ALL_TIME).next_at
