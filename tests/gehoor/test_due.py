"""`gehoor due`: dates worked out by hand, and what is refused."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from events.errors import GehoorError
from gehoor.cli import build

VECTORS = [
    ("2026-04-02", "nl-atw", "destiny", {"DES-1": ("2026-04-09", "2026-04-09")}),
    ("2026-04-02", "nl-atw", "bc", {"BNC-2": ("2026-04-13", "2026-04-13")}),
    ("2026-04-02", "nl-atw", "supportoplus", {"SUP-2": ("2026-04-16",) * 2, "SUP-4": ("2026-05-02",) * 2}),
    ("2026-04-02", "nl-atw", "preact", {"PRE-3": ("2026-04-23", "2026-04-23")}),
    (
        "2026-04-02",
        "nl-atw",
        "ingressus",
        {"ING-2": ("2026-05-06",) * 2, "ING-3": ("2026-05-01", "2026-05-04"), "ING-4": ("2026-05-06",) * 2},
    ),
    (
        "2026-04-24",
        "nl-kantoor",
        "destiny",
        {"DES-1": ("2026-04-30",) * 2, "DES-2": ("2026-05-11", "2026-05-15")},
    ),
    ("2026-04-24", "nl-kantoor", "ingressus", {"ING-1": ("2026-05-04",) * 2, "ING-3": ("2026-05-22",) * 2}),
    ("2025-12-19", None, "destiny", {"DES-1": ("2025-12-24",) * 2, "DES-2": ("2026-01-07", "2026-01-12")}),
    ("2025-12-19", None, "ingressus", {"ING-2": ("2026-01-21",) * 2, "ING-3": ("2026-01-19",) * 2}),
    ("2026-04-02", None, "awb", {"AWB-1": ("2026-05-18", "2026-05-18")}),
    ("2026-04-02", None, "fca-disp", {"FCA-1": ("2026-04-09",) * 2, "FCA-2": ("2026-05-28",) * 2}),
]


def ask(*arguments: str) -> list[dict[str, Any]]:
    """Run the command and read its lines."""
    result = CliRunner().invoke(build(), ["due", "--json", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def ends(line: dict[str, Any]) -> dict[str, Any]:
    """Shorten a line to the last days of its clocks."""
    return {
        clock["id"]: clock["strict"] and (clock["strict"]["on"], clock["lenient"]["on"])
        for clock in line["clocks"]
    }


@pytest.mark.parametrize(("received", "calendar", "procedure", "expected"), VECTORS)
def test_the_dates_are_those_worked_out_by_hand(
    received: str, calendar: str | None, procedure: str, expected: dict[str, Any]
) -> None:
    """Easter, King's Day, Whitsun and the turn of the year, as somebody counted them on a wall calendar."""
    pinned = [] if calendar is None else ["--calendar", calendar]

    (line,) = ask("--procedure", procedure, "--received", received, *pinned)

    assert expected == {clock: on for clock, on in ends(line).items() if clock in expected}


def test_every_clock_is_told_in_the_order_of_the_text_also_one_that_waits() -> None:
    """What cannot be dated yet says what it waits for; what has no term has none."""
    (line,) = ask("--procedure", "preact", "--received", "2026-04-02")

    told = {clock["id"]: clock for clock in line["clocks"]}
    assert ["PRE-1", "PRE-2", "PRE-3", "PRE-4", "PRE-5", "PRE-6"] == list(told)
    assert (None, None, ["response_arrived"]) == tuple(
        told["PRE-4"][name] for name in ("strict", "lenient", "waits_for")
    )
    assert ["talk_ended", "hearing_waived", "invited"] == told["PRE-6"]["waits_for"]
    assert (None, [], True) == tuple(told["PRE-2"][name] for name in ("strict", "waits_for", "no_term"))
    assert ("customer", "window") == (told["PRE-4"]["binds"], told["PRE-4"]["kind"])


def test_the_period_told_is_the_promise_and_the_notice_counts_back_from_it() -> None:
    """Told until Sunday 10 May: that day; notice by Thursday (two working days) or Friday (two days)."""
    (line,) = ask(
        "-p",
        "ingressus",
        "--received",
        "2026-04-02",
        "--calendar",
        "nl-atw",
        "--event",
        "promised_until=2026-05-10",
    )

    found = ends(line)
    assert ("2026-05-10", "2026-05-10") == found["ING-4"]
    assert ("2026-05-07", "2026-05-08") == found["ING-3"]
    assert ("2026-05-06", "2026-05-06") == found["ING-2"]  # handled stays an aim


def test_an_acknowledgement_after_the_third_working_day_moves_nothing() -> None:
    """The guard has started the second reading by then."""
    early, late, never = (
        ends(ask("-p", "destiny", "--received", "2026-06-01", *event)[0])["DES-2"]
        for event in (("--event", "ack_dated=2026-06-02"), ("--event", "ack_dated=2026-06-09"), ())
    )

    assert ("2026-06-15", "2026-06-16") == early
    assert ("2026-06-15", "2026-06-18") == late == never


def test_a_notice_after_the_end_makes_no_term_longer() -> None:
    """A term that is over cannot be extended."""
    asked = ["-p", "ingressus", "--received", "2026-06-01", "--event", "extended_until=2026-07-31"]

    in_time, too_late = (
        ends(ask(*asked, "--event", f"notice_arrived={on}")[0])["ING-4"]
        for on in ("2026-06-26", "2026-06-30")
    )

    assert ("2026-07-31", "2026-07-31") == in_time
    assert ("2026-06-29", "2026-06-29") == too_late


def test_a_window_of_the_customer_rolls_off_a_free_day() -> None:
    """Four weeks after Monday 27 April is Whit Monday; the objection may arrive on Tuesday."""
    (line,) = ask("-p", "preact", "--received", "2026-04-02", "--event", "response_arrived=2026-04-27")

    assert ("2026-05-26", "2026-05-26") == ends(line)["PRE-4"]


def test_lines_come_in_the_order_of_the_receipts_and_only_the_civil_day_counts() -> None:
    """Half past eleven at night in London is the next day in Amsterdam, and midnight falls at 22:00 UTC."""
    lines = ask("-p", "bc", "--received", "2026-04-02T23:30Z", "--received", "2026-04-01")

    assert ["2026-04-03", "2026-04-01"] == [line["received_on"] for line in lines]
    assert "2026-04-13T22:00:00Z" == lines[0]["clocks"][1]["strict"]["at"]


def test_the_derivation_tells_every_day() -> None:
    """Good Friday is skipped with its name, and the fifth day counted is the last."""
    (line,) = ask("-p", "bc", "--received", "2026-04-02", "--calendar", "nl-atw")

    steps = [(step["date"], step["counted"], step["why"]) for step in line["clocks"][1]["because"]]
    assert ("2026-04-03", False, "Good Friday") == steps[1]
    assert ("2026-04-13", True, "working day 5") == steps[-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-p", "ingresus", "--received", "2026-04-02"), "did you mean 'ingressus'"),
        (("-p", "bc", "--received", "2 april"), "is no moment"),
        (("-p", "bc", "--received", "2026-02-30"), "is no moment"),
        (("-p", "bc", "--received", "20260402"), "is no moment"),
        (("-p", "bc", "--received", "2160-04-02"), "outside 2000 to 2100"),
        (("-p", "bc", "--received", "2026-04-02", "--event", "plan=2026-04-09"), "did you mean 'plan_term'"),
        (("-p", "bc", "--received", "2026-04-02", "--event", "plan_term"), "write NAME=T"),
        (("-p", "destiny", "--received", "2026-04-02", "--event", "ack_dated=2026-03-01"), "was received on 2026-04-02"),  # noqa: E501
        (("-p", "bc", "--received", "2026-04-02", "--calendar", "nl-awt"), "did you mean 'nl-atw'"),
        (("-p", "fca-disp", "--received", "2026-04-02", "--calendar", "nl-atw"), "is of NL"),
        (("-p", "bc", "--received", "2026-04-02", "--event", "plan_term=2026-04-09", "--event", "plan_term=2026-04-10"), "given twice"),  # noqa: E501
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_by_name(arguments: tuple[str, ...], told: str) -> None:
    """A wrong word, day or calendar is told with what was meant, and nothing is printed."""
    with pytest.raises(GehoorError, match=told):
        CliRunner().invoke(build(), ["due", "--json", *arguments], catch_exceptions=False)
