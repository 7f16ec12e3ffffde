"""Where a case stands, told to whoever holds its signed link: folded from its history, nothing personal.

What the organisation owes is shown by the strict reading: a promise binds it. What the complainant may do is
shown by the lenient one: nobody is told to be late who is not. A day that passed unmet is said to have
passed; hiding it would be a second broken promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from cases.clocks.clock import Clock
from cases.clocks.fold import CLOCK_EVENTS, ClockEvent, is_of_a_clock, with_event
from events.catalogue import (
    CaseClosed,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseUnmerged,
    ComplaintReceived,
    ComplaintWithdrawn,
    DeadlineSet,
    DeadlineWarned,
    Event,
    LetterBounced,
    LetterDateCorrected,
    LetterPosted,
    LetterPrepared,
    LetterSent,
    NormPassed,
    OpenEndedSet,
    ReceiptCorrected,
)
from events.record.envelope import History
from intake.status.promises import ShownPromise, ShownWindow, is_promise, is_window, promise_after, window_of
from procedures.counting.zones import zone_named

_OF_A_CLOCK = CLOCK_EVENTS - {event.__name__ for event in (DeadlineWarned, OpenEndedSet, NormPassed)}
"""The types about a promise or a window; what has no term, and what is for the team, is not shown."""

_TELLING: frozenset[str] = _OF_A_CLOCK | frozenset(
    event.__name__
    for event in (
        ComplaintReceived,
        CaseOpened,
        ComplaintWithdrawn,
        CaseClosed,
        CaseReopened,
        CaseMerged,
        CaseUnmerged,
        LetterSent,
        LetterPrepared,
        LetterPosted,
        LetterBounced,
        LetterDateCorrected,
        ReceiptCorrected,
    )
)
"""The types that change the page; others are not even decoded, so that a newer one cannot break it."""

State = Literal["received", "handled", "withdrawn", "closed", "reopened", "merged"]


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter to the complainant: what was done with it last, and the day of that."""

    letter: str
    on: date
    how: Literal["sent", "prepared", "posted"]
    came_back: bool = False


@dataclass(frozen=True, slots=True)
class CaseProgress:
    """Everything the status page shows."""

    reference: str
    organisation: str
    language: str
    received_on: date
    state: State = "received"
    before_merge: State | None = None
    letters: Mapping[UUID, SentLetter] = field(default_factory=dict)
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    promises: Mapping[str, ShownPromise] = field(default_factory=dict)

    @property
    def windows(self) -> Mapping[str, ShownWindow]:
        """What the complainant may do by a day, by clock."""
        return {name: window_of(clock) for name, clock in self.clocks.items() if is_window(clock)}


def progress_of(history: History) -> CaseProgress | None:
    """Fold a history; None for a stream that does not begin with a complaint."""
    standing: CaseProgress | None = None
    zone = zone_named("Europe/Amsterdam")
    for recorded in history.events:
        if recorded.type not in _TELLING:
            continue
        event = recorded.event
        match event:
            case ComplaintReceived():
                standing = CaseProgress(
                    event.reference, recorded.organisation, event.language, event.received_on
                )
            case CaseOpened() | DeadlineSet():
                zone = zone_named(event.zone)
        if standing is None:
            return None
        standing = _evolve(standing, event, recorded.happened_at, zone)
    return standing


def _evolve(standing: CaseProgress, event: Event, happened_at: datetime, zone: ZoneInfo) -> CaseProgress:
    if is_of_a_clock(event):
        return _with_clock(standing, event, happened_at)
    match event:
        case CaseOpened():
            return replace(standing, state="handled", language=event.language)
        case ComplaintWithdrawn() | CaseClosed(because="withdrawn"):
            return replace(standing, state="withdrawn")
        case CaseClosed():
            return replace(standing, state="merged" if event.because == "merged" else "closed")
        case CaseReopened():
            return replace(standing, state="reopened")
        case CaseMerged():
            return replace(standing, state="merged", before_merge=standing.state)
        case CaseUnmerged():
            return replace(standing, state=standing.before_merge or "handled", before_merge=None)
        case ReceiptCorrected():
            return replace(standing, received_on=event.received_on)
        case LetterSent(letter="form copy"):
            return standing  # it went to the organisation's own inbox
        case LetterSent() | LetterPrepared() | LetterPosted() | LetterBounced() | LetterDateCorrected():
            letter = _letter(standing.letters.get(event.letter_id), event, happened_at, zone)
            changed = {} if letter is None else {event.letter_id: letter}
            return replace(standing, letters={**standing.letters, **changed})
        case _:
            return standing


def _letter(
    letter: SentLetter | None, event: Event, happened_at: datetime, zone: ZoneInfo
) -> SentLetter | None:
    """Tell what became of a letter; None when nothing is known of it.

    One that came back may be posted once more, and is then on its way again.
    """
    match event:
        case LetterSent():
            return SentLetter(event.letter, event.dated_on, "sent")
        case LetterPrepared():
            return SentLetter(event.letter, event.dated_on, "prepared")
        case LetterPosted():
            return SentLetter(event.letter, happened_at.astimezone(zone).date(), "posted")
        case LetterBounced() if letter is not None:
            return replace(letter, came_back=True)
        case LetterDateCorrected() if letter is not None and letter.how != "posted":
            return replace(letter, on=event.dated_on)
        case LetterDateCorrected() if letter is not None and event.posted_at is not None:
            return replace(letter, on=event.posted_at.astimezone(zone).date())
        case _:
            return letter


def _with_clock(standing: CaseProgress, event: ClockEvent, happened_at: datetime) -> CaseProgress:
    """Take an event into its clock; of one that was never set, nothing is shown."""
    name, clocks = event.clock, with_event(standing.clocks, event, happened_at)
    clock = clocks.get(name)
    if clock is None:
        return standing
    promises = dict(standing.promises)
    before = promises.pop(name, None)  # another version of the procedure may promise it no more
    if is_promise(clock):
        promises[name] = promise_after(before, event, clock)
    return replace(standing, clocks=clocks, promises=promises)
