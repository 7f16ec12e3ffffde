"""When a complaint was received and reported, as somebody states it.

A moment of receipt is a date, a local time, or a time with its offset; without an offset it is the civil
time of the procedure's zone. The hour that exists twice in autumn is read as the first one. Both must lie
within what can be true: not in the future, not before the oldest complaint we can still be asked about.
"""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

AHEAD = timedelta(minutes=5)
"""So much may a sender's clock be ahead of ours."""

OLDEST_YEARS = 10
FIRST_YEAR, LAST_YEAR = 1900, 2999

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


class ImpossibleMoment(ValueError):
    """The stated moment cannot be true; the text says why, without the value."""


def parse_date(text: str) -> date:
    """Read `2026-03-30`; raises `ImpossibleMoment` for another century, ValueError for anything else."""
    if not _DATE.fullmatch(text):
        raise ValueError("not a date")
    return _in_calendar(date.fromisoformat(text))


def parse_moment(text: str) -> datetime:
    """Read a date, a local time or a time with offset; naive where no offset was given.

    A date alone is its first moment, so that the day of receipt is the day that was named. Raises
    `ImpossibleMoment` for another century, and ValueError for anything else.
    """
    if not (_DATE.fullmatch(text) or _MOMENT.fullmatch(text)):
        raise ValueError("not a moment")
    moment = datetime.fromisoformat(text)
    _in_calendar(moment.date())
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def received(stated: datetime | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Give the moment of receipt in UTC: as stated, else now; raises `ImpossibleMoment`."""
    if stated is None:
        return now
    moment = (stated if stated.tzinfo is not None else stated.replace(tzinfo=zone)).astimezone(UTC)
    if moment > now + AHEAD:
        raise ImpossibleMoment("must not lie in the future")
    if moment.astimezone(zone).date() < _years_before(now.astimezone(zone).date()):
        raise ImpossibleMoment(f"must not be more than {OLDEST_YEARS} years ago")
    return min(moment, now)  # a sender's clock that is a little ahead does not make a receipt to come


def reported(stated: date | None, now: datetime, zone: ZoneInfo) -> date | None:
    """Give the date of the report as stated, checked; raises `ImpossibleMoment`."""
    if stated is None:
        return None
    today = (now + AHEAD).astimezone(zone).date()
    if stated > today:
        raise ImpossibleMoment("must not lie in the future")
    if stated < _years_before(today):
        raise ImpossibleMoment(f"must not be more than {OLDEST_YEARS} years ago")
    return stated


def _in_calendar(day: date) -> date:
    """Keep away from the ends of the calendar, where moving a zone overflows."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ImpossibleMoment(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    return day


def _years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - OLDEST_YEARS)
    except ValueError:  # 29 February
        return day.replace(year=day.year - OLDEST_YEARS, day=28)
