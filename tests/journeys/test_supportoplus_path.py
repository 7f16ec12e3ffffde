"""Supporto+'s procedure as it is lived: every way through it, with the numbers of the text's own sentences.

Received on Monday the 2nd of March 2026 the confirmation is due on Monday the 9th, contact on Monday the
16th, and the end is aimed at for Wednesday the 1st of April.
"""

from typing import Any

import pytest

from events.catalogue import LetterPrepared
from journey_office import Office

pytestmark = pytest.mark.journey

BY_POST: dict[str, Any] = {
    "channel": "letter",
    "complainant": {"name": "Noor Jansen", "address": "Laan 1, Stad"},
}


async def test_the_form_an_invitation_a_talk_and_its_confirmation(office: Office) -> None:
    """Sentences 9, 10 and 15 to 18: filed by the form, confirmed in writing, taken to the responsible
    person, invited in fourteen days, talked about, confirmed with what was agreed, and handled in thirty
    days."""
    case = await office.receives("supportoplus", "2026-03-02", channel="portal")
    confirmation = await case.mail("Wij hebben uw klacht ontvangen")
    form = await case.mail("Ingevuld klachtenformulier")
    await case.quality_manager("escalate", to="sup-03", role="responsible person", reason="Haar afdeling.")

    await office.turn_to("2026-03-11")
    await case.board("invite-to-talk", how="letter")
    invitation = await case.mail("Uitnodiging om uw klacht te bespreken")
    await office.turn_to("2026-03-18")
    agreements = [{"what": "Een vaste begeleider.", "owner": "sup-03", "due_on": "2026-03-25"}]
    await case.board(
        "record-talk", how="in person", note="De begeleider wisselde te vaak.", agreements=agreements
    )
    talk = await case.mail("Wat wij met u hebben besproken")
    await office.turn_to("2026-03-25")
    await case.quality_manager("carry-out-measure", measure=1)
    await case.quality_manager("record-handled")
    await case.quality_manager("close", because="handled")

    for words in ("Noor Jansen", "noor.jansen@example.org", "De factuur klopt al drie maanden niet."):
        assert words in form
    assert "maandag 16 maart 2026" in confirmation
    assert "woensdag 1 april 2026" in confirmation
    assert "Wij doen ons best" in confirmation
    assert "kwaliteitsmanager" in invitation
    for words in ("woensdag 18 maart 2026", "De begeleider wisselde te vaak.", "Een vaste begeleider.",
                  "Ellen van Zuylekom", "woensdag 25 maart 2026"):  # fmt: skip
        assert words in talk
    assert ["until 2026-03-09", "met in time"] == await case.course_of("SUP-1")
    assert ["until 2026-03-16", "met in time"] == await case.course_of("SUP-2")
    assert ["open", "met in time"] == await case.course_of("SUP-3")
    assert ["until 2026-04-01", "met in time"] == await case.course_of("SUP-4")


async def test_the_back_office_fills_in_the_form_on_the_telephone(office: Office) -> None:
    """Sentences 11, 12 and 16: filed by telephone, and the responsible person calls back in fourteen
    days."""
    case = await office.receives("supportoplus", "2026-03-02", channel="phone")

    await office.turn_to("2026-03-13")
    await case.quality_manager("record-contact", how="phone")
    await case.quality_manager("record-handled")

    assert set(case.answer["missing"]) == {"company", "reported_on", "role", "phone"}
    assert ["until 2026-03-16", "met in time"] == await case.course_of("SUP-2")
    assert "met in time" == (await case.course_of("SUP-4"))[-1]


async def test_a_letter_is_answered_by_a_letter(office: Office) -> None:
    """Sentences 13 to 15: who wrote on paper and gave no e-mail address gets a confirmation on paper;
    posting it meets the five working days, and its coming back does not undo that it was sent."""
    case = await office.receives("supportoplus", "2026-03-02", **BY_POST)
    prepared = [one.event for one in (await case.history()).events if isinstance(one.event, LetterPrepared)]

    await office.turn_to("2026-03-06")
    await case.quality_manager("record-posted", letter="acknowledgement")
    await office.turn_to("2026-03-12")
    await case.quality_manager("record-returned", letter="acknowledgement", how="post")

    assert ["acknowledgement"] == [event.letter for event in prepared]
    assert ["until 2026-03-09", "met in time"] == await case.course_of("SUP-1")


async def test_a_printed_letter_that_lies_about_is_told_on_its_day(office: Office) -> None:
    """Sentence 15: a letter that nobody posts is not sent."""
    case = await office.receives("supportoplus", "2026-03-02", **BY_POST)

    await office.turn_to("2026-03-10")
    await case.quality_manager("record-posted", letter="acknowledgement")

    assert ["until 2026-03-09", "breached 2026-03-09", "met late"] == await case.course_of("SUP-1")


async def test_nobody_was_reached_in_fourteen_days(office: Office) -> None:
    """Sentence 16: attempts are recorded and meet nothing; an invitation on the fifteenth day is late."""
    case = await office.receives("supportoplus", "2026-03-02", channel="phone")
    await office.turn_to("2026-03-10")
    await case.quality_manager("record-contact-attempt", how="phone")

    await office.turn_to("2026-03-17")
    await case.quality_manager("invite-to-talk", how="letter")

    assert ["until 2026-03-16", "breached 2026-03-16", "met late"] == await case.course_of("SUP-2")


async def test_thirty_days_are_an_aim_and_not_a_promise(office: Office) -> None:
    """Sentence 18: what is not handled on the 1st of April misses a target and breaks no promise."""
    case = await office.receives("supportoplus", "2026-03-02", channel="portal")
    await case.quality_manager("record-contact", how="phone")

    await office.turn_to("2026-04-02")
    await case.quality_manager("record-handled")

    assert ["until 2026-04-01", "missed 2026-04-01", "met late"] == await case.course_of("SUP-4")


async def test_a_confirmation_of_the_talk_that_comes_back_is_owed_again(office: Office) -> None:
    """Sentence 17: the customer is to receive what was agreed; a mail that came back was not received,
    until a printed one is posted."""
    case = await office.receives("supportoplus", "2026-03-02", channel="portal")
    await case.quality_manager("record-talk", how="phone", note="De begeleider wisselt te vaak.")

    await office.turn_to("2026-03-05")
    await case.quality_manager("record-returned", letter="talk confirmation", how="email")
    again = await case.course_of("SUP-3")
    await office.turn_to("2026-03-06")
    await case.quality_manager("record-posted", letter="talk confirmation")

    assert ["open", "met in time", "reopened"] == again
    assert "met" in (await case.course_of("SUP-3"))[-1]
