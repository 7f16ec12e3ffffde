"""The nasty set: moments at which a day is easily won or lost, for part of the cases on purpose."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import lru_cache

HARD_MOMENTS = (time(0, 0), time(2, 30), time(9, 30), time(23, 59, 59, 900_000), time(23, 58))


@lru_cache(maxsize=16)
def hard_days(first_on: date, last_on: date) -> Mapping[str, date]:
    """Name the hard days between these two."""
    return {
        name: day
        for year in range(first_on.year, last_on.year + 1)
        for name, day in _hard_days_of_year(year).items()
        if first_on <= day <= last_on
    }


def _hard_days_of_year(year: int) -> Mapping[str, date]:
    sunday = _easter(year)
    return {
        "the first day of the year": date(year, 1, 1),
        "a day equated by decree": date(year, 1, 2),
        "the end of February": date(year, 3, 1) - timedelta(days=1),
        "the night that is an hour short": _last_sunday(year, 3),
        "the day before the short night": _last_sunday(year, 3) - timedelta(days=1),
        "Thursday before Easter": sunday - timedelta(days=3),
        "Good Friday": sunday - timedelta(days=2),
        "Easter Monday": sunday + timedelta(days=1),
        "the day before King's Day": date(year, 4, 26),
        "King's Day": date(year, 4, 27),
        "the eve of 5 May": date(year, 5, 4),
        "5 May": date(year, 5, 5),
        "Ascension": sunday + timedelta(days=39),
        "the Friday after Ascension": sunday + timedelta(days=40),
        "Whit Monday": sunday + timedelta(days=50),
        "the night that is an hour long": _last_sunday(year, 10),
        "the week before Christmas": date(year, 12, 18),
        "Christmas": date(year, 12, 25),
        "Boxing Day": date(year, 12, 26),
        "the last day of the year": date(year, 12, 31),
    }


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _easter(year: int) -> date:
    """Meeus's way, for all years of the Gregorian calendar."""
    cycle, (century, rest) = year % 19, divmod(year, 100)
    leap_centuries, left = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * cycle + century - leap_centuries - shift + 15) % 30
    to_sunday = (32 + 2 * left + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (cycle + 11 * moon + 22 * to_sunday) // 451
    month, day = divmod(moon + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
