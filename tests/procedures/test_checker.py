# ruff: noqa: E501 - a table of cases reads best with one case a line
"""What the procedures leave open is found, told as a story, and answered; a spoiled file is noticed."""

import random
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from events.catalogue.words import LetterName
from procedure_faults import NOBODY_CAN_TELL, faults
from procedures.checker import check, problems
from procedures.checks.asking import AT_OPENING
from procedures.checks.linking import unaccounted
from procedures.library import files, misfits
from procedures.organisations import with_demonstrations
from procedures.schema.consistency import inconsistencies
from procedures.schema.model import ProcedureFile, UnmodelledSection
from procedures.schema.sentences import sentences
from procedures.svg import draw, in_words
from procedures.toml_files import BrokenProcedure, read
from procedures.toml_files import check as read_text
from procedures.traceability import Traced, coverage, trace
from procedures.transitions import BROUGHT_BY, OWED_IN_EVERY_CASE

NAMES = tuple(path.stem for path in files())
TEXTS = Path(__file__).parents[3] / "shared" / "seeds"
FIVE = ("destiny", "bc", "supportoplus", "preact", "ingressus")
MUTATIONS = 40
STRUCTURAL = 80
"""At least as many faults of meaning can be put into every file: the smallest has more."""

FREE_WORDS = ("from the date", "calendar days", "{ law")
"""Words of a file that are for people only: any spelling is right."""

DEAD_ENDS = {
    "destiny": {
        "proposal-refused", "empty-matrix", "start-guarded:DES-2", "unlimited-extension:DES-2",
        "no-term:DES-ack", "no-outcome", "no-outer-route", "silent-on:withdrawal",
    },
    "bc": {
        "customer-not-told:BNC-2", "told-without-limit:BNC-3", "customer-not-told:BNC-3", "classified-wrong",
        "many-owners:BNC-2", "no-outcome", "no-objection", "silent-on:withdrawal",
    },
    "supportoplus": {
        "start-may-never-come:SUP-3", "no-outcome", "no-objection", "no-outer-route", "silent-on:withdrawal",
    },
    "preact": {
        "no-delay-rule", "start-guarded:PRE-6", "no-term:PRE-5", "objection-before-answer",
        "no-outer-route", "silent-on:withdrawal",
    },
    "ingressus": {
        "channel-not-named:phone", "no-term:ING-6", "unlimited-extension:ING-4", "incomplete-complaint",
        "silent-on:withdrawal",
    },
}  # fmt: skip


@cache
def file_of(name: str) -> ProcedureFile:
    (path,) = [path for path in files() if path.stem == name]
    return read(path, ProcedureFile)[0]


@pytest.mark.parametrize("name", FIVE)
def test_the_dead_ends_of_the_texts_are_found(name: str) -> None:
    """What somebody who read the five texts word by word found missing, the checker finds in the files."""
    found = {each.id for each in check(file_of(name))}

    assert set() == DEAD_ENDS[name] - found


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_is_accepted_with_how_it_is_handled(name: str) -> None:
    """Nothing that a text leaves open is left open by the product, and nothing is accepted without need."""
    assert () == problems(check(file_of(name)))


@pytest.mark.parametrize("name", NAMES)
def test_every_story_names_what_it_is_about(name: str) -> None:
    """A finding is told in a sentence, and one about a clock names it."""
    for each in check(file_of(name)):
        subject = each.id.partition(":")[2]
        assert each.story.endswith("."), each
        assert "-" not in subject or subject in each.story, each


@pytest.mark.parametrize("name", NAMES)
def test_a_procedure_that_lost_an_acceptance_is_not_accepted(name: str) -> None:
    """Each accepted finding is needed: taken away, it is a problem again."""
    file = file_of(name)
    for accepted in file.accepts:
        rest = tuple(each for each in file.accepts if each != accepted)

        found = problems(check(file.model_copy(update={"accepts": rest})))

        assert [accepted.finding] == [each.id for each in found]


@pytest.mark.parametrize("name", NAMES)
def test_faults_of_meaning_put_into_a_file_are_found(name: str) -> None:
    """Every clock, letter, command, window and order taken away or turned round: none passes in silence."""
    (path,) = [path for path in files() if path.stem == name]
    every = dict(faults(tomllib.loads(path.read_text())))

    passed = {fault for fault, table in every.items() if is_fine_as(table)}

    assert set(NOBODY_CAN_TELL.get(name, {})) == passed
    assert len(every) - len(passed) >= STRUCTURAL


def is_fine_as(table: dict[str, Any]) -> bool:
    try:
        file = ProcedureFile.model_validate(table)
    except ValidationError:
        return False
    return (
        not inconsistencies(file) and not misfits(file, with_demonstrations()) and not problems(check(file))
    )


OF_A_REVIEW = [
    ("ingressus", 'owed = "at opening"', 'owed = "by command"', "nobody-owes:acknowledgement"),
    ("ingressus", 'owed = "at opening"', 'owed = "by command"', "no-owner:ING-1"),
    ("ingressus", 'contains = ["procedure", "handler", "period"]', 'contains = ["period"]', "letter-lacks:acknowledgement handler"),
    ("ingressus", 'name = "board decision"\nowed = "by command"', 'name = "board decision"\nowed = "at opening"', "owed-too-early:board decision"),
    ("ingressus", 'within = "10 working days"\nfrom = "response arrived"', 'within = "10 working days"\nfrom = "complaint received"', "begins-too-early:ING-5"),
    ("ingressus", 'told_by = ["acknowledgement period", "delay notice period"]\n', "", "told-moves-nothing:acknowledgement"),
    ("ingressus", 'told_by = ["acknowledgement period", "delay notice period"]\n', "", "extension-moves-nothing:ING-4"),
    ("ingressus", '"nl-kantoor"]', '"gb-eng"]', "calendar-of-elsewhere:gb-eng"),
    ("ingressus", '[[letter]]\nname = "hearing invitation"\nowed = "by command"\nsource = [32]\n', "", "letter-missing:hearing invitation"),
    ("ingressus", 'until = ["acknowledgement arrived"]', 'until = ["contact made"]', "no-clock:acknowledgement"),
    ("preact", 'guard = { after = "hearing invited", within = "2 weeks", unless = ["hearing agreed"] }\n', "", "start-may-never-come:PRE-6"),
    ("preact", 'guard = { after = "hearing invited"', 'guard = { after = "plan made"', "start-may-never-come:PRE-6"),
    ("destiny", 'guard = { after = "complaint received", within = "3 working days", holds = true }\n', "", "start-may-never-come:DES-2"),
    ("preact", "contact_before_outcome = true\n", "", "order-not-kept:PRE-2"),
    ("preact", 'precedes = "PRE-3"\nreleased_by = ["contact attempted"]\n', "", "order-without-clock"),
    ("preact", 'released_by = ["contact attempted"]\n', "", "order-not-released:PRE-2"),
    ("bc", "sentences = [18, 22,", "sentences = [14, 18, 22,", "contradiction:14"),
    ("bc", 'because = "names this very procedure"', 'because = "names this very procedure"\npartly = true', "contradiction:15"),
]  # fmt: skip
"""Faults that a review put into the files when the checker passed them, and what tells each of them now."""


@pytest.mark.parametrize(("name", "was", "becomes", "finding"), OF_A_REVIEW)
def test_a_fault_is_told_by_its_own_finding(name: str, was: str, becomes: str, finding: str) -> None:
    """Whoever made the fault reads which one it is, and is not only told that something is wrong."""
    (path,) = [path for path in files() if path.stem == name]
    text = path.read_text()
    assert was in text

    file = read_text("spoiled.toml", text.replace(was, becomes).encode(), ProcedureFile)

    assert finding in {each.id for each in problems(check(file))}


@pytest.mark.parametrize("name", NAMES)
def test_faults_of_spelling_put_into_a_file_are_found(name: str) -> None:
    """Forty faults per file: words misspelt, rules taken out, limits and owners lost. None passes."""
    (path,) = [path for path in files() if path.stem == name]
    text = path.read_text()
    chance = random.Random(20261121)
    faults = sorted(set(mutations(text)))
    chosen = chance.sample(faults, MUTATIONS)

    passed = [fault for fault in chosen if is_fine(apply(text, fault))]

    assert [] == passed


def mutations(text: str) -> list[tuple[str, str, int]]:
    """Every fault this test knows: what it does, to which words, at which of their places."""
    found: list[tuple[str, str, int]] = []
    for kind, pattern in (
        (
            "misspell",
            r"^(?:kind|binds|from|within|before|end_of|term|told_by|until|name|who|may) = [^#\n]*[a-z]",
        ),
        ("take out the origin of", r"^(?:source|law|addition) = .*$"),
        ("take out", r"^until = .*$"),
        ("take out", r"^calendars = .*$"),
        ("take out", r"^within = .*$"),
        ("take out", r"^finding = .*$"),
        ("empty", r"^may = .*$"),
    ):
        found += [
            (kind, match[0], match.start())
            for match in re.finditer(pattern, text, re.MULTILINE)
            if not any(free in match[0] for free in FREE_WORDS)
        ]
    return found


def apply(text: str, fault: tuple[str, str, int]) -> str:
    kind, words, at = fault
    changed = {
        "misspell": words[:-1] + "q" + words[-1],
        "take out": "",
        "take out the origin of": "",
        "empty": "may = []",
    }[kind]
    return text[:at] + changed + text[at + len(words) :]


def is_fine(text: str) -> bool:
    try:
        file = read_text("spoiled.toml", text.encode(), ProcedureFile)
    except BrokenProcedure:
        return False
    return not inconsistencies(file) and not problems(check(file))


def test_every_letter_is_owed_by_the_opening_or_by_a_command() -> None:
    """The checker knows of each letter of the vocabulary who owes it; a new one is told to it."""
    by_command = set(BROUGHT_BY) & set(get_args(LetterName))
    owed = [*AT_OPENING, *OWED_IN_EVERY_CASE, *by_command]

    assert sorted(get_args(LetterName)) == sorted(owed)


def test_a_stage_without_a_way_out_is_told_with_the_way_that_leads_there() -> None:
    """The shortest story: a case is answered, and there it stays."""
    file = file_of("destiny")
    stages = tuple(
        stage.model_copy(update={"may": tuple(one for one in stage.may if one != "close")})
        for stage in file.stage
    )

    found = {each.id: each.story for each in problems(check(file.model_copy(update={"stage": stages})))}

    assert "A case goes handling to answered: from there nothing leads to an end." == found["no-end:answered"]


def test_a_duty_nobody_may_fulfil_is_found() -> None:
    """B&C promises a plan; without the command that makes one, nobody could."""
    file = file_of("bc")
    stages = tuple(
        stage.model_copy(update={"may": tuple(one for one in stage.may if one != "make-plan")})
        for stage in file.stage
    )

    found = {each.id for each in problems(check(file.model_copy(update={"stage": stages})))}

    assert "no-owner:BNC-2" in found


@pytest.mark.parametrize("name", FIVE)
def test_every_sentence_is_linked_to_a_rule_or_to_a_reason(name: str) -> None:
    """Nothing the organisation wrote is overlooked."""
    assert () == unaccounted(file_of(name))


@pytest.mark.parametrize("name", FIVE)
def test_the_text_itself_is_traced_to_the_last_sentence(name: str) -> None:
    """With the organisation's own text at hand: a hundred per cent."""
    (text,) = [
        read for read in seeds() if sentences(read)[0] and len(sentences(read)) == len(known(name))
    ] or [""]
    if not text:
        pytest.skip("the organisations' texts are not here")

    found = trace(file_of(name), text)

    assert coverage(found) == (len(found), len(found))


def test_a_changed_sentence_names_the_clocks_it_touches() -> None:
    """Three weeks become four: the sentence is told as changed, and PRE-3 with it."""
    text = next((text for text in seeds() if "PreAct" in text), None)
    if text is None:
        pytest.skip("the organisations' texts are not here")

    found = trace(file_of("preact"), text.replace("3 weken", "5 weken") + "\nEen nieuwe zin.")

    different = [each for each in found if each.status != "same"]
    assert [("changed", 16, ("PRE-3",)), ("added", None, ())] == [
        (each.status, each.number, each.clocks) for each in different
    ]
    assert not any(each.accounted for each in different)


def test_a_sentence_with_a_rule_and_without_one_is_a_contradiction() -> None:
    """B&C 14 has a letter: marked as not modelled it is no longer accounted for, unless a part of it is meant."""
    text = next((text for text in seeds() if "B&C" in text), None)
    if text is None:
        pytest.skip("the organisations' texts are not here")
    file = file_of("bc")
    mark = file.unmodelled[0].model_copy(update={"sentences": (14,)})

    def traced(*marks: UnmodelledSection) -> Traced:
        marked = file.model_copy(update={"unmodelled": (*file.unmodelled, *marks)})
        return next(each for each in trace(marked, text) if each.number == 14)

    assert (True, False) == (traced().accounted, traced().contradictory)
    assert (False, True) == (traced(mark).accounted, traced(mark).contradictory)
    in_part = traced(mark.model_copy(update={"partly": True}))
    assert (True, False) == (in_part.accounted, in_part.contradictory)


def seeds() -> list[str]:
    return [path.read_text() for path in sorted(TEXTS.glob("*.txt"))]


def known(name: str) -> tuple[str, ...]:
    text = file_of(name).text
    return () if text is None else text.sentences


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_shows_every_stage_and_clock(name: str) -> None:
    """A picture anybody can open: well-formed, nothing outside it, each clock in words."""
    file = file_of(name)

    picture = draw(file)

    shown = "".join(ElementTree.fromstring(picture).itertext())  # noqa: S314 - it is our own
    for clock in file.clock:
        assert clock.id in shown
        assert in_words(clock) in shown
    for stage in file.stage:
        assert stage.name in shown
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
