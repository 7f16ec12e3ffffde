"""Civil time zones, read from the pinned `tzdata` package and never from the machine.

Two machines with different system files would otherwise derive different instants from one civil date. The
version of the data is written into every `DeadlineSet`.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import tzdata

from events.errors import GehoorError

TIMEZONE_DATA: str = tzdata.IANA_VERSION
"""The release of the time zone database that all instants are derived with, such as "2026a"."""


class UnknownZone(GehoorError):
    """There is no such time zone: use a name of the IANA database, such as Europe/Amsterdam."""


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """Give the zone with this IANA name; raises `UnknownZone`."""
    parts = name.split("/")
    if not all(part and part.replace("_", "").replace("-", "").isalnum() for part in parts):
        raise UnknownZone(f"{name[:80]!r} is no time zone: use an IANA name such as Europe/Amsterdam")
    try:
        with files("tzdata").joinpath("zoneinfo", *parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError) as error:
        raise UnknownZone(
            f"{name[:80]!r} is no time zone: use an IANA name such as Europe/Amsterdam"
        ) from error


@lru_cache(maxsize=64)
def countries_of(name: str) -> tuple[str, ...]:
    """Name the countries (ISO 3166) whose clocks show this zone's time; none for one such as UTC."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple(row[0] for row in rows if row[2] == name)


def civil_date(moment: datetime, zone: str) -> date:
    """Give the date on the calendar on the wall, in `zone`, at an aware moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment must carry its offset")
    return moment.astimezone(zone_named(zone)).date()


def instant(day: date, at: time, zone: str) -> datetime:
    """Give the moment, in UTC, at which clocks in `zone` show this time, the first time they do."""
    return datetime.combine(day, at, tzinfo=zone_named(zone)).astimezone(UTC)


def end_of(day: date, zone: str) -> datetime:
    """Give the moment from which it is too late for `day`: midnight at its end, in UTC."""
    return instant(day + timedelta(days=1), time(0), zone)
