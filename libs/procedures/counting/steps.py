"""The walk over the days of a term: each function returns the day reached and appends every day to `steps`.

`steps` is the explanation that `gehoor clocks --explain` prints and a `DeadlineSet` keeps, so its words are
stored: change none. All of this raises `OutsideCalendar` for a day beyond the calendars. Pure.
"""

from datetime import date, timedelta
from typing import assert_never

from events.catalogue import Step
from events.catalogue.words import Unit
from procedures.counting.calendars import Calendar

_DAY = timedelta(days=1)


def walk(day: date, amount: int, unit: Unit, works: Calendar, steps: list[Step]) -> date:
    """Count `amount` units forward from `day`, which is day 0; raises `OutsideCalendar`."""
    match unit:
        case "working days":
            return _working_days(day, amount, works, steps)
        case "days":
            return _periods(day, amount, _DAY, "day", steps)
        case "weeks":
            return _periods(day, amount, 7 * _DAY, "week", steps)
        case _:
            assert_never(unit)


def walk_back(day: date, amount: int, unit: Unit, works: Calendar, steps: list[Step]) -> date:
    """Count `amount` units back from `day`, which is day 0; raises `OutsideCalendar`.

    The result is a working day, except that 0 units return `day` as it is.
    """
    if amount == 0:
        return day
    match unit:
        case "working days":
            return _working_days_back(day, amount, works, steps)
        case "days":
            day = _periods_back(day, amount, _DAY, "day", steps)
        case "weeks":
            day = _periods_back(day, amount, 7 * _DAY, "week", steps)
        case _:
            assert_never(unit)
    return _roll_back(day, works, steps)


def roll_forward(end: date, works: Calendar, steps: list[Step], what: str) -> date:
    """Move an end off free days, to the next working day; `what` is what to call it in the explanation."""
    while (why_free := works.why_free(end)) is not None:
        steps.append(Step(on=end, counted=False, why=f"{why_free}: a {what} does not end on a free day"))
        end += _DAY
        if works.is_working_day(end):
            steps.append(Step(on=end, counted=False, why=f"the {what} ends on the next working day"))
    return end


def _working_days(day: date, amount: int, works: Calendar, steps: list[Step]) -> date:
    number = 0
    while number < amount:
        day += _DAY
        why_free = works.why_free(day)
        if why_free is None:
            number += 1
        steps.append(Step(on=day, counted=why_free is None, why=why_free or f"working day {number}"))
    return day


def _working_days_back(day: date, amount: int, works: Calendar, steps: list[Step]) -> date:
    number = 0
    while number < amount:
        day -= _DAY
        why_free = works.why_free(day)
        if why_free is None:
            number += 1
        steps.append(Step(on=day, counted=why_free is None, why=why_free or f"working day {number} before"))
    return day


def _periods(day: date, amount: int, step: timedelta, name: str, steps: list[Step]) -> date:
    for number in range(1, amount + 1):
        day += step
        steps.append(Step(on=day, counted=True, why=f"{name} {number}"))
    return day


def _periods_back(day: date, amount: int, step: timedelta, name: str, steps: list[Step]) -> date:
    for number in range(1, amount + 1):
        day -= step
        steps.append(Step(on=day, counted=True, why=f"{name} {number} before"))
    return day


def _roll_back(day: date, works: Calendar, steps: list[Step]) -> date:
    # Back and never forward: a notice that is due "two days before the end" and rolled forward from a Sunday
    # to a Monday would be given one day before the end, which is later than the text allows.
    while (why_free := works.why_free(day)) is not None:
        steps.append(Step(on=day, counted=False, why=f"{why_free}: moved back to a working day"))
        day -= _DAY
        if works.is_working_day(day):
            steps.append(Step(on=day, counted=False, why="the working day before"))
    return day
