"""Opening a complaint: what came before, who handles it, and where it belongs.

Events: InformalStageNoted, CaseAssigned, CaseEscalated, ExternalRecordWritten, RefusedWithRoute,
HandedOverAsIncident with CaseClosed; ReportClassified is decided in `workflow.classification`. What is asked
of the complainant is in `information.py`.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from cases.state import Case
from events.catalogue import (
    CaseAssigned,
    CaseClosed,
    CaseEscalated,
    ExternalRecordWritten,
    HandedOverAsIncident,
    InformalStageNoted,
    RefusedWithRoute,
)
from events.catalogue.words import (
    AssignmentReason,
    InformalResult,
    RecordChange,
    ReportKind,
)
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.conduct import ROLES
from procedures.words import NamedRole
from workflow import classification as cases
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import Body, Staff, Words


class NoteInformalStage(Body):
    """The complainant had been to their own contact first."""

    result: InformalResult
    note: Words | None = None


class Reclassify(Body):
    """Say what the report is after all."""

    kind: ReportKind = Field(
        description="What the report is; which kinds there are depends on the procedure."
    )
    because: Words


class Assign(Body):
    """Let somebody else handle the case."""

    handler: Staff
    because: AssignmentReason
    reason: Words | None = None


class Escalate(Body):
    """Take the case to somebody who can do more; they do not become its handler by that."""

    to: Staff
    role: NamedRole
    reason: Words


class RecordExternal(Body):
    """Note that the case stands in another recording system."""

    system: Annotated[str, Field(max_length=32)]
    number: Annotated[str, Field(pattern=r"^[A-Z]{2,8}[0-9]{3,12}$", description="Such as INC0012345.")]
    what: RecordChange


class RefuseWithRoute(Body):
    """Tell the complainant by which way the procedure handles complaints; this one stays recorded."""


class HandOver(Body):
    """Hand the report, or the part of it that is an incident, over to the incident process."""

    note: Words | None = None


def _note_informal_stage(case: Case, body: NoteInformalStage, context: CommandContext) -> Sequence[NewEvent]:
    event = InformalStageNoted(by=context.person, result=body.result)
    return [event_with_words(event, context.now, note=body.note)]


def _reclassify(case: Case, body: Reclassify, context: CommandContext) -> Sequence[NewEvent]:
    return cases.reclassify(case, body.kind, body.because, context.procedure, context.now)


def _has_somebody_else(case: Case, context: CommandContext) -> str | None:
    others = context.organisation.staff.keys() - {case.life.persons.handler} - context.subjects
    return None if others else "nobody else on the staff may handle it"


def _assign(case: Case, body: Assign, context: CommandContext) -> Sequence[NewEvent]:
    handler = context.member(body.handler, "the handler")
    if handler == case.life.persons.handler:
        raise CommandRefused("nothing-changes", f"{handler} handles the case already")
    return [
        event_with_words(CaseAssigned(handler=handler, because=body.because), context.now, reason=body.reason)
    ]


def _escalate(case: Case, body: Escalate, context: CommandContext) -> Sequence[NewEvent]:
    """By role where the text names roles; by the organisation's matrix where it has one."""
    conduct, to = context.conduct, context.member(body.to, "whom the case is taken to")
    level = 0
    if not ROLES[body.role]:
        raise CommandRefused("nobodys-role", f"nobody of {context.organisation.name} is the {body.role}")
    if conduct.escalates == "role" and body.role not in conduct.escalates_to:
        raise CommandRefused(
            "not-whom-the-procedure-names",
            f"this procedure escalates to: {', '.join(conduct.escalates_to)}",
        )
    if conduct.escalates == "matrix" and context.organisation.escalation:
        steps = {step.staff: step.level for step in context.organisation.escalation}
        if to not in steps:
            raise CommandRefused("not-in-the-matrix", f"the matrix names: {', '.join(steps)}")
        level = steps[to]
    return [
        event_with_words(CaseEscalated(to=to, role=body.role, level=level), context.now, reason=body.reason)
    ]


def _record_external(case: Case, body: RecordExternal, context: CommandContext) -> Sequence[NewEvent]:
    if body.system not in context.conduct.external_systems:
        raise CommandRefused(
            "unknown-system", f"this procedure names: {', '.join(context.conduct.external_systems)}"
        )
    return [
        event_with_words(
            ExternalRecordWritten(system=body.system, number=body.number, what=body.what), context.now
        )
    ]


def _is_another_way(case: Case, context: CommandContext) -> str | None:
    if case.life.opening.refused_with_route:
        return "the complainant was told the route already"
    if case.received.channel_named:
        return f"the procedure handles complaints that come by {case.received.channel}"
    return None


def _refuse_with_route(case: Case, body: RefuseWithRoute, context: CommandContext) -> Sequence[NewEvent]:
    route = context.conduct.route or ""
    return [event_with_words(RefusedWithRoute(by=context.person, route=route), context.now)]


def _is_an_incident(case: Case, context: CommandContext) -> str | None:
    if case.kind not in ("incident", "both"):
        return f"the report is classified as {case.kind}: reclassify it first"
    return "it was handed over already" if case.life.opening.handed_over else None


def _hand_over(case: Case, body: HandOver, context: CommandContext) -> Sequence[NewEvent]:
    """What is an incident only ends here; what is both goes on as the complaint it is too."""
    handed = event_with_words(HandedOverAsIncident(by=context.person), context.now, note=body.note)
    if case.kind == "both":
        return [handed]
    return [handed, event_with_words(CaseClosed(because="handed over"), context.now)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "note-informal-stage",
        "Note that the complainant had taken the matter to their own contact first.",
        NoteInformalStage,
        _note_informal_stage,
    ),
    CommandSpec(
        "reclassify",
        "Say what the report is after all: a complaint, an incident, both or neither.",
        Reclassify,
        _reclassify,
    ),
    CommandSpec("assign", "Let somebody else handle the case.", Assign, _assign, _has_somebody_else),
    CommandSpec("escalate", "Take the case to somebody who can do more.", Escalate, _escalate),
    CommandSpec(
        "record-external",
        "Note that the case stands in another recording system, and under which number.",
        RecordExternal,
        _record_external,
    ),
    CommandSpec(
        "refuse-with-route",
        "Tell the complainant by which way complaints are handled; this one stays recorded.",
        RefuseWithRoute,
        _refuse_with_route,
        _is_another_way,
    ),
    CommandSpec(
        "hand-over", "Hand an incident over to the incident process.", HandOver, _hand_over, _is_an_incident
    ),
)
