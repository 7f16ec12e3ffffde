"""Handling a complaint: contact, talks, consultation, the reaction on the substance, and plans.

Events: ContactMade, ContactAttempted, TalkInvited, TalkHeld, ConsultationAsked, ConsultationAnswered,
ReactionGiven, PlanMade. More time is in `extending.py`, what was agreed in `measures.py`.
"""

from collections.abc import Sequence

from pydantic import Field

from cases.state import Case
from events.catalogue import (
    ConsultationAnswered,
    ConsultationAsked,
    ContactAttempted,
    ContactMade,
    PlanMade,
    ReactionGiven,
    TalkHeld,
    TalkInvited,
)
from events.catalogue.words import ConsultedParty, ContactWay, InvitationWay, TalkWay
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import ADay, AStatedMoment, Body, Measures, Words
from workflow.commands.measures import measures_agreed
from workflow.persons import masked


class RecordContact(Body):
    """Somebody spoke with the complainant."""

    how: ContactWay
    note: Words | None = None
    at: AStatedMoment = None


class RecordContactAttempt(Body):
    """Somebody tried to reach the complainant and did not."""

    how: ContactWay
    at: AStatedMoment = None


class InviteToTalk(Body):
    """Invite the complainant to discuss the complaint; by letter the letter follows by itself."""

    how: InvitationWay
    at: AStatedMoment = None


class RecordTalk(Body):
    """The complaint was discussed; what was agreed becomes measures, and the confirmation names them."""

    how: TalkWay
    note: Words | None = None
    agreements: Measures = Field(default=[])
    at: AStatedMoment = None


class Consult(Body):
    """Ask colleagues or a supplier; the persons are masked in what they get."""

    party: ConsultedParty
    question: Words


class RecordConsultation(Body):
    """What those who were consulted said."""

    consultation: int = Field(ge=1)
    answer: Words


class React(Body):
    """What the organisation has to say on the substance; the letter tells it."""

    reaction: Words


class MakePlan(Body):
    """How the complaint will be solved, and by when: that day is the next deadline."""

    plan: Words
    until: ADay


def _record_contact(case: Case, body: RecordContact, context: CommandContext) -> Sequence[NewEvent]:
    return [
        event_with_words(
            ContactMade(by=context.person, how=body.how), context.at(body.at, case), note=body.note
        )
    ]


def _record_attempt(case: Case, body: RecordContactAttempt, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(ContactAttempted(by=context.person, how=body.how), context.at(body.at, case))]


def _invite(case: Case, body: InviteToTalk, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(TalkInvited(by=context.person, how=body.how), context.at(body.at, case))]


def _record_talk(case: Case, body: RecordTalk, context: CommandContext) -> Sequence[NewEvent]:
    held = event_with_words(
        TalkHeld(by=context.person, how=body.how), context.at(body.at, case), note=body.note
    )
    return [held, *measures_agreed(case, body.agreements, context)]


def _consult(case: Case, body: Consult, context: CommandContext) -> Sequence[NewEvent]:
    """Whoever is consulted learns the matter and not the person."""
    event = ConsultationAsked(
        by=context.person, consultation=case.life.handling.consulted + 1, party=body.party
    )
    return [event_with_words(event, context.now, share=masked(body.question, context.masks))]


def _is_consulted(case: Case, context: CommandContext) -> str | None:
    return None if case.life.handling.consultations else "nobody who was consulted still has to answer"


def _record_consultation(case: Case, body: RecordConsultation, context: CommandContext) -> Sequence[NewEvent]:
    if body.consultation not in case.life.handling.consultations:
        waiting = ", ".join(str(number) for number in case.life.handling.consultations)
        raise CommandRefused("no-such-consultation", f"these are not answered yet: {waiting}")
    return [
        event_with_words(
            ConsultationAnswered(consultation=body.consultation), context.now, answer=body.answer
        )
    ]


def _react(case: Case, body: React, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(ReactionGiven(by=context.person), context.now, reaction=body.reaction)]


def _make_plan(case: Case, body: MakePlan, context: CommandContext) -> Sequence[NewEvent]:
    if body.until < context.today:
        raise CommandRefused("in-the-past", f"a plan cannot end on {body.until}: that is over")
    return [event_with_words(PlanMade(until=body.until, by=context.person), context.now, plan=body.plan)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "record-contact", "Record that somebody spoke with the complainant.", RecordContact, _record_contact
    ),
    CommandSpec(
        "record-contact-attempt",
        "Record that somebody tried to reach the complainant and did not.",
        RecordContactAttempt,
        _record_attempt,
    ),
    CommandSpec("invite-to-talk", "Invite the complainant to discuss the complaint.", InviteToTalk, _invite),
    CommandSpec("record-talk", "Record a talk and what was agreed in it.", RecordTalk, _record_talk),
    CommandSpec("consult", "Ask colleagues or a supplier, with the persons masked.", Consult, _consult),
    CommandSpec(
        "record-consultation",
        "Record what those who were consulted said.",
        RecordConsultation,
        _record_consultation,
        _is_consulted,
    ),
    CommandSpec("react", "Give the organisation's reaction on the substance.", React, _react),
    CommandSpec("make-plan", "Make a plan of action: how, and by when.", MakePlan, _make_plan),
)
