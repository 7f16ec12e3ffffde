"""Which letters a case still owes, folded from its history alone.

Always holds: a letter is owed once `CaseOpened` names it and every clock named there that can run has its
`DeadlineSet`, so that a letter can name its period and `DeadlineSet` comes before `LetterSent`. Sent,
prepared or refused for good ends it; an uncertain attempt does not. Nothing is owed to an erased person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from uuid import UUID

from msgspec import structs

from events.catalogue import (
    COMPLAINANT,
    CaseOpened,
    ComplaintReceived,
    DeadlineMoved,
    DeadlineSet,
    Event,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
    SubjectErased,
)
from events.envelope import History
from events.identity import command_id_of

REACTS_TO = frozenset({"CaseOpened", "DeadlineSet"})
"""The events after which a letter can have become owed."""

_KNOWN_AT_OPENING = frozenset({"complaint received", "case opened"})
"""Facts that have happened when a case is open; a clock that starts at another fact cannot run yet."""

_OUTCOMES = frozenset({LetterSent.__name__, LetterPrepared.__name__, LetterRefused.__name__})


@dataclass(frozen=True, slots=True)
class Owed:
    """One letter to be written; `occurrence` counts letters of the same name in one case, from 1."""

    case_id: UUID
    letter: str
    occurrence: int = 1

    @property
    def letter_id(self) -> UUID:
        return command_id_of("letter", self.case_id, self.letter, self.occurrence)


@dataclass(frozen=True, slots=True)
class Case:
    """What the notifier knows of a case; nothing of it is personal."""

    case_id: UUID
    organisation: str = ""
    received_on: date | None = None
    missing: tuple[str, ...] = ()
    opened: CaseOpened | None = None
    deadlines: Mapping[str, DeadlineSet] = field(default_factory=dict)
    settled: frozenset[UUID] = frozenset()
    erased: bool = False


def fold(history: History) -> Case:
    """Read a whole history; an empty one gives a case that owes nothing."""
    case = Case(case_id=history.case_id, organisation=history.organisation if history.events else "")
    return reduce(evolve, (recorded.event for recorded in history.events), case)


def evolve(case: Case, event: Event) -> Case:
    """Take in one event; those that concern no letter change nothing."""
    match event:
        case ComplaintReceived():
            return replace(case, received_on=event.received_on, missing=event.missing)
        case CaseOpened():
            return replace(case, opened=event)
        case DeadlineSet():
            return replace(case, deadlines={**case.deadlines, event.clock: event})
        case DeadlineMoved() if event.clock in case.deadlines:
            moved = structs.replace(
                case.deadlines[event.clock], strict=event.strict, lenient=event.lenient, warn_at=event.warn_at
            )
            return replace(case, deadlines={**case.deadlines, event.clock: moved})
        case LetterSent() | LetterPrepared() | LetterRefused():
            return replace(case, settled=case.settled | {event.letter_id})
        case SubjectErased():
            return replace(case, erased=case.erased or COMPLAINANT in event.persons)
        case _:  # the catalogue grows; an event of no letter is none of ours
            return case


def owed(case: Case) -> tuple[Owed, ...]:
    """Tell which letters are to be written now, in the order the procedure names them."""
    if case.opened is None or case.erased or waits_for(case):
        return ()  # nothing owed yet, or any more
    letters = (Owed(case.case_id, letter) for letter in case.opened.letters)
    return tuple(letter for letter in letters if letter.letter_id not in case.settled)


def is_settled(history: History, letter_id: UUID) -> bool:
    """Tell whether the outcome of a letter stands; reads only the events about letters."""
    return any(
        isinstance(event := recorded.event, LetterSent | LetterPrepared | LetterRefused)
        and event.letter_id == letter_id
        for recorded in history.events
        if recorded.type in _OUTCOMES
    )


def is_explained(history: History, letter_id: UUID, attempt: int) -> bool:
    """Tell whether an attempt without a known result is recorded as such."""
    return any(
        isinstance(event := recorded.event, LetterUncertain)
        and (event.letter_id, event.attempt) == (letter_id, attempt)
        for recorded in history.events
        if recorded.type == LetterUncertain.__name__
    )


def waits_for(case: Case) -> tuple[str, ...]:
    """Name the clocks that can run from the start and are not set yet."""
    if case.opened is None:
        return ()
    return tuple(
        rule.clock
        for rule in case.opened.clocks
        if rule.starts in _KNOWN_AT_OPENING and rule.term != "none" and rule.clock not in case.deadlines
    )
