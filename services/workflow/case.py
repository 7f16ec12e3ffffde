"""The case: what workflow decides about it, folded from everything that happened to it.

Pure: no clock is read, nothing is awaited. Workflow emits `ReportClassified` and `CaseOpened`; the other
events of the stream are folded because a handler's worklist shows clocks and letters too. A case keeps the
procedure version it was opened under, whatever comes into force later.

Every report opens a case, an incident or "neither" too: B&C registers all reports and tells everybody that
theirs is being handled, and nobody should depend on the right box having been ticked. Only the terms of the
complaint procedure wait until the report is a complaint, because the breach of a promise that was never made
could not be retracted. A later classification brings them, counted from receipt as ever: reclassifying
restarts nothing. Away from "complaint" nothing stops: a term is not lost by renaming what somebody said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from events.catalogue import (
    COMPLAINANT,
    CaseOpened,
    ComplaintReceived,
    DeadlineBreached,
    DeadlineMet,
    DeadlineSet,
    DeadlineWarned,
    Event,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
    Moment,
    ReportClassified,
    SubjectErased,
    TargetMissed,
)
from events.envelope import History, NewEvent, Recorded
from events.errors import CommandRefused, MalformedEvent
from procedures.organisations import Organisation
from procedures.procedure import Procedure
from workflow.rota import assign

Kind = Literal["complaint", "incident", "both", "neither"]
LetterStatus = Literal["owed", "sent", "prepared", "refused", "uncertain"]
KINDS: tuple[Kind, ...] = ("complaint", "incident", "both", "neither")

BECAUSE_OF_A_PERSON = "decided by a person; their reason lies in the encrypted part"

_HAS_COMPLAINT_TERMS: Mapping[Kind, bool] = {
    "complaint": True,
    "both": True,
    "incident": False,
    "neither": False,
}

# --- state -----------------------------------------------------------------------------------------------


class Phase(StrEnum):
    """How far a case is; the stages of the procedures come between these."""

    RECEIVED = "received"
    OPEN = "open"


class ClockStatus(StrEnum):
    """Where a clock stands; "disputed" lies between its two readings, "missed" is said of a target."""

    RUNNING = "running"
    WARNED = "warned"
    DISPUTED = "disputed"
    BREACHED = "breached"
    MISSED = "missed"
    MET = "met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock of the case. `standing` tells how it was met; `failed` stays true when it is met later."""

    clock: str
    kind: str
    binds: str
    strict: Moment
    lenient: Moment
    working: Literal["strict", "lenient"]
    status: ClockStatus = ClockStatus.RUNNING
    standing: Literal["in time", "disputed", "late"] | None = None
    failed: bool = False

    @property
    def due(self) -> Moment:
        """The moment by which who is bound should act."""
        return self.strict if self.working == "strict" else self.lenient

    @property
    def is_owed(self) -> bool:
        """Tell whether the company still owes this: a promise of its own that is not met, late or not."""
        return self.kind == "duty" and self.binds == "company" and self.status is not ClockStatus.MET


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter of the case and what became of it."""

    letter: str
    status: LetterStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of a case after its last event; nothing of it is personal."""

    case_id: UUID
    version: int
    organisation: str
    phase: Phase
    received: ComplaintReceived
    received_at: datetime
    kind: Kind | None = None
    classified_by: Literal["rule", "person"] | None = None
    opened: CaseOpened | None = None
    opened_at: datetime | None = None
    terms: tuple[str, ...] = ()
    """The clocks that the opening or a later classification has brought, set or not."""
    clocks: tuple[Clock, ...] = ()
    letters: tuple[Letter, ...] = ()
    erased: tuple[str, ...] = ()


# --- decide ----------------------------------------------------------------------------------------------


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
        clocks=procedure.clocks if _HAS_COMPLAINT_TERMS[kind] else (),
        letters=procedure.opening,
    )
    return [
        NewEvent(ReportClassified(kind=kind, by="rule", because=because), now),
        NewEvent(opened, now),
    ]


def reclassify(case: Case, kind: Kind, because: str, procedure: Procedure, now: datetime) -> list[NewEvent]:
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
    brings = procedure.clocks if _HAS_COMPLAINT_TERMS[kind] else ()
    event = ReportClassified(
        kind=kind,
        by="person",
        because=BECAUSE_OF_A_PERSON,
        clocks=tuple(rule for rule in brings if rule.clock not in case.terms),
    )
    return [NewEvent(event, now, {COMPLAINANT: {"because": because}})]


def kinds_of(procedure: Procedure) -> tuple[Kind, ...]:
    """Tell what a report can be under a procedure: only some tell an incident from a complaint."""
    known = {procedure.classification.default, *(rule.kind for rule in procedure.classification.rule)}
    return ("complaint", "neither") if known == {"complaint"} else KINDS


# --- evolve ----------------------------------------------------------------------------------------------


def fold(history: History) -> Case | None:
    """Fold a whole history; None for a case that does not exist yet. Raises `MalformedEvent`."""
    if not history.events:
        return None
    case = _begin(history.events[0])
    for recorded in history.events[1:]:
        case = evolve(case, recorded.event, recorded.happened_at)
    return replace(case, version=history.version)


def with_decided(case: Case, decided: Sequence[NewEvent]) -> Case:
    """Take what was just decided into account, as if it stood in the history already."""
    for new in decided:
        case = evolve(case, new.event, new.happened_at)
    return replace(case, version=case.version + len(decided))


def evolve(case: Case, event: Event, happened_at: datetime) -> Case:
    """Take one more event into account, apart from its version."""
    match event:
        case ReportClassified():
            terms = case.terms + tuple(rule.clock for rule in event.clocks)
            return replace(case, kind=event.kind, classified_by=event.by, terms=terms)
        case CaseOpened():
            return replace(
                case,
                phase=Phase.OPEN,
                opened=event,
                opened_at=happened_at,
                terms=case.terms + tuple(rule.clock for rule in event.clocks),
                letters=tuple(Letter(letter=letter, status="owed") for letter in event.letters),
            )
        case DeadlineSet():
            clock = Clock(
                clock=event.clock,
                kind=event.kind,
                binds=event.binds,
                strict=event.strict,
                lenient=event.lenient,
                working=event.working,
            )
            others = tuple(other for other in case.clocks if other.clock != event.clock)
            return replace(case, clocks=(*others, clock))
        case DeadlineWarned():
            return _with_clock(case, event.clock, status=ClockStatus.WARNED)
        case DeadlineMet():
            return _with_clock(case, event.clock, status=ClockStatus.MET, standing=event.standing)
        case DeadlineBreached():
            status = ClockStatus.BREACHED if event.beyond_dispute else ClockStatus.DISPUTED
            return _with_clock(case, event.clock, status=status, failed=True)
        case TargetMissed():
            status = ClockStatus.MISSED if event.beyond_dispute else ClockStatus.DISPUTED
            return _with_clock(case, event.clock, status=status, failed=True)
        case LetterSent():
            return _with_letter(case, event.letter, "sent")
        case LetterPrepared():
            return _with_letter(case, event.letter, "prepared")
        case LetterRefused():
            return _with_letter(case, event.letter, "refused")
        case LetterUncertain():
            return _with_letter(case, event.letter, "uncertain")
        case SubjectErased():
            return replace(case, erased=tuple(sorted({*case.erased, *event.persons})))
        case _:
            return case  # an event that tells nothing about these; a test lists which ones that are


def _begin(recorded: Recorded) -> Case:
    event = recorded.event
    if not isinstance(event, ComplaintReceived):
        raise MalformedEvent(f"{recorded.id} is {recorded.type}, but a case begins with ComplaintReceived")
    return Case(
        case_id=recorded.case_id,
        version=recorded.version,
        organisation=recorded.organisation,
        phase=Phase.RECEIVED,
        received=event,
        received_at=recorded.happened_at,
    )


def _with_clock(case: Case, name: str, **changes: Any) -> Case:
    """Change one clock; what was told of a clock that was never set stays in the history only."""
    clocks = tuple(replace(clock, **changes) if clock.clock == name else clock for clock in case.clocks)
    return replace(case, clocks=clocks)


def _with_letter(case: Case, name: str, status: LetterStatus) -> Case:
    """Note what became of a letter; one that was not owed at opening is added."""
    others = tuple(letter for letter in case.letters if letter.letter != name)
    return replace(case, letters=(*others, Letter(letter=name, status=status)))
