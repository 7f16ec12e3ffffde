"""Counting working days on one calendar, without reasons: for warnings, norms and plain numbers.

The day that one counts from never counts itself. How a term is counted, with a reason for each day, is
`steps.py`. Pure.
"""

from datetime import date, timedelta

from procedures.counting.calendars import Calendar

_DAY = timedelta(days=1)


def add_working_days(day: date, amount: int, works: Calendar) -> date:
    """Return the `amount`-th working day after `day`; 0 returns `day`, also when it is free.

    Raises `ValueError` for a negative amount (a bug of the caller) and `OutsideCalendar`.
    """
    if amount < 0:
        raise ValueError(f"{amount} working days: count backward with subtract_working_days instead")
    while amount > 0:
        day += _DAY
        if works.is_working_day(day):
            amount -= 1
    return day


def subtract_working_days(day: date, amount: int, works: Calendar) -> date:
    """Return the `amount`-th working day before `day`; 0 returns `day`, also when it is free.

    Raises `ValueError` for a negative amount (a bug of the caller) and `OutsideCalendar`.
    """
    if amount < 0:
        raise ValueError(f"{amount} working days: count forward with add_working_days instead")
    while amount > 0:
        day -= _DAY
        if works.is_working_day(day):
            amount -= 1
    return day


def count_working_days(after: date, until: date, works: Calendar) -> int:
    """Count the working days after `after`, up to and including `until`; 0 when `until` is not later.

    Raises `OutsideCalendar`.
    """
    days = (until - after).days
    return sum(works.is_working_day(after + timedelta(days=n)) for n in range(1, days + 1))


def working_day_from(day: date, works: Calendar) -> date:
    """Return `day` if it is worked, else the next day that is; raises `OutsideCalendar`."""
    while not works.is_working_day(day):
        day += _DAY
    return day


def working_day_until(day: date, works: Calendar) -> date:
    """Return `day` if it is worked, else the last day before it that is; raises `OutsideCalendar`."""
    while not works.is_working_day(day):
        day -= _DAY
    return day
