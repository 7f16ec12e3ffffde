"""The steps of answering: proposals, the outcome, the solution, and whether the complainant is satisfied."""

from datetime import datetime

from msgspec.structs import replace

from cases.life.changes import LifeSteps, answer, begin_waiting, end_waiting, try_anew, with_handler
from cases.life.state import Life, Stage
from events.catalogue import (
    ComplainantReminded,
    ComplaintHandled,
    ComplaintSolved,
    OutcomeDecided,
    ProposalAccepted,
    ProposalRefused,
    SatisfactionAnswered,
    SatisfactionAsked,
    SolutionProposed,
    SolutionReportedBack,
)


def _proposed(life: Life, event: SolutionProposed, at: datetime) -> Life:
    """Who proposes in an objection is the board that hears it, and has not handled the complaint by that."""
    if life.objecting.objection is None:
        life = with_handler(life, event.by)
    life = try_anew(replace(life, stage=Stage.PROPOSED))
    return begin_waiting(replace(life, answering=replace(life.answering, proposals=event.proposal)), at)


def _accepted(life: Life, event: ProposalAccepted, at: datetime) -> Life:
    life = end_waiting(replace(life, answering=replace(life.answering, accepted=True)))
    objection = life.objecting.objection
    if objection is None:
        return replace(life, stage=Stage.AGREED)
    satisfied = replace(life.objecting, objection=replace(objection, satisfied=True))
    return replace(life, stage=Stage.HEARD, objecting=satisfied)


def _refused(life: Life, event: ProposalRefused, at: datetime) -> Life:
    stage = Stage.HANDLING if life.objecting.objection is None else Stage.HEARD
    return end_waiting(replace(life, stage=stage, answering=replace(life.answering, accepted=False)))


def _decided(life: Life, event: OutcomeDecided, at: datetime) -> Life:
    life = with_handler(life, event.by)
    deciders = life.persons.deciders
    if event.by not in deciders:
        life = replace(life, persons=replace(life.persons, deciders=(*deciders, event.by)))
    # Without the satisfaction of an earlier outcome, and so before `answer`, which keeps waiting for one.
    answering = replace(life.answering, outcome=event.outcome, satisfaction=None)
    return answer(replace(life, answering=answering))


def _solved(life: Life, event: ComplaintSolved, at: datetime) -> Life:
    return answer(replace(with_handler(life, event.by), answering=replace(life.answering, solved=True)))


def _reported_back(life: Life, event: SolutionReportedBack, at: datetime) -> Life:
    return replace(life, answering=replace(life.answering, reported_back=True))


def _handled(life: Life, event: ComplaintHandled, at: datetime) -> Life:
    return answer(replace(with_handler(life, event.by), answering=replace(life.answering, handled=True)))


def _satisfaction_asked(life: Life, event: SatisfactionAsked, at: datetime) -> Life:
    return begin_waiting(replace(life, answering=replace(life.answering, satisfaction="asked")), at)


def _satisfaction_answered(life: Life, event: SatisfactionAnswered, at: datetime) -> Life:
    return end_waiting(replace(life, answering=replace(life.answering, satisfaction=event.answer)))


def _reminded(life: Life, event: ComplainantReminded, at: datetime) -> Life:
    return replace(life, waiting=replace(life.waiting, reminders=event.reminder))


STEPS: LifeSteps = {
    SolutionProposed: _proposed,
    ProposalAccepted: _accepted,
    ProposalRefused: _refused,
    OutcomeDecided: _decided,
    ComplaintSolved: _solved,
    SolutionReportedBack: _reported_back,
    ComplaintHandled: _handled,
    SatisfactionAsked: _satisfaction_asked,
    SatisfactionAnswered: _satisfaction_answered,
    ComplainantReminded: _reminded,
}
