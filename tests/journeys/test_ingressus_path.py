"""Ingressus' procedure as it is lived: every way through it, with the numbers of the text's own sentences.

Received on Monday the 2nd of March 2026 the confirmation is due on Monday the 9th and the answer on
Monday the 30th; a delay must be told by Thursday the 26th, or Friday the 27th by the other reading of two
days.
"""

from datetime import time
from typing import Any

import pytest

from journey_office import Office
from journey_staff import Complaint

pytestmark = pytest.mark.journey

AFTER_THE_TALK = time(11, 30)
OUTCOME: dict[str, Any] = {"outcome": "unfounded", "grounds": "De cursus is gegeven zoals afgesproken."}


async def objected(office: Office) -> Complaint:
    """Give a complaint that was answered on the 16th of March and objected to on the 26th."""
    case = await office.receives("ingressus", "2026-03-02", channel="portal")
    await office.turn_to("2026-03-16")
    await case.handler("decide-outcome", **OUTCOME)
    await office.turn_to("2026-03-26")
    await case.handler("lodge-objection", channel="email", objection="De trainer kwam niet.")
    return case


async def test_confirmed_with_a_period_asked_and_answered_in_it(office: Office) -> None:
    """Sentences 5, 10 to 19, 22, 23, 25 and 28: filed by the form, confirmed with procedure, handler and
    period, asked for what is missing, answered in the period told, handled in twenty working days."""
    case = await office.receives("ingressus", "2026-03-02", channel="portal")
    confirmation = await case.mail("Wij hebben uw klacht ontvangen")
    await case.handler("ask-information", question="Welke cursus was het?", fields=["company", "address"])
    asked = await case.mail("Wij hebben nog iets van u nodig")
    await office.turn_to("2026-03-04")
    await case.writes(
        message="De cursus van mei.", complainant={"company": "Jansen bv", "address": "Laan 1, Stad"}
    )

    await office.turn_to("2026-03-25")
    await case.handler("decide-outcome", **OUTCOME)
    response = await case.mail("Ons antwoord op uw klacht")
    await case.handler("record-handled")
    await office.turn_to("2026-04-11")
    await case.handler("close", because="handled")

    for words in ("maandag 30 maart 2026", "klachtencoördinator", "rechter in het arrondissement Rotterdam"):
        assert words in confirmation
    assert "Welke cursus was het?" in asked
    for words in ("ongegrond", OUTCOME["grounds"], "binnen 10 werkdagen", "directie"):
        assert words in response
    assert "Rotterdam" not in response
    assert ["until 2026-03-09", "met in time"] == await case.course_of("ING-1")
    assert ["until 2026-03-30", "met in time"] == await case.course_of("ING-2")
    assert "dropped" in (await case.course_of("ING-3"))[-1]
    assert ["until 2026-03-30", "met in time"] == await case.course_of("ING-4")
    assert ["until 2026-04-09 or 2026-04-10", "lapsed 2026-04-10"] == await case.course_of("ING-5")


async def test_a_complaint_by_telephone_is_told_the_way_and_kept(office: Office) -> None:
    """Sentence 20: only complaints in writing are handled; one by telephone is recorded, told the way to
    the form, and closed."""
    case = await office.receives("ingressus", "2026-03-02", channel="phone")

    await case.handler("refuse-with-route")
    letter = await case.mail("Zo kunt u uw klacht indienen")
    await case.handler("close", because="inadmissible")

    assert "phone" in case.answer["notices"][0]
    assert "klachtenformulier" in letter
    assert case.reference in letter
    assert "refusal with route" in await case.letters()
    assert "closed" == (await case.shown())["stage"]
    assert "ComplaintReceived" == (await case.history()).events[0].type


async def test_a_delay_told_in_time_moves_the_promise(office: Office) -> None:
    """Sentences 24, 28 and 29: two days before the end the customer has the reason and the duration, and
    the answer comes by the new day; a second delay is told again before that."""
    case = await office.receives("ingressus", "2026-03-02", channel="portal")
    await office.turn_to("2026-03-24")
    await case.handler("extend", until="2026-04-20", reason="De trainer is ziek.")
    first = await case.mail("Uw klacht duurt langer")
    await office.turn_to("2026-04-14")
    await case.handler("extend", until="2026-04-30", reason="De trainer is nog ziek.", consented=True)
    await office.turn_to("2026-04-29")
    await case.handler("decide-outcome", **OUTCOME)

    for words in ("De trainer is ziek.", "maandag 20 april 2026", "maandag 30 maart 2026"):
        assert words in first
    assert "donderdag 30 april 2026" in await case.mail("Uw klacht duurt langer")
    course = await case.course_of("ING-4")
    assert ["moved to 2026-04-20", "moved to 2026-04-30"] == [each for each in course if "moved" in each]
    assert "met in time" == course[-1]
    assert not [each for each in (*course, *await case.course_of("ING-3")) if "breached" in each]
    assert "missed 2026-03-30" in await case.course_of("ING-2")


async def test_a_delay_told_too_late_breaks_the_duty_to_tell(office: Office) -> None:
    """Sentences 24 and 29: told on the last day itself, the notice is late; the promise moves all the
    same."""
    case = await office.receives("ingressus", "2026-03-02", channel="portal")

    await office.turn_to("2026-03-30")
    await case.handler("extend", until="2026-04-20", reason="De trainer is ziek.")
    await office.turn_to("2026-04-17")
    await case.handler("decide-outcome", **OUTCOME)

    told = await case.course_of("ING-3")
    assert "until 2026-03-26 or 2026-03-27" == told[0]
    assert [each for each in told if "breached 2026-03-2" in each]
    assert "met in time" == (await case.course_of("ING-4"))[-1]


async def test_an_answer_that_never_comes_breaks_the_promise_once(office: Office) -> None:
    """Sentences 23, 24 and 28: neither an answer nor a notice; the promise is broken and the aim is
    missed, each told once as what it is."""
    case = await office.receives("ingressus", "2026-03-02", channel="portal")

    await office.turn_to("2026-03-31")

    assert ["until 2026-03-30", "breached 2026-03-30"] == await case.course_of("ING-4")
    assert ["until 2026-03-30", "missed 2026-03-30"] == await case.course_of("ING-2")
    assert "breached" in (await case.course_of("ING-3"))[-1]


async def test_a_confirmation_that_comes_back_after_its_day_is_owed_again(office: Office) -> None:
    """Sentence 22: the customer is to receive it; the mail bounces after the five working days, a printed
    one follows, late."""
    case = await office.receives("ingressus", "2026-03-02", channel="portal")

    await office.turn_to("2026-03-12")
    await case.handler("record-returned", letter="acknowledgement", how="email")
    owed_again = await case.course_of("ING-1")
    await case.handler("record-posted", letter="acknowledgement")

    assert ["until 2026-03-09", "met in time", "reopened", "breached 2026-03-09"] == owed_again
    assert "met late" == (await case.course_of("ING-1"))[-1]


async def test_the_board_talks_records_and_the_court_is_named(office: Office) -> None:
    """Sentences 31 to 33, 36 and 37: an objection in ten working days, the board's invitation, a talk
    that brings no solution, its record, and the court in Rotterdam."""
    case = await objected(office)
    await office.turn_to("2026-03-27")
    await case.board("invite-to-hearing", how="letter")
    invitation = await case.mail("Uitnodiging voor een gesprek")
    await case.board("agree-hearing", hearing_at="2026-04-01T10:00:00+02:00")
    await office.turn_to("2026-04-01", AFTER_THE_TALK)
    await case.board("record-hearing", how="in person", satisfied=False)
    unrecorded = await case.is_refused("board", "close", because="handled")
    await case.board("write-hearing-record", record="De trainer is besproken.")
    await case.board("name-outer-route")
    await case.board("close", because="handled")
    await office.turn_to("2026-05-20")
    await case.board("record-outer-route")

    record = await case.mail("Verslag van ons gesprek")
    assert "directie" in invitation
    assert "not recorded" in unrecorded
    assert "De trainer is besproken." in record
    assert "Rotterdam" in record
    assert ["until 2026-03-30", "met in time"] == await case.course_of("ING-5")
    assert ["open", "met in time"] == await case.course_of("ING-6")
    assert ["open", "met in time"] == await case.course_of("ING-7")
    assert ["open", "met in time"] == await case.course_of("ING-8")


async def test_new_facts_in_the_talk_bring_a_new_proposal(office: Office) -> None:
    """Sentences 33 to 35 and 37: a new solution comes up in the talk, the customer agrees, and the talk
    is recorded in this case too."""
    case = await objected(office)
    await case.board("invite-to-hearing", how="phone")
    await case.board("record-hearing", how="phone", satisfied=False, new_facts=True)

    await case.board("propose", proposal="Een nieuwe cursus, gratis.")
    await case.board("record-acceptance")
    await case.board("write-hearing-record", record="De cursus wordt overgedaan.")
    await case.board("close", because="handled")

    assert "De cursus wordt overgedaan." in await case.mail("Verslag van ons gesprek")
    assert "closed" == (await case.shown())["stage"]


async def test_a_talk_that_is_missed_lets_the_board_decide(office: Office) -> None:
    """Sentences 32 and 36, and what the text is silent on: the customer does not come; the board decides
    without them and names the court."""
    case = await objected(office)
    await case.board("invite-to-hearing", how="phone")
    await case.board("agree-hearing", hearing_at="2026-03-27T10:00:00+01:00")

    await office.turn_to("2026-03-27", AFTER_THE_TALK)
    await case.board("waive-hearing", because="did not come")
    await case.board("decide-objection", outcome="unfounded", grounds="De cursus is gegeven.")
    await case.board("name-outer-route")
    await case.board("close", because="handled")

    assert "closed" == (await case.shown())["stage"]
    assert "open" in await case.course_of("ING-8")


async def test_an_objection_after_ten_working_days_is_decided_as_too_late(office: Office) -> None:
    """Sentence 31, and what the text is silent on: the objection comes after the window, is recorded, and
    the board says that it comes too late."""
    case = await objected_late(office)

    too_soon = await case.is_refused("board", "decide-objection", outcome="founded", grounds="Toch.")
    await case.board("decide-objection", outcome="inadmissible", grounds="Het bezwaar kwam te laat.")

    assert "came too late" in too_soon
    assert "dinsdag 31 maart 2026" in await case.mail("Uw bezwaar kwam te laat")
    assert "Het bezwaar kwam te laat." in await case.mail("De uitspraak over uw bezwaar")
    assert ["until 2026-03-30", "lapsed 2026-03-30"] == (await case.course_of("ING-5"))[:2]


async def objected_late(office: Office) -> Complaint:
    """Give a complaint that was answered on the 16th of March and objected to on the 31st."""
    case = await office.receives("ingressus", "2026-03-02", channel="portal")
    await office.turn_to("2026-03-16")
    await case.handler("decide-outcome", **OUTCOME)
    await office.turn_to("2026-03-31")
    await case.handler("lodge-objection", channel="email", objection="De trainer kwam niet.")
    return case
