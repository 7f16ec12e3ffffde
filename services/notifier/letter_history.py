"""What the notifier knows of a case, folded from its history alone: what owes a letter, what letters tell.

Pure, and nothing of it is personal. Every event that owes a letter is kept with its number among the letters
of that name, so that a letter has one identifier for life, whatever happens later and whoever asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from uuid import UUID

import msgspec
from msgspec.structs import replace

from cases.clocks.clock import Clock
from cases.clocks.fold import CHANGES_AN_END, with_event
from cases.letters import owed_by
from cases.life.fold import evolve_life
from cases.life.state import UNBORN, Life
from events.catalogue import (
    COMPLAINANT,
    CaseClosed,
    CaseMovedToVersion,
    CaseOpened,
    CaseReopened,
    ClockRule,
    ComplainantWrote,
    ComplaintReceived,
    ComplaintWithdrawn,
    DeadlineDropped,
    DeadlineSet,
    Event,
    HearingHeld,
    InformationReceived,
    LetterBounced,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
    MeasureAgreed,
    ReceiptCorrected,
    ReportClassified,
    SubjectErased,
)
from events.identity import command_id_of
from events.record.envelope import History, Recorded

_OUTCOMES = frozenset({LetterSent.__name__, LetterPrepared.__name__, LetterRefused.__name__})


def letter_id_of(case_id: UUID, letter: str, occurrence: int, on_paper: bool = False) -> UUID:
    """Name a letter: `occurrence` counts letters of the same name in one case, from 1.

    The same letter on paper, after its mail was refused or came back, has a name of its own.
    """
    return command_id_of("letter", case_id, letter, occurrence, *(("on paper",) if on_paper else ()))


@dataclass(frozen=True, slots=True)
class OwingEvent:
    """An event that owes a letter, and the number of that letter among those of its name."""

    letter: str
    occurrence: int
    version: int
    event: Event
    happened_at: datetime
    command_id: UUID


@dataclass(frozen=True, slots=True)
class Agreed:
    """A measure that was agreed; its words lie in the encrypted part of the event `version`."""

    version: int
    command_id: UUID
    measure: MeasureAgreed


class LetterHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What the notifier knows of a case; nothing of it is personal. msgspec's: each event makes one."""

    case_id: UUID
    organisation: str = ""
    received_on: date | None = None
    channel: str = ""
    missing: tuple[str, ...] = ()
    opened: CaseOpened | None = None
    kind: str = ""
    life: Life = UNBORN
    rules: Mapping[str, ClockRule] = msgspec.field(default_factory=dict)
    """The clocks of the case by the rule that is in force, set or not."""
    clocks: Mapping[str, Clock] = msgspec.field(default_factory=dict)
    """The clocks that were set; letters ask only for their ends, so only those events are folded."""
    dropped: frozenset[str] = frozenset()
    """The clocks that ask nothing, until they are set again: they have no end that a letter could tell."""
    owing: tuple[OwingEvent, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    told_by_complainant: tuple[int, ...] = ()
    """The versions of the events that may hold the complainant's name and address, oldest first."""
    heard_at: datetime | None = None
    withdrawn: int = 0
    """The version of the last withdrawal: what came before it owes no letter any more."""
    closed: int = 0
    """The version of the last closing: what asked the complainant for something before it asks no more."""
    settled: frozenset[UUID] = frozenset()
    came_back: frozenset[UUID] = frozenset()
    """The letters whose mail was refused for good or came back: they go on paper."""
    erased: bool = False

    @property
    def deadlines(self) -> Mapping[str, DeadlineSet]:
        """The clocks that were set with an end, and the end that is in force."""
        return {name: clock.term for name, clock in self.clocks.items()}


def fold(history: History) -> LetterHistory:
    """Read a whole history; an empty one gives a case that owes nothing."""
    case = LetterHistory(case_id=history.case_id, organisation=history.organisation if history.events else "")
    return reduce(evolve, history.events, case)


def evolve(case: LetterHistory, recorded: Recorded) -> LetterHistory:
    """Take in one event; those that concern no letter change nothing."""
    event = recorded.event
    life = evolve_life(case.life, event, recorded.happened_at)
    if life is not case.life:
        case = replace(case, life=life)
    case = _evolve(case, event, recorded)
    letter = owed_by(event)
    return case if letter is None else _owing(case, letter, recorded)


def _evolve(case: LetterHistory, event: Event, recorded: Recorded) -> LetterHistory:
    if recorded.type in CHANGES_AN_END:
        return _with_clock(case, event, recorded.happened_at)
    match event:
        case ComplaintReceived():
            return replace(
                _told(case, recorded),
                received_on=event.received_on,
                missing=event.missing,
                channel=event.channel,
            )
        case ReceiptCorrected():
            return replace(case, received_on=event.received_on)
        case ComplainantWrote() | InformationReceived():
            return replace(_told(case, recorded), missing=event.missing)
        case ReportClassified():
            return replace(case, kind=event.kind, rules=_with(case.rules, event.clocks))
        case CaseOpened():
            case = replace(case, opened=event, rules=_with(case.rules, event.clocks))
            return reduce(lambda known, letter: _owing(known, letter, recorded), event.letters, case)
        case CaseReopened() | CaseMovedToVersion():
            return replace(case, rules={**case.rules, **{rule.clock: rule for rule in event.clocks}})
        case MeasureAgreed():
            agreed = Agreed(recorded.version, recorded.command_id, event)
            return replace(case, agreed=(*case.agreed, agreed))
        case HearingHeld():
            return replace(case, heard_at=recorded.happened_at)
        case ComplaintWithdrawn():
            return replace(case, withdrawn=recorded.version)
        case CaseClosed():
            return replace(case, closed=recorded.version)
        case LetterSent() | LetterPrepared():
            return replace(case, settled=case.settled | {event.letter_id})
        case LetterRefused() | LetterBounced(how="email"):
            return replace(
                case,
                settled=case.settled | {event.letter_id},
                came_back=case.came_back | {event.letter_id},
            )
        case SubjectErased():
            return replace(case, erased=case.erased or COMPLAINANT in event.persons)
        case _:  # the catalogue grows; an event of no letter is none of ours
            return case


def _with_clock(case: LetterHistory, event: Event, happened_at: datetime) -> LetterHistory:
    case = replace(case, clocks=with_event(case.clocks, event, happened_at))
    match event:
        case DeadlineSet():
            return replace(case, dropped=case.dropped - {event.clock})
        case DeadlineDropped():
            # Also one without a term. A move does not bring it back here, unlike in the fold of clocks.
            return replace(case, dropped=case.dropped | {event.clock})
        case _:
            return case


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


def _owing(case: LetterHistory, letter: str, recorded: Recorded) -> LetterHistory:
    occurrence = 1 + sum(other.letter == letter for other in case.owing)
    owing = OwingEvent(
        letter, occurrence, recorded.version, recorded.event, recorded.happened_at, recorded.command_id
    )
    return replace(case, owing=(*case.owing, owing))


def _told(case: LetterHistory, recorded: Recorded) -> LetterHistory:
    return replace(case, told_by_complainant=(*case.told_by_complainant, recorded.version))


def _with(known: Mapping[str, ClockRule], new: tuple[ClockRule, ...]) -> Mapping[str, ClockRule]:
    """Add rules; a clock keeps the rule that it first came with."""
    return {**{rule.clock: rule for rule in new}, **known} if new else known
