"""Destiny's procedure as it is lived: every way through it, with the numbers of the text's own sentences.

Received on Monday the 2nd of March 2026 the reaction is due on Thursday the 5th and the solution on
Monday the 16th, in every calendar; around Easter the two readings of a working day differ.
"""

import pytest

from journey_office import Office

pytestmark = pytest.mark.journey

CONFIRMED = ["until 2026-03-16 or 2026-03-19", "moved to 2026-03-16"]
"""The ten working days until the confirmation is there: then both readings begin on its date."""

A_PROPOSAL = "Wij sturen u een nieuwe factuur en betalen het verschil terug."


async def test_a_proposal_is_agreed_and_carried_out(office: Office) -> None:
    """Sentences 12, 15 to 17, 24 and 25: filed by mail, confirmed with a date, a reaction in three
    working days, a proposal, carried out once the customer agrees."""
    case = await office.receives("destiny", "2026-03-02")
    confirmation = await case.mail("Wij hebben uw klacht ontvangen")

    await office.turn_to("2026-03-05")
    await case.handler("react", reaction="Wij zien dat de factuur niet klopt.")
    await office.turn_to("2026-03-09")
    await case.handler("propose", proposal=A_PROPOSAL)
    proposal = await case.mail("Ons voorstel")
    measure = {"what": "Nieuwe factuur sturen.", "owner": "des-01", "due_on": "2026-03-13"}
    await case.handler("record-acceptance", measures=[measure])
    too_early = await case.is_refused("handler", "record-solved")
    await office.turn_to("2026-03-12")
    await case.handler("carry-out-measure", measure=1)
    await case.handler("record-solved")
    await case.handler("close", because="handled")

    assert "maandag 2 maart 2026" in confirmation
    assert "Wij zien dat de factuur niet klopt." in await case.mail("Onze reactie")
    assert A_PROPOSAL in proposal
    assert "Zonder uw antwoord voeren wij het voorstel niet uit." in proposal
    assert "measures are open: 1" in too_early
    assert ["open", "met in time"] == await case.course_of("DES-ack")
    assert ["until 2026-03-05", "met in time"] == await case.course_of("DES-1")
    assert [*CONFIRMED, "met in time"] == await case.course_of("DES-2")
    assert "closed" == (await case.shown())["stage"]


async def test_a_refused_proposal_is_followed_by_another(office: Office) -> None:
    """Sentences 24 and 25, and what the text is silent on: the customer says no, so nothing is carried
    out and the complaint goes back to the one who handles it."""
    case = await office.receives("destiny", "2026-03-02")
    await case.handler("react", reaction="Wij kijken ernaar.")
    await office.turn_to("2026-03-06")
    await case.handler("propose", proposal="Een tegoed van tien euro.")

    await case.handler("record-refusal", reason="Veel te weinig.")
    back = (await case.shown())["stage"]
    await case.handler("propose", proposal=A_PROPOSAL)
    await case.handler("record-acceptance")
    await office.turn_to("2026-03-10")
    await case.handler("record-solved")

    assert "handling" == back
    assert ["acknowledgement", "substantive reaction", "proposal", "proposal"] == await case.letters()
    assert A_PROPOSAL in await case.mail("Ons voorstel")
    assert [*CONFIRMED, "met in time"] == await case.course_of("DES-2")


async def test_a_proposal_without_an_answer_ends_after_two_reminders_and_can_go_on(office: Office) -> None:
    """Sentence 25, and what the text is silent on: no answer is no consent; two reminders, two weeks,
    closed, and open again when the customer answers after all."""
    case = await office.receives("destiny", "2026-03-02")
    await case.handler("react", reaction="Wij kijken ernaar.")
    await case.handler("propose", proposal=A_PROPOSAL)

    await office.turn_to("2026-03-09")
    await case.handler("remind")
    too_early = await case.is_refused("handler", "close", because="no response")
    await office.turn_to("2026-03-17")
    await case.handler("remind")
    await case.handler("close", because="no response")
    await case.handler("reopen", reason="De klant was met vakantie.")

    assert "they were reminded 1 of 2 times" in too_early
    assert A_PROPOSAL in await case.mail("Wij hebben nog niets van u gehoord")
    assert [*CONFIRMED, "missed 2026-03-16"] == await case.course_of("DES-2")
    assert "handling" == (await case.shown())["stage"]


async def test_more_time_is_told_before_the_end_and_told_again(office: Office) -> None:
    """Sentences 18 and 19, twice: each time the customer hears by mail, before the period ends, which
    period is expected; the second time it is said whether they agreed."""
    case = await office.receives("destiny", "2026-03-02")
    await case.handler("react", reaction="Wij kijken ernaar.")
    await office.turn_to("2026-03-12")
    await case.handler("extend", until="2026-03-23", reason="De leverancier antwoordt traag.")
    first = await case.mail("Uw klacht duurt langer")
    await office.turn_to("2026-03-19")

    unsaid = await case.is_refused("handler", "extend", until="2026-03-30", reason="Nog niet klaar.")
    await case.handler("extend", until="2026-03-30", reason="Het onderdeel is onderweg.", consented=True)
    second = await case.mail("Uw klacht duurt langer")
    await office.turn_to("2026-03-27")
    await case.handler("record-solved")

    for words in ("maandag 23 maart 2026", "maandag 16 maart 2026", "De leverancier antwoordt traag."):
        assert words in first
    assert "maandag 30 maart 2026" in second
    assert "opnieuw" in second
    assert "say whether the complainant agreed" in unsaid
    moved = ["moved to 2026-03-23", "moved to 2026-03-30"]
    assert [*CONFIRMED, *moved, "met in time"] == await case.course_of("DES-2")
    told = ["met in time", moved[0], "met in time", moved[1], "dropped: DES-2 was met in time"]
    assert [*CONFIRMED, *told] == await case.course_of("DES-3")


async def test_more_time_told_too_late_breaks_the_duty_to_tell(office: Office) -> None:
    """Sentences 16, 18 and 19: the aim of ten working days is missed on its day, and so is the notice
    that had to come before it; a notice afterwards does not undo that."""
    case = await office.receives("destiny", "2026-03-02")
    await case.handler("react", reaction="Wij kijken ernaar.")

    await office.turn_to("2026-03-18")
    await case.handler("extend", until="2026-03-27", reason="De leverancier antwoordt traag.")
    await office.turn_to("2026-03-26")
    await case.handler("record-solved")

    assert "missed 2026-03-16" in await case.course_of("DES-2")
    assert "breached 2026-03-16" in await case.course_of("DES-3")
    assert "vrijdag 27 maart 2026" in await case.mail("Uw klacht duurt langer")


async def test_a_reaction_that_comes_too_late_is_told_on_its_day(office: Office) -> None:
    """Sentence 15: three working days have passed without a reaction; a later one meets the duty late."""
    case = await office.receives("destiny", "2026-03-02")

    await office.turn_to("2026-03-04")
    warned = await case.warnings_of("DES-1")
    await office.turn_to("2026-03-06")
    broken = await case.course_of("DES-1")
    await office.turn_to("2026-03-09")
    await case.handler("react", reaction="Excuses voor het wachten.")

    assert ["2026-03-05"] == warned
    assert ["until 2026-03-05", "breached 2026-03-05"] == broken
    assert [*broken, "met late"] == await case.course_of("DES-1")


async def test_around_easter_a_reaction_may_be_on_time_by_one_reading_only(office: Office) -> None:
    """Sentence 15: who works on Good Friday reads Wednesday the 8th, who does not Thursday the 9th;
    between the two the case is disputed."""
    case = await office.receives("destiny", "2026-04-02")

    await office.turn_to("2026-04-09")
    await case.handler("react", reaction="Wij kijken ernaar.")

    assert [
        "until 2026-04-08 or 2026-04-09",
        "breached 2026-04-08, disputed",
        "met disputed",
    ] == await case.course_of("DES-1")


async def test_what_is_missing_is_asked_for_and_nothing_waits_for_it(office: Office) -> None:
    """Sentences 6 to 8, 13, 22 and 23: the contact person could not help, the description is missing, the
    customer is asked and answers; the three working days run on."""
    case = await office.receives("destiny", "2026-03-02", description=None, references=["CN-1"])
    await case.handler("note-informal-stage", result="not solved")
    await case.handler("ask-information", question="Wat is er met de factuur?", fields=["description"])
    asked = await case.mail("Wij hebben nog iets van u nodig")
    await office.turn_to("2026-03-04")
    await case.writes(description="Er staat twee keer hetzelfde op.")
    await case.handler("escalate", to="des-03", role="team lead", reason="Blijft liggen.")

    shown = await case.shown()
    assert ["description"] == case.answer["missing"]
    assert "Wat is er met de factuur?" in asked
    assert "een beschrijving van wat er is gebeurd" in asked
    assert [] == shown["missing"]
    assert "escalation matrix" in shown["warnings"][0]
    assert ["until 2026-03-05"] == await case.course_of("DES-1")


async def test_a_complaint_that_is_taken_back_ends_what_was_promised(office: Office) -> None:
    """What the text is silent on: the customer withdraws, what was not broken yet is dropped, and they
    get it confirmed."""
    case = await office.receives("destiny", "2026-03-02")

    await office.turn_to("2026-03-03")
    await case.handler("withdraw", channel="phone")

    assert "dinsdag 3 maart 2026" in await case.mail("U hebt uw klacht ingetrokken")
    for clock in ("DES-1", "DES-2", "DES-3"):
        assert "dropped: complaint withdrawn" == (await case.course_of(clock))[-1]
    assert "closed" == (await case.shown())["stage"]
