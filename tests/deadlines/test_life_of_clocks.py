"""Clocks that move, wait for one another, are dropped or come back: the procedures' own rules, one case each.

Complaints come in on Monday 1 June 2026; June has no free day but weekends, so every calendar says the same.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deadline_stories import JUNE, SECOND, Story, opened_case, told
from deadlines.look import look, next_look, settle
from events.catalogue import (
    CaseClosed,
    CaseReopened,
    ComplaintSolved,
    ComplaintWithdrawn,
    ContactAttempted,
    ContactMade,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineSet,
    Event,
    HearingAgreed,
    HearingHeld,
    HearingInvited,
    LetterBounced,
    LetterSent,
    ObjectionLodged,
    PlanMade,
    ReportClassified,
    TargetMissed,
    WindowLapsed,
)
from events.record.envelope import NewEvent
from procedures.library import in_force


def at(month: int, day: int, hour: int = 10) -> datetime:
    """A moment in Amsterdam's summer, given in UTC."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def end_of(month: int, day: int) -> datetime:
    """Midnight at the end of a summer's day in Amsterdam."""
    return datetime(2026, month, day, 22, tzinfo=UTC)


def letter(name: str, on: date, number: int = 1, period_until: date | None = None) -> LetterSent:
    return LetterSent(
        letter=name,
        letter_id=UUID(int=hash((name, number)) & (2**128 - 1)),
        message_id=f"<{number}@preact.example>",
        channel="email",
        language="nl",
        dated_on=on,
        contents=(),
        attempts=1,
        period_until=period_until,
    )


def begun(organisation: str) -> Story:
    """A complaint of 1 June under an organisation's whole procedure, with all its clocks set."""
    return opened_case(*in_force(organisation, date(2026, 6, 1)).clocks, at=JUNE)


def about(found: Sequence[NewEvent], clock: str) -> list[NewEvent]:
    return [new for new in found if getattr(new.event, "clock", "") == clock]


def ends(story: Story, clock: str) -> tuple[date, date]:
    deadline = story.clocks.running[clock].deadline
    assert isinstance(deadline, DeadlineSet)
    return deadline.strict.on, deadline.lenient.on


@pytest.mark.parametrize("name", ["substantive reaction", "proposal", "response"])
def test_whatever_letter_goes_into_the_matter_keeps_the_promise_of_a_reaction(name: str) -> None:
    """Destiny 15: a proposal or an outcome in time is a reaction on the substance, a confirmation is none."""
    story = begun("destiny")
    story.tell(letter("acknowledgement", date(2026, 6, 1)), at(6, 1, 11))
    assert [] == about(story.look(at(6, 1, 12)), "DES-1")
    story.tell(letter(name, date(2026, 6, 2)), at(6, 2))

    (met,) = about(story.look(at(6, 2, 11)), "DES-1")

    assert isinstance(met.event, DeadlineMet)
    assert (f"{name} sent", "in time") == (met.event.fact, met.event.standing)


# --- ends that move --------------------------------------------------------------------------------------


def test_the_date_on_the_acknowledgement_moves_the_lenient_reading() -> None:
    """Destiny 16 and 17: without one, ten working days from the third; dated Tuesday, ten from Tuesday."""
    story = begun("destiny")
    before = ends(story, "DES-2")
    story.tell(letter("acknowledgement", date(2026, 6, 2)), at(6, 3))

    found = story.look(at(6, 3, 11))

    assert (date(2026, 6, 15), date(2026, 6, 18)) == before
    (moved,) = about(found, "DES-2")
    assert isinstance(moved.event, DeadlineMoved)
    assert ("complaint received", "acknowledgement dated") == moved.event.because
    assert (date(2026, 6, 15), date(2026, 6, 16)) == ends(story, "DES-2") == ends(story, "DES-3")


def test_an_acknowledgement_after_the_third_working_day_moves_nothing() -> None:
    """The guard started the second reading for good."""
    story = begun("destiny")
    story.tell(letter("acknowledgement", date(2026, 6, 8)), at(6, 8))

    assert [] == about(story.look(at(6, 8, 11)), "DES-2")


def test_the_term_in_the_plan_is_the_next_promise_and_a_later_plan_replaces_it() -> None:
    """B&C 39: the day a person writes into the plan; not solved by then, that promise is broken."""
    story = begun("bc")
    story.tell(PlanMade(until=date(2026, 6, 19)), at(6, 4))
    story.look(at(6, 4, 11))
    first = ends(story, "BNC-3")
    story.tell(PlanMade(until=date(2026, 6, 26)), at(6, 18))
    story.look(at(6, 18, 11))

    found = story.look(at(7, 1))

    assert (date(2026, 6, 19), date(2026, 6, 19)) == first
    assert ("DeadlineBreached", end_of(6, 26)) in told(found)


def test_a_plan_made_after_the_term_of_the_first_one_is_another_promise() -> None:
    """The first term was broken and stays so; another day in a plan is promised too."""
    story = begun("bc")
    story.tell(PlanMade(until=date(2026, 6, 10)), at(6, 4))
    story.look(at(6, 12))
    story.tell(PlanMade(until=date(2026, 6, 26)), at(6, 12, 12))

    found = about(story.look(at(7, 1)), "BNC-3")

    assert [("DeadlineMoved", at(6, 12, 12)), ("DeadlineBreached", end_of(6, 26))] == [
        one for one in told(found) if one[0] != "DeadlineWarned"
    ]


@pytest.mark.parametrize(("solved_again_on", "ends_as"), [(25, "met in time"), (None, "broken")])
def test_a_plan_after_a_solution_that_was_none_is_a_promise_again(
    solved_again_on: int | None, ends_as: str
) -> None:
    """Solved in time, but not well: the day in the next plan is not met by the first solution."""
    story = begun("bc")
    story.tell(PlanMade(until=date(2026, 6, 19)), at(6, 4))
    story.tell(ComplaintSolved(by="bnc-01"), at(6, 10))
    story.look(at(6, 11))
    story.tell(PlanMade(until=date(2026, 6, 26)), at(6, 12))
    if solved_again_on is not None:
        story.tell(ComplaintSolved(by="bnc-01"), at(6, solved_again_on))

    story.look(at(7, 1))

    assert ends_as == story.clocks.outcome("BNC-3")


def test_the_period_told_in_the_acknowledgement_is_the_promise() -> None:
    """Ingressus 22 and 28: what the customer was told is what the response is held to."""
    story = begun("ingressus")
    story.tell(letter("acknowledgement", date(2026, 6, 2), period_until=date(2026, 6, 24)), at(6, 2))

    story.look(at(6, 2, 11))

    assert (date(2026, 6, 24),) * 2 == ends(story, "ING-4")
    assert (date(2026, 6, 22), date(2026, 6, 22)) == ends(story, "ING-3")
    assert (date(2026, 6, 29),) * 2 == ends(story, "ING-2")  # handled stays an aim


# --- duties that are asked for only if another is not met ------------------------------------------------


def test_a_response_in_time_drops_the_delay_notice() -> None:
    """Ingressus 24: who answers in time owes no notice of a delay, and no breach of it is told."""
    story = begun("ingressus")
    story.tell(letter("response", date(2026, 6, 26)), at(6, 26))

    found = about(story.look(at(7, 30)), "ING-3")

    assert [("DeadlineDropped", at(6, 26))] == told(found)[-1:]
    assert "dropped" == story.clocks.outcome("ING-3")


def test_no_response_and_no_notice_breaks_both_at_the_end_of_the_term() -> None:
    """Ingressus 24 and 28: until the term ends nobody knows that the notice was needed."""
    story = begun("ingressus")

    early = about(story.look(end_of(6, 29) - SECOND), "ING-3")
    late = about(story.look(end_of(6, 29)), "ING-3")

    assert ["DeadlineWarned"] == [new.event.type for new in early]
    (breach,) = late
    assert isinstance(breach.event, DeadlineBreached)
    assert (date(2026, 6, 25), end_of(6, 29)) == (breach.event.due.on, breach.happened_at)


def test_a_notice_in_time_moves_the_promise_and_the_duty_begins_anew() -> None:
    """Ingressus 24 and 29: met once; with the new end there is a new last day for another notice."""
    story = begun("ingressus")
    story.tell(letter("delay notice", date(2026, 6, 24), period_until=date(2026, 7, 10)), at(6, 24))

    found = about(story.look(at(6, 24, 11)), "ING-3")

    assert [DeadlineMet, DeadlineMoved] == [type(new.event) for new in found]
    assert (date(2026, 7, 10),) * 2 == ends(story, "ING-4")
    assert (date(2026, 7, 8), date(2026, 7, 8)) == ends(story, "ING-3")
    story.tell(letter("delay notice", date(2026, 7, 7), 2, period_until=date(2026, 7, 20)), at(7, 7))
    assert ["DeadlineMet", "DeadlineMoved"] == [
        new.event.type for new in about(story.look(at(7, 7, 11)), "ING-3")
    ]
    assert (date(2026, 7, 20),) * 2 == ends(story, "ING-4")


def test_a_late_notice_breaks_its_own_duty_and_moves_the_promise_from_its_arrival() -> None:
    """Told on the last day of the term: too late by every reading, yet the customer knows the new end."""
    story = begun("ingressus")
    story.tell(letter("delay notice", date(2026, 6, 29), period_until=date(2026, 7, 10)), at(6, 29))

    found = story.look(at(7, 1))

    mine = about(found, "ING-3")
    assert ["DeadlineBreached", "DeadlineMet", "DeadlineMoved"] == [
        new.event.type for new in mine if new.event.type != "DeadlineWarned"
    ]
    assert at(6, 29) == mine[-1].happened_at
    assert [] == [new for new in about(found, "ING-4") if isinstance(new.event, DeadlineBreached)]


def test_a_late_notice_breaks_its_duty_although_its_moment_is_only_just_reached() -> None:
    """Where our clock is an estimate, the breach is told a moment later, and never forgotten."""
    story = begun("ingressus")
    story.tell(letter("delay notice", date(2026, 6, 29), period_until=date(2026, 7, 10)), at(6, 29))

    unsure = look(story.history, at(6, 29) + SECOND, passed=at(6, 29) - SECOND)
    for new in unsure.events:
        story.tell(new.event, new.happened_at)
    story.look(at(6, 29) + 3 * SECOND)

    assert at(6, 29) == unsure.next_at
    mine = about([NewEvent(row.event, row.happened_at) for row in story.history.events], "ING-3")
    assert ["DeadlineBreached", "DeadlineMet", "DeadlineMoved"] == [new.event.type for new in mine[-3:]]
    assert () == settle(story.history, at(6, 29) + 4 * SECOND)


@pytest.mark.parametrize("said_on", [2, 26])
def test_an_acknowledgement_that_says_the_same_end_begins_no_other_duty(said_on: int) -> None:
    """The last day for a notice was the 25th; who hears on the 26th what held anyhow is owed no other."""
    story = begun("ingressus")
    story.look(at(6, said_on))
    story.tell(letter("acknowledgement", date(2026, 6, 2), period_until=date(2026, 6, 29)), at(6, said_on))
    kept = Story(story.history)
    kept.tell(letter("response", date(2026, 6, 29)), at(6, 29))

    found = about([*story.look(at(6, said_on, 11)), *story.look(at(7, 30))], "ING-3")

    assert [("DeadlineBreached", end_of(6, 29))] == [one for one in told(found) if one[0] != "DeadlineWarned"]
    kept.look(at(7, 30))
    assert "dropped" == kept.clocks.outcome("ING-3")


def test_a_notice_after_the_end_is_another_promise() -> None:
    """The first promise was broken and stays so; the day that the complainant is told now is one as well."""
    story = begun("ingressus")
    story.look(at(6, 30))
    story.tell(letter("delay notice", date(2026, 7, 1), period_until=date(2026, 7, 10)), at(7, 1))

    found = about(story.look(at(7, 30)), "ING-4")

    assert [("DeadlineMoved", at(7, 1)), ("DeadlineBreached", end_of(7, 10))] == [
        one for one in told(found) if one[0] != "DeadlineWarned"
    ]


def test_a_letter_that_left_after_the_answer_promises_nothing_anew() -> None:
    """A late answer was given on 1 July: a notice that leaves on the 2nd asks for no second one."""
    story = begun("ingressus")
    story.look(at(6, 30))
    story.tell(letter("response", date(2026, 7, 1)), at(7, 1))
    story.tell(letter("delay notice", date(2026, 7, 2), period_until=date(2026, 7, 10)), at(7, 2))

    story.look(at(7, 30))

    assert ("met late", "met late") == (story.clocks.outcome("ING-4"), story.clocks.outcome("ING-3"))


# --- order, and duties without a term --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "kinds"),
    [
        ((), ["DeadlineBreached"]),
        ((ContactMade(by="pre-01", how="phone"),), ["DeadlineMet"]),
        ((ContactAttempted(by="pre-01", how="phone"),), ["DeadlineDropped"]),
    ],
)
def test_contact_comes_before_the_answer_unless_nobody_could_be_reached(
    before: tuple[Event, ...], kinds: list[str]
) -> None:
    """PreAct 14: always, and first; who tried and reached nobody is not blocked."""
    story = begun("preact")
    for event in before:
        story.tell(event, at(6, 4))
    story.tell(letter("response", date(2026, 6, 10)), at(6, 10))

    found = about(story.look(at(6, 11)), "PRE-2")

    assert kinds == [new.event.type for new in found]


def test_an_internal_norm_passes_without_a_breach() -> None:
    """PreAct 19 names no term for the invitation: the team hears of its own norm, the customer of nothing."""
    story = begun("preact")
    story.tell(ObjectionLodged(channel="email", late=False), at(6, 15))
    story.look(at(6, 15, 11))

    found = about(story.look(at(7, 30)), "PRE-5")

    assert [("NormPassed", end_of(6, 22))] == told(found)
    assert "open" == story.clocks.outcome("PRE-5")


# --- starts and fulfilments that are taken back ----------------------------------------------------------


def test_a_bounce_after_the_deadline_reopens_what_had_to_arrive_and_not_what_had_to_be_sent() -> None:
    """PreAct 13 says "you receive": known to be lost on the 12th, the promise is broken from then on."""
    story = begun("preact")
    confirmed = letter("acknowledgement", date(2026, 6, 3))
    story.tell(confirmed, at(6, 3))
    story.look(at(6, 9))
    bounced = LetterBounced(letter="acknowledgement", letter_id=confirmed.letter_id, how="email")
    story.tell(bounced, at(6, 12))

    found = about(story.look(at(6, 12, 11)), "PRE-1")
    story.tell(letter("acknowledgement", date(2026, 6, 15), 2), at(6, 15))
    again = about(story.look(at(6, 15, 11)), "PRE-1")

    assert [("DeadlineReopened", at(6, 12)), ("DeadlineBreached", at(6, 12))] == told(found)
    assert [("DeadlineMet", at(6, 15))] == told(again)
    assert "met late" == story.clocks.outcome("PRE-1")


def test_a_bounced_dispatch_stays_dispatched() -> None:
    """Supporto+ 15 binds the sending."""
    story = opened_case(*in_force("supportoplus", date(2026, 6, 1)).clocks, at=JUNE)
    sent = letter("acknowledgement", date(2026, 6, 3))
    story.tell(sent, at(6, 3))
    story.look(at(6, 3, 11))
    story.tell(LetterBounced(letter="acknowledgement", letter_id=sent.letter_id, how="email"), at(6, 12))

    assert [] == about(story.look(at(6, 12, 11)), "SUP-1")


def test_a_window_does_not_run_from_an_answer_that_came_back() -> None:
    """PreAct 18: the weeks to object start when the answer is there, and start again with the next one."""
    story = begun("preact")
    answer = letter("response", date(2026, 6, 10))
    story.tell(answer, at(6, 10))
    story.look(at(6, 10, 11))
    story.tell(LetterBounced(letter="response", letter_id=answer.letter_id, how="email"), at(6, 12))
    dropped = about(story.look(at(6, 12, 11)), "PRE-4")
    story.tell(letter("response", date(2026, 6, 15), 2), at(6, 15))

    (again,) = about(story.look(at(6, 15, 11)), "PRE-4")

    assert [DeadlineDropped] == [type(new.event) for new in dropped]
    assert isinstance(again.event, DeadlineSet)
    assert date(2026, 7, 13) == again.event.lenient.on


def test_a_better_answer_gives_its_own_time_to_object_also_when_the_first_had_lapsed() -> None:
    """Each answer says how long there is to object from the day it is there: the last one counts."""
    story = begun("ingressus")
    story.tell(letter("response", date(2026, 6, 10)), at(6, 10))
    story.look(at(6, 10, 11))
    lapsed = about(story.look(at(6, 25)), "ING-5")
    story.tell(letter("response", date(2026, 6, 29), 2), at(6, 29))

    moved = about(story.look(at(6, 29, 11)), "ING-5")
    story.tell(ObjectionLodged(channel="letter", late=False), at(7, 10))
    met = about(story.look(at(7, 10, 11)), "ING-5")

    assert [WindowLapsed] == [type(new.event) for new in lapsed]
    assert [DeadlineMoved] == [type(new.event) for new in moved]
    assert (date(2026, 7, 13),) * 2 == ends(story, "ING-5")
    assert [DeadlineMet] == [type(new.event) for new in met]


def test_the_decision_is_due_after_the_talk_or_when_nobody_answers_the_invitation() -> None:
    """PreAct 20: two silent weeks after the invitation or the day agreed start the four; so does the talk."""
    story = begun("preact")
    story.tell(ObjectionLodged(channel="email", late=False), at(6, 15))
    story.tell(HearingInvited(by="pre-02", how="phone"), at(6, 16))
    story.look(at(6, 16, 11))
    silent = ends(story, "PRE-6")
    story.tell(HearingAgreed(at=at(8, 3)), at(6, 20))
    (moved,) = about(story.look(at(6, 20, 11)), "PRE-6")
    agreed = ends(story, "PRE-6")
    story.tell(HearingHeld(by="pre-02", how="phone", satisfied=False), at(8, 3))

    story.look(at(8, 3, 11))

    assert (date(2026, 7, 28),) * 2 == silent
    assert isinstance(moved.event, DeadlineMoved)
    assert ("hearing agreed",) == moved.event.because
    assert (date(2026, 9, 14),) * 2 == agreed
    assert (date(2026, 8, 31),) * 2 == ends(story, "PRE-6")


def test_a_closed_case_asks_nothing_of_the_organisation() -> None:
    """A complaint judged unfounded and closed at once has no solution, and no notice that it is late."""
    story = begun("destiny")
    story.tell(letter("substantive reaction", date(2026, 6, 2)), at(6, 2))
    story.tell(CaseClosed(because="handled"), at(6, 3))

    found = story.look(at(7, 30))

    assert [] == [new for new in found if isinstance(new.event, DeadlineBreached | TargetMissed)]
    assert ["met in time", "dropped", "dropped"] == [
        story.clocks.outcome(clock) for clock in ("DES-1", "DES-2", "DES-3")
    ]


def test_a_closed_case_that_goes_on_asks_what_had_not_run_out() -> None:
    """Ten working days end on the 15th: reopened before, it is aimed at again; after, nobody owes it."""
    outcomes = []
    for reopened_on in (12, 17):
        story = begun("destiny")
        story.tell(letter("substantive reaction", date(2026, 6, 2)), at(6, 2))
        story.tell(CaseClosed(because="handled"), at(6, 3))
        story.look(at(6, 4))
        story.tell(CaseReopened(), at(6, reopened_on))
        story.look(at(7, 30))
        outcomes.append(story.clocks.outcome("DES-2"))

    assert ["broken", "dropped"] == outcomes


def test_a_closed_case_leaves_the_complainant_the_time_to_object() -> None:
    """PreAct 18: four weeks are the complainant's, whether the case is closed or not."""
    story = begun("preact")
    story.tell(ContactMade(by="pre-01", how="phone"), at(6, 2))
    story.tell(letter("response", date(2026, 6, 3)), at(6, 3))
    story.tell(CaseClosed(because="handled"), at(6, 4))

    lapsed = about(story.look(at(7, 30)), "PRE-4")

    assert "WindowLapsed" == lapsed[-1].event.type


def test_what_is_no_complaint_after_all_is_promised_no_plan() -> None:
    """B&C 20: an incident goes its own way; called a complaint again, its plan is due as it was."""
    story = begun("bc")
    person = {"by": "person", "because": "said by a person"}
    story.tell(ReportClassified(kind="incident", **person), at(6, 2))
    dropped = about(story.look(at(6, 3)), "BNC-2")
    story.tell(ReportClassified(kind="both", **person), at(6, 4))
    story.look(at(6, 5))

    assert [("DeadlineDropped", at(6, 2))] == told(dropped)
    assert ("open", (date(2026, 6, 8),) * 2) == (story.clocks.outcome("BNC-2"), ends(story, "BNC-2"))


def test_a_withdrawn_complaint_asks_nothing_any_more() -> None:
    """What was broken before stays broken; nothing is warned of or broken afterwards."""
    story = begun("ingressus")
    story.look(at(6, 9))
    story.tell(ComplaintWithdrawn(channel="email"), at(6, 10))

    story.look(at(6, 10, 11))

    assert () == story.look(at(12, 1))
    assert next_look(story.history) is None
    expected = {"ING-1": "broken", "ING-2": "dropped", "ING-3": "dropped", "ING-4": "dropped"}
    assert expected == {clock: story.clocks.outcome(clock) for clock in expected}


# --- whoever looks when ----------------------------------------------------------------------------------

MOMENTS = st.integers(1, 70 * 24).map(lambda hours: JUNE + timedelta(hours=hours))
FACTS = st.one_of(
    st.tuples(st.sampled_from(["acknowledgement", "response", "board decision"]), st.none()),
    st.tuples(st.just("delay notice"), st.integers(10, 60)),
    st.tuples(
        st.sampled_from(["contact", "attempt", "objection", "invited", "held", "withdrawn"]), st.none()
    ),
)
END = JUNE + timedelta(days=150)


def event_of(what: str, days: int | None, when: datetime, number: int) -> Event:
    match what:
        case "contact":
            return ContactMade(by="x", how="phone")
        case "attempt":
            return ContactAttempted(by="x", how="phone")
        case "objection":
            return ObjectionLodged(channel="email", late=False)
        case "invited":
            return HearingInvited(by="x", how="phone")
        case "held":
            return HearingHeld(by="x", how="phone", satisfied=False)
        case "withdrawn":
            return ComplaintWithdrawn(channel="email")
        case _:
            until = None if days is None else when.date() + timedelta(days=days)
            return letter(what, when.date(), number, until)


@settings(deadline=None, max_examples=60)
@given(
    organisation=st.sampled_from(["destiny", "bc", "supportoplus", "preact", "ingressus"]),
    facts=st.lists(st.tuples(FACTS, MOMENTS), max_size=6),
    looks=st.lists(MOMENTS, max_size=6),
)
def test_looking_often_or_once_ends_every_clock_in_the_same_way(
    organisation: str, facts: list[tuple[tuple[str, int | None], datetime]], looks: list[datetime]
) -> None:
    """Facts recorded as they happen: every clock ends the same, and a second look finds nothing."""

    def play(moments: Sequence[datetime]) -> Story:
        story = begun(organisation)
        numbered = [(when, number, what, days) for number, ((what, days), when) in enumerate(facts)]
        steps = sorted([*numbered, *((when, -1, "", None) for when in moments)], key=lambda step: step[:2])
        for when, number, what, days in steps:
            if what:
                story.tell(event_of(what, days, when, number), when)
                story.look(when)  # the consumer reacts to every fact
            else:
                story.look(when)
        story.look(END)
        return story

    often, seldom = play(looks), play(())

    assert {clock: often.clocks.outcome(clock) for clock in often.clocks.running} == {
        clock: seldom.clocks.outcome(clock) for clock in seldom.clocks.running
    }
    assert () == settle(often.history, END)
    assert next_look(often.history) is None
