"""The period that a letter names, taken from the clock of the case. Pure.

A letter has no deadline of its own. Where a procedure wants a period in a letter, it is the end of the clock.
Where a command set the day first (a plan, more time), it is that day, and the letter cannot be made when the
clock ends on another one.
"""

from dataclasses import dataclass
from datetime import date

from events.catalogue import DeadlineSet, PlanMade, TermExtended
from events.errors import GehoorError
from notifier.letter_history import LetterHistory, OwingEvent
from procedures.procedure import LetterRule


class LetterCannotBeMade(GehoorError):
    """A letter lacks what its procedure demands. The caller holds it until the cause is repaired."""


@dataclass(frozen=True, slots=True)
class Period:
    """The last day of the period that a letter names.

    `moves_clock_to` is that day again where the letter moves a clock. `before` is the last day until now,
    where the letter names a later one.
    """

    on: date
    moves_clock_to: date | None
    before: date | None = None
    is_target: bool = False


def period_of(case: LetterHistory, owing: OwingEvent, rule: LetterRule, dated_on: date) -> Period | None:
    """Return the period that a letter names, or None.

    Raises `LetterCannotBeMade` when the clock contradicts the day; the caller holds the letter back.
    """
    match owing.event:
        case TermExtended():
            return _extended(case, owing.letter, owing.event, dated_on)
        case PlanMade(until=until):
            _check_against_plan_clocks(case, owing, until)
            return Period(until, until)
        case _:
            deadline = case.deadlines.get(rule.period_of or "")
            if deadline is None:
                return None
            on = deadline.due.on
            return Period(on, on, is_target=deadline.kind == "target")


def _extended(case: LetterHistory, letter: str, event: TermExtended, dated_on: date) -> Period:
    """Return the new period of an extension."""
    # The letter itself moves the clock, when it arrives. So the clock must still have its old end here, and
    # the new one must be later.
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
    moves_clock = f"{letter} period" in case.rules.get(event.clock, deadline.rule).told_by
    return Period(event.until, event.until if moves_clock else None, before, deadline.kind == "target")


def _check_against_plan_clocks(case: LetterHistory, owing: OwingEvent, until: date) -> None:
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
