"""How a rule and a day become a deadline: what counts, what rolls, what is disputed, when to warn."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.catalogue import ClockRule, Moment
from events.catalogue.words import Punctuality, Unit
from procedures.counting.calendars import CALENDARS, OutsideCalendar, calendar
from procedures.counting.derivation import (
    derive,
    standing,
)
from procedures.counting.working_days import add_working_days, count_working_days, subtract_working_days
from procedures.counting.zones import UnknownZone, civil_date, zone_named

AMSTERDAM = "Europe/Amsterdam"
BOTH = ("nl-atw", "nl-kantoor")


def rule(
    amount: int = 3,
    unit: Unit = "working days",
    binds: Literal["company", "customer"] = "company",
    calendars: tuple[str, ...] = BOTH,
    warn_before_working_days: int = 1,
) -> ClockRule:
    return ClockRule(
        clock="TST-1",
        kind="duty" if binds == "company" else "window",
        binds=binds,
        amount=amount,
        unit=unit,
        starts="complaint received",
        satisfied_by=("solved",),
        calendars=calendars,
        warn_before_working_days=warn_before_working_days,
        source="sentence 1",
    )


def test_the_day_after_receipt_is_day_one() -> None:
    """Received on Monday, three working days end on Thursday."""
    derivation = derive(rule(), date(2026, 11, 16), AMSTERDAM)

    assert date(2026, 11, 19) == derivation.strict.on


@pytest.mark.parametrize("received", [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)])
def test_receipt_on_friday_saturday_or_sunday_has_monday_as_day_one(received: date) -> None:
    """The first working day after receipt is day one, also when the day of receipt is free."""
    derivation = derive(rule(), received, AMSTERDAM)

    assert date(2026, 11, 25) == derivation.strict.on


def test_the_day_lasts_until_midnight() -> None:
    """A term that ends on 19 November ends at midnight, an hour earlier in world time."""
    derivation = derive(rule(), date(2026, 11, 16), AMSTERDAM)

    assert datetime(2026, 11, 19, 23, 0, tzinfo=UTC) == derivation.strict.at


def test_two_calendars_make_an_interval() -> None:
    """Over Good Friday the office is a day faster than the act: between the two it is disputed."""
    derivation = derive(rule(), date(2026, 4, 2), AMSTERDAM)

    assert date(2026, 4, 8) == derivation.strict.on
    assert date(2026, 4, 9) == derivation.lenient.on


def test_the_company_works_by_the_strict_moment_and_the_customer_by_the_lenient_one() -> None:
    """Who is bound by us acts early; who has a right from us has all the time there is."""
    duty = derive(rule(), date(2026, 4, 2), AMSTERDAM)
    window = derive(rule(binds="customer"), date(2026, 4, 2), AMSTERDAM)

    assert ("strict", duty.strict) == (duty.working, duty.due)
    assert ("lenient", window.lenient) == (window.working, window.due)


def test_a_duty_of_the_company_does_not_roll() -> None:
    """Thirty days from 2 April 2026 end on Saturday 2 May, and that is when it must be done."""
    derivation = derive(rule(30, "days"), date(2026, 4, 2), AMSTERDAM)

    assert date(2026, 5, 2) == derivation.strict.on == derivation.lenient.on


def test_a_window_of_the_customer_rolls_forward() -> None:
    """The same thirty days for a customer end on Monday 4 May."""
    derivation = derive(rule(30, "days", "customer"), date(2026, 4, 2), AMSTERDAM)

    assert date(2026, 5, 4) == derivation.strict.on == derivation.lenient.on


def test_a_window_that_ends_on_good_friday_rolls_by_the_act_and_not_at_the_office() -> None:
    """Four weeks from 6 March 2026 end on Good Friday: at the office that day, by the act on Tuesday."""
    derivation = derive(rule(4, "weeks", "customer"), date(2026, 3, 6), AMSTERDAM)

    assert date(2026, 4, 3) == derivation.strict.on
    assert date(2026, 4, 7) == derivation.lenient.on


def test_every_day_of_the_way_is_told() -> None:
    """Received on Saturday: which days were counted, which were skipped, and why."""
    (reading,) = derive(rule(3, calendars=("nl-atw",)), date(2026, 4, 4), AMSTERDAM).readings

    told = [(step.on.day, step.counted, step.why) for step in reading.because]

    assert told == [
        (4, False, "the day it starts does not count (Saturday)"),
        (5, False, "Sunday"),
        (6, False, "Easter Monday"),
        (7, True, "working day 1"),
        (8, True, "working day 2"),
        (9, True, "working day 3"),
    ]
    assert calendar("nl-atw").version == reading.calendar


def test_a_rolled_end_is_told() -> None:
    """The customer can see why the window is longer than its days."""
    (reading,) = derive(rule(1, "weeks", "customer", ("nl-atw",)), date(2026, 3, 28), AMSTERDAM).readings

    told = [(step.on.day, step.counted, step.why) for step in reading.because]

    assert told == [
        (28, False, "the day it starts does not count (Saturday)"),
        (4, True, "week 1"),
        (4, False, "Saturday: a window does not end on a free day"),
        (5, False, "Sunday: a window does not end on a free day"),
        (6, False, "Easter Monday: a window does not end on a free day"),
        (7, False, "the window ends on the next working day"),
    ]


@pytest.mark.parametrize(
    ("received", "hours"),
    [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 6, 1), 24)],
)
def test_a_day_on_which_the_clock_is_changed_is_a_whole_day(received: date, hours: int) -> None:
    """The last Sunday of March has 23 hours and that of October 25: the term ends at midnight anyway."""
    ends = [derive(rule(days, "days"), received, AMSTERDAM).strict.at for days in (1, 2)]
    before = derive(rule(1, "days"), received - timedelta(days=1), AMSTERDAM).strict.at

    assert timedelta(hours=hours) == ends[0] - before
    assert [0, 0] == [end.astimezone(zone_named(AMSTERDAM)).hour for end in ends]


@pytest.mark.parametrize(
    ("received", "amount", "unit", "end"),
    [
        (date(2027, 12, 31), 1, "working days", date(2028, 1, 3)),
        (date(2025, 12, 31), 1, "days", date(2026, 1, 1)),
        (date(2028, 2, 28), 1, "days", date(2028, 2, 29)),
        (date(2028, 2, 28), 1, "working days", date(2028, 2, 29)),
        (date(2027, 2, 28), 1, "days", date(2027, 3, 1)),
        (date(2028, 2, 15), 2, "weeks", date(2028, 2, 29)),
        (date(2028, 2, 29), 52, "weeks", date(2029, 2, 27)),
    ],
)
def test_year_ends_and_leap_days_are_days_like_others(
    received: date, amount: int, unit: Unit, end: date
) -> None:
    """The turn of the year and 29 February neither add nor lose a day."""
    derivation = derive(rule(amount, unit, calendars=("nl-atw",)), received, AMSTERDAM)

    assert end == derivation.strict.on


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 4, 8, 21, 59, 59, 999999, tzinfo=UTC), "in time"),
        (datetime(2026, 4, 8, 22, 0, tzinfo=UTC), "disputed"),
        (datetime(2026, 4, 9, 21, 59, 59, 999999, tzinfo=UTC), "disputed"),
        (datetime(2026, 4, 9, 22, 0, tzinfo=UTC), "late"),
    ],
)
def test_in_time_is_strictly_before_midnight(at: datetime, expected: Punctuality) -> None:
    """Just before the strict end is in time; from the lenient end on it is late beyond dispute."""
    derivation = derive(rule(), date(2026, 4, 2), AMSTERDAM)

    assert expected == standing(derivation, at)
    assert expected == standing((derivation.strict, derivation.lenient), at)


def test_nothing_is_disputed_where_both_readings_agree() -> None:
    """Where the interval is a point there is only in time and late."""
    end = Moment(on=date(2026, 11, 19), at=datetime(2026, 11, 19, 23, 0, tzinfo=UTC))

    assert ["in time", "late"] == [standing((end, end), end.at + timedelta(seconds=s)) for s in (-1, 0)]


@pytest.mark.parametrize(
    ("clock", "received", "warned_on"),
    [
        (rule(3), date(2026, 11, 16), date(2026, 11, 18)),
        (rule(3, warn_before_working_days=0), date(2026, 11, 16), date(2026, 11, 19)),
        (rule(14, "days", warn_before_working_days=1), date(2026, 11, 8), date(2026, 11, 20)),
        (rule(14, "days", warn_before_working_days=0), date(2026, 11, 8), date(2026, 11, 20)),
        (rule(14, "days", warn_before_working_days=2), date(2026, 11, 8), date(2026, 11, 19)),
        (rule(1, "weeks", warn_before_working_days=1), date(2026, 4, 20), date(2026, 4, 24)),
    ],
)
def test_a_warning_comes_on_a_working_day_before_the_end(
    clock: ClockRule, received: date, warned_on: date
) -> None:
    """At eight in the morning; a duty that ends on Sunday or King's Day warns on the working day before."""
    warn_at = derive(clock, received, AMSTERDAM).warn_at

    assert warn_at is not None
    assert (warned_on, 8) == (
        civil_date(warn_at, AMSTERDAM),
        warn_at.astimezone(zone_named(AMSTERDAM)).hour,
    )


def test_where_both_calendars_end_together_the_earlier_warning_counts() -> None:
    """A week that ends on Easter Tuesday: Good Friday is free by the act, so the warning is on Thursday."""
    derivation = derive(rule(1, "weeks"), date(2026, 3, 31), AMSTERDAM)

    assert datetime(2026, 4, 2, 6, 0, tzinfo=UTC) == derivation.warn_at


def test_nobody_is_warned_of_a_window_of_the_customer() -> None:
    """The window binds the customer, and using it is their choice."""
    assert derive(rule(binds="customer"), date(2026, 4, 2), AMSTERDAM).warn_at is None


@pytest.mark.parametrize("received", [date(1999, 12, 31), date(2101, 1, 1), date(2100, 12, 30), date.max])
@pytest.mark.parametrize("unit", ["working days", "days", "weeks"])
def test_a_date_beyond_the_calendars_is_refused(received: date, unit: Unit) -> None:
    """A receipt in the year 9999 is an answer, not a crash."""
    with pytest.raises(OutsideCalendar):
        derive(rule(3, unit, "customer"), received, AMSTERDAM)


@pytest.mark.parametrize(
    "zone", ["Europe/Amsterdm", "", "../../etc/passwd", "Europe", "/etc/passwd", "Europe\0"]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    """Only names of the time zone database are zones, and never a path of this machine."""
    with pytest.raises(UnknownZone):
        derive(rule(), date(2026, 4, 2), zone)


def test_a_rule_without_a_calendar_has_no_reading() -> None:
    """A clock that nobody can read is refused instead of guessed."""
    with pytest.raises(ValueError, match="TST-1 has no reading"):
        derive(rule(calendars=()), date(2026, 4, 2), AMSTERDAM)


def test_working_days_are_not_counted_backward_by_accident() -> None:
    """A negative amount is a mistake of the caller."""
    with pytest.raises(ValueError, match="-1 working days"):
        add_working_days(date(2026, 4, 2), -1, calendar("nl-atw"))


# --- properties ------------------------------------------------------------------------------------------

days = st.dates(date(2001, 1, 1), date(2097, 12, 31))
amounts = st.integers(1, 60)
units = st.sampled_from(("working days", "days", "weeks"))
parties = st.sampled_from(("company", "customer"))
names = st.sampled_from(CALENDARS)
several = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
often = settings(max_examples=200, deadline=None)


@often
@given(days, amounts, units, parties, several)
def test_strict_is_never_after_lenient(
    day: date, amount: int, unit: Unit, party: Literal["company", "customer"], calendars: tuple[str, ...]
) -> None:
    """Whatever the rule, the earliest moment is not later than the latest, and both are ends of readings."""
    derivation = derive(rule(amount, unit, party, calendars), day, AMSTERDAM)
    ends = [reading.ends for reading in derivation.readings]

    assert derivation.strict.at <= derivation.lenient.at
    assert (min(end.on for end in ends), max(end.on for end in ends)) == (
        derivation.strict.on,
        derivation.lenient.on,
    )


@often
@given(days, amounts, units, parties, several, names)
def test_adding_a_calendar_only_widens(
    day: date,
    amount: int,
    unit: Unit,
    party: Literal["company", "customer"],
    calendars: tuple[str, ...],
    another: str,
) -> None:
    """One more defensible reading never makes the strict moment later or the lenient one earlier."""
    narrow = derive(rule(amount, unit, party, calendars), day, AMSTERDAM)
    wide = derive(rule(amount, unit, party, (*calendars, another)), day, AMSTERDAM)

    assert wide.strict.at <= narrow.strict.at <= narrow.lenient.at <= wide.lenient.at


@often
@given(days, amounts, names)
def test_adding_working_days_is_inverse_to_counting_them(day: date, amount: int, name: str) -> None:
    """Between a day and its n-th working day lie exactly n working days, and back again leads home."""
    works = calendar(name)

    end = add_working_days(day, amount, works)

    assert works.is_working_day(end)
    assert amount == count_working_days(day, end, works)
    assert end == add_working_days(subtract_working_days(end, amount, works), amount, works)


@often
@given(days, st.integers(0, 10), amounts, names)
def test_a_later_receipt_or_a_longer_term_never_ends_earlier(
    day: date, later: int, amount: int, name: str
) -> None:
    """Adding working days is monotone in the day and in the amount."""
    works = calendar(name)
    end = add_working_days(day, amount, works)

    assert end <= add_working_days(day + timedelta(days=later), amount, works)
    assert end < add_working_days(day, amount + 1, works)


@often
@given(days, amounts, names)
def test_every_working_day_of_the_way_is_counted_exactly_once(day: date, amount: int, name: str) -> None:
    """The told steps are every day after the start up to the end, once each, `amount` of them counted."""
    works = calendar(name)
    (reading,) = derive(rule(amount, calendars=(name,)), day, AMSTERDAM).readings
    first, *steps = reading.because

    assert (day, False) == (first.on, first.counted)
    assert [day + timedelta(days=n + 1) for n in range((reading.ends.on - day).days)] == [s.on for s in steps]
    assert [works.is_working_day(step.on) for step in steps] == [step.counted for step in steps]
    assert amount == sum(step.counted for step in steps)


@often
@given(days, amounts, units, several, st.integers(0, 5))
def test_a_warning_is_never_after_the_last_working_day(
    day: date, amount: int, unit: Unit, calendars: tuple[str, ...], lead: int
) -> None:
    """Who is warned can still act: the warning lies on a working day not after the end."""
    derivation = derive(rule(amount, unit, "company", calendars, lead), day, AMSTERDAM)

    assert derivation.warn_at is not None
    warned_on = civil_date(derivation.warn_at, AMSTERDAM)
    assert derivation.warn_at < derivation.strict.at
    assert any(calendar(name).is_working_day(warned_on) for name in calendars)
    assert lead <= max(
        count_working_days(warned_on - timedelta(days=1), derivation.strict.on, calendar(name))
        for name in calendars
    )
