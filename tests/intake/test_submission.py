"""From what somebody sent to the fact that is stored."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from events.catalogue import ComplaintReceived, encode
from intake.addressee import find_organisation
from intake.complaint_form import Submission
from intake.submission import Filing, file, fingerprint
from web.field_errors import explain
from web.problems import Problem

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
KEY = b"k" * 32
EVERYTHING: dict[str, Any] = {
    "organisation": "ingressus",
    "channel": "letter",
    "description": "De levering kwam drie weken te laat.",
    "complainant": {
        "name": "Eva Voorbeeld",
        "company": "Voorbeeld BV",
        "role": "inkoper",
        "email": "eva@example.org",
        "phone": "06 000 000 00",
        "address": "Voorbeeldstraat 1\n0000 AA Voorbeeldstad",
        "reachability": "op werkdagen na vijven",
    },
    "references": ["ORDER-77"],
    "about": {"name": "Bas Verzonnen", "function": "monteur"},
    "nature": "de bejegening",
    "remedy_sought": "Een excuus.",
    "language": "de",
    "reported_on": "2026-03-27",
    "received_at": "2026-03-28",
}


def filed(**changes: Any) -> Filing:
    """File the whole example with changes; None takes a field away."""
    content = {name: value for name, value in (EVERYTHING | changes).items() if value is not None}
    submission = Submission.model_validate(content)
    return file(submission, find_organisation(submission), "ING-00000-00000-M", NOW)


def test_everything_that_was_said_is_kept_and_nothing_personal_is_in_clear() -> None:
    """Each word of the complainant is in the encrypted part, as it was stated."""
    filing = filed()

    assert filing.new.personal == {
        "complainant": EVERYTHING["complainant"]
        | {
            "description": EVERYTHING["description"],
            "references": ["ORDER-77"],
            "remedy_sought": "Een excuus.",
            "nature_stated": "de bejegening",
            "language_stated": "de",
        },
        "about": EVERYTHING["about"],
    }
    assert filing.event == ComplaintReceived(
        reference="ING-00000-00000-M",
        channel="letter",
        channel_named=filing.event.channel_named,
        language="nl",
        nature="other",
        received_on=date(2026, 3, 28),
        reported_on=date(2026, 3, 27),
        given=(
            "description", "name", "company", "role", "email", "phone", "address", "reachability",
            "reported_on", "references", "about_name", "about_function",
        ),
        missing=(),
        reachable_by=("email", "phone", "address"),
    )  # fmt: skip
    assert datetime(2026, 3, 27, 23, 0, tzinfo=UTC) == filing.new.happened_at
    for word in ("Eva", "Voorbeeld", "Bas", "excuus", "bejegening", "ORDER"):
        assert word.encode() not in encode(filing.event)


def test_the_personal_fields_are_those_of_the_catalogue() -> None:
    """No field is encrypted under a name that nobody knows."""
    filing = filed()

    for person, fields in filing.new.personal.items():
        assert set(fields) <= set(ComplaintReceived.personal[person])


def test_what_the_procedure_asks_for_and_is_missing_is_named() -> None:
    """An incomplete complaint is a complaint; it is said what would help."""
    filing = filed(complainant={"name": "Eva Voorbeeld"}, reported_on=None)

    assert set(filing.event.missing) >= {"company", "address", "phone", "email", "reported_on"}
    assert "name" not in filing.event.missing


@pytest.mark.parametrize("empty", [None, "", "   \n"])
def test_absent_and_blank_mean_the_same(empty: str | None) -> None:
    """A field that was sent without anything in it was not given."""
    filing = filed(description=empty)

    assert "description" in filing.event.missing
    assert "description" not in filing.new.personal["complainant"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"description": " \n "},
        {"description": "", "complainant": {}, "about": {}, "references": [], "nature": ""},
        {"complainant": {"name": "", "email": None}, "references": ["", " "]},
        {"language": "nl", "received_at": "2026-03-01", "reported_on": "2026-03-01"},
    ],
)
def test_a_submission_with_nothing_in_it_is_refused(content: dict[str, Any]) -> None:
    """Somebody who says nothing at all cannot be helped."""
    submission = Submission.model_validate({"organisation": "bc", "channel": "portal"} | content)

    with pytest.raises(Problem) as refused:
        file(submission, find_organisation(submission), "BNC-00000-00000-3", NOW)

    assert (422, "nothing-in-it") == (refused.value.status, refused.value.code)


def test_one_word_is_enough() -> None:
    """Whoever says anything has complained."""
    submission = Submission.model_validate({"organisation": "bc", "channel": "phone", "nature": "billing"})

    assert "billing" == file(submission, find_organisation(submission), "BNC-0", NOW).event.nature


@pytest.mark.parametrize(
    ("stated", "nature", "kept"),
    [("Technical", "technical", None), ("storing", "incident", None), ("other", "other", "other"),
     ("iets vreemds", "other", "iets vreemds"), (None, "other", None)],
)  # fmt: skip
def test_the_nature_is_a_closed_word_and_any_other_text_is_kept(
    stated: str | None, nature: str, kept: str | None
) -> None:
    """What somebody calls it in their own words is not lost and not in clear."""
    filing = filed(nature=stated)

    assert nature == filing.event.nature
    assert kept == filing.new.personal["complainant"].get("nature_stated")


@pytest.mark.parametrize(
    ("stated", "language"), [("en", "en"), ("EN-gb", "en"), ("nl_BE", "nl"), ("de", "nl"), (None, "nl")]
)
def test_the_language_of_letters_is_one_the_organisation_writes(stated: str | None, language: str) -> None:
    """Any other language is noted and the organisation's own is used."""
    assert language == filed(language=stated).event.language


def test_a_channel_that_the_procedure_does_not_name_is_flagged_and_not_refused() -> None:
    """Destiny's text names e-mail; a complaint by telephone is a complaint all the same."""
    submission = Submission.model_validate(
        {"organisation": "destiny", "channel": "phone", "description": "x"}
    )

    assert not file(submission, find_organisation(submission), "DES-0", NOW).event.channel_named


def test_a_day_before_the_first_procedure_falls_under_the_first_one() -> None:
    """A complaint of years ago is not refused because our file is younger."""
    assert date(2019, 5, 6) == filed(received_at="2019-05-06").event.received_on


def test_the_civil_day_of_receipt_is_the_one_in_the_zone() -> None:
    """Half past eleven in the evening in London is already tomorrow in Amsterdam."""
    assert date(2026, 3, 1) == filed(received_at="2026-02-28T23:30:00+00:00").event.received_on


def test_equal_submissions_have_equal_fingerprints() -> None:
    """White space, empty fields and the order of fields do not make another complaint; a word does."""
    one = Submission.model_validate(EVERYTHING)
    same = Submission.model_validate(
        dict(reversed(EVERYTHING.items())) | {"description": EVERYTHING["description"] + "\n"}
    )
    other = Submission.model_validate(EVERYTHING | {"description": "iets anders"})

    assert fingerprint(one, KEY) == fingerprint(same, KEY)
    assert fingerprint(one, KEY) != fingerprint(other, KEY)
    assert fingerprint(one, KEY) != fingerprint(one, b"q" * 32)


def test_an_unknown_organisation_is_refused_with_those_there_are() -> None:
    """The answer tells whom one can complain to, and not what was typed."""
    submission = Submission.model_validate({"organisation": "canary-org", "channel": "api"})

    with pytest.raises(Problem) as refused:
        find_organisation(submission)

    (error,) = refused.value.errors
    assert "organisation" == error.field
    assert "destiny" in error.reason
    assert "canary" not in str(refused.value.document())


def test_wrong_fields_are_named_with_a_reason_and_without_their_value() -> None:
    """Whoever corrects a form sees each field and why; nobody sees what was typed."""
    with pytest.raises(ValidationError) as refused:
        Submission.model_validate(
            {
                "organisation": 7,
                "channel": "canary",
                "description": ["canary"],
                "complainant": {"email": "canary", "naam": "canary", "Canary Name": 1},
                "references": ["ok", 5],
                "reported_on": "canary",
                "0612345678": "canary",
            }
        )

    found = {error.field: error.reason for error in explain(refused.value)}
    assert found == {
        "organisation": "must be text",
        "channel": "must be one of 'portal', 'email', 'phone', 'meeting', 'letter' or 'api'",
        "description": "must be text",
        "complainant.email": "must be one plain e-mail address such as name@example.org",
        "complainant.naam": "is not a field that is known here",
        "complainant.(an unknown field)": "is not a field that is known here",
        "references.1": "must be text",
        "reported_on": "must be a date such as 2026-03-30",
        "(an unknown field)": "is not a field that is known here",
    }
