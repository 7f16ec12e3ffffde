"""The steps of opening: who has the case, what was asked and informed, and where else the case belongs."""

from datetime import datetime

from msgspec.structs import replace

from cases.life.changes import LifeSteps, begin_waiting, with_handler
from cases.life.receiving import with_given
from cases.life.state import ExternalRecord, Life, Stage, VersioningState
from events.catalogue import (
    CaseAssigned,
    CaseEscalated,
    CaseOpened,
    ExternalRecordWritten,
    HandedOverAsIncident,
    InformalStageNoted,
    InformationAsked,
    InformationReceived,
    RefusedWithRoute,
)


def _opened(life: Life, event: CaseOpened, at: datetime) -> Life:
    return replace(
        life,
        stage=Stage.HANDLING,
        persons=replace(life.persons, handler=event.handler, handlers=(event.handler,)),
        versioning=VersioningState(version=event.procedure_version, digest=event.procedure_digest),
    )


def _informal(life: Life, event: InformalStageNoted, at: datetime) -> Life:
    return replace(life, opening=replace(life.opening, was_informal=True))


def _asked(life: Life, event: InformationAsked, at: datetime) -> Life:
    return begin_waiting(replace(life, opening=replace(life.opening, asked=event.fields)), at)


def _informed(life: Life, event: InformationReceived, at: datetime) -> Life:
    return with_given(life, event.given, event.missing)


def _assigned(life: Life, event: CaseAssigned, at: datetime) -> Life:
    life = with_handler(life, event.handler)
    return replace(life, persons=replace(life.persons, handler=event.handler))


def _escalated(life: Life, event: CaseEscalated, at: datetime) -> Life:
    level = max(life.opening.level, event.level)
    return replace(with_handler(life, event.to), opening=replace(life.opening, level=level))


def _external(life: Life, event: ExternalRecordWritten, at: datetime) -> Life:
    written = ExternalRecord(system=event.system, number=event.number, what=event.what)
    others = tuple(one for one in life.opening.externals if one.system != event.system)
    return replace(life, opening=replace(life.opening, externals=(*others, written)))


def _routed(life: Life, event: RefusedWithRoute, at: datetime) -> Life:
    return begin_waiting(replace(life, opening=replace(life.opening, refused_with_route=True)), at)


def _handed_over(life: Life, event: HandedOverAsIncident, at: datetime) -> Life:
    return replace(life, opening=replace(life.opening, handed_over=True))


STEPS: LifeSteps = {
    CaseOpened: _opened,
    InformalStageNoted: _informal,
    InformationAsked: _asked,
    InformationReceived: _informed,
    CaseAssigned: _assigned,
    CaseEscalated: _escalated,
    ExternalRecordWritten: _external,
    RefusedWithRoute: _routed,
    HandedOverAsIncident: _handed_over,
}
