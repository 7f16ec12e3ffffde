"""Dates worked out by hand, which every implementation of these terms must give."""

from datetime import date

import pytest

from events.catalogue import ClockRule
from events.catalogue.words import Unit
from procedures.counting.calendars import calendar
from procedures.counting.derivation import derive
from procedures.counting.working_days import subtract_working_days, working_day_from, working_day_until

AMSTERDAM = "Europe/Amsterdam"


def ends_on(received: date, amount: int, unit: Unit, calendar_id: str = "nl-atw") -> date:
    rule = ClockRule(
        clock="TST-1",
        kind="duty",
        binds="company",
        amount=amount,
        unit=unit,
        starts="complaint received",
        satisfied_by=("solved",),
        calendars=(calendar_id,),
        warn_before_working_days=1,
        source="sentence 1",
    )
    return derive(rule, received, AMSTERDAM).strict.on


WORKING_DAYS = [
    (date(2026, 4, 2), "nl-atw", {3: (4, 9), 5: (4, 13), 10: (4, 20), 20: (5, 6)}),
    (date(2026, 4, 24), "nl-kantoor", {3: (4, 30), 5: (5, 4), 10: (5, 11), 20: (5, 27)}),
    (date(2025, 12, 19), "nl-atw", {3: (12, 24), 5: (12, 30), 10: (1, 7), 20: (1, 21)}),
    (date(2025, 12, 19), "nl-kantoor", {3: (12, 24), 5: (12, 30), 10: (1, 7), 20: (1, 21)}),
]


@pytest.mark.parametrize(("received", "calendar_id", "ends"), WORKING_DAYS)
def test_working_days_end_on_the_days_worked_out_by_hand(
    received: date, calendar_id: str, ends: dict[int, tuple[int, int]]
) -> None:
    """Three, five, ten and twenty working days over Easter, King's Day, Whitsun and the turn of the year."""
    expected = {
        amount: date(received.year + (month < received.month), month, day)
        for amount, (month, day) in ends.items()
    }

    actual = {amount: ends_on(received, amount, "working days", calendar_id) for amount in ends}

    assert expected == actual


@pytest.mark.parametrize(
    ("amount", "unit", "end"),
    [
        (14, "days", date(2026, 4, 16)),
        (30, "days", date(2026, 5, 2)),
        (3, "weeks", date(2026, 4, 23)),
        (4, "weeks", date(2026, 4, 30)),
    ],
)
@pytest.mark.parametrize("calendar_id", ["nl-atw", "nl-kantoor"])
def test_days_and_weeks_run_over_free_days(amount: int, unit: Unit, end: date, calendar_id: str) -> None:
    """Received on Thursday 2 April 2026: days and weeks are those on the wall, whatever is free."""
    assert end == ends_on(date(2026, 4, 2), amount, unit, calendar_id)


def test_thirty_days_that_end_on_a_saturday_roll_to_monday_only_for_the_customer() -> None:
    """Saturday 2 May 2026 would become Monday 4 May if the term were the customer's."""
    saturday = ends_on(date(2026, 4, 2), 30, "days")

    assert date(2026, 5, 4) == working_day_from(saturday, calendar("nl-atw"))


@pytest.mark.parametrize(
    ("end", "calendar_id", "two_days_before", "two_working_days_before"),
    [
        (date(2026, 5, 6), "nl-atw", date(2026, 5, 4), date(2026, 5, 1)),
        (date(2026, 5, 27), "nl-kantoor", date(2026, 5, 22), date(2026, 5, 22)),
        (date(2026, 1, 21), "nl-atw", date(2026, 1, 19), date(2026, 1, 19)),
        (date(2026, 1, 21), "nl-kantoor", date(2026, 1, 19), date(2026, 1, 19)),
    ],
)
def test_counting_back_from_an_end_moves_to_an_earlier_working_day(
    end: date, calendar_id: str, two_days_before: date, two_working_days_before: date
) -> None:
    """Two days before the end of twenty working days: on the wall (moved back) and in working days."""
    works = calendar(calendar_id)

    assert two_days_before == working_day_until(date.fromordinal(end.toordinal() - 2), works)
    assert two_working_days_before == subtract_working_days(end, 2, works)
