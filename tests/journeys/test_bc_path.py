"""B&C's procedure as it is lived: every way through it, with the numbers of the text's own sentences.

Received on Monday the 2nd of March 2026 the plan is due on Monday the 9th, in every calendar.
"""

import pytest

from journey_office import Office

pytestmark = pytest.mark.journey


async def test_a_complaint_gets_a_plan_and_the_plan_is_kept(office: Office) -> None:
    """Sentences 6 to 9, 12, 34 and 36 to 41: told to the account manager, registered in two systems,
    forwarded, acknowledged, planned in five working days, solved by the plan's day, reported back,
    updated and closed."""
    case = await office.receives("bc", "2026-03-02", channel="meeting")
    notice = await case.mail("We zijn bezig met je melding")
    await case.handler("record-external", system="servicenow", number="INC0012345", what="registered")
    await case.handler("record-external", system="pct", number="PCT00077", what="registered")
    await case.handler("escalate", to="bnc-04", role="account manager", reason="Kent de klant.")

    await office.turn_to("2026-03-06")
    await case.handler("make-plan", plan="We rekenen alle facturen na.", until="2026-03-18")
    plan = await case.mail("Ons plan voor je klacht")
    await office.turn_to("2026-03-16")
    await case.handler("record-solved")
    unreported = await case.is_refused("handler", "close", because="handled")
    await case.handler("report-back")
    await case.handler("record-external", system="servicenow", number="INC0012345", what="closed")
    await case.handler("close", because="handled")

    assert not any(word in notice.lower() for word in ("klacht", "incident", "uiterlijk"))
    assert "We rekenen alle facturen na." in plan
    assert "woensdag 18 maart 2026" in plan
    assert "the solution is not reported back" in unreported
    assert ["open", "met in time"] == await case.course_of("BNC-1")
    assert ["until 2026-03-09", "met in time"] == await case.course_of("BNC-2")
    assert ["until 2026-03-18", "met in time"] == await case.course_of("BNC-3")
    assert ["handling notice", "plan", "closing notice"] == await case.letters()
    assert "We hebben je klacht afgehandeld" in await case.mail("We sluiten je melding")
    assert "update pct PCT00077" in [one["what"] for one in (await case.shown())["owed"]]


async def test_a_plan_made_too_late_is_told_on_its_day(office: Office) -> None:
    """Sentence 39: on Monday evening there was no plan; the one of Wednesday meets the duty late."""
    case = await office.receives("bc", "2026-03-02", channel="phone")

    await office.turn_to("2026-03-11")
    await case.handler("make-plan", plan="We rekenen alles na.", until="2026-03-20")

    assert ["until 2026-03-09", "breached 2026-03-09", "met late"] == await case.course_of("BNC-2")


async def test_the_term_in_the_plan_is_a_promise_of_its_own(office: Office) -> None:
    """Sentences 39 and 40: the plan names a day and it passes, a second plan is kept, a third is not."""
    case = await office.receives("bc", "2026-03-02", channel="portal")
    await case.handler("make-plan", plan="We rekenen alles na.", until="2026-03-11")

    await office.turn_to("2026-03-12")
    broken = await case.course_of("BNC-3")
    await case.handler("make-plan", plan="We vragen een ander om te rekenen.", until="2026-03-20")
    await office.turn_to("2026-03-19")
    await case.handler("record-solved")
    kept = await case.course_of("BNC-3")
    second = await case.mail("Ons plan voor je klacht")
    await case.handler("make-plan", plan="Het klopte nog niet: we rekenen opnieuw.", until="2026-03-25")
    await office.turn_to("2026-03-26")

    assert ["until 2026-03-11", "breached 2026-03-11"] == broken
    assert [*broken, "moved to 2026-03-20", "met in time"] == kept
    assert [*kept, "moved to 2026-03-25", "breached 2026-03-25"] == await case.course_of("BNC-3")
    assert "vrijdag 20 maart 2026" in second


async def test_an_incident_goes_to_those_who_solve_incidents(office: Office) -> None:
    """Sentences 12 to 14, 20 and 24: what is a disturbance only is registered, handed over and told so;
    no plan is owed."""
    case = await office.receives("bc", "2026-03-02", channel="phone", nature="incident")

    await case.handler("hand-over")

    letter = await case.mail("Je melding is doorgegeven")
    assert "incident" in letter
    assert "En je klacht?" not in letter
    assert "closed" == (await case.shown())["stage"]
    assert not [each for each in await case.course_of("BNC-2") if "breached" in each]


async def test_what_is_both_goes_both_ways(office: Office) -> None:
    """Sentences 11 to 17: a technical problem that makes somebody dissatisfied is an incident and a
    complaint; the incident is handed over, and the complaint keeps its five working days."""
    case = await office.receives("bc", "2026-03-02", channel="phone", nature="technical")

    await case.handler("hand-over")
    letter = await case.mail("Je melding is doorgegeven")
    await office.turn_to("2026-03-05")
    await case.handler("make-plan", plan="We bellen elke week.", until="2026-03-30")

    assert "Over je klacht hoor je apart van ons." in letter
    assert ["until 2026-03-09", "met in time"] == await case.course_of("BNC-2")


async def test_an_incident_that_is_a_complaint_after_all_counts_from_receipt(office: Office) -> None:
    """Sentences 11, 12 and 39: taken for an incident, reclassified on the fourth day, planned on the
    last: nobody loses their five working days to a mistake."""
    case = await office.receives("bc", "2026-03-02", channel="phone", nature="incident")

    await office.turn_to("2026-03-05")
    await case.handler("reclassify", kind="complaint", because="De klant is vooral ontevreden.")
    await office.turn_to("2026-03-09")
    await case.handler("make-plan", plan="We rekenen alles na.", until="2026-03-20")

    course = await case.course_of("BNC-2")
    assert ("until 2026-03-09", "met in time") == (course[0], course[-1])
