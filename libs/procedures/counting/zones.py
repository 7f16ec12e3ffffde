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
    """Return the zone with this IANA name, from the pinned data.

    Raises `UnknownZone` when the data has no such name; the caller corrects the file or field it came from.
    """
    parts = name.split("/")
    if not all(part and part.replace("_", "").replace("-", "").isalnum() for part in parts):
        raise UnknownZone(f"{name[:80]!r} is no time zone: use an IANA name such as Europe/Amsterdam")
    try:
        # Not ZoneInfo(name): that reads the machine's own files first, and two machines would differ.
        with files("tzdata").joinpath("zoneinfo", *parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError) as error:
        raise UnknownZone(
            f"{name[:80]!r} is no time zone: use an IANA name such as Europe/Amsterdam"
        ) from error


@lru_cache(maxsize=64)
def countries_of(name: str) -> tuple[str, ...]:
    """Return the countries (ISO 3166) that use this zone; none for a zone of no country, such as UTC."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple(row[0] for row in rows if row[2] == name)


def civil_date(moment: datetime, zone: str) -> date:
    """Return the date that a wall calendar in `zone` shows at an aware moment.

    Raises `ValueError` for a moment without an offset: that is a bug of the caller. Raises `UnknownZone`.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment must carry its offset")
    return moment.astimezone(zone_named(zone)).date()


def instant(day: date, at: time, zone: str) -> datetime:
    """Return the moment, in UTC, at which clocks in `zone` show this time, the first time they do.

    Raises `UnknownZone`.
    """
    # In autumn one hour comes twice. Python's default (fold=0) is its first coming, the earlier instant.
    return datetime.combine(day, at, tzinfo=zone_named(zone)).astimezone(UTC)


def end_of(day: date, zone: str) -> datetime:
    """Return the moment, in UTC, from which it is too late for `day`: midnight at its end.

    Raises `UnknownZone`.
    """
    # The start of the next day, not 24 hours after this one's: a day in spring has 23 hours, one in autumn
    # 25.
    return instant(day + timedelta(days=1), time(0), zone)
