"""From a rule and a day to a deadline, with every day of the way told; the only file that counts days.

A term starts the day after its fact; a term in working days has the first working day after it as day 1, so
a receipt on a free day costs nothing. A deadline is a civil day, and the instant is derived from it: midnight
at its end. Each calendar of a rule is one reading, and so is each way to read its term; the earliest end is
strict, the latest lenient. The company works by the strict one; a window of the customer is lenient, and
rolls forward from a free day. Everything here is pure. Which clocks run, and from what, is `schedule.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import assert_never

from events.catalogue import ClockRule, Guard, Moment, Reading, Step
from events.catalogue.words import Punctuality, Unit, WorkingReading
from procedures.counting.calendars import Calendar, calendar
from procedures.counting.zones import end_of, instant

WARNED_AT = time(8, 0)
"""When on its working day a warning is given, on the clock on the wall."""

KEPT = 512
"""So many results of each function are kept: a few days of receipts, some 5 KB each."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Derivation:
    """An interval from the earliest to the latest defensible moment, and how both were found.

    `calendars` are the identifiers of the calendars of `readings`, one each: one calendar per reading, also
    in what is counted back from it.
    """

    strict: Moment
    lenient: Moment
    working: WorkingReading
    readings: tuple[Reading, ...]
    warn_at: datetime | None
    calendars: tuple[str, ...] = ()

    @property
    def due(self) -> Moment:
        """The moment by which the one who is bound is to act."""
        return self.strict if self.working == "strict" else self.lenient


@dataclass(frozen=True, slots=True)
class Start:
    """From when one reading of a term counts: the day its own start happened, and the guard's day if any.

    `guard_from` is the day from which the guard counts; None when there is none or it is switched off.
    """

    reading: str
    amount: int
    unit: Unit
    on: date | None
    guard: Guard | None = None
    guard_from: date | None = None


@lru_cache(maxsize=KEPT)
def derive(rule: ClockRule, starts_on: date, zone: str) -> Derivation:
    """Say when the clock of `rule` ends if its starting fact happened on `starts_on` in `zone`.

    This is the first reading of the term on every calendar. Raises `OutsideCalendar` for a date beyond the
    calendars, `UnknownCalendar` and `UnknownZone`.
    """
    return derive_from(rule, (Start(rule.reading, rule.amount, rule.unit, starts_on),), zone)


@lru_cache(maxsize=KEPT)
def derive_from(rule: ClockRule, starts: tuple[Start, ...], zone: str) -> Derivation:
    """Count forward from every start on every calendar of the rule; a start without any day is left out."""
    works = [calendar(name) for name in rule.calendars]
    return interval(
        rule,
        [
            (_read(start, each.id, _what_rolls(rule), zone), each)
            for start in starts
            for each in works
            if start.on is not None or start.guard_from is not None
        ],
        zone,
    )


@lru_cache(maxsize=KEPT)
def derive_back(rule: ClockRule, base: tuple[tuple[str, date], ...], zone: str) -> Derivation:
    """Count back from the end that the clock `end_of` has on each calendar, by every reading of the term."""
    terms = [(rule.reading, rule.amount, rule.unit)]
    terms += [(other.name, other.amount, other.unit) for other in rule.alternatives]
    pairs = dict.fromkeys(base)
    return interval(
        rule,
        [
            (_read_back(rule, name, amount, unit, end, calendar(identifier), zone), calendar(identifier))
            for name, amount, unit in terms
            for identifier, end in pairs
        ],
        zone,
    )


@lru_cache(maxsize=KEPT)
def derive_told(rule: ClockRule, fact: str, on: date, zone: str) -> Derivation:
    """End on the day that was told: no reading is left but that one. It is never moved off a free day."""
    works = [calendar(name) for name in rule.calendars]
    step = Step(on=on, counted=True, why=f"the day told as {fact}")
    ends = Moment(on=on, at=end_of(on, zone))
    return interval(
        rule,
        [
            (
                Reading(name=f"as told, on calendar {each.id}", calendar=each.version, starts_on=on,
                        ends=ends, because=(step,)),
                each,
            )
            for each in works
        ],
        zone,
    )  # fmt: skip


def norm_end(rule: ClockRule, since_on: date, zone: str) -> Moment | None:
    """Say when the internal norm of a clock without a term passes, by its strictest calendar."""
    if rule.norm_working_days == 0:
        return None
    days = [add_working_days(since_on, rule.norm_working_days, calendar(name)) for name in rule.calendars]
    return Moment(on=min(days), at=end_of(min(days), zone))


def interval(rule: ClockRule, readings: Sequence[tuple[Reading, Calendar]], zone: str) -> Derivation:
    """Put readings together, each with its calendar: strict is their earliest end, lenient their latest.

    The warning belongs to the working reading; where several end at once, the earliest warning counts.
    """
    if not readings:
        raise ValueError(f"clock {rule.clock} has no reading: name at least one calendar")
    ends = [reading.ends for reading, _ in readings]
    strict, lenient = min(ends, key=_instant_of), max(ends, key=_instant_of)
    working: WorkingReading = "strict" if rule.binds == "company" else "lenient"
    warn_at = None
    if rule.binds == "company":
        days = [_warn_on(rule, strict.on, works) for reading, works in readings if reading.ends == strict]
        warn_at = instant(min(days), WARNED_AT, zone)
    return Derivation(
        strict,
        lenient,
        working,
        tuple(reading for reading, _ in readings),
        warn_at,
        tuple(works.id for _, works in readings),
    )


def standing(deadline: Derivation | tuple[Moment, Moment], at: datetime) -> Punctuality:
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


@lru_cache(maxsize=KEPT)
def _read(start: Start, identifier: str, rolls: str | None, zone: str) -> Reading:
    """Count one reading on one calendar; clocks of one start and amount share it."""
    works = calendar(identifier)
    steps: list[Step] = []
    starts_on = _start_of(start, works, steps)
    why_free = works.why_free(starts_on)
    why = "the day it starts does not count" + (f" ({why_free})" if why_free else "")
    steps.append(Step(on=starts_on, counted=False, why=why))
    end = _walk(starts_on, start.amount, start.unit, works, steps)
    if rolls is not None:
        end = _roll_forward(end, works, steps, rolls)
    return Reading(
        name=_named(start.reading, works),
        calendar=works.version,
        starts_on=starts_on,
        ends=Moment(on=end, at=end_of(end, zone)),
        because=tuple(steps),
    )


def _what_rolls(rule: ClockRule) -> str | None:
    """Say what to call a term that moves off a free day; None for one that does not."""
    if rule.binds == "customer":
        return "window"
    return "term" if rule.rolls else None


def _start_of(start: Start, works: Calendar, steps: list[Step]) -> date:
    """Find the day a term starts on, on this calendar: its own, or the guard's where that comes first."""
    if start.guard is None or start.guard_from is None:
        if start.on is None:
            raise ValueError(f"the reading {start.reading!r} has no start: leave it out")
        return start.on
    counted: list[Step] = []
    guard_on = _walk(start.guard_from, start.guard.amount, start.guard.unit, works, counted)
    if start.on is not None and start.on <= guard_on:
        return start.on
    steps += [Step(on=start.guard_from, counted=False, why=f"the guard counts from {start.guard.fact}")]
    steps += [Step(on=step.on, counted=step.counted, why=f"guard: {step.why}") for step in counted]
    return guard_on


def _read_back(
    rule: ClockRule, name: str, amount: int, unit: Unit, end: date, works: Calendar, zone: str
) -> Reading:
    steps = [Step(on=end, counted=False, why=f"the end of {rule.end_of} is day 0")]
    day = _walk_back(end, amount, unit, works, steps)
    return Reading(
        name=_named(name, works),
        calendar=works.version,
        starts_on=end,
        ends=Moment(on=day, at=end_of(day, zone)),
        because=tuple(steps),
    )


def _named(reading: str, works: Calendar) -> str:
    return f"{reading}, on calendar {works.id}" if reading else f"on calendar {works.id}"


def _walk(day: date, amount: int, unit: Unit, works: Calendar, steps: list[Step]) -> date:
    match unit:
        case "working days":
            return _walk_working_days(day, amount, works, steps)
        case "days":
            return _walk_periods(day, amount, _DAY, "day", steps)
        case "weeks":
            return _walk_periods(day, amount, 7 * _DAY, "week", steps)
        case _:
            assert_never(unit)


def _walk_back(day: date, amount: int, unit: Unit, works: Calendar, steps: list[Step]) -> date:
    """Count back; what lands on a free day goes further back, never forward."""
    if amount == 0:
        return day
    if unit == "working days":
        number = 0
        while number < amount:
            day -= _DAY
            why_free = works.why_free(day)
            if why_free is None:
                number += 1
            why = why_free or f"working day {number} before"
            steps.append(Step(on=day, counted=why_free is None, why=why))
        return day
    step, name = (_DAY, "day") if unit == "days" else (7 * _DAY, "week")
    for number in range(1, amount + 1):
        day -= step
        steps.append(Step(on=day, counted=True, why=f"{name} {number} before"))
    while (why_free := works.why_free(day)) is not None:
        steps.append(Step(on=day, counted=False, why=f"{why_free}: moved back to a working day"))
        day -= _DAY
        if works.is_working_day(day):
            steps.append(Step(on=day, counted=False, why="the working day before"))
    return day


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


def _roll_forward(end: date, works: Calendar, steps: list[Step], what: str) -> date:
    while (why_free := works.why_free(end)) is not None:
        steps.append(Step(on=end, counted=False, why=f"{why_free}: a {what} does not end on a free day"))
        end += _DAY
        if works.is_working_day(end):
            steps.append(Step(on=end, counted=False, why=f"the {what} ends on the next working day"))
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
