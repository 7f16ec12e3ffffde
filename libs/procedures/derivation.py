"""From a rule and a day to a deadline, with every day of the way told; the only file that counts days.

A term starts the day after its fact; a term in working days has the first working day after it as day 1, so
a receipt on a free day costs nothing. A deadline is a civil day, and the instant is derived from it: midnight
at its end. Each calendar of a rule is one reading; the earliest end is strict, the latest lenient. The
company works by the strict one and its duties never roll; a window of the customer is lenient, and rolls
forward from a free day. Everything here is pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, assert_never

from events.catalogue import ClockRule, Moment, Reading, Step
from procedures.calendars import Calendar, calendar
from procedures.zones import end_of, instant

WARNED_AT = time(8, 0)
"""When on its working day a warning is given, on the clock on the wall."""

Standing = Literal["in time", "disputed", "late"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Derivation:
    """An interval from the earliest to the latest defensible moment, and how both were found."""

    strict: Moment
    lenient: Moment
    working: Literal["strict", "lenient"]
    readings: tuple[Reading, ...]
    warn_at: datetime | None

    @property
    def due(self) -> Moment:
        """The moment by which the one who is bound is to act."""
        return self.strict if self.working == "strict" else self.lenient


@lru_cache(maxsize=4096)
def derive(rule: ClockRule, starts_on: date, zone: str) -> Derivation:
    """Say when the clock of `rule` ends if its starting fact happened on `starts_on` in `zone`.

    Raises `OutsideCalendar` for a date beyond the calendars, `UnknownCalendar` and `UnknownZone`.
    """
    works = [calendar(name) for name in rule.calendars]
    return interval(rule, [(_read(rule, each, starts_on, zone), each) for each in works], zone)


def interval(rule: ClockRule, readings: Sequence[tuple[Reading, Calendar]], zone: str) -> Derivation:
    """Put readings together, each with its calendar: strict is their earliest end, lenient their latest.

    The warning belongs to the working reading; where several end at once, the earliest warning counts.
    """
    if not readings:
        raise ValueError(f"clock {rule.clock} has no reading: name at least one calendar")
    ends = [reading.ends for reading, _ in readings]
    strict, lenient = min(ends, key=_instant_of), max(ends, key=_instant_of)
    working: Literal["strict", "lenient"] = "strict" if rule.binds == "company" else "lenient"
    warn_at = None
    if rule.binds == "company":
        days = [_warn_on(rule, strict.on, works) for reading, works in readings if reading.ends == strict]
        warn_at = instant(min(days), WARNED_AT, zone)
    return Derivation(strict, lenient, working, tuple(reading for reading, _ in readings), warn_at)


def standing(deadline: Derivation | tuple[Moment, Moment], at: datetime) -> Standing:
    """Say how something done at `at` stands: met is strictly before the moment, disputed between the two.

    `deadline` is a derivation, or the pair (strict, lenient) as it stands in a `DeadlineSet`.
    """
    strict, lenient = (deadline.strict, deadline.lenient) if isinstance(deadline, Derivation) else deadline
    if at < strict.at:
        return "in time"
    return "disputed" if at < lenient.at else "late"


def add_working_days(day: date, amount: int, works: Calendar) -> date:
    """Give the `amount`-th working day after `day`, which itself never counts; 0 gives `day`."""
    _refuse_negative(amount)
    while amount > 0:
        day += _DAY
        if works.is_working_day(day):
            amount -= 1
    return day


def subtract_working_days(day: date, amount: int, works: Calendar) -> date:
    """Give the `amount`-th working day before `day`, which itself never counts; 0 gives `day`."""
    _refuse_negative(amount)
    while amount > 0:
        day -= _DAY
        if works.is_working_day(day):
            amount -= 1
    return day


def count_working_days(after: date, until: date, works: Calendar) -> int:
    """Count the working days after `after` up to and including `until`; none when it is not later."""
    days = (until - after).days
    return sum(works.is_working_day(after + timedelta(days=n)) for n in range(1, days + 1))


def working_day_from(day: date, works: Calendar) -> date:
    """Give `day` if it is worked, else the next day that is."""
    while not works.is_working_day(day):
        day += _DAY
    return day


def working_day_until(day: date, works: Calendar) -> date:
    """Give `day` if it is worked, else the last day before it that is."""
    while not works.is_working_day(day):
        day -= _DAY
    return day


def _read(rule: ClockRule, works: Calendar, starts_on: date, zone: str) -> Reading:
    why_free = works.why_free(starts_on)
    start = "the day it starts does not count" + (f" ({why_free})" if why_free else "")
    steps = [Step(on=starts_on, counted=False, why=start)]
    match rule.unit:
        case "working days":
            end = _walk_working_days(starts_on, rule.amount, works, steps)
        case "days":
            end = _walk_periods(starts_on, rule.amount, _DAY, "day", steps)
        case "weeks":
            end = _walk_periods(starts_on, rule.amount, 7 * _DAY, "week", steps)
        case _:
            assert_never(rule.unit)
    if rule.binds == "customer":
        end = _roll_forward(end, works, steps)
    return Reading(
        name=f"on calendar {works.id}",
        calendar=works.version,
        starts_on=starts_on,
        ends=Moment(on=end, at=end_of(end, zone)),
        because=tuple(steps),
    )


def _walk_working_days(day: date, amount: int, works: Calendar, steps: list[Step]) -> date:
    number = 0
    while number < amount:
        day += _DAY
        why_free = works.why_free(day)
        if why_free is None:
            number += 1
        steps.append(Step(on=day, counted=why_free is None, why=why_free or f"working day {number}"))
    return day


def _walk_periods(day: date, amount: int, step: timedelta, name: str, steps: list[Step]) -> date:
    for number in range(1, amount + 1):
        day += step
        steps.append(Step(on=day, counted=True, why=f"{name} {number}"))
    return day


def _roll_forward(end: date, works: Calendar, steps: list[Step]) -> date:
    while (why_free := works.why_free(end)) is not None:
        steps.append(Step(on=end, counted=False, why=f"{why_free}: a window does not end on a free day"))
        end += _DAY
        if works.is_working_day(end):
            steps.append(Step(on=end, counted=False, why="the window ends on the next working day"))
    return end


def _warn_on(rule: ClockRule, end: date, works: Calendar) -> date:
    """Count the lead back from the end; without a lead it is the last working day until the end."""
    if rule.warn_before_working_days == 0:
        return working_day_until(end, works)
    return subtract_working_days(end, rule.warn_before_working_days, works)


def _refuse_negative(amount: int) -> None:
    if amount < 0:
        raise ValueError(f"{amount} working days: count backward with subtract_working_days instead")


def _instant_of(moment: Moment) -> datetime:
    return moment.at
