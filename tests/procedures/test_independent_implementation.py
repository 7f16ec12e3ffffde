"""The code and a second opinion, made by another algorithm from the same texts, give the same answers.

The second opinion is `tests/support/second_implementation.py`; `make due-check` asks a million cases of it.
"""

import random
from datetime import date, datetime, timedelta

import pytest

from derivation_comparison import SEED, answer, any_day, cases, differences
from events.catalogue import ClockRule
from procedures.counting.derivation import derive
from procedures.library import library
from second_implementation import (
    PROCEDURES,
    easter_sunday,
    expected_ends,
    midnight_after,
    worked_on_or_after,
    worked_on_or_before,
    working_day_after,
    working_day_before,
)

RULES = 2_000


def end_on(start: date, amount: int, unit: str, party: str, calendar_id: str) -> date:
    if unit == "working days":
        return working_day_after(start, amount, calendar_id)
    end = start + timedelta(days=amount * (7 if unit == "weeks" else 1))
    return worked_on_or_after(end, calendar_id) if party == "customer" else end


def warned_at(end: date, lead: int, calendar_id: str) -> datetime:
    """Eight in the morning of the working day `lead` before the end, or of the last one until it."""
    day = working_day_before(end, lead, calendar_id) if lead else worked_on_or_before(end, calendar_id)
    # Clocks are changed on Sundays only, so eight hours after midnight it is eight.
    return midnight_after(day - timedelta(days=1)) + timedelta(hours=8)


@pytest.mark.parametrize("part", range(4))
def test_every_clock_of_every_procedure_has_the_dates_of_the_second_opinion(part: int) -> None:
    """Twenty thousand receipts with anything that may happen besides: the same clocks, days and instants."""
    assert [] == differences(SEED + part, 5_000)


def test_the_random_cases_reach_every_clock_of_every_procedure() -> None:
    """A comparison that never dates a clock would compare nothing."""
    dated, seen = set(), set()
    for case in cases(SEED, 2_000):
        for clock, strict, _ in answer(case):
            seen.add((case[0], clock))
            if strict is not None:
                dated.add((case[0], clock))

    every = {(each.id, rule.clock) for each in library().versions.values() for rule in each.clocks}
    termless = {
        (each.id, rule.clock)
        for each in library().versions.values()
        for rule in each.clocks
        if rule.term == "none"
    }
    assert every == seen
    assert every - termless == dated
    assert {name for name, _ in every} == set(PROCEDURES)


def test_the_second_opinion_tells_its_clocks_in_the_order_of_the_files() -> None:
    """Both list the clocks of a procedure in the order of the organisation's text."""
    for name in PROCEDURES:
        (case,) = [case for case in cases(SEED, 200) if case[0] == name][:1]

        assert [row[0] for row in expected_ends(*case)] == [row[0] for row in answer(case)]


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2000, 4, 23), (2008, 3, 23), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25), (2100, 3, 28)],
)
def test_easter_is_where_the_almanac_has_it(year: int, month: int, day: int) -> None:
    """The second opinion stands on its own feet: known Easter Sundays, the earliest and latest among them."""
    assert date(year, month, day) == easter_sunday(year)


def test_any_rule_ends_and_warns_as_the_second_opinion_says() -> None:
    """Two thousand rules nobody wrote yet, with any calendars and leads: the same ends and warnings."""
    chance = random.Random(SEED)
    differences = []
    for _ in range(RULES):
        day = any_day(chance)
        unit = chance.choice(("working days", "days", "weeks"))
        amount = chance.choice((1, 2, 3, 4, 5, 10, 14, 20, 28, 30, 42, 60))
        party = chance.choice(("company", "customer"))
        calendars = tuple(chance.sample(("nl-atw", "nl-atw-besluit", "nl-kantoor"), chance.randrange(1, 4)))
        ends = [end_on(day, amount, unit, party, each) for each in calendars]
        lead = chance.randrange(4)
        warnings = [
            warned_at(end, lead, each) for end, each in zip(ends, calendars, strict=True) if end == min(ends)
        ]
        expected = (
            *((end, midnight_after(end)) for end in (min(ends), max(ends))),
            min(warnings) if party == "company" else None,
        )

        rule = ClockRule(
            clock="TST-1",
            kind="duty",
            binds="company" if party == "company" else "customer",
            amount=amount,
            unit="weeks" if unit == "weeks" else "days" if unit == "days" else "working days",
            starts="complaint received",
            satisfied_by=(),
            calendars=calendars,
            warn_before_working_days=lead,
            source="",
        )
        found = derive(rule, day, "Europe/Amsterdam")

        actual = (
            (found.strict.on, found.strict.at),
            (found.lenient.on, found.lenient.at),
            found.warn_at,
        )
        if expected != actual:
            differences.append((day, amount, unit, party, calendars, lead, expected, actual))
    assert [] == differences
