"""The period that a letter tells, bound to the clock of the case. Pure.

A letter has no date of its own. Where a procedure wants a period in it, that is the end of the clock; where a
command set a day first (a plan, more time), it is that day, and the letter cannot be made when the clock says
something else.
"""

from dataclasses import dataclass
from datetime import date

from events.catalogue import DeadlineSet, PlanMade, TermExtended
from events.errors import GehoorError
from notifier.letter_history import LetterHistory, OwingEvent
from procedures.procedure import LetterRule


class LetterCannotBeMade(GehoorError):
    """A letter lacks something its procedure demands: it is held back until the cause is repaired."""


@dataclass(frozen=True, slots=True)
class Period:
    """The last day of the period told; `moves` is that day again where telling it moves a clock.

    `before` is the last day until now, where the letter tells a later one.
    """

    on: date
    moves: date | None
    before: date | None = None
    is_target: bool = False


def period_of(case: LetterHistory, owing: OwingEvent, rule: LetterRule, dated_on: date) -> Period | None:
    """Find the period that a letter tells, or None; raises `LetterCannotBeMade` when the clock disagrees."""
    match owing.event:
        case TermExtended():
            return _extended(case, owing.letter, owing.event, dated_on)
        case PlanMade(until=until):
            _agree_with_the_plan(case, owing, until)
            return Period(until, until)
        case _:
            deadline = case.deadlines.get(rule.period_of or "")
            if deadline is None:
                return None
            on = deadline.due.on
            return Period(on, on, is_target=deadline.kind == "target")


def _extended(case: LetterHistory, letter: str, event: TermExtended, dated_on: date) -> Period:
    """Telling it moves the clock, so the clock still has its old end: the new one must lie behind that."""
    deadline = case.deadlines.get(event.clock)
    if deadline is None or event.clock in case.dropped:
        raise LetterCannotBeMade(f"{letter}: the clock {event.clock} does not run, so it has no new end")
    before = deadline.due.on
    if event.until <= before:
        raise LetterCannotBeMade(
            f"{letter}: the clock {event.clock} ends on {before}, the letter would tell {event.until}: "
            "extend the term again"
        )
    if event.until < dated_on:
        raise LetterCannotBeMade(f"{letter}: the new end {event.until} is over already: extend again")
    is_moved = f"{letter} period" in case.rules.get(event.clock, deadline.rule).told_by
    return Period(event.until, event.until if is_moved else None, before, deadline.kind == "target")


def _agree_with_the_plan(case: LetterHistory, owing: OwingEvent, until: date) -> None:
    for name, deadline in _clocks_of_plans(case).items():
        is_over = deadline.lenient.at <= owing.happened_at
        if deadline.due.on != until and not is_over:
            raise LetterCannotBeMade(
                f"{owing.letter}: the clock {name} ends on {deadline.due.on}, the letter would tell {until}"
            )


def _clocks_of_plans(case: LetterHistory) -> dict[str, DeadlineSet]:
    return {
        name: deadline
        for name, deadline in case.deadlines.items()
        if "plan term" in deadline.rule.told_by and name not in case.dropped
    }
