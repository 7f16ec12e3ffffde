"""A second implementation of every clock: another algorithm, with its own Easter, holidays and rules.

Nothing here uses the code it checks. All days of a century stand in one table per calendar; a working day is
a place in it, so that counting is looking up. Each procedure is written down once more, by hand, from the
organisations' texts and from what was settled about them, as a function from days to ends. What both get
wrong can only be a wrong reading of the text itself.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache

DECREE = [date(2026, 1, 2), date(2026, 5, 15), date(2027, 5, 7), date(2028, 4, 28), date(2028, 5, 26)]
SINGLE_BRITISH_DAYS = [date(2002, 6, 3), date(2011, 4, 29), date(2012, 6, 5), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)]  # fmt: skip  # noqa: E501
NO_SPRING_MONDAY = {2002: date(2002, 6, 4), 2012: date(2012, 6, 4), 2022: date(2022, 6, 2)}
DUTCH = ("nl-atw", "nl-kantoor")

Events = Mapping[str, date]
Ends = dict[str, tuple[date, date] | None]


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
    """The table of article 3 of the act, the decree's days, what offices leave out; or England's."""
    if calendar_id == "gb-eng":
        return british_holidays_of(year)
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


def british_holidays_of(year: int) -> set[date]:
    """Bank holidays of England and Wales, moved off a weekend to the next days that are free."""
    easter = easter_sunday(year)
    days = {easter - timedelta(days=2), easter + timedelta(days=1)}
    may = date(2020, 5, 8) if year == 2020 else first_monday(year, 5)
    spring = NO_SPRING_MONDAY.get(year, first_monday(year, 6) - timedelta(days=7))
    if spring.month == 5 and spring.day <= 24:
        spring += timedelta(days=7)
    summer = first_monday(year, 9) - timedelta(days=7)
    days |= {may, spring, summer, *(day for day in SINGLE_BRITISH_DAYS if day.year == year)}
    for feast in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        kept = feast
        while kept.isoweekday() > 5 or kept in days:
            kept += timedelta(days=1)
        days.add(kept)
    return days


def first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(8 - first.isoweekday()) % 7)


@cache
def working_days(calendar_id: str) -> list[int]:
    """The working days from 2000 to 2100, as day numbers in order."""
    free = {day.toordinal() for year in range(2000, 2101) for day in holidays_of(year, calendar_id)}
    first, last = date(2000, 1, 1).toordinal(), date(2101, 1, 1).toordinal()
    return [number for number in range(first, last) if number % 7 not in (6, 0) and number not in free]


def working_day_after(day: date, number: int, calendar_id: str) -> date:
    worked = working_days(calendar_id)
    return date.fromordinal(worked[bisect_right(worked, day.toordinal()) + number - 1])


def working_day_before(day: date, number: int, calendar_id: str) -> date:
    worked = working_days(calendar_id)
    return date.fromordinal(worked[bisect_left(worked, day.toordinal()) - number])


def worked_on_or_after(day: date, calendar_id: str) -> date:
    worked = working_days(calendar_id)
    return date.fromordinal(worked[bisect_left(worked, day.toordinal())])


def worked_on_or_before(day: date, calendar_id: str) -> date:
    worked = working_days(calendar_id)
    return date.fromordinal(worked[bisect_right(worked, day.toordinal()) - 1])


def days_after(day: date, number: int) -> date:
    return date.fromordinal(day.toordinal() + number)


def midnight_after(day: date, west: bool = False) -> datetime:
    """Summer time from the last Sunday of March to the last Sunday of October, seen at midnight."""
    next_day = day + timedelta(days=1)
    spring, autumn = (
        date(next_day.year, month, 31 - date(next_day.year, month, 31).isoweekday() % 7) for month in (3, 10)
    )
    hours_ahead = (0 if west else 1) + (1 if spring < next_day <= autumn else 0)
    return datetime(next_day.year, next_day.month, next_day.day, tzinfo=UTC) - timedelta(hours=hours_ahead)


# --- the procedures, once more ---------------------------------------------------------------------------


def span(ends: Iterable[date]) -> tuple[date, date]:
    """Strict is the earliest, lenient the latest."""
    found = sorted(ends)
    return found[0], found[-1]


def extended(base: dict[str, date], events: Events) -> dict[str, date]:
    """A delay notice moves an end only if it arrived before that end had passed."""
    if "extended_until" not in events:
        return base
    notice = events.get("notice_arrived")
    if notice is not None and notice > max(base.values()):
        return base
    return dict.fromkeys(base, events["extended_until"])


def destiny(received: date, events: Events, calendars: Iterable[str]) -> Ends:
    calendars = list(calendars)
    both: dict[str, date] = {}
    for each in calendars:
        third = working_day_after(received, 3, each)
        dated = min(events.get("ack_dated", third), third)
        both[f"receipt {each}"] = working_day_after(received, 10, each)
        both[f"date {each}"] = working_day_after(dated, 10, each)
    solved = span(extended(both, events).values())
    return {
        "DES-ack": None,
        "DES-1": span(working_day_after(received, 3, each) for each in calendars),
        "DES-2": solved,
        "DES-3": solved,
    }


def bc(received: date, events: Events, calendars: Iterable[str]) -> Ends:
    term = events.get("plan_term")
    return {
        "BNC-1": None,
        "BNC-2": span(working_day_after(received, 5, each) for each in calendars),
        "BNC-3": None if term is None else (term, term),
    }


def supportoplus(received: date, events: Events, calendars: Iterable[str]) -> Ends:
    return {
        "SUP-1": span(working_day_after(received, 5, each) for each in calendars),
        "SUP-2": (days_after(received, 14),) * 2,
        "SUP-3": None,
        "SUP-4": (days_after(received, 30),) * 2,
    }


def preact(received: date, events: Events, calendars: Iterable[str]) -> Ends:
    calendars = list(calendars)
    answered = events.get("response_arrived")
    talked = [events[name] for name in ("talk_ended", "hearing_waived") if name in events]
    if not talked and "invited" in events:
        talked = [days_after(events["invited"], 14)]
    return {
        "PRE-1": span(working_day_after(received, 5, each) for each in calendars),
        "PRE-2": None,
        "PRE-3": (days_after(received, 21),) * 2,
        "PRE-4": span(worked_on_or_after(days_after(answered, 28), each) for each in calendars)
        if answered
        else None,
        "PRE-5": None,
        "PRE-6": (days_after(min(talked), 28),) * 2 if talked else None,
    }


def ingressus(received: date, events: Events, calendars: Iterable[str]) -> Ends:
    calendars = list(calendars)
    in_principle = {each: working_day_after(received, 20, each) for each in calendars}
    promised = dict(in_principle)
    if "promised_until" in events:
        promised = dict.fromkeys(calendars, events["promised_until"])
    promised = extended(promised, events)
    notice = [working_day_before(end, 2, each) for each, end in promised.items()]
    notice += [worked_on_or_before(days_after(end, -2), each) for each, end in promised.items()]
    answered = events.get("response_arrived")
    return {
        "ING-1": span(working_day_after(received, 5, each) for each in calendars),
        "ING-2": span(in_principle.values()),
        "ING-3": span(notice),
        "ING-4": span(promised.values()),
        "ING-5": span(working_day_after(answered, 10, each) for each in calendars) if answered else None,
        "ING-6": None,
        "ING-7": None,
        "ING-8": None,
    }


def awb(received: date, events: Events, calendars: Iterable[str]) -> Ends:
    ends = {each: worked_on_or_after(days_after(received, 42), each) for each in calendars}
    findings = span(extended(ends, events).values())
    return {"AWB-ack": None, "AWB-1": findings, "AWB-2": findings, "AWB-3": None, "AWB-4": None}


def fca_disp(received: date, events: Events, calendars: Iterable[str]) -> Ends:
    calendars = list(calendars)
    paid = {each: working_day_after(received, 15, each) for each in calendars}
    return {
        "FCA-ack": None,
        "FCA-1": span(working_day_after(received, 3, each) for each in calendars),
        "FCA-2": (days_after(received, 56),) * 2,
        "FCA-3": span(extended(paid, events).values()),
        "FCA-4": None,
    }


PROCEDURES: Mapping[str, tuple[Callable[[date, Events, Iterable[str]], Ends], tuple[str, ...]]] = {
    "destiny": (destiny, DUTCH),
    "bc": (bc, DUTCH),
    "supportoplus": (supportoplus, DUTCH),
    "preact": (preact, DUTCH),
    "ingressus": (ingressus, DUTCH),
    "awb": (awb, ("nl-atw-besluit",)),
    "fca-disp": (fca_disp, ("gb-eng",)),
}


def expected_ends(
    procedure: str, received: date, events: Events, pinned: str | None
) -> list[tuple[object, ...]]:
    """Every clock of a procedure, in order: its name, and both moments as day and instant, or nothing."""
    told, calendars = PROCEDURES[procedure]
    west = procedure == "fca-disp"
    answer: list[tuple[object, ...]] = []
    for clock, ends in told(received, events, calendars if pinned is None else (pinned,)).items():
        if ends is None:
            answer.append((clock, None, None))
        else:
            answer.append((clock, *((end, midnight_after(end, west)) for end in ends)))
    return answer
