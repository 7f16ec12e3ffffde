"""PreAct's procedure as it is lived: every way through it, with the numbers of the text's own sentences.

Received on Monday the 2nd of March 2026 the confirmation is due on Monday the 9th and the answer on
Monday the 23rd; an answer of the 16th can be objected to until Monday the 13th of April.
"""

from datetime import time
from typing import Any

import pytest

from journey_office import Office
from journey_staff import Complaint

pytestmark = pytest.mark.journey

AFTER_THE_TALK = time(11, 30)
FOUNDED: dict[str, Any] = {
    "outcome": "partly founded",
    "grounds": "De afspraak stond niet in het systeem.",
    "solution": "U krijgt een nieuwe afspraak.",
    "changes": "Wij bevestigen afspraken voortaan per mail.",
}


async def answered(office: Office) -> Complaint:
    """Give a complaint of the 2nd of March that was answered on the 16th."""
    case = await office.receives("preact", "2026-03-02")
    await office.turn_to("2026-03-16")
    await case.handler("record-contact", how="phone")
    await case.handler("decide-outcome", outcome="unfounded", grounds="De afspraak is nagekomen.")
    return case


async def objected(office: Office) -> Complaint:
    """Give the same after an objection of the 8th of April, with the board's invitation of the 9th."""
    case = await answered(office)
    await office.turn_to("2026-04-08")
    await case.handler("lodge-objection", channel="email", objection="De afspraak is niet nagekomen.")
    await office.turn_to("2026-04-09")
    await case.board("invite-to-hearing", how="letter")
    return case


async def test_confirmed_explained_consulted_and_answered(office: Office) -> None:
    """Sentences 10 and 12 to 17: by mail, confirmed with the contact person's details, always an
    explanation first, colleagues consulted, and in three weeks an answer with a solution and what
    changes."""
    case = await office.receives("preact", "2026-03-02")
    confirmation = await case.mail("Wij hebben uw klacht ontvangen")
    await case.handler("note-informal-stage", result="not solved")
    before_contact = await case.is_refused("handler", "decide-outcome", **FOUNDED)
    await office.turn_to("2026-03-04")
    await case.handler("record-contact", how="phone")
    await case.handler("consult", party="supplier", question="Heeft Noor Jansen een afspraak?")
    await case.handler("record-consultation", consultation=1, answer="Nee.")

    await office.turn_to("2026-03-16")
    await case.handler("decide-outcome", **FOUNDED)
    response = await case.mail("Ons antwoord op uw klacht")
    too_early = await case.is_refused("handler", "close", because="handled")
    await office.turn_to("2026-04-14")
    await case.handler("close", because="handled")

    for words in ("contactpersoon klachten", "E-mail:", "@preact.example", "+31 85 000 04", "Bereikbaar:"):
        assert words in confirmation
    assert "record the contact, or the attempt" in before_contact
    for words in (
        "deels gegrond",
        "binnen 4 weken",
        "directie",
        "info@preact.example",
        *list(FOUNDED.values())[1:],
    ):
        assert words in response
    assert "may object until 2026-04-13" in too_early
    assert ["until 2026-03-09", "met in time"] == await case.course_of("PRE-1")
    assert ["open", "met in time"] == await case.course_of("PRE-2")
    assert ["until 2026-03-23", "met in time"] == await case.course_of("PRE-3")
    assert ["until 2026-04-13", "lapsed 2026-04-13"] == await case.course_of("PRE-4")


async def test_whoever_cannot_be_reached_gets_an_answer_all_the_same(office: Office) -> None:
    """Sentences 14 and 16: an attempt is no contact, but it lets the answer go."""
    case = await office.receives("preact", "2026-03-02")
    await office.turn_to("2026-03-10")

    await case.handler("record-contact-attempt", how="phone")
    await case.handler("decide-outcome", **FOUNDED)

    assert ["until 2026-03-23", "met in time"] == await case.course_of("PRE-3")
    assert "met in time" not in await case.course_of("PRE-2")


async def test_there_is_no_more_time_than_three_weeks(office: Office) -> None:
    """Sentence 16: the text has no rule about delay, so the three weeks are kept or broken."""
    case = await office.receives("preact", "2026-03-02")
    await case.handler("record-contact", how="phone")
    longer = await case.is_refused("handler", "extend", until="2026-04-01", reason="Druk.")

    await office.turn_to("2026-03-24")
    await case.handler("decide-outcome", **FOUNDED)

    assert "does not have extend" in longer
    assert ["until 2026-03-23", "breached 2026-03-23", "met late"] == await case.course_of("PRE-3")


async def test_an_answer_that_comes_back_after_its_day_was_not_received(office: Office) -> None:
    """Sentences 16 and 18: the mail bounces after the three weeks; the answer is owed again, the window
    of the objection begins with the one on paper."""
    case = await answered(office)

    await office.turn_to("2026-03-25")
    await case.handler("record-returned", letter="response", how="email")
    owed_again = await case.course_of("PRE-3")
    window = await case.course_of("PRE-4")
    await office.turn_to("2026-03-27")
    await case.handler("record-posted", letter="response")

    assert ["until 2026-03-23", "met in time", "reopened", "breached 2026-03-23"] == owed_again
    assert "until 2026-04-13" == window[0]
    assert "dropped" in window[-1]
    assert "met late" == (await case.course_of("PRE-3"))[-1]
    assert "until 2026-04-24" == (await case.course_of("PRE-4"))[-1]


async def test_the_board_hears_and_decides_in_four_weeks(office: Office) -> None:
    """Sentences 18 to 20: an objection in time, an invitation, the talk, and the board's decision in
    writing four weeks after it."""
    case = await objected(office)
    by_handler = await case.is_refused("handler", "decide-objection", outcome="founded", grounds="Toch.")
    await case.board("agree-hearing", hearing_at="2026-04-16T10:00:00+02:00")
    await office.turn_to("2026-04-17")
    await case.board("record-hearing", how="in person", satisfied=False, at="2026-04-16T11:00:00+02:00")

    await office.turn_to("2026-05-12")
    await case.board("decide-objection", outcome="founded", grounds="U had gelijk.", solution="Korting.")
    decision = await case.mail("De uitspraak over uw bezwaar")
    await case.board("close", because="handled")

    assert "board" in by_handler
    assert "hearing invitation" in await case.letters()
    for words in ("U had gelijk.", "Korting.", "gegrond", "De directie van PreAct Software"):
        assert words in decision
    assert ["until 2026-04-13", "met in time"] == await case.course_of("PRE-4")
    assert ["open", "met in time"] == await case.course_of("PRE-5")
    course = await case.course_of("PRE-6")
    assert ["moved to 2026-05-28", "moved to 2026-05-14", "met in time"] == course[-3:]


async def test_an_invitation_nobody_answers_starts_the_four_weeks_too(office: Office) -> None:
    """Sentences 19 and 20, and what the text is silent on: two weeks without an answer, then the board
    decides without a talk."""
    case = await objected(office)
    too_early = await case.is_refused("board", "decide-objection", outcome="unfounded", grounds="Nee.")
    await office.turn_to("2026-04-20")
    await case.board("remind")
    await office.turn_to("2026-04-24")

    await case.board("decide-objection", outcome="unfounded", grounds="De afspraak is nagekomen.")

    assert "may answer until 2026-04-23" in too_early
    assert ["until 2026-05-21", "met in time"] == await case.course_of("PRE-6")


async def test_a_talk_that_is_missed_starts_the_four_weeks_too(office: Office) -> None:
    """Sentences 19 and 20, and what the text is silent on: the talk was agreed, the customer did not
    come."""
    case = await objected(office)
    not_agreed = await case.is_refused("board", "waive-hearing", because="did not come")
    await case.board("agree-hearing", hearing_at="2026-04-16T10:00:00+02:00")

    await office.turn_to("2026-04-16", AFTER_THE_TALK)
    await case.board("waive-hearing", because="did not come")
    await office.turn_to("2026-05-15")

    assert "nobody can miss a talk that was not agreed" in not_agreed
    course = await case.course_of("PRE-6")
    assert ["moved to 2026-05-28", "moved to 2026-05-14", "breached 2026-05-14"] == course[-3:]


async def test_an_objection_that_comes_late_is_decided_and_never_bounced(office: Office) -> None:
    """Sentence 18, and what the text is silent on: the window lapsed, the objection is recorded, told to
    be late, excused by the board and heard."""
    case = await answered(office)
    await office.turn_to("2026-04-15")
    await case.handler("lodge-objection", channel="email", objection="Ik lag in het ziekenhuis.")
    told = await case.mail("Uw bezwaar kwam te laat")
    uninvited = await case.is_refused("board", "invite-to-hearing", how="letter")

    await case.board("excuse-lateness", reason="Ziekenhuis.")
    await case.board("invite-to-hearing", how="phone")
    await case.board("waive-hearing", because="declined")

    assert "maandag 13 april 2026" in told
    assert "woensdag 15 april 2026" in told
    assert "excuse that" in uninvited
    assert ["until 2026-04-13", "lapsed 2026-04-13"] == (await case.course_of("PRE-4"))[:2]
    assert ["open", "met in time"] == await case.course_of("PRE-5")
    assert "moved to 2026-05-13" == (await case.course_of("PRE-6"))[-1]
