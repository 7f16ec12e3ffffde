"""What each door takes as a day or a moment: two sets of rules, side by side."""

from datetime import UTC, date, datetime

import pytest

from web.moments import COMMAND_BODY, COMPLAINT_FORM, ImpossibleMoment, MomentRules, parse_day, parse_moment


def test_a_moment_with_its_offset_is_read_alike_at_both_doors() -> None:
    """What says everything is understood in the same way, whoever sends it."""
    stated, expected = "2026-03-30T09:15:00+02:00", datetime(2026, 3, 30, 7, 15, tzinfo=UTC)

    assert [expected, expected] == [parse_moment(stated, rules) for rules in (COMPLAINT_FORM, COMMAND_BODY)]


@pytest.mark.parametrize("stated", ["2026-03-30", "2026-03-30T09:15", "2026-03-30 09:15"])
def test_only_a_complaint_form_takes_a_moment_without_its_offset(stated: str) -> None:
    """A complainant reads the clock on the wall; a command names the offset."""
    assert parse_moment(stated, COMPLAINT_FORM).tzinfo is None

    with pytest.raises(ValueError, match="offset"):
        parse_moment(stated, COMMAND_BODY)


@pytest.mark.parametrize(
    ("rules", "first", "last"),
    [(COMPLAINT_FORM, "1900-01-01", "2999-12-31"), (COMMAND_BODY, "2000-01-01", "2089-12-31")],
)
def test_a_day_lies_in_the_years_of_its_door(rules: MomentRules, first: str, last: str) -> None:
    """The first and the last day are taken, and the days beside them are not."""
    assert date.fromisoformat(first) == parse_day(first, rules)
    assert date.fromisoformat(last) == parse_day(last, rules)

    for year in (int(first[:4]) - 1, int(last[:4]) + 1):
        with pytest.raises(ValueError):
            parse_day(f"{year}-06-01", rules)


def test_a_complaint_form_names_the_years_that_it_takes() -> None:
    """Whoever mistypes a year is told which years there are."""
    with pytest.raises(ImpossibleMoment, match="must lie between the years 1900 and 2999"):
        parse_day("1899-12-31", COMPLAINT_FORM)


def test_a_command_takes_moments_from_1970_on() -> None:
    """What happened before the days of a plan can be counted may still be stated."""
    assert 1970 == parse_moment("1970-01-01T00:00Z", COMMAND_BODY).year

    with pytest.raises(ValueError):
        parse_moment("1969-12-31T23:59Z", COMMAND_BODY)
