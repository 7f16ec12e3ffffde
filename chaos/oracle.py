"""What a civil deadline is, said a second time: midnights in Amsterdam and days on which nobody works.

Nothing here comes from the procedures library. Only days that every calendar of ours calls free are listed,
so the oracle never argues about a reading; a shifted or forgotten holiday shows all the same.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def midnight_after(day: date, zone: str) -> float:
    """Give the moment at which `day` is over in `zone`, in seconds since 1970."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(zone)).timestamp()


def is_free(day: date) -> bool:
    """Tell whether nobody works on this day by any of our calendars."""
    return day.weekday() >= 5 or day in _holidays(day.year)


@lru_cache
def _holidays(year: int) -> frozenset[date]:
    easter = _easter(year)
    return frozenset(
        {
            date(year, 1, 1),
            easter + timedelta(days=1),
            easter + timedelta(days=39),
            easter + timedelta(days=50),
            date(year, 12, 25),
            date(year, 12, 26),
        }
    )


def _easter(year: int) -> date:
    """Compute Easter Sunday by the method of Gauss, Meeus and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
