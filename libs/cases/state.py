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

from cases.clocks.clock import Clock
from cases.clocks.fold import ClockEvent, after, begun, is_of_a_clock
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
    DeadlineMoved,
    DeadlineSet,
    Event,
    LetterBounced,
    LetterDateCorrected,
    LetterPosted,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
    OpenEndedSet,
    ReceiptCorrected,
    ReportClassified,
    SubjectErased,
)
from events.catalogue.words import ClassifiedBy, ReportKind
from events.errors import MalformedEvent
from events.record.envelope import History, NewEvent, Recorded

LetterEvent = LetterSent | LetterPrepared | LetterRefused | LetterUncertain | LetterPosted | LetterBounced
LetterStatus = Literal["owed", "sent", "prepared", "refused", "uncertain", "returned"]


class Phase(StrEnum):
    """How far a case is; between these come the stages of its procedure, which `life` tells."""

    RECEIVED = "received"
    OPEN = "open"
    CLOSED = "closed"


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
    clocks: tuple[Clock, ...] = ()
    open_ended: tuple[Clock, ...] = ()
    """The duties and rights without a term."""
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
    shown = {name: getattr(case, name) for name in (*Case.__struct_fields__, "phase")}
    shown["life"] = as_shown(case.life)
    shown["clocks"] = tuple(_attributes(clock, _SHOWN_OF_A_TERM) for clock in case.clocks)
    shown["open_ended"] = tuple(_attributes(clock, _SHOWN_WITHOUT_TERM) for clock in case.open_ended)
    plain: dict[str, Any] = msgspec.to_builtins(shown)
    return plain


_SHOWN_OF_A_TERM = (
    "clock", "kind", "binds", "strict", "lenient", "working", "status", "standing", "failed",
)  # fmt: skip
_SHOWN_WITHOUT_TERM = ("clock", "kind", "binds", "since_on", "status")


def _attributes(clock: Clock, names: Sequence[str]) -> dict[str, Any]:
    """Give what is shown of a clock; the rounds before the present one are not."""
    return {name: getattr(clock, name) for name in names}


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


def _evolve(case: Case, event: Event, happened_at: datetime) -> Case:
    if is_of_a_clock(event):
        return _with_clock(case, event, happened_at)
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


def _with_clock(case: Case, event: ClockEvent, happened_at: datetime) -> Case:
    """Take an event into its clock; what was recorded of a clock that was never set changes nothing."""
    match event:
        case DeadlineSet():
            return replace(case, clocks=_set_last(case.clocks, event, happened_at))
        case OpenEndedSet():
            return replace(case, open_ended=_set_last(case.open_ended, event, happened_at))
    clocks = _with_event(case.clocks, event, happened_at)
    # A new version may have set a clock in another form, and both are shown. Only one has an end to move.
    is_moved = isinstance(event, DeadlineMoved)
    open_ended = case.open_ended if is_moved else _with_event(case.open_ended, event, happened_at)
    return replace(case, clocks=clocks, open_ended=open_ended)


def _set_last(
    clocks: tuple[Clock, ...], event: DeadlineSet | OpenEndedSet, happened_at: datetime
) -> tuple[Clock, ...]:
    """Put a clock that is set behind the others, also one that is set again."""
    before = next((clock for clock in clocks if clock.clock == event.clock), None)
    others = tuple(clock for clock in clocks if clock is not before)
    return (*others, begun(before, event, happened_at))


def _with_event(clocks: tuple[Clock, ...], event: ClockEvent, happened_at: datetime) -> tuple[Clock, ...]:
    return tuple(
        after(clock, event, happened_at) if clock.clock == event.clock else clock for clock in clocks
    )


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
