"""The life of a case under each procedure, path by path: what people do, and what follows.

Numbers in docstrings are sentences of the organisation's own text, as its file counts them.
"""

from functools import partial

import pytest

from cases.state import with_decided
from events.errors import CommandRefused
from procedures import organisations as people
from workflow.obligations import NO_MATRIX, notices, owed, warnings
from workflow_life import Life, soon

WORDS = {"grounds": "Wij hebben het nagegaan."}


@pytest.fixture
def demonstrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let complaints come in under the procedures that demonstrate a statute."""
    monkeypatch.setattr(people, "_admitted", True)


def test_destiny_a_proposal_is_agreed_and_carried_out() -> None:
    """(15, 24, 25) Destiny reacts, proposes, the customer agrees, the improvement is made, the case ends."""
    life = Life("destiny")

    life.give("record-contact", how="phone")
    life.give("react", reaction="De centrale wordt nagekeken.")
    life.sent("substantive reaction")
    assert ["SolutionProposed"] == life.give("propose", proposal="Een nieuwe centrale.")
    assert "proposed" == life.stage
    agreed = life.give(
        "record-acceptance", measures=[{"what": "Vervangen.", "owner": "des-01", "due_on": soon()}]
    )
    assert ["ProposalAccepted", "MeasureAgreed"] == agreed
    assert ("agreed", "not-now") == (life.stage, life.refused("record-solved"))
    life.give("carry-out-measure", measure=1)
    life.give("record-solved")
    life.give("close", because="handled")

    assert ("closed", "handled") == (life.stage, life.case.life.closing.because)


def test_destiny_a_refused_proposal_goes_back_to_the_handling() -> None:
    """(25) When the customer does not agree the text says nothing: there is another proposal."""
    life = Life("destiny")
    life.give("propose", proposal="Korting.")

    life.give("record-refusal", reason="Te weinig.")

    assert "handling" == life.stage
    life.give("propose", proposal="Meer korting.")
    life.give("record-acceptance")
    assert (2, "agreed") == (life.case.life.answering.proposals, life.stage)


def test_destiny_who_proposed_first_can_still_react() -> None:
    """(15, 24) A reaction is promised whatever was proposed or agreed: it can be given in any stage."""
    life = Life("destiny")
    life.give("propose", proposal="Korting.")
    assert ["ReactionGiven"] == life.give("react", reaction="De storing is gevonden.")
    assert "proposed" == life.stage

    life.give("record-acceptance")
    life.give("react", reaction="De korting staat op de factuur.")

    assert ("agreed", 2) == (life.stage, life.case.life.handling.reactions)


def test_an_unanswered_proposal_is_closed_after_two_reminders_and_can_be_reopened() -> None:
    """(25) Silence is not consent: two reminders, two weeks, then closed, and open again."""
    life = Life("destiny")
    life.give("propose", proposal="Korting.")
    assert "not-now" == life.refused("close", because="no response")

    life.wait(7).give("remind")
    life.wait(5).give("remind")
    assert "not-now" == life.refused("remind")
    assert "not-now" == life.refused("close", because="no response")
    life.wait(3).give("close", because="no response")

    assert ("closed", "no response") == (life.stage, life.case.life.closing.because)
    assert ["CaseReopened"] == life.give("reopen", reason="Antwoord kwam toch.")
    assert "handling" == life.stage


def test_destiny_who_escalates_is_told_that_there_is_no_matrix() -> None:
    """(8) The text speaks of a matrix and does not hold it: the command is done, and says so."""
    life = Life("destiny")

    decided = life.decide("escalate", to="des-03", role="team lead", reason="Wacht al lang.")

    assert [NO_MATRIX] == notices(with_decided(life.case, decided), decided)
    reacted = life.decide("react", reaction="Wij kijken ernaar.")
    assert [] == notices(with_decided(life.case, reacted), reacted)


def test_nobody_escalates_to_a_court() -> None:
    """(8) A role that nobody has in the organisation is no step of its escalation."""
    life = Life("destiny")

    assert "nobodys-role" == life.refused("escalate", to="des-03", role="court", reason="Wacht al lang.")


def test_destiny_more_time_is_counted_and_the_second_time_needs_a_word_on_consent() -> None:
    """(18, 19) More time may be taken again, but from the second time on consent is asked about."""
    life = Life("destiny")

    life.give("extend", until=soon(20), reason="Onderdeel niet op voorraad.")
    assert "say-consented" == life.refused("extend", until=soon(30), reason="Nog niet.")
    life.give("extend", until=soon(30), reason="Nog niet.", consented=False)

    assert 2 == life.case.life.handling.extensions
    assert "not-extendable" == life.refused(
        "extend", until=soon(30), reason="x", clock="DES-1", consented=True
    )


@pytest.mark.usefixtures("demonstrations")
def test_the_awb_gives_four_weeks_more_and_further_only_by_consent() -> None:
    """Awb 9:11: six weeks until 11 May, four more until 8 June; beyond, the complainant agrees in writing."""
    life = Life("awb")
    until = partial(life.refused, "extend", reason="Er is een deskundige gevraagd.")

    assert "too-long" == until(until="2026-06-09")
    assert "too-long" == until(until="2026-06-09", consented=False)
    life.give("extend", until="2026-06-08", reason="Er is een deskundige gevraagd.")

    assert "say-consented" == until(until="2026-06-10")
    assert "not-consented" == until(until="2026-06-10", consented=False)
    life.give("extend", until="2026-09-01", reason="De deskundige is ziek.", consented=True)
    assert 2 == life.case.life.handling.extensions


@pytest.mark.usefixtures("demonstrations")
def test_the_awb_lets_a_complainant_agree_to_more_at_once() -> None:
    """Awb 9:11(3): who agrees in writing may give more than four weeks the first time already."""
    life = Life("awb")

    life.give("extend", until="2026-08-03", reason="De hoorzitting is na de zomer.", consented=True)

    assert 1 == life.case.life.handling.extensions


@pytest.mark.usefixtures("demonstrations")
def test_who_wants_more_time_than_there_is_learns_until_when_it_is() -> None:
    """Awb 9:11(2): the refusal says how much is allowed, until when, and what more would take."""
    with pytest.raises(CommandRefused, match="at most 4 weeks: until 2026-06-08; further only if"):
        Life("awb").decide("extend", until="2026-07-01", reason="Drukte.")


def test_bc_a_plan_is_made_carried_out_reported_back_and_closed() -> None:
    """(36, 37, 39, 40, 41) Registered twice, escalated, planned, solved, reported back, updated, closed."""
    life = Life("bc")

    life.give("record-external", system="servicenow", number="INC0012345", what="registered")
    life.give("record-external", system="pct", number="PCT0042", what="registered")
    life.give("escalate", to="bnc-04", role="account manager", reason="Grote klant.")
    life.give("make-plan", plan="Nieuw gesprek.", until=soon())
    assert [False, False] == [one.is_current for one in life.case.life.opening.externals]
    life.give("record-solved")
    assert "not-now" == life.refused("close", because="handled")
    life.give("report-back")
    life.give("ask-satisfaction", how="phone")
    life.give("record-satisfaction", answer="satisfied")
    life.give("close", because="handled")

    assert "closed" == life.stage
    life.give("record-external", system="servicenow", number="INC0012345", what="closed")


def test_bc_a_solution_that_is_none_gets_a_new_plan() -> None:
    """(30) Whoever is still dissatisfied is not done with: there is a new plan."""
    life = Life("bc")
    life.give("record-solved")
    life.give("report-back")
    life.give("record-satisfaction", answer="dissatisfied")

    life.give("make-plan", plan="Anders.", until=soon())

    assert ("handling", False) == (life.stage, life.case.life.answering.solved)


def test_bc_keeps_the_complainant_informed_by_a_norm_of_its_own() -> None:
    """(34) No day is promised: whoever works on the case sees by when they should let hear how it goes."""

    def norm(life: Life) -> list[str]:
        return [str(one.until) for one in owed(life.case) if one.what.startswith("keep the complainant")]

    life = Life("bc")
    silent = norm(life)
    life.sent("handling notice")
    life.wait(3).give("record-contact", how="phone")
    spoken = norm(life)
    life.give("make-plan", plan="Nameten.", until=soon(20))
    asked = norm(life.give("ask-information", question="Welke lijn?") and life)

    assert (["2026-04-06"], ["2026-04-09"], []) == (silent, spoken, asked)
    assert [] == norm(Life("preact"))


def test_bc_an_incident_is_handed_over_and_what_is_both_goes_on() -> None:
    """(14, 20) An incident goes to its own process; what is a complaint too goes on as one."""
    incident, both, complaint = Life("bc", nature="incident"), Life("bc", nature="technical"), Life("bc")

    assert ["HandedOverAsIncident", "CaseClosed"] == incident.give("hand-over")
    assert ["HandedOverAsIncident"] == both.give("hand-over")
    assert "not-now" == complaint.refused("hand-over")

    assert ("closed", "handling") == (incident.stage, both.stage)


def test_supportoplus_the_talk_its_agreements_and_handling() -> None:
    """(16, 17, 18) The responsible person invites, talks, agrees on measures; then it is handled."""
    life = Life("supportoplus").sent("acknowledgement")

    life.give("escalate", "quality", to="sup-03", role="responsible person", reason="Voor gesprek.")
    life.give("invite-to-talk", "quality", how="phone")
    agreed = life.give(
        "record-talk",
        "quality",
        how="in person",
        agreements=[{"what": "Vaste begeleider.", "owner": "sup-03", "due_on": soon(20)}],
    )
    assert ["TalkHeld", "MeasureAgreed"] == agreed
    assert "not-now" == life.refused("record-handled", "quality")
    life.give("carry-out-measure", "quality", measure=1)
    life.give("record-handled", "quality")
    life.give("close", "quality", because="handled")

    assert "closed" == life.stage
    assert ("talk confirmation", "owed") in [(one.letter, one.status) for one in life.case.letters]


def preact_answered(outcome: str = "unfounded") -> Life:
    life = Life("preact")
    life.give("record-contact-attempt", how="phone")
    life.give("decide-outcome", outcome=outcome, solution="Herstel.", **WORDS)
    return life.window_runs("PRE-4")


def test_supportoplus_is_not_closed_to_get_out_of_a_promise() -> None:
    """(16) Contact is promised within two weeks: nobody closes the case before, whatever was decided."""
    life = Life("supportoplus").sent("acknowledgement")
    life.give("decide-outcome", "quality", outcome="unfounded", **WORDS)

    with pytest.raises(CommandRefused, match="SUP-2 is promised until 2026-04-13"):
        life.decide("close", "quality", because="handled")
    life.give("record-contact", "quality", how="phone")
    life.give("close", "quality", because="handled")

    assert "closed" == life.stage


def test_preact_the_complainant_is_asked_first_and_masked_when_others_are() -> None:
    """(14, 15) Always contact before the response; colleagues and suppliers learn no name."""
    life = Life("preact")
    life.masks = ("Anneke Postma", "Anneke", "Postma")

    assert "not-now" == life.refused("decide-outcome", outcome="founded", **WORDS)
    (asked,) = life.decide(
        "consult", party="supplier", question="Mail van Postma (anneke@example.org, 06 12345678)?"
    )
    assert {"complainant": {"share": "Mail van […] ([…], […])?"}} == asked.personal
    life.give("consult", party="supplier", question="Wat is er gebeurd?")
    life.give("record-consultation", consultation=1, answer="Verkeerd verzonden.")
    life.give("record-contact", how="phone")
    assert "say-solution" == life.refused("decide-outcome", outcome="founded", **WORDS)
    life.give("decide-outcome", outcome="partly founded", solution="Herstel.", changes="Training.", **WORDS)

    assert "answered" == life.stage


def test_preact_nobody_objects_and_the_case_closes_after_the_window() -> None:
    """(18) Four weeks pass without an objection; before that the case is not closed."""
    life = preact_answered()
    assert "not-now" == life.refused("close", because="handled")

    life.window_lapses("PRE-4").give("close", because="handled")

    assert "closed" == life.stage


def test_preact_an_objection_is_heard_and_decided_by_the_board() -> None:
    """(18, 19, 20) In time, invited, heard, decided in writing by the board."""
    life = preact_answered().sent("acknowledgement").sent("response")

    life.give("lodge-objection", channel="email", objection="Niet eens.")
    assert "objection" == life.stage
    life.give("invite-to-hearing", "board", how="letter")
    life.give("agree-hearing", "board", hearing_at="2026-04-20T10:00:00+02:00")
    assert "not-now" == life.refused("decide-objection", "board", outcome="founded", **WORDS)
    life.wait(21).give("record-hearing", "board", how="phone", satisfied=False)
    life.give("decide-objection", "board", outcome="founded", **WORDS)
    assert "not-now" == life.refused("close", because="handled")  # nobody has written the decision down yet
    life.sent("board decision").give("close", because="handled")

    assert "closed" == life.stage
    assert "not-now" == life.refused("lodge-objection", channel="email", objection="Weer niet.")


def test_preact_the_hearing_is_declined_missed_or_never_answered() -> None:
    """(19, 20) Who declines, does not come or stays silent for two weeks does not block the decision."""
    declined, missed, silent = preact_answered(), preact_answered(), preact_answered()
    for life in (declined, missed, silent):
        life.give("lodge-objection", channel="email", objection="Niet eens.")
        life.give("invite-to-hearing", "board", how="phone")

    assert "not-agreed" == declined.refused("waive-hearing", "board", because="did not come")
    declined.give("waive-hearing", "board", because="declined")
    missed.give("agree-hearing", "board", hearing_at="2026-04-20T10:00:00+02:00")
    missed.wait(22).give("waive-hearing", "board", because="did not come")
    assert "not-now" == silent.refused("decide-objection", "board", outcome="founded", **WORDS)
    silent.wait(14)

    for life in (declined, missed, silent):
        life.give("decide-objection", "board", outcome="unfounded", **WORDS)
        assert "decided" == life.stage


def test_a_late_objection_is_recorded_and_decided_never_bounced() -> None:
    """(18) After the window, even after closing: the board excuses it or says that it came too late."""
    refused, excused = preact_answered(), preact_answered()
    for life in (refused, excused):
        life.window_lapses("PRE-4").give("close", because="handled")
        life.give("lodge-objection", channel="email", objection="Alsnog.")
        assert (True, "objection") == (
            life.case.life.objecting.objection and life.case.life.objecting.objection.late,
            life.stage,
        )
        assert "not-now" == life.refused("invite-to-hearing", "board", how="letter")

    assert "too-late" == refused.refused("decide-objection", "board", outcome="founded", **WORDS)
    refused.give("decide-objection", "board", outcome="inadmissible", **WORDS)
    excused.give("excuse-lateness", "board", reason="In het ziekenhuis.")
    excused.give("invite-to-hearing", "board", how="letter")

    assert ("decided", "objection") == (refused.stage, excused.stage)


@pytest.mark.parametrize(
    ("channel", "is_named"), [("email", True), ("portal", True), ("phone", False), ("meeting", False)]
)
def test_an_objection_by_another_way_than_the_text_names_is_flagged_and_counts(
    channel: str, is_named: bool
) -> None:
    """(18) PreAct wants objections by e-mail, and our portal serves too: a call is recorded and flagged."""
    life = preact_answered()
    decided = life.decide("lodge-objection", channel=channel, objection="Niet eens.")
    told = notices(with_decided(life.case, decided), decided)

    life.give("lodge-objection", channel=channel, objection="Niet eens.")

    seen = [warning for warning in warnings(life.case) if "the objection came by" in warning]
    assert ("objection", seen) == (life.stage, told)
    assert is_named == (told == [])
    assert ["HearingInvited"] == life.give("invite-to-hearing", "board", how="phone")


def test_ingressus_takes_an_objection_in_any_writing() -> None:
    """(31) In writing, by whatever way: only what was merely said is flagged."""
    flagged = {}
    for channel in ("portal", "email", "letter", "phone"):
        life = Life("ingressus")
        life.give("decide-outcome", outcome="unfounded", **WORDS)
        life.give("lodge-objection", channel=channel, objection="Onvoldoende.")
        flagged[channel] = bool(
            life.case.life.objecting.objection and not life.case.life.objecting.objection.channel_named
        )

    assert {"portal": False, "email": False, "letter": False, "phone": True} == flagged


def ingressus_heard(**hearing: bool) -> Life:
    life = Life("ingressus").sent("acknowledgement")
    life.give("decide-outcome", outcome="unfounded", **WORDS)
    life.sent("response")
    life.window_runs("ING-5")
    life.give("lodge-objection", channel="portal", objection="Onvoldoende.")
    life.give("invite-to-hearing", "board", how="letter")
    life.give("record-hearing", "board", how="in person", **hearing)
    return life


def test_ingressus_the_talk_is_recorded_in_both_cases_and_the_court_is_named() -> None:
    """(36, 37) Satisfied or not, the talk is recorded; who is not satisfied is told of the court."""
    satisfied, unsatisfied = ingressus_heard(satisfied=True), ingressus_heard(satisfied=False)

    for life in (satisfied, unsatisfied):
        assert "not-now" == life.refused("close", "board", because="handled")
        life.give("write-hearing-record", "board", record="Besproken.")
    satisfied.give("close", "board", because="handled")
    assert "not-now" == unsatisfied.refused("close", "board", because="handled")
    unsatisfied.give("name-outer-route", "board")
    assert "court in Rotterdam" == unsatisfied.case.life.objecting.outer_route
    unsatisfied.give("close", "board", because="handled")
    assert ["OuterRouteTaken"] == unsatisfied.give("record-outer-route")

    assert ("closed", "closed") == (satisfied.stage, unsatisfied.stage)


def test_ingressus_new_facts_in_the_talk_lead_to_a_new_proposal() -> None:
    """(34, 35) New facts or solutions come up: the board proposes again, and nobody proposes without them."""
    life, without = ingressus_heard(satisfied=False, new_facts=True), ingressus_heard(satisfied=False)

    assert "not-now" == without.refused("propose", "board", proposal="Iets.")
    life.give("propose", "board", proposal="Nieuwe training.")
    life.give("record-acceptance", "board")
    life.give("write-hearing-record", "board", record="Besproken.")
    life.give("close", "board", because="handled")

    assert "closed" == life.stage


def test_ingressus_who_proposes_as_the_board_also_decides() -> None:
    """(34, 35) A proposal in the talk is the board's own: who makes it has not handled the complaint."""
    life = ingressus_heard(satisfied=False, new_facts=True)
    life.give("propose", "board", proposal="Nieuwe training.")
    life.give("record-refusal", "board")

    life.give("decide-objection", "board", outcome="unfounded", **WORDS)

    assert "decided" == life.stage
    assert "staff-b" not in life.case.life.persons.handlers


def test_ingressus_a_phone_call_is_refused_with_the_route_and_stays_recorded() -> None:
    """(20) Only written complaints are handled: the caller is told how, and the case may end."""
    phone, form = Life("ingressus", channel="phone", channel_named=False), Life("ingressus")

    phone.give("refuse-with-route")

    assert "not-now" == form.refused("refuse-with-route")
    assert ("refusal with route", "owed") in [(one.letter, one.status) for one in phone.case.letters]
    phone.give("close", because="inadmissible")
    assert "closed" == phone.stage


def test_an_objection_where_the_text_has_none_names_what_is_allowed() -> None:
    """Who asks for what a procedure does not have is told so, with what can be done instead."""
    life = Life("destiny")

    assert "not-in-this-stage" == life.refused("lodge-objection", channel="email", objection="x")
    assert "not-now" == Life("preact").refused("remind")


def test_a_complaint_can_be_withdrawn_at_any_stage_and_nothing_is_owed_but_a_confirmation() -> None:
    """Whoever takes a complaint back is believed; it can be opened again."""
    life = preact_answered()
    life.give("lodge-objection", channel="email", objection="Niet eens.")

    assert ["ComplaintWithdrawn", "CaseClosed"] == life.give("withdraw", channel="phone")

    assert ("closed", "withdrawn") == (life.stage, life.case.life.closing.because)
    assert ("withdrawal confirmation", "owed") in [(one.letter, one.status) for one in life.case.letters]


def test_missing_information_is_asked_for_and_taken_off_what_is_missing() -> None:
    """What was missing and came is no longer missing; no clock stops meanwhile."""
    given = ("email", "company", "address", "name", "reachability", "reported_on")
    life = Life("ingressus", given=given, missing=("phone", "description"))
    clocks = life.case.clocks

    life.give("ask-information", question="Wat is er gebeurd?", fields=["description"])
    life.give("record-information", channel="phone", description="De training ging niet door.")

    assert (("phone",), clocks) == (life.case.life.receiving.missing, life.case.clocks)


def test_a_printed_letter_is_posted_and_may_come_back() -> None:
    """A person says that a letter went into the post, and when it came back."""
    life = Life("destiny").sent("acknowledgement")

    assert ["LetterBounced"] == life.give("record-returned", letter="acknowledgement", how="email")
    assert "returned" == life.case.letters[-1].status
    assert ["LetterPosted"] == life.give("record-posted", letter="acknowledgement")

    assert "no-such-letter" == life.refused("record-returned", letter="response", how="post")
