"""Handling a complaint: contact, talks, consultation, plans, reactions, more time, and what was agreed.

Events: ContactMade, ContactAttempted, TalkInvited, TalkHeld, ConsultationAsked, ConsultationAnswered,
ReactionGiven, PlanMade, TermExtended, MeasureAgreed, MeasureCarriedOut, MeasureDropped.
"""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace
from pydantic import Field

from cases.state import Case, CaseClock, ClockStatus
from events.catalogue import (
    ConsultationAnswered,
    ConsultationAsked,
    ContactAttempted,
    ContactMade,
    MeasureAgreed,
    MeasureCarriedOut,
    MeasureDropped,
    PlanMade,
    ReactionGiven,
    TalkHeld,
    TalkInvited,
    TermExtended,
)
from events.catalogue.words import ConsultedParty, ContactWay, InvitationWay, TalkWay
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.derivation import derive
from procedures.counting.schedule import Timed
from workflow.commands.command import (
    ADay,
    AStatedMoment,
    Body,
    CommandContext,
    CommandSpec,
    Measures,
    NewMeasure,
    Words,
    event_with_words,
)
from workflow.persons import masked

CONSENT_FROM = 2
"""The occurrence of an extension from which it must be said whether the complainant agreed in writing."""


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


class Extend(Body):
    """Decide that more time is needed; the delay notice tells the complainant, and only then it counts."""

    until: ADay
    reason: Words
    clock: str | None = Field(default=None, max_length=16)
    consented: bool | None = Field(
        default=None,
        description="Whether the complainant agreed in writing; must be said from the second on, and be true "
        "where the procedure lets no term be extended again or further without it.",
    )


class AgreeMeasure(NewMeasure):
    """Something will be done."""


class CarryOutMeasure(Body):
    """A measure was carried out."""

    measure: int = Field(ge=1)
    note: Words | None = None
    at: AStatedMoment = None


class DropMeasure(Body):
    """A measure will not be carried out after all."""

    measure: int = Field(ge=1)
    reason: Words


def measures_agreed(case: Case, measures: Sequence[NewMeasure], context: CommandContext) -> list[NewEvent]:
    """Number what was agreed, each with an owner on the staff and a day that is still to come."""
    number = len(case.life.handling.measures)
    agreed = []
    for measure in measures:
        if measure.due_on < context.today:
            raise CommandRefused("in-the-past", f"a measure cannot be due on {measure.due_on}: that is over")
        number += 1
        event = MeasureAgreed(measure=number, owner=measure.owner, due_on=measure.due_on)
        if measure.owner not in context.organisation.staff:
            known = ", ".join(sorted(context.organisation.staff))
            raise CommandRefused("not-on-the-staff", f"the owner of a measure must be one of: {known}")
        agreed.append(event_with_words(event, context.now, measure=measure.what))
    return agreed


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


def _has_time_to_extend(case: Case, context: CommandContext) -> str | None:
    clocks = [clock for clock in case.clocks if clock.clock in context.conduct.extends]
    if clocks and not any(_runs(clock) for clock in clocks):
        return "what could be extended has ended already"
    return None


def _extend(case: Case, body: Extend, context: CommandContext) -> Sequence[NewEvent]:
    extends = context.conduct.extends
    name = body.clock or extends[0]
    if name not in extends:
        raise CommandRefused("not-extendable", f"this procedure extends: {', '.join(extends)}")
    clock = next((clock for clock in case.clocks if clock.clock == name), None)
    if clock is not None and not _runs(clock):
        raise CommandRefused("clock-ended", f"{name} has ended: there is nothing left to extend")
    end = context.today if clock is None else max(context.today, clock.due.on)
    if body.until <= end:
        raise CommandRefused("not-later", f"more time must end after {end}")
    occurrence = case.life.handling.extensions + 1
    if occurrence >= CONSENT_FROM and body.consented is None:
        raise CommandRefused(
            "say-consented", f"this is extension {occurrence}: say whether the complainant agreed in writing"
        )
    if not (context.conduct.further_by_consent and body.consented):
        _require_within_limits(case, body.until, name, clock, context)
    event = TermExtended(
        clock=name, until=body.until, occurrence=occurrence, consented=body.consented is True
    )
    return [event_with_words(event, context.now, reason=body.reason)]


def _require_within_limits(
    case: Case, until: date, name: str, clock: CaseClock | None, context: CommandContext
) -> None:
    """Let the organisation take what its procedure gives it by itself; raises `CommandRefused` beyond."""
    conduct = context.conduct
    occurrence = case.life.handling.extensions + 1
    if conduct.further_by_consent and occurrence >= CONSENT_FROM:
        raise CommandRefused(
            "not-consented",
            f"this is extension {occurrence}: {name} goes further only if the complainant agreed in writing",
        )
    most, end = conduct.extends_at_most, _end_of(name, clock, context)
    if most is None or end is None:
        return
    rule = context.terms.rules.get(name) or context.procedure.clock(name)
    counted = replace(rule, amount=most.number, unit=most.unit, term="counted", alternatives=())
    last = derive(counted, end, context.procedure.zone).due.on
    if until > last:
        further = "; further only if the complainant agreed in writing" if conduct.further_by_consent else ""
        raise CommandRefused(
            "too-long", f"{name} ends on {end} and may be extended by at most {most}: until {last}{further}"
        )


def _end_of(name: str, clock: CaseClock | None, context: CommandContext) -> date | None:
    """Give the day on which a clock ends now, also when deadlines has yet to set it."""
    if clock is not None:
        return clock.due.on
    plan = context.terms.plans().get(name)
    return plan.derivation.due.on if isinstance(plan, Timed) else None


def _runs(clock: CaseClock) -> bool:
    return clock.status not in (ClockStatus.MET, ClockStatus.DROPPED, ClockStatus.LAPSED)


def _agree_measure(case: Case, body: AgreeMeasure, context: CommandContext) -> Sequence[NewEvent]:
    return measures_agreed(case, [body], context)


def _has_open_measure(case: Case, context: CommandContext) -> str | None:
    return None if case.life.handling.open_measures else "no measure is open"


def _open_measure(case: Case, number: int) -> int:
    open_now = [measure.measure for measure in case.life.handling.open_measures]
    if number not in open_now:
        numbers = ", ".join(str(one) for one in open_now)
        raise CommandRefused("no-such-measure", f"these are open: {numbers}")
    return number


def _carry_out(case: Case, body: CarryOutMeasure, context: CommandContext) -> Sequence[NewEvent]:
    event = MeasureCarriedOut(measure=_open_measure(case, body.measure), by=context.person)
    return [event_with_words(event, context.at(body.at, case), note=body.note)]


def _drop(case: Case, body: DropMeasure, context: CommandContext) -> Sequence[NewEvent]:
    event = MeasureDropped(measure=_open_measure(case, body.measure), by=context.person)
    return [event_with_words(event, context.now, reason=body.reason)]


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
    CommandSpec(
        "extend",
        "Decide that more time is needed, with reason and end.",
        Extend,
        _extend,
        _has_time_to_extend,
    ),
    CommandSpec("agree-measure", "Agree on a measure with an owner and a day.", AgreeMeasure, _agree_measure),
    CommandSpec(
        "carry-out-measure",
        "Record that a measure was carried out.",
        CarryOutMeasure,
        _carry_out,
        _has_open_measure,
    ),
    CommandSpec(
        "drop-measure",
        "Record that a measure will not be carried out.",
        DropMeasure,
        _drop,
        _has_open_measure,
    ),
)
