"""When a complaint was received and reported, as somebody states it.

A moment of receipt without an offset is the civil time of the procedure's zone. The hour that exists twice in
autumn is read as the first one. Both must lie within what can be true: not in the future, not before the
oldest complaint we can still be asked about. How they are written is the business of `web.moments`.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from web.moments import AHEAD, ImpossibleMoment

OLDEST_YEARS = 10


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


def _years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - OLDEST_YEARS)
    except ValueError:  # 29 February
        return day.replace(year=day.year - OLDEST_YEARS, day=28)
