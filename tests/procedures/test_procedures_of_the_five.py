"""What the five procedures ask for, call things, owe at once, and which version applies."""

from datetime import date

import pytest

from events.catalogue.words import CHANNELS, FIELDS, NATURES
from procedures.library import (
    UnknownOrganisation,
    UnknownProcedure,
    in_force,
    in_force_alone,
    library,
    procedure,
)
from procedures.organisation_names import organisation_names
from procedures.organisations import organisations, with_demonstrations
from procedures.procedure import Procedure
from procedures.words import CONTENTS

TODAY = date(2026, 11, 21)
FIVE = ("destiny", "bc", "supportoplus", "preact", "ingressus")


def test_there_are_five_organisations_each_with_a_procedure() -> None:
    """The five, with the codes that begin their references."""
    codes = {name: organisation.code for name, organisation in organisations().items()}

    expected = {"destiny": "DES", "bc": "BNC", "supportoplus": "SUP", "preact": "PRE", "ingressus": "ING"}
    assert expected == codes
    assert [1] * 5 == [in_force(name, TODAY).version for name in FIVE]


@pytest.mark.parametrize(
    ("organisation", "channels"),
    [
        ("destiny", {"email", "portal"}),
        ("bc", {"phone", "email", "portal", "meeting", "api"}),
        ("supportoplus", {"portal", "phone", "letter"}),
        ("preact", {"email", "portal"}),
        ("ingressus", {"portal"}),
    ],
)
def test_every_procedure_names_its_channels(organisation: str, channels: set[str]) -> None:
    """Destiny 12, B&C 6 to 9, Supporto+ 9, 11, 13, PreAct 12, Ingressus 5, 10; and our own additions."""
    assert channels == in_force(organisation, TODAY).channels


@pytest.mark.parametrize(
    ("organisation", "added"),
    [
        ("destiny", {"portal"}),
        ("bc", {"api"}),
        ("supportoplus", set()),
        ("preact", {"portal"}),
        ("ingressus", set()),
    ],
)
def test_what_we_added_is_declared(organisation: str, added: set[str]) -> None:
    """A form for Destiny and PreAct, and B&C's own portal by machine, are ours and say so."""
    assert added == in_force(organisation, TODAY).added_channels


@pytest.mark.parametrize(
    ("organisation", "asks"),
    [
        ("destiny", {"description"}),
        ("bc", set()),
        ("supportoplus", {"name", "company", "reported_on", "role", "email", "phone", "description"}),
        ("preact", set()),
        (
            "ingressus",
            {"company", "address", "name", "phone", "reachability", "email", "reported_on", "description"},
        ),
    ],
)
def test_an_empty_complaint_misses_all_that_is_asked_for(organisation: str, asks: set[str]) -> None:
    """Destiny 13; Supporto+ 23 to 29; Ingressus 12 to 17; B&C and PreAct ask for nothing."""
    found = in_force(organisation, TODAY)

    assert asks == set(found.missing(()))
    assert asks == set(found.asks)
    assert () == found.missing(FIELDS)


def test_an_address_serves_as_contact_details() -> None:
    """Supporto+ 27 asks how to reach the complainant: an address answers that as well as an e-mail."""
    found = in_force("supportoplus", TODAY)

    given = ("name", "company", "reported_on", "role", "phone", "description", "address")

    assert () == found.missing(given)


def test_the_person_complained_about_answers_the_question_for_person_and_function() -> None:
    """Supporto+ 26 can mean either person, so either answer will do."""
    found = in_force("supportoplus", TODAY)

    given = ("name", "company", "reported_on", "about_name", "phone", "description")

    assert ("email",) == found.missing(given)


def test_order_numbers_are_welcome_and_never_missing() -> None:
    """Ingressus 18: reference, contract and order numbers, where relevant."""
    found = in_force("ingressus", TODAY)

    assert ("references",) == found.welcomes
    assert "references" not in found.missing(())


@pytest.mark.parametrize("organisation", ["destiny", "supportoplus", "preact", "ingressus"])
@pytest.mark.parametrize("nature", NATURES)
def test_four_of_the_five_know_only_complaints(organisation: str, nature: str) -> None:
    """Whatever the matter is about, a report to them is a complaint, and the file says why."""
    kind, because = in_force(organisation, TODAY).classify(nature, "email")

    assert "complaint" == kind
    assert because


@pytest.mark.parametrize(
    ("nature", "kind"),
    [("incident", "incident"), ("technical", "both"), ("support", "complaint"), ("other", "complaint")],
)
@pytest.mark.parametrize("channel", CHANNELS)
def test_bc_tells_incidents_from_complaints(nature: str, kind: str, channel: str) -> None:
    """B&C 14, 17, 20: an incident goes to its own process; a technical complaint runs through both."""
    found, because = in_force("bc", TODAY).classify(nature, channel)

    assert kind == found
    assert because


@pytest.mark.parametrize(
    ("organisation", "letter", "contents", "neutral"),
    [
        ("destiny", "acknowledgement", {"date"}, False),
        ("bc", "handling notice", set(), True),
        ("supportoplus", "acknowledgement", set(), False),
        ("preact", "acknowledgement", {"handler", "handler contact"}, False),
        ("ingressus", "acknowledgement", {"procedure", "handler", "period"}, False),
    ],
)
def test_every_opening_letter_contains_what_the_text_demands(
    organisation: str, letter: str, contents: set[str], neutral: bool
) -> None:
    """Destiny 17, B&C 38, Supporto+ 15, PreAct 13, Ingressus 22."""
    found = in_force(organisation, TODAY)
    rule = found.letters[letter]

    assert (letter,) == found.opening
    assert (contents, neutral) == (set(rule.contents), rule.neutral)
    assert contents <= set(CONTENTS)


def test_the_period_ingressus_tells_is_that_of_its_promise() -> None:
    """Ingressus 22 and 28: what the acknowledgement says is what the response is held to."""
    assert "ING-4" == in_force("ingressus", TODAY).letters["acknowledgement"].period_of


def test_only_bc_says_je() -> None:
    """B&C's text speaks to its customer informally; the other four do not."""
    assert {"bc": "je"} == {
        name: found.tone for name in FIVE if (found := in_force(name, TODAY)).tone == "je"
    }


def test_a_pinned_version_is_found_again() -> None:
    """A running case keeps the version it began under, byte for byte."""
    found = in_force("preact", TODAY)

    assert found is procedure("preact", 1)
    assert 64 == len(found.digest)


def test_a_receipt_from_before_the_first_version_falls_under_the_first() -> None:
    """A complaint of December 2024, entered late, is still a complaint."""
    assert 1 == in_force("destiny", date(2024, 12, 20)).version


def test_an_unknown_organisation_is_refused_by_name() -> None:
    """The answer names the organisations there are."""
    with pytest.raises(UnknownOrganisation, match="unknown organisation 'destinny'; known: bc, destiny"):
        in_force("destinny", TODAY)


def test_a_version_that_is_not_on_the_shelf_is_refused() -> None:
    """An older service that meets a newer case parks it and says what to deploy."""
    with pytest.raises(UnknownProcedure, match="version 7 is not on the shelf: deploy"):
        procedure("destiny", 7)


def test_a_procedure_cannot_be_changed_while_it_runs() -> None:
    """Nobody edits a promise in memory."""
    found: Procedure = in_force("destiny", TODAY)

    with pytest.raises(AttributeError):
        found.version = 2  # type: ignore[misc]


@pytest.mark.parametrize("organisation", library().by_organisation)
def test_an_organisation_read_alone_has_the_procedures_of_the_shelf(organisation: str) -> None:
    """A command that reads one organisation's files promises what the services promise."""
    for version in library().by_organisation[organisation]:
        day = version.in_force_from

        assert in_force(organisation, day) == in_force_alone(organisation, day)
    assert in_force(organisation, date.min) == in_force_alone(organisation, date.min)


@pytest.mark.parametrize("name", ["nobody", "", "../bc", "\udcff"])
def test_an_unknown_organisation_is_refused_in_the_same_words_when_read_alone(name: str) -> None:
    """Whoever mistypes a name reads which there are."""
    with pytest.raises(UnknownOrganisation) as refused:
        in_force(name, date(2026, 4, 2))
    with pytest.raises(UnknownOrganisation) as refused_alone:
        in_force_alone(name, date(2026, 4, 2))

    assert str(refused.value) == str(refused_alone.value)


def test_the_names_of_organisations_are_those_in_their_files() -> None:
    """A command that only compares names opens no file, and knows the same ones."""
    assert tuple(with_demonstrations()) == organisation_names()
