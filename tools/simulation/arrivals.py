"""When complaints come in: a year of weekdays, hours, holidays, a slow trend, and days on which things broke.

Which days are quiet is nothing but custom here, written down roughly: who complains does not look up what an
act calls a holiday.
"""

import random
from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from procedures.counting.zones import zone_named

_BY_WEEKDAY = (1.25, 1.15, 1.0, 1.0, 0.85, 0.3, 0.2)
_BY_HOUR = (1, 1, 1, 1, 1, 1, 3, 8, 14, 18, 17, 14, 10, 12, 13, 12, 10, 7, 5, 5, 5, 4, 3, 2)
_QUIET = ((1, 1), (4, 27), (12, 25), (12, 26), (12, 31))
_SUMMER = (date(2000, 7, 18), date(2000, 8, 22))
_BURSTS = 5
_DAYS_PER_BURST = 20
_SATURDAY = 5
_GROWTH = 0.15
"""From January to December."""


@dataclass(frozen=True, slots=True)
class Season:
    """The days on which complaints come in: a whole year, unless fewer are asked for."""

    first_on: date
    days: int

    @property
    def last_on(self) -> date:
        return self.first_on + timedelta(days=self.days - 1)


def whole_year(year: int) -> Season:
    """Return the season that is a year."""
    return Season(date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days)


def arrival(
    chance: random.Random, organisation: str, zone: str, season: Season, seed: int
) -> tuple[datetime, bool]:
    """Draw a moment of the season, and say whether it lies on a day on which one cause brought many."""
    heights, bursts = _profile(organisation, season, seed)
    day = season.first_on + timedelta(days=bisect(heights, chance.random() * heights[-1]))
    hour = bisect(_HOURS, chance.random() * _HOURS[-1])
    on_the_clock = time(hour, chance.randrange(60), chance.randrange(60), chance.randrange(1_000_000))
    return moment(day, on_the_clock, zone_named(zone)), day in bursts


def moment(day: date, on_the_clock: time, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which a clock on the wall shows this."""
    return datetime.combine(day, on_the_clock, zone).astimezone(UTC)


_HOURS = tuple(accumulate(_BY_HOUR))


@lru_cache(maxsize=64)
def _profile(organisation: str, season: Season, seed: int) -> tuple[tuple[float, ...], frozenset[date]]:
    """Return the heights of the days of a season, summed up, and the days of the bursts."""
    chance = random.Random(f"bursts {seed} {organisation} {season.first_on}")
    days = [season.first_on + timedelta(days=number) for number in range(season.days)]
    worked = [day for day in days if day.weekday() < _SATURDAY]
    bursts = frozenset(chance.sample(worked, min(_BURSTS, len(worked) // _DAYS_PER_BURST)))
    heights = []
    for number, day in enumerate(days):
        height = _BY_WEEKDAY[day.weekday()] * (1 + _GROWTH * number / season.days)
        if (day.month, day.day) in _QUIET:
            height *= 0.2
        if _SUMMER[0] <= day.replace(year=2000) <= _SUMMER[1]:
            height *= 0.7
        heights.append(height * (8 if day in bursts else 1))
    return tuple(accumulate(heights)), bursts
