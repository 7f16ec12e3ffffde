"""When a complaint was received and reported."""

from datetime import UTC, date, datetime

import pytest

from intake.moments import received, reported
from procedures.counting.zones import zone_named
from web.moments import COMPLAINT_FORM, ImpossibleMoment, parse_day, parse_moment

AMSTERDAM = zone_named("Europe/Amsterdam")
NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2026-03-30T09:15:00+02:00", datetime(2026, 3, 30, 7, 15, tzinfo=UTC)),
        ("2026-03-30T07:15:00Z", datetime(2026, 3, 30, 7, 15, tzinfo=UTC)),
        ("2026-03-30 09:15", datetime(2026, 3, 30, 7, 15, tzinfo=UTC)),
        ("2026-03-30", datetime(2026, 3, 29, 22, 0, tzinfo=UTC)),
        ("2026-01-05T09:15", datetime(2026, 1, 5, 8, 15, tzinfo=UTC)),
        ("2025-10-26T02:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_without_offset_is_civil_time_of_the_zone(stated: str, expected: datetime) -> None:
    """A time that somebody reads from the clock on the wall is understood as Dutch time."""
    moment = received(parse_moment(stated, COMPLAINT_FORM), NOW, AMSTERDAM)

    assert expected == moment


def test_without_a_statement_a_complaint_is_received_now() -> None:
    """Who says nothing about the moment means this moment."""
    assert NOW == received(None, NOW, AMSTERDAM)


def test_a_sender_whose_clock_is_a_little_ahead_is_believed_to_mean_now() -> None:
    """A clock that is four minutes fast does not make a receipt that is still to come."""
    assert NOW == received(datetime(2026, 3, 30, 12, 4, tzinfo=UTC), NOW, AMSTERDAM)


@pytest.mark.parametrize("stated", ["2026-03-30T14:06:00", "2026-03-31", "2031-01-01T00:00Z"])
def test_a_receipt_in_the_future_is_refused(stated: str) -> None:
    """Nobody has received a complaint that is still to come."""
    with pytest.raises(ImpossibleMoment, match="future"):
        received(parse_moment(stated, COMPLAINT_FORM), NOW, AMSTERDAM)


def test_a_receipt_of_more_than_ten_years_ago_is_refused() -> None:
    """Ten years to the day is accepted, a day more is not."""
    assert received(parse_moment("2016-03-30", COMPLAINT_FORM), NOW, AMSTERDAM) < NOW

    with pytest.raises(ImpossibleMoment, match="10 years"):
        received(parse_moment("2016-03-29", COMPLAINT_FORM), NOW, AMSTERDAM)


def test_a_leap_day_has_a_day_ten_years_before() -> None:
    """On 29 February the limit is 28 February ten years earlier."""
    leap_day = datetime(2028, 2, 29, 12, tzinfo=UTC)

    assert date(2018, 2, 28) == reported(date(2018, 2, 28), leap_day, AMSTERDAM)


@pytest.mark.parametrize(
    "stated",
    ["", "yesterday", "2026-02-30", "2026-3-1", "0001-01-01", "9999-12-31T23:59-14:00", "٢٠٢٦-٠٣-٣٠",
     "2026-03-30T25:00", "2026-W14-1", "2026-03-30T09:15:00+99:99", "2026-03-30T09:15:00.1234567Z"],
)  # fmt: skip
def test_anything_else_is_not_a_moment(stated: str) -> None:
    """Only the forms that are documented are read; nothing is guessed."""
    with pytest.raises(ValueError):
        parse_moment(stated, COMPLAINT_FORM)


def test_a_date_is_written_in_one_way() -> None:
    """A date with a time is not a date."""
    assert date(2026, 3, 30) == parse_day("2026-03-30", COMPLAINT_FORM)

    with pytest.raises(ValueError):
        parse_day("2026-03-30T00:00", COMPLAINT_FORM)


def test_a_report_cannot_be_of_tomorrow() -> None:
    """The stated date of the report is checked as the date of receipt is."""
    assert date(2026, 3, 30) == reported(date(2026, 3, 30), NOW, AMSTERDAM)

    with pytest.raises(ImpossibleMoment):
        reported(date(2026, 3, 31), NOW, AMSTERDAM)
