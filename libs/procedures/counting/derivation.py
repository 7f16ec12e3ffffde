"""From a rule and a day to a deadline: an interval, a warning, and a reason for every day between.

A term starts the day after its fact. A term in working days has the first working day after it as day 1, so
a receipt on a free day costs nothing. A deadline is a civil day, and the instant is derived from it: midnight
at its end. Each calendar of a rule is one reading, and so is each way to read its term. The earliest end is
strict, the latest lenient. The company works by the strict one. A window of the customer is lenient, and
rolls forward from a free day. Which clocks run, and from what, is `schedule.py`. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from events.catalogue import ClockRule, Guard, Moment, Reading, Step
from events.catalogue.words import Punctuality, Unit, WorkingReading
from procedures.counting.calendars import Calendar, calendar
from procedures.counting.steps import roll_forward, walk, walk_back
from procedures.counting.working_days import add_working_days, subtract_working_days, working_day_until
from procedures.counting.zones import end_of, instant

WARNED_AT = time(8, 0)
"""The local time at which a warning is given, on its working day."""

KEPT = 512
"""Results that each function keeps in its cache: a few days of receipts, about 5 KB each."""


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
        """The moment by which the bound party must act."""
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
    """Return when the clock of `rule` ends if its starting fact happened on `starts_on` in `zone`.

    Counts the first reading of the term, on every calendar. Raises `OutsideCalendar` for a date beyond the
    calendars; the caller asks whether its year is right. Raises `UnknownCalendar` and `UnknownZone` for a
    rule that no procedure file of ours can hold.
    """
    return derive_from(rule, (Start(rule.reading, rule.amount, rule.unit, starts_on),), zone)


@lru_cache(maxsize=KEPT)
def derive_from(rule: ClockRule, starts: tuple[Start, ...], zone: str) -> Derivation:
    """Count forward from every start on every calendar of the rule; a start without any day is left out.

    Raises `ValueError` when no start has a day, and what `derive` raises.
    """
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
    """Count back from the end of the clock `rule.end_of`, by every reading of the term.

    `base` holds that end on each calendar: (calendar, day). Raises what `derive` raises.
    """
    terms = [(rule.reading, rule.amount, rule.unit)]
    terms += [(other.name, other.amount, other.unit) for other in rule.alternatives]
    # Several readings of the other clock may end on one day of one calendar. Counting back from it twice
    # would put the same reading into the event twice. A dict keeps the order, which a set would not.
    pairs = dict.fromkeys(base)
    return interval(
        rule,
        [
            (_read_back(rule, name, amount, unit, end, calendar(identifier), zone), calendar(identifier))
            for name, amount, unit in terms
            # Each end is counted back on the calendar it was found on. On another one, a holiday that the two
            # do not share would be counted on the way there and skipped on the way back.
            for identifier, end in pairs
        ],
        zone,
    )


@lru_cache(maxsize=KEPT)
def derive_told(rule: ClockRule, fact: str, on: date, zone: str) -> Derivation:
    """Return the interval that ends on the day a letter named; `fact` is the fact that carries that day.

    Strict and lenient are the same day. Raises `UnknownCalendar` and `UnknownZone`.
    """
    works = [calendar(name) for name in rule.calendars]
    # No rolling here, not even for a window: the reader of the letter holds a date in hand, and on a free day
    # that date is still the one we promised.
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
    """Return when the internal norm of a clock without a term passes, by its strictest calendar.

    None when the clock has no norm. Raises `OutsideCalendar`.
    """
    if rule.norm_working_days == 0:
        return None
    days = [add_working_days(since_on, rule.norm_working_days, calendar(name)) for name in rule.calendars]
    return Moment(on=min(days), at=end_of(min(days), zone))


def interval(rule: ClockRule, readings: Sequence[tuple[Reading, Calendar]], zone: str) -> Derivation:
    """Join readings, each with its calendar, into one interval from the earliest to the latest end.

    Raises `ValueError` for a clock without any reading; the rule must name a calendar.
    """
    if not readings:
        raise ValueError(f"clock {rule.clock} has no reading: name at least one calendar")
    ends = [reading.ends for reading, _ in readings]
    # Compare instants and not days: they are what is judged by (`standing`).
    strict, lenient = min(ends, key=_instant_of), max(ends, key=_instant_of)
    working: WorkingReading = "strict" if rule.binds == "company" else "lenient"
    # A customer is not warned of a window of their own, so only a clock that binds the company warns. Where
    # two calendars end on the strict day, the earlier warning counts: the later one may be too late on its
    # calendar.
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
    """Judge something done at `at`: in time before the strict moment, late from the lenient one on.

    Between the two it is disputed: one reading of the text says in time, another one late. `deadline` is a
    derivation, or the pair (strict, lenient) as it stands in a `DeadlineSet`.
    """
    strict, lenient = (deadline.strict, deadline.lenient) if isinstance(deadline, Derivation) else deadline
    # Strictly before: the instant is midnight at the end of the last day and belongs to the day after it.
    if at < strict.at:
        return "in time"
    return "disputed" if at < lenient.at else "late"


@lru_cache(maxsize=KEPT)
def _read(start: Start, identifier: str, rolls: str | None, zone: str) -> Reading:
    """Count one reading on one calendar; clocks of one start and amount share it."""
    works = calendar(identifier)
    steps: list[Step] = []
    starts_on = _start_of(start, works, steps)
    why_free = works.why_free(starts_on)
    why = "the day it starts does not count" + (f" ({why_free})" if why_free else "")
    steps.append(Step(on=starts_on, counted=False, why=why))
    end = walk(starts_on, start.amount, start.unit, works, steps)
    if rolls is not None:
        end = roll_forward(end, works, steps, rolls)
    return Reading(
        name=_named(start.reading, works),
        calendar=works.version,
        starts_on=starts_on,
        ends=Moment(on=end, at=end_of(end, zone)),
        because=tuple(steps),
    )


def _what_rolls(rule: ClockRule) -> str | None:
    """Return what to call a term that moves off a free day, or None for one that stays on it."""
    if rule.binds == "customer":
        return "window"
    return "term" if rule.rolls else None


def _start_of(start: Start, works: Calendar, steps: list[Step]) -> date:
    """Return the day a term starts on, on this calendar: its own, or the guard's where that comes first.

    A guard starts a term whose own start does not come in time.
    """
    if start.guard is None or start.guard_from is None:
        if start.on is None:
            raise ValueError(f"the reading {start.reading!r} has no start: leave it out")
        return start.on
    counted: list[Step] = []
    guard_on = walk(start.guard_from, start.guard.amount, start.guard.unit, works, counted)
    if start.on is not None and start.on <= guard_on:
        # On the guard's last day the start is still in time. The guard's steps are dropped: they explain
        # nothing.
        return start.on
    steps += [Step(on=start.guard_from, counted=False, why=f"the guard counts from {start.guard.fact}")]
    steps += [Step(on=step.on, counted=step.counted, why=f"guard: {step.why}") for step in counted]
    return guard_on


def _read_back(
    rule: ClockRule, name: str, amount: int, unit: Unit, end: date, works: Calendar, zone: str
) -> Reading:
    steps = [Step(on=end, counted=False, why=f"the end of {rule.end_of} is day 0")]
    day = walk_back(end, amount, unit, works, steps)
    return Reading(
        name=_named(name, works),
        calendar=works.version,
        starts_on=end,
        ends=Moment(on=day, at=end_of(day, zone)),
        because=tuple(steps),
    )


def _named(reading: str, works: Calendar) -> str:
    return f"{reading}, on calendar {works.id}" if reading else f"on calendar {works.id}"


def _warn_on(rule: ClockRule, end: date, works: Calendar) -> date:
    """Return the day of the warning: the lead counted back from the end, or the last working day until it."""
    if rule.warn_before_working_days == 0:
        return working_day_until(end, works)
    return subtract_working_days(end, rule.warn_before_working_days, works)


def _instant_of(moment: Moment) -> datetime:
    return moment.at
