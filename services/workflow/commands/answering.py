"""Answering a complaint: proposals and what becomes of them, the outcome, solving, and all that was due.

Events: SolutionProposed, ProposalAccepted, ProposalRefused, OutcomeDecided, ComplaintSolved,
SolutionReportedBack, ComplaintHandled. What follows the answer is in `follow_up.py`.
"""

from collections.abc import Sequence

from pydantic import Field

from cases.life.state import Stage
from cases.state import Case
from events.catalogue import (
    ComplaintHandled,
    ComplaintSolved,
    OutcomeDecided,
    ProposalAccepted,
    ProposalRefused,
    SolutionProposed,
    SolutionReportedBack,
)
from events.catalogue.words import Outcome
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import Answered, CommandContext
from workflow.commands.fields import AStatedMoment, Body, Measures, Nothing, Words
from workflow.commands.measures import measures_agreed


class Propose(Body):
    """Propose how to put things right; the complainant answers."""

    proposal: Words


class RecordAcceptance(Body):
    """The complainant agrees; what is to be done becomes measures."""

    measures: Measures = Field(default=[])
    at: AStatedMoment = None


class RecordRefusal(Body):
    """The complainant does not agree."""

    reason: Words | None = None
    at: AStatedMoment = None


class DecideOutcome(Body):
    """Judge the complaint; the response tells it."""

    outcome: Outcome
    grounds: Words
    solution: Words | None = None
    changes: Words | None = None
    measures: Measures = Field(default=[])


class RecordSolved(Body):
    """What the complaint was about is put right."""

    note: Words | None = None
    at: AStatedMoment = None


def _may_propose(case: Case, context: CommandContext) -> str | None:
    if case.life.stage is Stage.HEARD and not (
        case.life.objecting.objection and case.life.objecting.objection.new_facts
    ):
        return "after a talk there is a new proposal only when new facts or solutions came up in it"
    return None


def _propose(case: Case, body: Propose, context: CommandContext) -> Sequence[NewEvent]:
    event = SolutionProposed(proposal=case.life.answering.proposals + 1, by=context.person)
    return [event_with_words(event, context.now, proposal=body.proposal)]


def _accept(case: Case, body: RecordAcceptance, context: CommandContext) -> Sequence[NewEvent]:
    at = context.at(body.at, case, _proposal(context))
    accepted = event_with_words(ProposalAccepted(proposal=case.life.answering.proposals), at)
    return [accepted, *measures_agreed(case, body.measures, context)]


def _refuse(case: Case, body: RecordRefusal, context: CommandContext) -> Sequence[NewEvent]:
    event = ProposalRefused(proposal=case.life.answering.proposals)
    return [event_with_words(event, context.at(body.at, case, _proposal(context)), reason=body.reason)]


def _proposal(context: CommandContext) -> Answered | None:
    return context.answered("solution proposed", "the proposal was made")


def _has_been_in_touch(case: Case, context: CommandContext) -> str | None:
    if context.conduct.contact_before_outcome and not (
        case.life.handling.contacts or case.life.handling.attempts
    ):
        return (
            "the complainant is always asked for an explanation first: record the contact, or the attempt, "
            "because nobody who cannot be reached blocks their own answer"
        )
    return None


def _decide(case: Case, body: DecideOutcome, context: CommandContext) -> Sequence[NewEvent]:
    """What the response must contain has to be said here; a solution only where something is founded."""
    rule = context.procedure.letters.get("response")
    owes_solution = rule is not None and "solution" in rule.contents
    if owes_solution and body.outcome in ("founded", "partly founded") and body.solution is None:
        raise CommandRefused("say-solution", "where a complaint is (partly) founded, the solution is told")
    event = OutcomeDecided(by=context.person, outcome=body.outcome)
    decided = event_with_words(
        event, context.now, grounds=body.grounds, solution=body.solution, changes=body.changes
    )
    return [decided, *measures_agreed(case, body.measures, context)]


def _nothing_left_to_do(case: Case, context: CommandContext) -> str | None:
    left = case.life.handling.open_measures
    if left:
        numbers = ", ".join(str(measure.measure) for measure in left)
        return f"measures are open: {numbers}; carry them out or drop them first"
    return None


def _solved(case: Case, body: RecordSolved, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(ComplaintSolved(by=context.person), context.at(body.at, case), note=body.note)]


def _is_solved(case: Case, context: CommandContext) -> str | None:
    if not case.life.answering.solved:
        return "nothing is solved yet that could be reported back"
    return "it was reported back already" if case.life.answering.reported_back else None


def _report_back(case: Case, body: Nothing, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(SolutionReportedBack(by=context.person), context.now)]


def _can_be_handled(case: Case, context: CommandContext) -> str | None:
    life = case.life
    if life.answering.handled:
        return "it was recorded as handled already"
    if life.stage is Stage.HANDLING and not (life.handling.contacts or life.handling.attempts):
        return "nobody has been in touch with the complainant yet"
    return _nothing_left_to_do(case, context)


def _handled(case: Case, body: Nothing, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(ComplaintHandled(by=context.person), context.now)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("propose", "Propose how to put things right.", Propose, _propose, _may_propose),
    CommandSpec("record-acceptance", "Record that the complainant agrees.", RecordAcceptance, _accept),
    CommandSpec("record-refusal", "Record that the complainant does not agree.", RecordRefusal, _refuse),
    CommandSpec("decide-outcome", "Judge the complaint.", DecideOutcome, _decide, _has_been_in_touch),
    CommandSpec(
        "record-solved",
        "Record that what the complaint was about is put right.",
        RecordSolved,
        _solved,
        _nothing_left_to_do,
    ),
    CommandSpec(
        "report-back",
        "Report to the complaint handler that the complaint is solved.",
        Nothing,
        _report_back,
        _is_solved,
    ),
    CommandSpec(
        "record-handled",
        "Record that the organisation has done all it had to do.",
        Nothing,
        _handled,
        _can_be_handled,
    ),
)
