"""What letters say: each procedure's demands, tone, dates, and nothing a stranger could smuggle in."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import notifier
from cases.clocks.clock import Clock
from notifier.letter_history import LetterHistory
from notifier.writing.letter import LetterCannotBeMade, WrittenLetter, write_letter
from notifier.writing.phrases import in_words
from notifier_cases import WRITTEN_AT, case, context_of, deadline, opened, procedure_of
from procedures.library import library
from procedures.organisations import organisations, with_demonstrations
from procedures.procedure import LetterRule

ORGANISATIONS = tuple(organisations())
LETTERS = Path(notifier.__file__).parent / "letters"


def written(organisation: str, language: str = "nl", name: str = "Sanne de Wit") -> WrittenLetter:
    """Write the first letter an organisation owes."""
    return first_of(case(organisation, language), name=name)


def first_of(found: LetterHistory, **changes: Any) -> WrittenLetter:
    """Write the first letter that a case owes."""
    return write_letter(context_of(found, found.owing[0].letter, **changes))


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_letter_names_case_handler_and_how_to_reach_them(organisation: str, language: str) -> None:
    """Whoever complains learns the number of the case, who has it, and how to reach that person."""
    handler = next(iter(organisations()[organisation].staff.values()))

    letter = written(organisation, language)

    for expected in (opened(organisation).reference, handler.name, handler.email, handler.phone):
        assert expected in letter.text
        assert expected in letter.html


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_letter_carries_everything_its_procedure_demands(organisation: str, language: str) -> None:
    """The parts that the organisation's own text demands are in the letter and in the record of it."""
    procedure = procedure_of(organisation)
    demanded = set(procedure.letters[procedure.opening[0]].contents)

    letter = written(organisation, language)

    assert demanded == set(letter.contents)


@pytest.mark.parametrize(
    ("language", "day"), [("nl", "maandag 23 november 2026"), ("en", "Monday 23 November 2026")]
)
def test_destiny_dates_its_acknowledgement_in_words(language: str, day: str) -> None:
    """Destiny's second clock can start at the date on the letter, so the letter has one, in words."""
    letter = written("destiny", language)

    assert date(2026, 11, 23) == letter.dated_on
    assert letter.text.startswith(day)


def test_the_date_on_a_letter_is_the_day_in_the_procedures_zone() -> None:
    """A letter written at 23:30 UTC carries the next day's date, because it is past midnight in Amsterdam."""
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

    letter = first_of(case("destiny"), at=late)

    assert date(2026, 11, 24) == letter.dated_on


@pytest.mark.parametrize(
    ("language", "day"), [("nl", "vrijdag 18 december 2026"), ("en", "Friday 18 December 2026")]
)
def test_the_period_in_ingressus_letter_is_that_of_the_clock(language: str, day: str) -> None:
    """Ingressus tells the period in which it assesses a complaint: the very day on which its clock ends."""
    clock = case("ingressus").deadlines["ING-4"]

    letter = written("ingressus", language)

    assert day == in_words(clock.due.on, "en" if language == "en" else "nl")
    assert day in letter.text


def test_another_clock_gives_another_period() -> None:
    """The letter has no date of its own: move the clock, and the letter follows."""
    found = case("ingressus")
    rule = found.deadlines["ING-4"].rule
    clock = Clock(deadline(rule, date(2026, 12, 1)), WRITTEN_AT)
    moved = structs.replace(found, clocks={**found.clocks, "ING-4": clock})

    letter = first_of(moved)

    assert in_words(moved.deadlines["ING-4"].due.on, "nl") in letter.text
    assert "tot en met vrijdag 18 december 2026" not in letter.text


def test_our_texts_hold_no_date_and_no_number_of_their_own() -> None:
    """No template names a day or a count in digits, so every date in a letter comes from a clock."""
    for path in LETTERS.rglob("*.txt"):
        assert not any(character.isdigit() for character in path.read_text("utf-8")), path.name


@pytest.mark.parametrize("part", ["procedure", "handler", "period"])
def test_a_letter_without_a_mandatory_part_is_not_made(part: str) -> None:
    """If the handler, the period or the explanation lacks, nothing is sent and the part is named."""
    found = case("ingressus", handler="nobody") if part == "handler" else case("ingressus")
    if part == "period":
        found = structs.replace(found, clocks={})
    changes: dict[str, Any] = {}
    if part == "procedure":
        changes["procedure"] = replace(procedure_of("ingressus"), version=99)

    with pytest.raises(LetterCannotBeMade, match=part):
        first_of(found, **changes)


def test_a_demand_nobody_can_prove_holds_the_letter_back() -> None:
    """A procedure that demands a part unknown to the notifier gets no letter rather than a poor one."""
    rule = LetterRule(contents=("blessing",), period_of=None, neutral=False, source="test")
    asking = replace(procedure_of("destiny"), letters={"acknowledgement": rule})

    with pytest.raises(LetterCannotBeMade, match="blessing"):
        first_of(case("destiny"), procedure=asking)


def test_every_procedure_that_demands_an_explanation_has_one_in_each_language() -> None:
    """A new version of a procedure cannot be deployed without the words that explain it."""
    for found in library().versions.values():
        if any("procedure" in rule.contents for rule in found.letters.values()):
            organisation = with_demonstrations()[found.organisation]
            for language in organisation.languages:
                manner = language if language == "en" else f"{language}.{organisation.tone}"
                assert (LETTERS / "explanations" / f"{found.id}-{found.version}.{manner}.txt").is_file()


def test_bc_says_je_and_the_others_say_u() -> None:
    """Each organisation speaks to its customers as it does in its own text."""
    for organisation in ORGANISATIONS:
        words = set(written(organisation).text.replace(",", " ").replace(".", " ").lower().split())

        if organisation == "bc":
            assert not words & {"u", "uw"}
        else:
            assert not words & {"je", "jij", "jouw"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_bcs_notice_is_neutral(language: str) -> None:
    """Before it is classified, B&C's letter calls a report neither a complaint nor an incident."""
    letter = written("bc", language)

    said = (letter.subject + letter.text.replace("klachten@bc.example", "")).lower()
    assert not any(word in said for word in ("klacht", "complaint", "incident"))


def test_a_case_in_english_gets_an_english_letter_with_english_functions() -> None:
    """Somebody who complains in English reads English, the handler's function included."""
    letter = written("destiny", "en")

    assert letter.language == "en"
    assert 'lang="en"' in letter.html
    assert "klachtenbehandelaar" not in letter.text


@pytest.mark.parametrize(
    "name",
    ["{{7*7}}", "{% for x in y %}", "{0.__class__}", "%(name)s", "${jndi:x}", "<script>alert(1)</script>"],
)
def test_what_a_user_typed_is_never_a_template(name: str) -> None:
    """Template signs in a name come out as they went in, and as text in the HTML."""
    letter = written("destiny", name=name)

    assert f"Beste {name}," in letter.text
    assert "<script>" not in letter.html


@pytest.mark.parametrize(
    "name", ["https://evil.example/win", "see www.evil.example", "a@b.example", "", "x\r\nBcc: y"]
)
def test_a_name_cannot_bring_a_link_or_a_line(name: str) -> None:
    """A letter never carries somebody's advertisement to an address they typed in."""
    letter = written("destiny", name=name)

    assert "evil" not in letter.text
    assert "\nBcc" not in letter.text
    assert "\r" not in letter.text


def test_what_is_missing_is_asked_for_kindly() -> None:
    """An incomplete complaint is a complaint: the letter asks for the rest and says that work goes on."""
    found = structs.replace(case("ingressus"), missing=("phone", "address"))

    letter = first_of(found)

    assert "Wij missen nog: het telefoonnummer en het adres." in letter.text
