# ruff: noqa: E501 - a table of cases reads best with one case a line
"""Which days are free, on which calendar, and why."""

from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from procedures.counting import calendars
from procedures.counting.calendars import CALENDARS, OutsideCalendar, UnknownCalendar, calendar
from procedures.toml_files import BrokenProcedure

ATW, DECREE, OFFICE = (calendar(name) for name in ("nl-atw", "nl-atw-besluit", "nl-kantoor"))


def test_the_holidays_of_2026_are_free_by_name() -> None:
    """The nine days of the act, with Good Friday, on the dates of 2026."""
    expected = {
        date(2026, 1, 1): "New Year's Day",
        date(2026, 4, 3): "Good Friday",
        date(2026, 4, 6): "Easter Monday",
        date(2026, 4, 27): "King's Day",
        date(2026, 5, 5): "Liberation Day",
        date(2026, 5, 14): "Ascension Day",
        date(2026, 5, 25): "Pentecost Monday",
        date(2026, 12, 25): "Christmas Day",
        date(2026, 12, 26): "Second Day of Christmas",
    }
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    actual = {day: why for day in days if (why := ATW.why_free(day)) not in (None, "Saturday", "Sunday")}

    assert expected == actual


@pytest.mark.parametrize("name", CALENDARS)
def test_saturdays_and_sundays_are_free_on_every_calendar(name: str) -> None:
    """Nobody works at the weekend."""
    assert "Saturday" == calendar(name).why_free(date(2026, 11, 21))
    assert "Sunday" == calendar(name).why_free(date(2026, 11, 22))
    assert calendar(name).why_free(date(2026, 11, 23)) is None


@pytest.mark.parametrize("year", range(2021, 2032))
def test_liberation_day_is_free_every_year_by_the_act_and_every_fifth_at_the_office(year: int) -> None:
    """5 May: every year on nl-atw, only in 2025, 2030, … on nl-kantoor."""
    day = date(year, 5, 5)
    weekend = day.weekday() >= 5

    assert ATW.why_free(day) == "Liberation Day"
    assert OFFICE.is_working_day(day) is (year % 5 != 0 and not weekend)


def test_a_liberation_day_that_is_ascension_day_too_stays_free_at_the_office() -> None:
    """In 2016 Ascension Day fell on 5 May, which was no fifth year."""
    assert "Ascension Day" == OFFICE.why_free(date(2016, 5, 5))
    assert "Ascension Day and Liberation Day" == ATW.why_free(date(2016, 5, 5))


def test_good_friday_is_worked_at_the_office() -> None:
    """3 April 2026 is free by the act, and an ordinary day at many offices."""
    assert "Good Friday" == ATW.why_free(date(2026, 4, 3))
    assert OFFICE.is_working_day(date(2026, 4, 3))


def test_kings_day_moves_to_saturday_when_the_27th_is_a_sunday() -> None:
    """27 April 2025 was a Sunday, so King's Day was the Saturday before."""
    assert "King's Day" == ATW.why_free(date(2025, 4, 26))
    assert "Sunday" == ATW.why_free(date(2025, 4, 27))
    assert ATW.is_working_day(date(2025, 4, 28))


def test_queens_day_was_the_30th_until_2013() -> None:
    """A case of long ago is counted with the holidays of its own time."""
    assert "Queen's Day" == ATW.why_free(date(2013, 4, 30))
    assert "King's Day" != ATW.why_free(date(2012, 4, 27))


@pytest.mark.parametrize(
    "day",
    [date(2026, 1, 2), date(2026, 5, 15), date(2027, 5, 7), date(2028, 4, 28), date(2028, 5, 26)],
)
def test_days_equated_by_decree_are_free_only_on_the_calendar_that_has_the_decree(day: date) -> None:
    """The five days of the decree for 2026 to 2028."""
    assert "equated by decree" == DECREE.why_free(day)
    assert ATW.is_working_day(day)
    assert OFFICE.is_working_day(day)


def test_the_calendar_of_the_decree_is_otherwise_that_of_the_act() -> None:
    """Ten years, day by day: five days differ and no more."""
    days = [date(2021, 1, 1) + timedelta(days=n) for n in range(3652)]

    differing = [day for day in days if DECREE.is_working_day(day) != ATW.is_working_day(day)]

    assert 5 == len(differing)


def test_the_office_works_on_every_day_the_act_works() -> None:
    """Ten years, day by day: fewer free days at the office, never more."""
    days = [date(2021, 1, 1) + timedelta(days=n) for n in range(3652)]

    assert [] == [day for day in days if ATW.is_working_day(day) and not OFFICE.is_working_day(day)]


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2101, 1, 1), date.min, date.max])
def test_a_year_outside_the_calendar_is_refused_with_the_likely_reason(day: date) -> None:
    """A year such as 2205 is a typing error, and is told so."""
    with pytest.raises(
        OutsideCalendar, match=f"the year {day.year} lies outside 2000 to 2100.*check the date"
    ):
        ATW.is_working_day(day)


def test_an_unknown_calendar_is_refused_with_what_was_meant() -> None:
    """nl-kantor is no calendar, nl-kantoor is."""
    with pytest.raises(UnknownCalendar, match="did you mean 'nl-kantoor'"):
        calendar("nl-kantor")


def test_every_version_names_the_library_and_the_data() -> None:
    """Two calendars never share a version, and a version tells what it was made of."""
    versions = {calendar(name).version for name in CALENDARS}

    assert len(CALENDARS) == len(versions)
    assert all("holidays 0." in version and "data " in version for version in versions)


def test_another_day_in_the_file_is_another_version(tmp_path: Path) -> None:
    """A changed calendar can be told from the one a running clock was set with."""
    folder = Path(calendars.__file__).parents[1] / "calendar_files"
    changed = (folder / "nl-kantoor.toml").read_text() + '\n[[day]]\non = 2026-12-24\nwhy = "closed"\n'
    (tmp_path / "nl-kantoor.toml").write_text(changed)

    other = calendars.load(tmp_path / "nl-kantoor.toml")

    assert "closed" == other.why_free(date(2026, 12, 24))
    assert OFFICE.version != other.version


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('id = "nl-x"\ncountry = "NL"\nfree = ["Good Fryday"]\n', "nl-x.toml:3: free: unknown holiday 'Good Fryday', did you mean 'Good Friday'?"),
        ('id = "nl-x"\nextends = "nl-aatw"\n', "nl-x.toml:2: extends: unknown calendar 'nl-aatw', did you mean 'nl-atw'?"),
        ('id = "nl-x"\nextend = "nl-atw"\n', "nl-x.toml:2: extend: unknown word 'extend', did you mean 'extends'?"),
        ('id = "nl-x"\n\n[[day]]\non = "tomorrow"\nwhy = "x"\n', "nl-x.toml:4: day.1.on: Input should be a valid date"),
    ],
)  # fmt: skip
def test_a_broken_calendar_file_is_refused_with_line_and_word(tmp_path: Path, text: str, told: str) -> None:
    """A wrong word in a calendar never frees or spoils a day in silence."""
    (tmp_path / "nl-x.toml").write_text(text)

    with pytest.raises(BrokenProcedure) as broken:
        calendars.load(tmp_path / "nl-x.toml")

    assert broken.value.problems[0].startswith(told)


@pytest.mark.parametrize(("country", "subdivision"), [("NL", None), ("GB", "ENG")])
def test_a_country_read_alone_has_the_days_that_the_library_gives(
    country: str, subdivision: str | None
) -> None:
    """Reading one country instead of all of them changes no day."""
    for year in range(calendars.FIRST_YEAR, calendars.LAST_YEAR + 1):
        expected = holidays.country_holidays(
            country,
            subdiv=subdivision,
            years=year,
            categories=_categories(country),
            language="en_US",
            expand=False,
        )

        actual = calendars._library_days(country, subdivision, year)

        assert {day: tuple(names.split("; ")) for day, names in expected.items()} == actual


def _categories(country: str) -> tuple[str, ...]:
    known = holidays.country_holidays(country, years=()).supported_categories
    return tuple(name for name in ("public", "optional") if name in known)


def test_a_country_that_the_library_does_not_know_is_refused_by_it() -> None:
    """A calendar file with a country that does not exist is no calendar."""
    with pytest.raises(NotImplementedError):
        calendars._library_days("XX", None, 2026)
