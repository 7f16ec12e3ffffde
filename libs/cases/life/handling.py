"""The steps of handling: contact, talks, consultations, plans, more time, and the measures agreed."""

from datetime import datetime

from msgspec.structs import replace

from cases.life.changes import LifeSteps, begin_waiting, try_anew, with_handler
from cases.life.state import Life, Measure, MeasureStatus, Stage
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


def _consulted(life: Life, event: ConsultationAsked, at: datetime) -> Life:
    number, handling = event.consultation, life.handling
    asked = replace(handling, consulted=number, consultations=(*handling.consultations, number))
    return replace(life, handling=asked)


def _advised(life: Life, event: ConsultationAnswered, at: datetime) -> Life:
    left = tuple(number for number in life.handling.consultations if number != event.consultation)
    return replace(life, handling=replace(life.handling, consultations=left))


def _contacted(life: Life, event: ContactMade, at: datetime) -> Life:
    return _in_touch(with_handler(life, event.by), at)


def _attempted(life: Life, event: ContactAttempted, at: datetime) -> Life:
    return replace(life, handling=replace(life.handling, attempts=life.handling.attempts + 1))


def _invited(life: Life, event: TalkInvited, at: datetime) -> Life:
    life = begin_waiting(life, at)
    # A letter reaches them later, and nobody speaks with them by it: only the other ways make contact.
    return life if event.how == "letter" else _in_touch(life, at)


def _talked(life: Life, event: TalkHeld, at: datetime) -> Life:
    life = _in_touch(with_handler(life, event.by), at)
    handling = replace(life.handling, talks=life.handling.talks + 1)
    # Only the waiting ends here: the reminders stay counted, and golden states show them.
    return replace(life, handling=handling, waiting=replace(life.waiting, since=None))


def _reacted(life: Life, event: ReactionGiven, at: datetime) -> Life:
    reactions = life.handling.reactions + 1
    return replace(with_handler(life, event.by), handling=replace(life.handling, reactions=reactions))


def _planned(life: Life, event: PlanMade, at: datetime) -> Life:
    planned = replace(life.handling, plan_until=event.until)
    return try_anew(replace(with_handler(life, event.by), handling=planned, stage=Stage.HANDLING))


def _extended(life: Life, event: TermExtended, at: datetime) -> Life:
    return replace(life, handling=replace(life.handling, extensions=event.occurrence))


def _agreed(life: Life, event: MeasureAgreed, at: datetime) -> Life:
    measure = Measure(measure=event.measure, owner=event.owner, due_on=event.due_on)
    return replace(life, handling=replace(life.handling, measures=(*life.handling.measures, measure)))


def _carried_out(life: Life, event: MeasureCarriedOut, at: datetime) -> Life:
    return _with_measure(life, event.measure, "carried out")


def _dropped(life: Life, event: MeasureDropped, at: datetime) -> Life:
    return _with_measure(life, event.measure, "dropped")


def _with_measure(life: Life, number: int, status: MeasureStatus) -> Life:
    measures = tuple(
        replace(one, status=status) if one.measure == number else one for one in life.handling.measures
    )
    return replace(life, handling=replace(life.handling, measures=measures))


def _in_touch(life: Life, at: datetime) -> Life:
    handling = replace(life.handling, contacts=life.handling.contacts + 1, contacted_at=at)
    return replace(life, handling=handling)


STEPS: LifeSteps = {
    ConsultationAsked: _consulted,
    ConsultationAnswered: _advised,
    ContactMade: _contacted,
    ContactAttempted: _attempted,
    TalkInvited: _invited,
    TalkHeld: _talked,
    ReactionGiven: _reacted,
    PlanMade: _planned,
    TermExtended: _extended,
    MeasureAgreed: _agreed,
    MeasureCarriedOut: _carried_out,
    MeasureDropped: _dropped,
}
