"""Named, versioned calendars: which days are worked, and why a day is free.

A calendar is data: a file in `calendar_files/` names holidays of the `holidays` library and adds or removes
days of its own. The library alone is not enough: it knows 5 May as a public holiday only every fifth year and
Good Friday only as an optional one, so both of its categories are read and the file chooses by name.
Saturdays and Sundays are always free. Beyond 2000 to 2100 a calendar refuses to answer.
"""

import hashlib
from calendar import isleap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import holidays
import holidays.version
from holidays.registry import COUNTRIES
from pydantic import Field

from events.errors import GehoorError
from procedures.toml_files import BrokenProcedure, Many, Section, problem, read
from procedures.words import unknown

CALENDARS: tuple[str, ...] = ("nl-atw", "nl-atw-besluit", "nl-kantoor", "gb-eng")
"""The identifiers of all calendars."""

FIRST_YEAR = 2000
LAST_YEAR = 2100

_FOLDER = Path(__file__).parents[1] / "calendar_files"
_WEEKEND = {5: "Saturday", 6: "Sunday"}


class OutsideCalendar(GehoorError):
    """The date lies outside the years the calendars cover: check the date, most likely its year is wrong."""


class UnknownCalendar(GehoorError):
    """There is no calendar with this identifier."""


class OwnDay(Section):
    """A free day that no library knows."""

    on: date
    why: str = Field(min_length=1, max_length=80)


class CalendarFile(Section):
    """A file in `calendar_files/`."""

    id: str
    extends: str | None = None
    country: str | None = None
    subdivision: str | None = None
    free: Many[str] = ()
    worked: Many[str] = ()
    only_every_fifth_year: Many[str] = ()
    day: Many[OwnDay] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Knows which days are free; `version` changes whenever an answer could.

    `holiday_names` are names of the library for `country`; those in `only_every_fifth_year` are free in
    years divisible by five; `own_days` are added.
    """

    id: str
    version: str
    country: str
    subdivision: str | None
    holiday_names: frozenset[str]
    only_every_fifth_year: frozenset[str]
    own_days: Mapping[date, str]
    _years: dict[int, Mapping[date, str]] = field(default_factory=dict, repr=False, compare=False)

    def why_free(self, day: date) -> str | None:
        """Return why nobody works on `day`, or None for a working day; raises `OutsideCalendar`."""
        # Filled when first asked for: all hundred years at once would cost each start most of a second.
        year = self._years.get(day.year)
        if year is None:
            year = self._years[day.year] = self._free_in(day.year)
        return year.get(day)

    def is_working_day(self, day: date) -> bool:
        """Return whether `day` is worked; raises `OutsideCalendar`."""
        return self.why_free(day) is None

    def _free_in(self, year: int) -> Mapping[date, str]:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise OutsideCalendar(
                f"the year {year} lies outside {FIRST_YEAR} to {LAST_YEAR}, which calendar {self.id} covers: "
                "check the date, most likely its year is wrong"
            )
        free = _weekends(year)
        for day, names in _library_days(self.country, self.subdivision, year).items():
            kept = [name for name in names if self._keeps(name, year)]
            if kept:
                free[day] = " and ".join(kept)
        free.update((day, why) for day, why in self.own_days.items() if day.year == year)
        return free

    def _keeps(self, name: str, year: int) -> bool:
        return name in self.holiday_names and (name not in self.only_every_fifth_year or year % 5 == 0)


@cache
def calendar(identifier: str) -> Calendar:
    """Return the calendar with this identifier.

    Raises `UnknownCalendar`, and `BrokenProcedure` when its file is broken.
    """
    if identifier not in CALENDARS:
        raise UnknownCalendar(str(unknown("calendar", identifier, CALENDARS)))
    return load(_FOLDER / f"{identifier}.toml")


def load(path: Path) -> Calendar:
    """Read one calendar file, after the one it extends; raises `BrokenProcedure`."""
    file, content = read(path, CalendarFile)
    parent = None if file.extends is None else _parent(path, file.extends, content)
    country = file.country or (parent.country if parent else "")
    subdivision = file.subdivision or (parent.subdivision if parent else None)
    known = _library_names(country, subdivision)
    for place in ("free", "worked", "only_every_fifth_year"):
        for name in getattr(file, place):
            if name not in known:
                raise BrokenProcedure(
                    [
                        problem(
                            path.name,
                            content.decode(),
                            (place,),
                            str(unknown("holiday", name, sorted(known))),
                        )
                    ]
                )
    digest = hashlib.sha256(content + (parent.version.encode() if parent else b"")).hexdigest()
    return Calendar(
        id=file.id,
        version=f"{file.id}: holidays {holidays.version.__version__}, data {digest[:16]}",
        country=country,
        subdivision=subdivision,
        holiday_names=frozenset(file.free) | (parent.holiday_names if parent else set()) - set(file.worked),
        only_every_fifth_year=frozenset(file.only_every_fifth_year)
        | (parent.only_every_fifth_year if parent else set()),
        own_days={**(parent.own_days if parent else {}), **{day.on: day.why for day in file.day}},
    )


def _parent(path: Path, identifier: str, content: bytes) -> Calendar:
    others = [name for name in CALENDARS if name != path.stem]
    if identifier not in others:
        rule = str(unknown("calendar", identifier, others))
        raise BrokenProcedure([problem(path.name, content.decode(), ("extends",), rule)])
    return calendar(identifier)


def _weekends(year: int) -> dict[date, str]:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366 if isleap(year) else 365))
    return {day: _WEEKEND[day.weekday()] for day in days if day.weekday() in _WEEKEND}


@cache
def _library_days(country: str, subdivision: str | None, year: int) -> Mapping[date, tuple[str, ...]]:
    """Ask the library for one year, all its categories; one day may carry two names."""
    days_of = _country(country)
    known = days_of(years=()).supported_categories
    categories = tuple(name for name in ("public", "optional") if name in known)
    found = days_of(subdiv=subdivision, years=year, categories=categories, language="en_US", expand=False)
    return {day: tuple(names.split("; ")) for day, names in found.items()}


@cache
def _country(code: str) -> Callable[..., holidays.HolidayBase]:
    """Give the library's class of one country."""
    module = next((module for module, (_, *codes) in COUNTRIES.items() if code in codes), None)
    if module is None:
        return partial(holidays.country_holidays, code)  # it raises, in its own words
    # Read from its file, because importing `holidays.countries.<module>` first runs the package's __init__,
    # which imports all 250 countries: a tenth of a second of each command, and memory of each service.
    path = Path(holidays.__file__).parent / "countries" / f"{module}.py"
    alone = ModuleType(f"procedures.counting.calendars.{module}")
    SourceFileLoader(alone.__name__, str(path)).exec_module(alone)
    found: Callable[..., holidays.HolidayBase] = getattr(alone, code)
    return found


@cache
def _library_names(country: str, subdivision: str | None) -> frozenset[str]:
    """Collect the names the library uses, from years that show each of them."""
    if not country:
        return frozenset()
    years = (2002, 2010, 2011, 2012, 2015, 2022, 2023, 2025, 2026)
    return frozenset(
        name
        for year in years
        for names in _library_days(country, subdivision, year).values()
        for name in names
    )
