"""What a civil deadline is, written a second time: midnights, free days, and where each promise leads.

Nothing here comes from the procedures library: the terms are read from the organisations' texts once more,
and counted by both calendars that a Dutch office may mean. The day of receipt does not count.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
IsFree = Callable[[date], bool]


def midnight_after(day: date, zone: str) -> float:
    """Return the moment at which `day` is over in `zone`, in seconds since 1970."""
    return datetime.combine(day + DAY, time(0), tzinfo=ZoneInfo(zone)).timestamp()


def is_free(day: date) -> bool:
    """Return whether nobody works: offices do on Good Friday, and mostly on Liberation Day."""
    return day.weekday() >= 5 or day in _holidays(day.year) or (day.year % 5 == 0 and _is_liberation(day))


def ends(clock: str, received_on: date) -> tuple[date, date] | None:
    """Return the first and the last day on which a promise may end; None for one not known here."""
    found = _PROMISES.get(clock)
    days = None if found is None else [found(received_on, free) for free in CALENDARS]
    return None if days is None else (min(min(each) for each in days), max(max(each) for each in days))


def term_of(clock: str) -> int:
    """Return the number of days or weeks that each reading of a clock counts."""
    return _TERMS[clock]


def _is_free_by_law(day: date) -> bool:
    """Article 3 of the Algemene termijnenwet."""
    good_friday = _easter(day.year) - 2 * DAY
    return is_free(day) or day == good_friday or _is_liberation(day)


CALENDARS: tuple[IsFree, ...] = (_is_free_by_law, is_free)


def _is_liberation(day: date) -> bool:
    return (day.month, day.day) == (5, 5)


def _working(start: date, amount: int, is_free: IsFree) -> date:
    """Count working days on from a day, or back where the amount is negative."""
    step = DAY if amount > 0 else -DAY
    for _ in range(abs(amount)):
        start += step
        while is_free(start):
            start += step
    return start


def _back_to_work(day: date, is_free: IsFree) -> date:
    while is_free(day):
        day -= DAY
    return day


def _in_working_days(amount: int) -> Callable[[date, IsFree], tuple[date, ...]]:
    return lambda received_on, is_free: (_working(received_on, amount, is_free),)


def _in_days(amount: int) -> Callable[[date, IsFree], tuple[date, ...]]:
    return lambda received_on, _: (received_on + amount * DAY,)


def _solved(received_on: date, is_free: IsFree) -> tuple[date, ...]:
    """Destiny: ten working days from receipt, or from its acknowledgement, which may take three."""
    acknowledged_on = _working(received_on, 3, is_free)
    return _working(received_on, 10, is_free), _working(acknowledged_on, 10, is_free)


def _delay_notice(received_on: date, is_free: IsFree) -> tuple[date, ...]:
    """Ingressus: two days before the twenty working days are over, working days or days of the calendar."""
    end = _working(received_on, 20, is_free)
    return _working(end, -2, is_free), _back_to_work(end - 2 * DAY, is_free)


_TERMS: Mapping[str, int] = {
    "DES-1": 3, "DES-2": 10, "DES-3": 0, "BNC-2": 5, "SUP-1": 5, "SUP-2": 14, "SUP-4": 30, "PRE-1": 5,
    "PRE-3": 3, "ING-1": 5, "ING-2": 20, "ING-3": 2, "ING-4": 20,
}  # fmt: skip
_PROMISES: Mapping[str, Callable[[date, IsFree], tuple[date, ...]]] = {
    **{
        clock: _in_working_days(_TERMS[clock])
        for clock in ("DES-1", "BNC-2", "SUP-1", "PRE-1", "ING-1", "ING-2", "ING-4")
    },
    **{clock: _in_days(_TERMS[clock]) for clock in ("SUP-2", "SUP-4")},
    "PRE-3": _in_days(7 * _TERMS["PRE-3"]),
    "DES-2": _solved,
    "DES-3": _solved,
    "ING-3": _delay_notice,
}
"""Every promise that runs from the receipt of a complaint, by its number in our list of the texts."""

MAY_END_SOONER = ("DES-2", "DES-3")
"""An acknowledgement that left within its three days brings the last day forward."""


@lru_cache
def _holidays(year: int) -> frozenset[date]:
    easter, kings_day = _easter(year), date(year, 4, 27)
    return frozenset(
        {
            date(year, 1, 1),
            easter + DAY,
            kings_day if kings_day.weekday() != 6 else kings_day - DAY,
            easter + 39 * DAY,
            easter + 50 * DAY,
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
