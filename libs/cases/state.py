"""A case as it stands: folded from everything that happened to it, for whoever decides, lists or shows it.

Pure: no clock is read, nothing is awaited, and nothing of it is personal. Every service that appends to a
case tells a part of it; this fold takes all of them into account. A case keeps the procedure version it was
opened under, whatever comes into force later. Its parts are msgspec's: each event makes some of them anew.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from cases.letters import ASKS_FOR_SOMETHING, owed_by
from cases.life.fold import evolve_life
from cases.life.shown import as_shown
from cases.life.state import UNBORN, Life, Stage
from events.catalogue import (
    CaseClosed,
    CaseMovedToVersion,
    CaseOpened,
    ComplaintReceived,
    ComplaintWithdrawn,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    DeadlineWarned,
    Event,
    LetterBounced,
    LetterDateCorrected,
    LetterPosted,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
    Moment,
    OpenEndedSet,
    ReceiptCorrected,
    ReportClassified,
    SubjectErased,
    TargetMissed,
    WindowLapsed,
)
from events.catalogue.words import ClassifiedBy, Punctuality, ReportKind, WorkingReading
from events.errors import MalformedEvent
from events.record.envelope import History, NewEvent, Recorded

LetterEvent = LetterSent | LetterPrepared | LetterRefused | LetterUncertain | LetterPosted | LetterBounced
LetterStatus = Literal["owed", "sent", "prepared", "refused", "uncertain", "returned"]


class Phase(StrEnum):
    """How far a case is; between these come the stages of its procedure, which `life` tells."""

    RECEIVED = "received"
    OPEN = "open"
    CLOSED = "closed"


class ClockStatus(StrEnum):
    """Where a clock stands; "disputed" lies between its two readings, "missed" is said of a target."""

    RUNNING = "running"
    WARNED = "warned"
    DISPUTED = "disputed"
    BREACHED = "breached"
    MISSED = "missed"
    MET = "met"
    DROPPED = "dropped"
    LAPSED = "lapsed"


class CaseClock(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of the case. `standing` tells how it was met; `failed` stays true when it is met later."""

    clock: str
    kind: str
    binds: str
    strict: Moment
    lenient: Moment
    working: WorkingReading
    status: ClockStatus = ClockStatus.RUNNING
    standing: Punctuality | None = None
    failed: bool = False

    @property
    def due(self) -> Moment:
        """The moment by which who is bound should act."""
        return self.strict if self.working == "strict" else self.lenient

    @property
    def is_owed(self) -> bool:
        """Tell whether the company still owes this: a promise of its own that is not met, late or not."""
        is_over = self.status in (ClockStatus.MET, ClockStatus.DROPPED)
        return self.kind == "duty" and self.binds == "company" and not is_over


class OpenEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A duty or right without a term; `status` is running, met, breached (out of order) or dropped."""

    clock: str
    kind: str
    binds: str
    since_on: date
    status: ClockStatus = ClockStatus.RUNNING


class CaseLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One letter of the case and what became of it; `letter_id` is the newest of that name."""

    letter: str
    status: LetterStatus
    letter_id: UUID | None = None
    dated_on: date | None = None
    period_until: date | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a case after its last event; nothing of it is personal."""

    case_id: UUID
    version: int
    organisation: str
    received: ComplaintReceived
    received_at: datetime
    kind: ReportKind | None = None
    classified_by: ClassifiedBy | None = None
    opened: CaseOpened | None = None
    opened_at: datetime | None = None
    terms: tuple[str, ...] = ()
    """The clocks that the opening or a later classification has brought, set or not."""
    clocks: tuple[CaseClock, ...] = ()
    open_ended: tuple[OpenEnded, ...] = ()
    letters: tuple[CaseLetter, ...] = ()
    erased: tuple[str, ...] = ()
    life: Life = UNBORN

    @property
    def phase(self) -> Phase:
        """How far the case is, in one word."""
        match self.life.stage:
            case Stage.RECEIVED:
                return Phase.RECEIVED
            case Stage.CLOSED | Stage.MERGED:
                return Phase.CLOSED
            case _:
                return Phase.OPEN


def fold(history: History) -> Case | None:
    """Fold a whole history; None for a case that does not exist yet. Raises `MalformedEvent`."""
    return fold_events(history.events)


def fold_events(events: Iterable[Recorded]) -> Case | None:
    """Fold the events somebody may see, for example those recorded by a moment; None without the first."""
    case: Case | None = None
    for recorded in events:
        if case is None:
            case = _begin(recorded)
        else:
            case = replace(evolve(case, recorded.event, recorded.happened_at), version=recorded.version)
    return case


def as_plain(case: Case) -> dict[str, Any]:
    """Give a case as plain values, for a person or a program that looks at it; its life is shown flat."""
    values = {name: getattr(case, name) for name in (*Case.__struct_fields__, "phase")}
    values["life"] = as_shown(case.life)
    plain: dict[str, Any] = msgspec.to_builtins(values)
    return plain


def with_decided(case: Case, decided: Sequence[NewEvent]) -> Case:
    """Take what was just decided into account, as if it stood in the history already."""
    for new in decided:
        case = evolve(case, new.event, new.happened_at)
    return replace(case, version=case.version + len(decided))


def evolve(case: Case, event: Event, happened_at: datetime) -> Case:
    """Take one more event into account, apart from its version."""
    life = evolve_life(case.life, event, happened_at)
    case = _evolve(case if life is case.life else replace(case, life=life), event, happened_at)
    letter = owed_by(event)
    if letter is None:
        return case
    others = tuple(other for other in case.letters if other.letter != letter)
    return replace(case, letters=(*others, CaseLetter(letter=letter, status="owed")))


_GOES_ON = (ClockStatus.DROPPED, ClockStatus.LAPSED)
"""What runs again once it is moved: the notice that ended it came back, or another answer opened it anew."""


def _evolve(case: Case, event: Event, happened_at: datetime) -> Case:
    match event:
        case ReportClassified():
            terms = case.terms + tuple(rule.clock for rule in event.clocks)
            return replace(case, kind=event.kind, classified_by=event.by, terms=terms)
        case CaseOpened():
            return replace(
                case,
                opened=event,
                opened_at=happened_at,
                terms=case.terms + tuple(rule.clock for rule in event.clocks),
                letters=tuple(CaseLetter(letter=letter, status="owed") for letter in event.letters),
            )
        case DeadlineSet():
            clock = CaseClock(
                clock=event.clock,
                kind=event.kind,
                binds=event.binds,
                strict=event.strict,
                lenient=event.lenient,
                working=event.working,
            )
            before = next((other for other in case.clocks if other.clock == event.clock), None)
            if before is not None and before.failed and before.strict == clock.strict:
                # It was dropped while it was disputed, and is set again as it stood.
                clock = replace(clock, status=ClockStatus.DISPUTED, failed=True)
            others = tuple(other for other in case.clocks if other.clock != event.clock)
            return replace(case, clocks=(*others, clock))
        case DeadlineMoved():
            moved = _with_clock(case, event.clock, strict=event.strict, lenient=event.lenient)
            is_over = any(one.clock == event.clock and one.status in _GOES_ON for one in case.clocks)
            if not event.anew and not is_over:
                return moved
            return _with_clock(moved, event.clock, status=ClockStatus.RUNNING, standing=None)
        case DeadlineDropped():
            return _with_clock(case, event.clock, status=ClockStatus.DROPPED)
        case DeadlineReopened():
            return _with_clock(case, event.clock, status=ClockStatus.RUNNING, standing=None)
        case WindowLapsed():
            return _with_clock(case, event.clock, status=ClockStatus.LAPSED)
        case OpenEndedSet():
            begun = OpenEnded(clock=event.clock, kind=event.kind, binds=event.binds, since_on=event.since_on)
            rest = tuple(other for other in case.open_ended if other.clock != event.clock)
            return replace(case, open_ended=(*rest, begun))
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
        case ComplaintWithdrawn():
            return _without_owed(case, {letter.letter for letter in case.letters})
        case CaseClosed():
            return _without_owed(case, ASKS_FOR_SOMETHING)
        case LetterSent() | LetterPosted():
            return _with_letter(case, event, "sent")
        case LetterPrepared():
            return _with_letter(case, event, "prepared")
        case LetterRefused():
            return _with_letter(case, event, "refused")
        case LetterUncertain():
            return _with_letter(case, event, "uncertain")
        case LetterBounced():
            return _with_letter(case, event, "returned")
        case ReceiptCorrected():
            received = replace(case.received, received_on=event.received_on)
            return replace(case, received=received, received_at=event.received_at)
        case LetterDateCorrected():
            letters = tuple(
                replace(letter, dated_on=event.dated_on) if letter.letter_id == event.letter_id else letter
                for letter in case.letters
            )
            return replace(case, letters=letters)
        case CaseMovedToVersion():
            terms = tuple(dict.fromkeys((*case.terms, *(rule.clock for rule in event.clocks))))
            return replace(case, terms=terms)
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
        received=event,
        received_at=recorded.happened_at,
        life=evolve_life(UNBORN, event, recorded.happened_at),
    )


def _with_clock(case: Case, name: str, **changes: Any) -> Case:
    """Change one clock; what was told of a clock that was never set stays in the history only."""
    clocks = tuple(replace(clock, **changes) if clock.clock == name else clock for clock in case.clocks)
    status = changes.get("status")
    if status is None or all(other.clock != name for other in case.open_ended):
        return replace(case, clocks=clocks)
    open_ended = tuple(
        replace(other, status=status) if other.clock == name else other for other in case.open_ended
    )
    return replace(case, clocks=clocks, open_ended=open_ended)


def _without_owed(case: Case, overtaken: Collection[str]) -> Case:
    """Let go of letters that were owed and will not be written any more."""
    letters = tuple(one for one in case.letters if one.status != "owed" or one.letter not in overtaken)
    return replace(case, letters=letters) if len(letters) < len(case.letters) else case


def _with_letter(case: Case, event: LetterEvent, status: LetterStatus) -> Case:
    """Note what became of a letter; one that was not owed at opening is added."""
    known = {letter.letter: letter for letter in case.letters}
    before = known.pop(event.letter, None)
    same = before is not None and before.letter_id == event.letter_id
    letter = CaseLetter(
        letter=event.letter,
        status=status,
        letter_id=event.letter_id,
        dated_on=getattr(event, "dated_on", before.dated_on if before and same else None),
        period_until=getattr(event, "period_until", before.period_until if before and same else None),
    )
    return replace(case, letters=(*known.values(), letter))
