"""What workflow decides about a case: `ReportClassified` and `CaseOpened`.

Pure: no clock is read, nothing is awaited. The state it decides on is folded in `cases.state`.

Every report opens a case, an incident or "neither" too: B&C registers all reports and tells everybody that
theirs is being handled, and nobody should depend on the right box having been ticked. Only the terms of the
complaint procedure wait until the report is a complaint, because the breach of a promise that was never made
could not be retracted. A later classification brings them, counted from receipt as ever: reclassifying
restarts nothing. Away from "complaint" nothing stops: a term is not lost by renaming what somebody said.
"""

from collections.abc import Mapping
from datetime import datetime

from cases.state import Case
from events.catalogue import COMPLAINANT, CaseOpened, ReportClassified
from events.catalogue.words import REPORT_KINDS, ReportKind
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.organisations import Organisation
from procedures.procedure import Procedure
from workflow.rota import assign

BECAUSE_OF_A_PERSON = "decided by a person; their reason lies in the encrypted part"

_HAS_COMPLAINT_TERMS: Mapping[ReportKind, bool] = {
    "complaint": True,
    "both": True,
    "incident": False,
    "neither": False,
}


def open_case(case: Case, procedure: Procedure, organisation: Organisation, now: datetime) -> list[NewEvent]:
    """Classify the report by the procedure's rule and open the case under that version, in one step."""
    if case.opened is not None:
        return []  # already so: this reaction is repeated after a restart
    received = case.received
    kind, because = procedure.classify(received.nature, received.channel)
    opened = CaseOpened(
        reference=received.reference,
        procedure=procedure.id,
        procedure_version=procedure.version,
        procedure_digest=procedure.digest,
        zone=procedure.zone,
        language=received.language,
        handler=assign(case.case_id, organisation.rota),
        team=organisation.team,
        received_on=received.received_on,
        clocks=procedure.clocks_for(received.nature) if _HAS_COMPLAINT_TERMS[kind] else (),
        letters=procedure.letters_at_opening(received.channel),
    )
    return [
        NewEvent(ReportClassified(kind=kind, by="rule", because=because), now),
        NewEvent(opened, now),
    ]


def reclassify(
    case: Case, kind: ReportKind, because: str, procedure: Procedure, now: datetime
) -> list[NewEvent]:
    """Let a person say what the report is after all; `procedure` is the one the case is pinned to.

    Raises `CommandRefused` when the case is not open yet, when nothing would change, or when the procedure
    does not know this kind.
    """
    if case.opened is None:
        raise CommandRefused("not-open-yet", "the case is being opened: try again in a moment")
    allowed = kinds_of(procedure)
    if kind not in allowed:
        raise CommandRefused(
            "kind-not-allowed",
            f"procedure {procedure.id} {procedure.version} does not tell {kind} apart; "
            f"allowed: {', '.join(allowed)}",
        )
    if kind == case.kind:
        raise CommandRefused("nothing-changes", f"the report already is: {kind}; choose another kind")
    brings = procedure.clocks_for(case.received.nature) if _HAS_COMPLAINT_TERMS[kind] else ()
    event = ReportClassified(
        kind=kind,
        by="person",
        because=BECAUSE_OF_A_PERSON,
        clocks=tuple(rule for rule in brings if rule.clock not in case.terms),
    )
    return [NewEvent(event, now, {COMPLAINANT: {"because": because}})]


def has_complaint_terms(kind: ReportKind | None) -> bool:
    """Report whether the terms of the complaint procedure run for a report of this kind."""
    return kind is not None and _HAS_COMPLAINT_TERMS[kind]


def kinds_of(procedure: Procedure) -> tuple[ReportKind, ...]:
    """List what a report can be under a procedure: only some distinguish an incident from a complaint."""
    known = {procedure.classification.default, *(rule.kind for rule in procedure.classification.rule)}
    return ("complaint", "neither") if known == {"complaint"} else REPORT_KINDS
