"""Which letters are owed, and when."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

from cases.letters import OWING
from events.catalogue import (
    CaseClosed,
    CaseMerged,
    CaseMovedToVersion,
    CaseUnmerged,
    ComplainantReminded,
    ComplaintWithdrawn,
    DeadlineMoved,
    Event,
    InformationAsked,
    LetterBounced,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
    ObjectionLodged,
    OutcomeDecided,
    PlanMade,
    ProposalAccepted,
    ReactionGiven,
    SolutionProposed,
    SubjectErased,
    TalkInvited,
    TermExtended,
)
from events.record.envelope import History, NewEvent
from events.testing import history_of
from notifier.owed_letters import REACTS_TO, OwedLetter, fold, owed, waits_for
from notifier_cases import (
    CASE,
    DUE_ON,
    WRITTEN_AT,
    case,
    clock_ending_on,
    complaint,
    deadlines,
    history,
    opened,
    procedure_of,
)

OPENING = ("acknowledgement", "handling notice")
ACKNOWLEDGEMENT = OwedLetter(CASE, "acknowledgement")


def after(*events: Event) -> History:
    """Give the canonical case with further events."""
    known = [recorded.event for recorded in history("supportoplus").events]
    return history_of(
        *(NewEvent(event, WRITTEN_AT) for event in (*known, *events)),
        organisation="supportoplus",
        case_id=CASE,
    )


def sent() -> LetterSent:
    return LetterSent(
        letter="acknowledgement", letter_id=ACKNOWLEDGEMENT.letter_id, message_id="<x@y.example>",
        channel="email", language="nl", dated_on=WRITTEN_AT.date(), contents=(), attempts=1,
    )  # fmt: skip


def test_a_letter_is_owed_once_all_clocks_are_set() -> None:
    """Opened and with every clock set: now the acknowledgement is owed."""
    assert (ACKNOWLEDGEMENT,) == owed(fold(after()))


def test_a_letter_waits_for_the_last_clock() -> None:
    """As long as one clock is not set the letter waits, because it could not name its period."""
    opening = opened("ingressus")
    *known, last = deadlines(opening)
    events = (complaint(), opening, *known)
    found = fold(history_of(*(NewEvent(event, WRITTEN_AT) for event in events), organisation="ingressus"))

    assert owed(found) == ()
    assert (last.clock,) == waits_for(found)


def test_nothing_is_owed_before_the_case_is_open() -> None:
    """A complaint alone owes no letter yet."""
    assert owed(fold(history_of(NewEvent(complaint(), WRITTEN_AT)))) == ()


def test_a_settled_letter_is_owed_no_more() -> None:
    """Sent, or lying ready for the post: each of them ends it."""
    letter_id = ACKNOWLEDGEMENT.letter_id
    prepared = LetterPrepared(
        letter="acknowledgement", letter_id=letter_id, language="nl", dated_on=WRITTEN_AT.date(), contents=()
    )
    for event in (sent(), prepared):
        assert owed(fold(after(event))) == ()


def test_a_letter_whose_mail_was_refused_or_came_back_goes_on_paper() -> None:
    """A wrong address: the same letter is made ready for the post, once, under a name of its own."""
    letter_id = ACKNOWLEDGEMENT.letter_id
    on_paper = replace(ACKNOWLEDGEMENT, on_paper=True)
    refused = LetterRefused(
        letter="acknowledgement", letter_id=letter_id, message_id="<x@y.example>", reply_code=550,
        stage="recipient", attempts=1,
    )  # fmt: skip
    bounced = LetterBounced(letter="acknowledgement", letter_id=letter_id, how="email")
    prepared = LetterPrepared(
        letter="acknowledgement", letter_id=on_paper.letter_id, language="nl", dated_on=WRITTEN_AT.date(),
        contents=(),
    )  # fmt: skip

    assert on_paper.letter_id != letter_id
    assert (on_paper,) == owed(fold(after(refused)))
    assert (on_paper,) == owed(fold(after(sent(), bounced)))
    assert () == owed(fold(after(refused, prepared)))
    posted_back = LetterBounced(letter="acknowledgement", letter_id=on_paper.letter_id, how="post")
    assert () == owed(fold(after(refused, prepared, posted_back)))


def test_a_notice_that_came_back_waits_until_its_clock_has_the_old_end_again() -> None:
    """The period goes back with the notice; only then can the same day be told again, on paper."""
    extended = TermExtended(clock="ING-4", until=DUE_ON, occurrence=1)
    letter_id = OwedLetter(CASE, "delay notice").letter_id
    rule = procedure_of("ingressus").clock("ING-4")
    bounced = LetterBounced(letter="delay notice", letter_id=letter_id, how="email")

    assert [] == still_owed("ingressus", extended, clock_ending_on(rule, DUE_ON), bounced)
    assert [("delay notice", 1)] == still_owed("ingressus", extended, bounced)


def test_an_uncertain_attempt_leaves_the_letter_owed() -> None:
    """When nobody knows whether a copy left, the letter is still owed."""
    event = LetterUncertain(
        letter="acknowledgement", letter_id=ACKNOWLEDGEMENT.letter_id, message_id="<x@y.example>", attempt=1
    )

    assert (ACKNOWLEDGEMENT,) == owed(fold(after(event)))


def test_nobody_writes_to_an_erased_person() -> None:
    """Once the complainant is erased no letter is owed; erasing whom it is about changes nothing."""
    assert owed(fold(after(SubjectErased(persons=("complainant",), key_ids=(uuid4(),))))) == ()
    assert owed(fold(after(SubjectErased(persons=("about",), key_ids=(uuid4(),))))) == (ACKNOWLEDGEMENT,)


def test_a_letter_has_one_name_for_life() -> None:
    """The same letter of the same case has the same identifier, whoever asks and whenever."""
    assert OwedLetter(CASE, "acknowledgement").letter_id == ACKNOWLEDGEMENT.letter_id
    assert OwedLetter(CASE, "acknowledgement", 2).letter_id != ACKNOWLEDGEMENT.letter_id


# --- letters by command ----------------------------------------------------------------------------------


def still_owed(organisation: str, *events: Event) -> list[tuple[str, int]]:
    """Name the letters, beside the opening ones, that a case owes after these events."""
    found = case(organisation, "nl", *events)
    return [(each.letter, each.occurrence) for each in owed(found) if each.letter not in OPENING]


def test_each_extension_owes_its_own_notice_and_only_the_newest_is_true() -> None:
    """More time was taken twice before the mail went out: only the second day is told."""
    first = TermExtended(clock="ING-4", until=date(2027, 1, 4), occurrence=1)
    second = TermExtended(clock="ING-4", until=date(2027, 1, 11), occurrence=2)

    assert [("delay notice", 1)] == still_owed("ingressus", first)
    assert [("delay notice", 2)] == still_owed("ingressus", first, second)


def test_two_questions_are_two_letters() -> None:
    """A second question does not replace the first: both are asked."""
    assert [("request for information", 1), ("request for information", 2)] == still_owed(
        "ingressus", InformationAsked(by="x"), InformationAsked(by="x")
    )


def test_what_the_procedure_does_not_name_is_not_written() -> None:
    """Ingressus has no plan of action: one that is made there owes no letter."""
    assert [] == still_owed("ingressus", PlanMade(until=DUE_ON, by="x"))


def test_a_plan_waits_until_the_clock_has_its_day() -> None:
    """The day in the plan is set as a clock first and told then, also when a new plan moves it."""
    rule = procedure_of("bc").clock("BNC-3")
    plan, later = PlanMade(until=DUE_ON, by="x"), PlanMade(until=date(2027, 2, 5), by="x")
    clock = clock_ending_on(rule, DUE_ON)
    moved = DeadlineMoved(
        clock="BNC-3", because=("plan term",), strict=clock_ending_on(rule, later.until).strict,
        lenient=clock_ending_on(rule, later.until).strict, warn_at=None, readings=(),
    )  # fmt: skip

    assert [] == still_owed("bc", plan)
    assert [("plan", 1)] == still_owed("bc", plan, clock)
    assert [] == still_owed("bc", plan, clock, later)
    assert [("plan", 2)] == still_owed("bc", plan, clock, later, moved)


def test_a_plan_for_a_report_without_terms_waits_for_nothing() -> None:
    """An incident has no terms of the complaints procedure: its plan is told all the same."""
    opening = opened("bc", clocks=())
    events = (complaint(), opening, PlanMade(until=DUE_ON, by="x"))
    found = fold(history_of(*(NewEvent(event, WRITTEN_AT) for event in events), organisation="bc"))

    assert ["handling notice", "plan"] == [each.letter for each in owed(found)]


def test_after_a_withdrawal_only_the_confirmation_is_owed() -> None:
    """Whoever took the complaint back gets no proposal and no reminder any more, only the confirmation."""
    withdrawn = (ComplaintWithdrawn(channel="phone"), CaseClosed(because="withdrawn"))
    found = case("destiny", "nl", SolutionProposed(proposal=1, by="x"), *withdrawn)

    assert ["withdrawal confirmation"] == [each.letter for each in owed(found)]


def test_a_reminder_is_not_sent_to_somebody_who_has_answered() -> None:
    """The answer came while the reminder waited for the mail server: it is not sent any more."""
    proposed, reminder = SolutionProposed(proposal=1, by="x"), ComplainantReminded(reminder=1, of="proposal")

    assert [("proposal", 1), ("reminder", 1)] == still_owed("destiny", proposed, reminder)
    assert [("proposal", 1)] == still_owed("destiny", proposed, reminder, ProposalAccepted(proposal=1))


def test_a_closed_case_asks_for_nothing_any_more_but_still_answers() -> None:
    """Closed while letters waited: the question is moot, the answer and the closing are not."""
    asked, decided = InformationAsked(by="x"), OutcomeDecided(by="x", outcome="founded")

    assert [("response", 1), ("closing notice", 1)] == still_owed(
        "preact", asked, decided, CaseClosed(because="handled")
    )


def test_a_merged_case_is_silent_until_the_merge_is_undone() -> None:
    """The other case speaks for both; after the mistake is undone, what was owed is owed again."""
    proposed = SolutionProposed(proposal=1, by="x")
    merged, undone = CaseMerged(into="DES-1"), CaseUnmerged(out_of="DES-1")

    assert () == owed(case("destiny", "nl", proposed, merged))
    assert [("proposal", 1)] == still_owed("destiny", proposed, merged, undone)


def test_a_letter_follows_the_version_that_the_case_was_moved_to() -> None:
    """A case that was moved to a version nobody has deployed here keeps its letter, to be held with why."""
    moved = CaseMovedToVersion(
        procedure_version=99, procedure_digest="x", from_version=1, transition="most favourable"
    )

    assert 99 == case("destiny", "nl", moved).life.versioning.version
    assert [("substantive reaction", 1)] == still_owed("destiny", moved, ReactionGiven(by="x"))


def test_a_letter_of_a_case_whose_procedure_file_was_edited_stays_owed() -> None:
    """No letter is forgotten while the old text is missing: it is held with why until the text is back."""
    edited = case("destiny", "nl", ReactionGiven(by="x"), procedure_digest="0" * 64)

    assert "substantive reaction" in [each.letter for each in owed(edited)]


def test_a_late_objection_is_told_so() -> None:
    """An objection in time and one too late get different letters; neither is without one."""
    in_time, late = (ObjectionLodged(channel="email", late=late) for late in (False, True))

    assert [("objection receipt", 1)] == still_owed("preact", in_time)
    assert [("objection too late", 1)] == still_owed("preact", late)


def test_an_invitation_by_telephone_owes_no_letter() -> None:
    """Who was reached by telephone is not written to about the same."""
    assert [] == still_owed("supportoplus", TalkInvited(by="x", how="phone"))
    assert [("invitation", 1)] == still_owed("supportoplus", TalkInvited(by="x", how="letter"))


def test_everything_that_can_make_a_letter_owed_is_listened_to() -> None:
    """No event that owes a letter, or for which one waits, is passed over by the notifier."""
    assert OWING < REACTS_TO
    assert {"CaseOpened", "DeadlineSet", "DeadlineMoved", "CaseUnmerged"} < REACTS_TO
