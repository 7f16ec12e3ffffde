"""Where a case stands, told to whoever holds its signed link: folded from its history, nothing personal.

What the organisation owes is shown by the working reading: the day by which it acts. What the complainant may
do is shown by the lenient one: nobody is told to be late who is not. A day that passed unmet is said to have
passed; hiding it would be a second broken promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from events.catalogue import (
    CaseClosed,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseUnmerged,
    ComplaintReceived,
    ComplaintWithdrawn,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    Event,
    LetterBounced,
    LetterDateCorrected,
    LetterPosted,
    LetterPrepared,
    LetterSent,
    ReceiptCorrected,
    TargetMissed,
    WindowLapsed,
)
from events.record.envelope import History
from procedures.counting.zones import zone_named

_TELLING: frozenset[str] = frozenset(
    event.__name__
    for event in (
        ComplaintReceived,
        CaseOpened,
        ComplaintWithdrawn,
        CaseClosed,
        CaseReopened,
        CaseMerged,
        CaseUnmerged,
        DeadlineSet,
        DeadlineMoved,
        DeadlineDropped,
        DeadlineReopened,
        DeadlineMet,
        DeadlineBreached,
        TargetMissed,
        WindowLapsed,
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
class ShownPromise:
    """Something the organisation will do by a day. `what` is the fact that keeps it.

    `earlier` are those before it that were kept or passed: a day that is told after them is another promise.
    """

    what: str
    is_aim: bool
    on: date
    kept_on: date | None = None
    passed: bool = False
    dropped: bool = False
    earlier: "tuple[ShownPromise, ...]" = ()


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """Something the complainant may do up to and including a day. `what` is the fact that uses it."""

    what: str
    until: date
    status: Literal["open", "dropped", "lapsed", "used"] = "open"


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
    promises: Mapping[str, ShownPromise] = field(default_factory=dict)
    windows: Mapping[str, ShownWindow] = field(default_factory=dict)


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
        case DeadlineSet(binds="customer", kind="window"):
            window = ShownWindow(next(iter(event.rule.satisfied_by), ""), event.lenient.on)
            return replace(standing, windows={**standing.windows, event.clock: window})
        case DeadlineSet(binds="company", kind="duty" | "target") if event.rule.only_if_unmet is None:
            promise = ShownPromise(event.rule.satisfied_by[0], event.kind == "target", event.due.on)
            return replace(standing, promises={**standing.promises, event.clock: promise})
        case (
            DeadlineMoved()
            | DeadlineDropped()
            | DeadlineReopened()
            | DeadlineMet()
            | DeadlineBreached()
            | TargetMissed()
            | WindowLapsed()
        ):
            clock = event.clock
            if clock in standing.windows:
                window = _window(standing.windows[clock], event)
                return replace(standing, windows={**standing.windows, clock: window})
            if clock in standing.promises:
                promise = _promise(standing.promises[clock], event, zone)
                return replace(standing, promises={**standing.promises, clock: promise})
            return standing
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


def _window(window: ShownWindow, event: Event) -> ShownWindow:
    match event:
        case DeadlineMoved() if window.status == "used":
            return replace(window, until=event.lenient.on)
        case DeadlineMoved():  # one that lapsed too: a better answer tells the time to object anew
            return replace(window, until=event.lenient.on, status="open")
        case DeadlineReopened():
            return replace(window, status="open")
        case DeadlineDropped():
            return replace(window, status="dropped")
        case WindowLapsed():
            return replace(window, status="lapsed")
        case DeadlineMet():
            return replace(window, status="used")
        case _:
            return window


def _promise(promise: ShownPromise, event: Event, zone: ZoneInfo) -> ShownPromise:
    match event:
        # A promise to the complainant binds the company, which works by the strict reading.
        case DeadlineMoved(anew=True):
            was_judged = promise.passed or promise.kept_on is not None
            earlier = (*promise.earlier, replace(promise, earlier=())) if was_judged else promise.earlier
            return ShownPromise(promise.what, promise.is_aim, event.strict.on, earlier=earlier)
        case DeadlineMoved() if promise.earlier and promise.earlier[-1].on == event.strict.on:
            *before, last = promise.earlier  # what told the other day came back: that one is in force again
            return replace(last, dropped=False, earlier=tuple(before))
        case DeadlineMoved():
            return replace(promise, on=event.strict.on, dropped=False)
        case DeadlineDropped():
            return replace(promise, dropped=True)
        case DeadlineReopened():
            return replace(promise, kept_on=None)
        case DeadlineMet():
            return replace(promise, kept_on=event.met_at.astimezone(zone).date())
        case DeadlineBreached() | TargetMissed():
            return replace(promise, passed=True)
        case _:
            return promise
