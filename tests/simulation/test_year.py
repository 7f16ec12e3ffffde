"""A year of invented complaints: drawn from a seed, lived through, and judged once more by the oracle."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from procedures.organisations import with_demonstrations
from simulated_year import compared
from simulation.arrivals import whole_year
from simulation.generator import plan, plans, written
from simulation.year import Year, run_piece

YEAR = whole_year(2026)
ROOT = Path(__file__).resolve().parents[2]


def gehoor_simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gehoor", "simulate", *arguments],
        env={"PYTHONPATH": f"{ROOT}/libs:{ROOT}/services:{ROOT}/tools"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two people who ask for case 17 talk about the same case, whatever else they asked for."""
    first = [written(each) for each in plans(5, YEAR, range(70))]
    second = [written(each) for each in plans(5, YEAR, range(70))]
    other = [written(each) for each in plans(6, YEAR, range(70))]

    assert first == second
    assert first[17] == written(next(plans(5, YEAR, [17])))
    assert set(first).isdisjoint(other)


def test_what_is_drawn_looks_like_life() -> None:
    """Shares lie near those that complaint handlers publish: gaps, withdrawals, two languages."""
    drawn = list(plans(1, YEAR, range(7_000)))
    languages = Counter(each.submission["language"] for each in drawn)
    incomplete = sum(len(each.submission["complainant"]) < 7 for each in drawn)
    withdrawn = sum(each.story.startswith("withdrawn") for each in drawn)
    backdated = sum("received_at" in each.submission for each in drawn)
    returned = [fate.returned_after is not None for each in drawn for fate in each.fates.values()]
    hard = {each.hard for each in drawn if each.hard is not None}

    assert set(with_demonstrations()) == {each.organisation for each in drawn}
    assert languages["nl"] > languages["en"] > 1_000
    assert 0.15 < incomplete / len(drawn) < 0.35
    assert 0.03 < withdrawn / len(drawn) < 0.14
    assert 0.02 < backdated / len(drawn) < 0.20
    assert 0.01 < sum(returned) / len(returned) < 0.02
    assert len(hard) == 20


def test_nobody_in_it_exists() -> None:
    """Every address is at an example domain, and every number from a range that nobody has."""
    people = [each.submission["complainant"] for each in plans(3, YEAR, range(700))]

    assert all(person.get("email", "@example.org").endswith("@example.org") for person in people)
    assert all(person.get("phone", "+31 85 000").startswith("+31 85 000") for person in people)


@pytest.mark.parametrize(("seed", "year"), [(1, 2026), (2, 2025), (3, 2028)])
def test_every_clock_ends_as_the_oracle_says(seed: int, year: int) -> None:
    """Somebody who never saw the program, and only what happened, comes to the same end of every promise."""
    counts, differences = compared(Year(seed, year, 210), range(210))

    assert [] == differences
    assert counts.cases == 210
    assert {clock for _, clock in counts.ends} >= {
        "DES-2",
        "BNC-3",
        "SUP-4",
        "PRE-6",
        "ING-3",
        "AWB-1",
        "FCA-3",
    }


def test_a_piece_of_a_year_is_the_same_by_itself() -> None:
    """A year that is cut over processes is the year that one process lives through."""
    year = Year(4, 2026, 40)
    whole, _ = run_piece(year, range(40))
    first, _ = run_piece(year, range(15))
    rest, _ = run_piece(year, range(15, 40))
    first.add(rest)

    assert whole == first


def test_a_case_on_a_hard_day_begins_on_it() -> None:
    """The nights in which the clock is changed, and the last moment of a year, are among the cases."""
    hard = [each for each in plans(1, YEAR, range(2_000)) if each.hard == "the night that is an hour short"]

    assert hard
    assert all(str(each.arrives_at)[:10] >= "2026-03-28" for each in hard)
    assert plan(1, YEAR, hard[0].number, with_demonstrations()[hard[0].organisation]) == hard[0]


def test_the_command_tells_every_clock_of_every_case_once() -> None:
    """Whoever has an oracle of their own gets one line per case and clock to compare."""
    told = gehoor_simulate("--cases", "14", "--json")
    lines = [json.loads(line) for line in told.stdout.splitlines()]

    assert told.returncode == 0, told.stderr
    assert 14 == len({line["case"] for line in lines})
    assert len(lines) == len({(line["case"], line["clock"]) for line in lines})


def test_the_command_says_no_when_somebody_elses_list_differs(tmp_path: Path) -> None:
    """One clock that ends otherwise makes the exit code 1 and is named."""
    told = gehoor_simulate("--cases", "7", "--json")
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    lines[3]["end"] = "dropped" if lines[3]["end"] != "dropped" else "open"
    theirs = tmp_path / "theirs.jsonl"
    theirs.write_text(told.stdout)
    agreed = gehoor_simulate("--cases", "7", "--against", str(theirs))
    theirs.write_text("\n".join(map(json.dumps, lines)))

    answer = gehoor_simulate("--cases", "7", "--against", str(theirs))

    assert agreed.returncode == 0, agreed.stderr
    assert answer.returncode == 1
    assert f"case {lines[3]['case']}: {lines[3]['clock']}" in answer.stderr


def test_an_unknown_organisation_is_wrong_use() -> None:
    """Nothing is simulated under a name that nobody has."""
    answer = gehoor_simulate("--cases", "1", "--organisation", "nobody")

    assert answer.returncode == 2
    assert "destiny" in answer.stderr


def test_a_complaint_that_is_taken_up_again_ends_as_the_oracle_says() -> None:
    """Withdrawn and gone on with after all: what still ran goes on, what ran out meanwhile asks nothing."""
    again = [each.number for each in plans(1, YEAR, range(2_000)) if "taken up again" in each.story]

    counts, differences = compared(Year(1, 2026, 2_000), again)

    assert [] == differences
    assert counts.cases > 10
