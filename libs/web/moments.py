"""Days and moments as somebody states them in a request, decided here for every field of every door.

Two doors differ today, and `MomentRules` says in what. A complaint form takes a date, a local time or a time
with its offset, and names the years that it takes. A command takes a moment with its offset, and no year that
the calendars could not count from. Whether a moment can be true is asked by each door, with its own clock.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BeforeValidator

from events.refusals import refuse

AHEAD = timedelta(minutes=5)
"""So much may the clock of whoever states a moment be ahead of ours."""

A_DATE = "a date such as 2026-03-30"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentRules:
    """What one door takes as a day or a moment. Years are inclusive.

    `names_years`: a year outside is refused by naming the years, otherwise like any other wrong text.
    `needs_offset`: a date alone, or a local time, is no moment. `empty_is_absent`: "" means the same as null.
    """

    first_year_of_day: int
    first_year_of_moment: int
    last_year: int
    names_years: bool
    needs_offset: bool
    empty_is_absent: bool
    a_moment: str
    """The form of a moment, as a refusal names it."""


COMPLAINT_FORM = MomentRules(
    first_year_of_day=1900,
    first_year_of_moment=1900,
    last_year=2999,
    names_years=True,
    needs_offset=False,
    empty_is_absent=True,
    a_moment="a date, a local time or a time with offset, such as 2026-03-30T09:15:00+02:00",
)
COMMAND_BODY = MomentRules(
    first_year_of_day=2000,
    first_year_of_moment=1970,
    # A later date is a slip of the pen: the calendars end in 2100, and a clock behind it parks its case.
    last_year=2089,
    names_years=False,
    needs_offset=True,
    empty_is_absent=False,
    a_moment="a moment with its offset, such as 2026-03-30T09:15:00+02:00",
)


class ImpossibleMoment(ValueError):
    """The stated moment cannot be true; the text says why, without the value."""


def parse_day(text: str, rules: MomentRules) -> date:
    """Read `2026-03-30`; raises `ImpossibleMoment` for a year that is named, `ValueError` for anything
    else."""
    if not _DATE.fullmatch(text):
        raise ValueError("not a date")
    day = date.fromisoformat(text)
    _require_year(day.year, rules.first_year_of_day, rules)
    return day


def parse_moment(text: str, rules: MomentRules) -> datetime:
    """Read a moment; in UTC where an offset was given, so that equal moments are stored as equal bytes.

    Without an offset it is naive, and a date alone is its first moment, so that the day of receipt is the day
    that was named; the caller knows the zone. Raises `ImpossibleMoment` for a year that is named, and
    `ValueError` for anything else.
    """
    if not rules.needs_offset and not (_DATE.fullmatch(text) or _MOMENT.fullmatch(text)):
        raise ValueError("not a moment")
    moment = datetime.fromisoformat(text)
    if rules.needs_offset and (moment.tzinfo is None or "T" not in text):
        raise ValueError("not a moment with its offset")
    # Before the zone is moved: at the ends of the calendar moving it overflows.
    _require_year(moment.year, rules.first_year_of_moment, rules)
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def day_reader(rules: MomentRules) -> BeforeValidator:
    """Make the validator of a field that is a day, by the rules of a door."""
    return _reader(lambda text: parse_day(text, rules), A_DATE, rules)


def moment_reader(rules: MomentRules) -> BeforeValidator:
    """Make the validator of a field that is a moment, by the rules of a door."""
    return _reader(lambda text: parse_moment(text, rules), rules.a_moment, rules)


def _reader(parse: Callable[[str], date | datetime], form: str, rules: MomentRules) -> BeforeValidator:
    """Read from text, and only from text: a number is no moment, whatever pydantic could make of it."""

    def read(value: Any) -> date | datetime | None:
        if value is None or (value == "" and rules.empty_is_absent):
            return None
        try:
            return parse(value if isinstance(value, str) else "")
        except ImpossibleMoment as impossible:
            raise refuse(str(impossible)) from None
        except ValueError:
            raise refuse(f"must be {form}") from None

    return BeforeValidator(read)


def _require_year(year: int, first_year: int, rules: MomentRules) -> None:
    if first_year <= year <= rules.last_year:
        return
    if rules.names_years:
        raise ImpossibleMoment(f"must lie between the years {first_year} and {rules.last_year}")
    raise ValueError("not a year that a calendar can count from")
