"""A second opinion on every deadline: another algorithm, with its own Easter and its own holidays.

Nothing here uses the code it checks: it lays out all days of a year as a table, numbers the working days,
and looks the end up; instants come from the rule of the European clock change, not from a time zone file.
What both get wrong can only be a wrong reading of the rule itself.
"""

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from events.catalogue import ClockRule
from procedures.derivation import derive

CASES = 5_000
SEED = 20261121

DECREE = [
    date(2026, 1, 2),
    date(2026, 5, 15),
    date(2027, 5, 7),
    date(2028, 4, 28),
    date(2028, 5, 26),
]


@cache
def easter_sunday(year: int) -> date:
    """Gauss's way, as corrected by Lichtenberg."""
    century = year // 100
    moon_shift = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun_shift = 2 - (3 * century + 3) // 4
    cycle = year % 19
    seed_of_full_moon = (19 * cycle + moon_shift) % 30
    correction = (seed_of_full_moon + cycle // 11) // 29
    boundary = 21 + seed_of_full_moon - correction
    first_sunday = 7 - (year + year // 4 + sun_shift) % 7
    return date(year, 3, 1) + timedelta(days=boundary + 7 - (boundary - first_sunday) % 7 - 1)


def holidays_of(year: int, calendar_id: str) -> set[date]:
    """The table of article 3 of the act, the decree's days, and what offices leave out."""
    easter = easter_sunday(year)
    birthday = date(year, 4, 27 if year >= 2014 else 30)
    if birthday.isoweekday() == 7:
        birthday -= timedelta(days=1)
    days = {date(year, 1, 1), birthday, date(year, 12, 25), date(year, 12, 26)}
    days |= {easter + timedelta(days=n) for n in (1, 39, 50)}
    office = calendar_id == "nl-kantoor"
    if not office:
        days.add(easter - timedelta(days=2))
    if not office or year in range(2000, 2101, 5):
        days.add(date(year, 5, 5))
    if calendar_id == "nl-atw-besluit":
        days |= {day for day in DECREE if day.year == year}
    return days


@cache
def working_days(year: int, calendar_id: str) -> list[int]:
    """The working days from the year before to the second year after, as day numbers in order."""
    free = {day.toordinal() for each in range(year - 1, year + 3) for day in holidays_of(each, calendar_id)}
    first, last = date(year - 1, 1, 1).toordinal(), date(year + 3, 1, 1).toordinal()
    return [number for number in range(first, last) if number % 7 not in (6, 0) and number not in free]


def end_on(start: date, amount: int, unit: str, party: str, calendar_id: str) -> date:
    worked = working_days(start.year, calendar_id)
    if unit == "working days":
        return date.fromordinal(worked[bisect_right(worked, start.toordinal()) + amount - 1])
    end = start.toordinal() + amount * (7 if unit == "weeks" else 1)
    if party == "customer":
        end = worked[bisect_right(worked, end - 1)]
    return date.fromordinal(end)


def midnight_after(day: date) -> datetime:
    """Summer time from the last Sunday of March to the last Sunday of October, seen at midnight."""
    next_day = day + timedelta(days=1)
    spring, autumn = (
        date(next_day.year, month, 31 - date(next_day.year, month, 31).isoweekday() % 7) for month in (3, 10)
    )
    hours_ahead = 2 if spring < next_day <= autumn else 1
    return datetime(next_day.year, next_day.month, next_day.day, tzinfo=UTC) - timedelta(hours=hours_ahead)


def warned_at(end: date, lead: int, calendar_id: str) -> datetime:
    """Eight in the morning of the working day `lead` before the end, or of the last one until it."""
    worked = working_days(end.year, calendar_id)
    until = bisect_right(worked, end.toordinal())
    before = bisect_right(worked, end.toordinal() - 1)
    day = date.fromordinal(worked[until - 1] if lead == 0 else worked[before - lead])
    # Clocks are changed on Sundays only, so eight hours after midnight it is eight.
    return midnight_after(day - timedelta(days=1)) + timedelta(hours=8)


def hard_days(year: int) -> list[date]:
    """Where a day is easily won or lost: feasts, clock changes, year ends, leap days."""
    easter = easter_sunday(year)
    fixed = [(1, 1), (2, 28), (4, 24), (4, 26), (4, 27), (5, 4), (5, 5), (12, 24), (12, 25), (12, 31)]
    clock_changes = [date(year, month, 31 - date(year, month, 31).isoweekday() % 7) for month in (3, 10)]
    return [
        *(date(year, month, day) for month, day in fixed),
        *(easter + timedelta(days=n) for n in (-3, -2, -1, 0, 1, 38, 39, 49, 50)),
        *clock_changes,
        *(day for day in DECREE if day.year == year),
    ]


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2000, 4, 23), (2008, 3, 23), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25), (2100, 3, 28)],
)
def test_easter_is_where_the_almanac_has_it(year: int, month: int, day: int) -> None:
    """The second opinion stands on its own feet: known Easter Sundays, the earliest and latest among them."""
    assert date(year, month, day) == easter_sunday(year)


def test_both_implementations_agree() -> None:
    """Five thousand rules and days, half of them in our years, a third near hard days: the same answers."""
    chance = random.Random(SEED)
    differences = []
    for _ in range(CASES):
        year = chance.choice((chance.randrange(2001, 2097), chance.randrange(2024, 2030)))
        day = date(year, 1, 1) + timedelta(days=chance.randrange(365))
        if chance.random() < 1 / 3:
            day = chance.choice(hard_days(year)) + timedelta(days=chance.randrange(-40, 3))
        unit = chance.choice(("working days", "days", "weeks"))
        amount = chance.choice((1, 2, 3, 4, 5, 10, 14, 20, 28, 30, 42, 60))
        party = chance.choice(("company", "customer"))
        calendars = tuple(chance.sample(("nl-atw", "nl-atw-besluit", "nl-kantoor"), chance.randrange(1, 4)))
        ends = [end_on(day, amount, unit, party, each) for each in calendars]
        lead = chance.randrange(4)
        warnings = [
            warned_at(end, lead, each) for end, each in zip(ends, calendars, strict=True) if end == min(ends)
        ]
        expected = (
            *((end, midnight_after(end)) for end in (min(ends), max(ends))),
            min(warnings) if party == "company" else None,
        )

        rule = ClockRule(
            clock="TST-1",
            kind="duty",
            binds="company" if party == "company" else "customer",
            amount=amount,
            unit="weeks" if unit == "weeks" else "days" if unit == "days" else "working days",
            starts="complaint received",
            satisfied_by=(),
            calendars=calendars,
            warn_before_working_days=lead,
            source="",
        )
        found = derive(rule, day, "Europe/Amsterdam")

        actual = (
            (found.strict.on, found.strict.at),
            (found.lenient.on, found.lenient.at),
            found.warn_at,
        )
        if expected != actual:
            differences.append((day, amount, unit, party, calendars, lead, expected, actual))
    assert [] == differences
