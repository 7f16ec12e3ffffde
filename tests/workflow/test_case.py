"""What workflow decides about a case, with nothing but events: given what happened, then what follows."""

from datetime import date, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.clocks.clock import ClockStatus
from cases.life.fold import TELLING
from cases.state import Case, Phase, evolve, fold, with_decided
from events.catalogue import (
    CATALOGUE,
    CaseClosed,
    CaseOpened,
    ComplaintWithdrawn,
    DeadlineDropped,
    DeadlineMoved,
    DeadlineWarned,
    ErasureRequested,
    Event,
    InformationAsked,
    LetterBounced,
    LetterPosted,
    Moment,
    ReactionGiven,
    ReportClassified,
    SubjectErased,
    TargetMissed,
    WindowLapsed,
)
from events.catalogue.words import FORM_COPY, ReportKind
from events.errors import CommandRefused, MalformedEvent
from events.record.envelope import History, NewEvent
from events.testing import history_of
from procedures.library import in_force, library
from procedures.organisations import organisations
from procedures.procedure import Procedure
from workflow.classification import REPORT_KINDS, kinds_of, reclassify
from workflow.consumer import WorkflowConsumer
from workflow.worklist import project
from workflow_stories import (
    LETTER,
    NOW,
    ORGANISATIONS,
    SECOND,
    Story,
    breached,
    clocks_set,
    complaint,
    letter_sent,
    met,
    opened,
)

PROMISED = {
    "destiny": (("DES-ack", "DES-1", "DES-2", "DES-3"), ("acknowledgement",)),
    "bc": (("BNC-1", "BNC-2", "BNC-3"), ("handling notice",)),
    "supportoplus": (("SUP-1", "SUP-2", "SUP-3", "SUP-4"), ("acknowledgement",)),
    "preact": (tuple(f"PRE-{number}" for number in range(1, 7)), ("acknowledgement",)),
    "ingressus": (tuple(f"ING-{number}" for number in range(1, 9)), ("acknowledgement",)),
}


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_complaint_opens_a_case_under_its_own_procedure(organisation: str) -> None:
    """Each of the five gets its own procedure, terms, first letter and a handler from its own rota."""
    story = Story(organisation).tell(complaint(organisation))

    classified, opening = (new.event for new in story.react())

    procedure = in_force(organisation, date(2026, 3, 30))
    assert isinstance(classified, ReportClassified)
    assert isinstance(opening, CaseOpened)
    assert ("complaint", "rule") == (classified.kind, classified.by)
    assert (organisation, 1, procedure.digest) == (
        opening.procedure,
        opening.procedure_version,
        opening.procedure_digest,
    )
    assert PROMISED[organisation] == (tuple(rule.clock for rule in opening.clocks), opening.letters)
    assert opening.handler in organisations()[organisation].rota
    assert organisations()[organisation].team == opening.team
    assert date(2026, 3, 30) == opening.received_on
    assert "Europe/Amsterdam" == opening.zone


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_reacting_again_changes_nothing(organisation: str) -> None:
    """However often and about whichever event workflow is asked again, a case is opened once."""
    story = opened(organisation)

    again = [WorkflowConsumer().react(story.history, event, NOW).events for event in story.history.events]

    assert [()] * 3 == again


def test_a_case_is_opened_even_when_other_events_came_first() -> None:
    """A complaint whose opening was held up is opened when its turn comes, whatever happened meanwhile."""
    story = Story().tell(complaint()).tell(ErasureRequested(persons=("about",), basis="request"))

    types = [new.event.type for new in story.react()]

    assert ["ReportClassified", "CaseOpened"] == types


def test_the_procedure_is_the_one_in_force_on_the_day_of_receipt() -> None:
    """A letter that lay somewhere since last year falls under what was promised then."""
    story = opened(received_on=date(2025, 12, 30))

    assert story.case.opened is not None
    assert date(2025, 12, 30) == story.case.opened.received_on
    assert in_force("destiny", date(2025, 12, 30)).version == story.case.opened.procedure_version


def test_an_incomplete_complaint_on_a_channel_nobody_named_is_opened_all_the_same() -> None:
    """An incomplete complaint is still a complaint: its terms run and its letter is owed."""
    story = opened(
        "ingressus", channel="phone", channel_named=False, given=(), missing=("description", "name")
    )

    assert Phase.OPEN == story.case.phase
    assert PROMISED["ingressus"][0] == story.case.terms


def test_what_is_filed_by_the_form_of_supportoplus_goes_to_its_quality_inbox_too() -> None:
    """(10) The filled-in form comes into the quality inbox by itself; what came another way has no form."""
    owes = {
        (organisation, channel): FORM_COPY in (letter.letter for letter in story.case.letters)
        for organisation in ORGANISATIONS
        for channel in ("portal", "email", "phone", "letter")
        for story in (opened(organisation, channel=channel),)
    }

    assert [("supportoplus", "portal")] == [case for case, is_copied in owes.items() if is_copied]
    assert all(
        organisations()[procedure.organisation].form_inbox
        for procedure in library().versions.values()
        if procedure.form_copy is not None
    )


def test_an_incident_is_registered_and_told_but_brings_no_complaint_terms() -> None:
    """Whoever reports an incident to B&C hears that it is being handled; no plan of action is promised."""
    story = opened("bc", nature="incident")

    assert "incident" == story.case.kind
    assert () == story.case.terms
    assert [("handling notice", "owed")] == [(letter.letter, letter.status) for letter in story.case.letters]


def test_a_technical_complaint_follows_both_processes() -> None:
    """Somebody who complains about a technical problem keeps the promise made to complainants."""
    story = opened("bc", nature="technical")

    assert ("both", PROMISED["bc"][0]) == (story.case.kind, story.case.terms)


def test_an_incident_that_is_a_complaint_after_all_brings_the_terms_from_receipt() -> None:
    """When a person sees that an incident is also a complaint, the terms apply as if from the start."""
    story = opened("bc", nature="incident")

    (new,) = reclassify(story.case, "both", "de melder is ontevreden", procedure_of(story), NOW + SECOND)
    story.tell(new.event, new.happened_at)

    assert isinstance(new.event, ReportClassified)
    assert ["complaint received"] * 2 == [rule.starts for rule in new.event.clocks[:2]]
    expected = ("both", "person", PROMISED["bc"][0])
    assert expected == (story.case.kind, story.case.classified_by, story.case.terms)


def test_terms_come_once_and_stay() -> None:
    """Calling a complaint an incident and then a complaint again neither ends nor restarts a term."""
    story = opened("bc")

    for kind in ("incident", "complaint"):
        (new,) = reclassify(story.case, kind, "beter bekeken", procedure_of(story), NOW)
        assert isinstance(new.event, ReportClassified)
        assert () == new.event.clocks
        story.tell(new.event)

    assert PROMISED["bc"][0] == story.case.terms


def test_a_persons_reason_is_never_stored_in_clear() -> None:
    """Why somebody classified a report may name people, so it lies in the encrypted part only."""
    story = opened("bc")

    (new,) = reclassify(story.case, "both", "Jan vertelde het", procedure_of(story), NOW)

    assert {"complainant": {"because": "Jan vertelde het"}} == new.personal
    assert isinstance(new.event, ReportClassified)
    assert "Jan" not in new.event.because


def test_classifying_as_it_already_is_is_refused() -> None:
    """Nothing is recorded when nothing changes, and the caller is told so."""
    story = opened("bc")

    with pytest.raises(CommandRefused) as refused:
        reclassify(story.case, "complaint", "toch", procedure_of(story), NOW)

    assert "nothing-changes" == refused.value.code


@pytest.mark.parametrize("organisation", ["destiny", "supportoplus", "preact", "ingressus"])
def test_only_a_procedure_that_knows_incidents_can_tell_one(organisation: str) -> None:
    """Where the procedure tells no incident from a complaint, nobody can take terms away that way."""
    story = opened(organisation)

    with pytest.raises(CommandRefused) as refused:
        reclassify(story.case, "incident", "storing", procedure_of(story), NOW)

    assert "kind-not-allowed" == refused.value.code
    assert refused.value.detail.endswith("allowed: complaint, neither")


def test_a_case_that_is_not_open_yet_cannot_be_reclassified() -> None:
    """A command that comes before the case is open is refused with the advice to wait a moment."""
    story = Story("bc").tell(complaint("bc"))

    with pytest.raises(CommandRefused, match="not-open-yet"):
        reclassify(story.case, "incident", "storing", in_force("bc", date(2026, 3, 30)), NOW)


def test_what_becomes_of_clocks_is_seen_in_the_case() -> None:
    """A clock is set, warned of, disputed, beyond dispute and met too late, and its failure stays visible."""
    story = clocks_set(opened("supportoplus"))
    due = story.case.clocks[0].due
    seen = [story.case.clocks[0].status]

    for event in (
        DeadlineWarned(clock="SUP-1", due=due),
        breached("SUP-1", due, beyond_dispute=False),
        breached("SUP-1", due),
        met("SUP-1", due.at + timedelta(days=1), standing="late", late_by_s=86_400),
    ):
        story.tell(event, due.at)
        seen.append(story.case.clocks[0].status)

    assert ["running", "warned", "disputed", "breached", "met"] == seen
    assert ("late", True, False) == (
        story.case.clocks[0].standing,
        story.case.clocks[0].failed,
        story.case.clocks[0].is_owed,
    )


def test_a_missed_target_is_no_broken_promise() -> None:
    """What the organisation aims at is told apart from what it promised."""
    story = clocks_set(opened("supportoplus"))
    target = next(clock for clock in story.case.clocks if clock.kind == "target")

    story.tell(TargetMissed(clock=target.clock, reading="both", due=target.due, beyond_dispute=True))

    missed = next(clock for clock in story.case.clocks if clock.clock == target.clock)
    assert (ClockStatus.MISSED, False) == (missed.status, missed.is_owed)


def test_letters_and_erasures_are_seen_in_the_case() -> None:
    """A handler sees that the letter has left, and whose fields can never be read again."""
    story = opened().tell(letter_sent()).tell(SubjectErased(persons=("complainant",), key_ids=()))

    assert [("acknowledgement", "sent")] == [(one.letter, one.status) for one in story.case.letters]
    assert ("complainant",) == story.case.erased


def test_every_event_of_the_platform_is_accounted_for() -> None:
    """Only events that say nothing about worklists leave the folded case as it was."""
    case = clocks_set(opened("supportoplus")).case

    silent = {name for name in CATALOGUE if name not in changing(case)}

    assert {"CalendarsRenewed", "ErasureRequested", "NormPassed", *THE_LIFE_OF_A_CASE} == silent


THE_LIFE_OF_A_CASE = TELLING - {"CaseOpened"}
"""What people do about a case: folded in `cases.life`, and tested with the commands that bring it."""


def test_a_history_that_does_not_begin_with_a_complaint_is_told_as_broken() -> None:
    """A case that begins with anything else is not guessed at."""
    story = Story().tell(letter_sent())

    with pytest.raises(MalformedEvent, match="a case begins with ComplaintReceived"):
        fold(story.history)


def test_kinds_are_the_kinds_of_the_procedures() -> None:
    """What a command may say and what a procedure may say are the same words."""
    assert set(REPORT_KINDS) == set(get_args(ReportKind))
    assert REPORT_KINDS == kinds_of(in_force("bc", date(2026, 3, 30)))


@given(
    organisation=st.sampled_from(ORGANISATIONS),
    nature=st.sampled_from(
        ["technical", "support", "incident", "service", "communication", "billing", "other"]
    ),
    channel=st.sampled_from(["portal", "email", "phone", "meeting", "letter", "api"]),
    case_id=st.uuids(),
)
def test_every_report_gets_a_case_a_letter_and_a_handler(
    organisation: str, nature: str, channel: str, case_id: UUID
) -> None:
    """Whatever is ticked and wherever it comes in: nobody is left without a case and a first letter."""
    story = Story(organisation, case_id)
    story.tell(complaint(organisation, nature=nature, channel=channel))

    story.react()

    assert Phase.OPEN == story.case.phase
    letters = tuple(letter.letter for letter in story.case.letters if letter.letter != FORM_COPY)
    assert PROMISED[organisation][1] == letters
    assert story.case.opened is not None
    assert story.case.opened.handler in organisations()[organisation].rota
    assert bool(story.case.terms) == (story.case.kind in ("complaint", "both"))
    assert () == story.react()


@given(st.integers(min_value=0, max_value=6))
def test_folding_in_two_goes_gives_the_same_case(cut: int) -> None:
    """A case read up to a point and then on is the case read at once."""
    story = clocks_set(opened("supportoplus")).tell(letter_sent())

    case = fold(History(story.case_id, story.history.events[: cut + 1]))
    assert case is not None
    rest = [NewEvent(event.event, event.happened_at) for event in story.history.events[cut + 1 :]]

    assert story.case == with_decided(case, rest)


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_row_of_an_opening_is_the_row_of_the_history_it_makes(organisation: str) -> None:
    """What the list shows in the moment of opening is what the history then says."""
    story = Story(organisation).tell(complaint(organisation))
    (row,) = WorkflowConsumer().react(story.history, story.history.events[0], NOW + SECOND).effects

    story.react(NOW + SECOND)

    assert project(story.history) == row


def test_only_the_newest_event_makes_a_row() -> None:
    """A history that is read in one go is folded once, and the row is that of its end."""
    story = clocks_set(opened("supportoplus"))
    reactions = [WorkflowConsumer().react(story.history, event, NOW) for event in story.history.events]

    effects = [reaction.effects for reaction in reactions]

    assert [()] * (story.history.version - 1) == effects[:-1]
    assert (project(story.history),) == effects[-1]


def procedure_of(story: Story) -> Procedure:
    return in_force(story.organisation, story.case.received.received_on)


def changing(case: Case) -> set[str]:
    """Name the events that change a folded case."""
    due = Moment(on=date(2026, 4, 7), at=NOW)
    examples: list[Event] = [
        ReportClassified(kind="neither", by="person", because=""),
        SubjectErased(persons=("about",), key_ids=()),
        letter_sent("another"),
        breached("SUP-1", due),
        met("SUP-1", NOW),
        DeadlineWarned(clock="SUP-1", due=due),
        TargetMissed(clock="SUP-4", reading="both", due=due, beyond_dispute=True),
        DeadlineMoved(
            clock="SUP-1", because=("plan term",), strict=due, lenient=due, warn_at=None, readings=()
        ),
        DeadlineDropped(clock="SUP-1", because="complaint withdrawn"),
        WindowLapsed(clock="SUP-1", due=due),
        LetterPosted(letter="another", letter_id=LETTER, dated_on=due.on),
        LetterBounced(letter="another", letter_id=LETTER, how="post"),
    ]
    changed = {event.type for event in examples if evolve(case, event, NOW) != case}
    told_elsewhere = {"CaseOpened", "DeadlineSet", "DeadlineReopened", "OpenEndedSet"}
    told_elsewhere |= {"ReceiptCorrected", "LetterDateCorrected"}
    return changed | told_elsewhere | {"LetterPrepared", "LetterRefused", "LetterUncertain"}


def test_letters_that_will_not_be_written_any_more_are_not_shown_as_owed() -> None:
    """After a withdrawal only its confirmation is owed; after a closing nothing that asks for something."""
    asked, answered = InformationAsked(by="x"), ReactionGiven(by="x")

    withdrawn = tell(asked, answered, ComplaintWithdrawn(channel="phone"), CaseClosed(because="withdrawn"))
    closed = tell(asked, answered, CaseClosed(because="no response"))

    assert ["withdrawal confirmation"] == [letter.letter for letter in withdrawn.letters]
    assert ["substantive reaction", "closing notice"] == [letter.letter for letter in closed.letters]


def tell(*events: Event) -> Case:
    """Fold a complaint and what followed."""
    case = fold(history_of(*(NewEvent(event, NOW) for event in (complaint(), *events))))
    assert case is not None
    return case
