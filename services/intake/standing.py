"""Where a case stands, told to whoever holds its signed link: folded from its history, nothing personal.

Only what the organisation owes is shown, by the working reading: the day by which it acts. A day that passed
unmet is said to have passed; hiding it would be a second broken promise.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from events.catalogue import (
    CaseOpened,
    ComplaintReceived,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    Event,
    LetterPrepared,
    LetterSent,
    ReceiptCorrected,
    TargetMissed,
)
from events.envelope import History
from procedures.zones import zone_named

_TELLING: frozenset[str] = frozenset(
    event.__name__
    for event in (
        ComplaintReceived,
        CaseOpened,
        DeadlineSet,
        DeadlineMoved,
        DeadlineDropped,
        DeadlineReopened,
        DeadlineMet,
        DeadlineBreached,
        TargetMissed,
        LetterSent,
        LetterPrepared,
        ReceiptCorrected,
    )
)
"""The types that change the page; others are not even decoded, so that a newer one cannot break it."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Something the organisation will do by a day. `what` is the fact that keeps it."""

    what: str
    is_aim: bool
    on: date
    kept_on: date | None = None
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to the complainant; `posted` when it was printed and not sent by e-mail."""

    letter: str
    dated_on: date
    posted: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the status page shows."""

    reference: str
    organisation: str
    language: str
    received_on: date
    is_handled: bool = False
    letters: tuple[Letter, ...] = ()
    promises: dict[str, Promise] = field(default_factory=dict)


def standing_of(history: History) -> Standing | None:
    """Fold a history; None for a stream that does not begin with a complaint."""
    standing: Standing | None = None
    zone = zone_named("Europe/Amsterdam")
    for recorded in history.events:
        if recorded.type not in _TELLING:
            continue
        event = recorded.event
        match event:
            case ComplaintReceived():
                standing = Standing(event.reference, recorded.organisation, event.language, event.received_on)
            case DeadlineSet():
                zone = zone_named(event.zone)
        if standing is None:
            return None
        standing = _evolve(standing, event, zone)
    return standing


def _evolve(standing: Standing, event: Event, zone: ZoneInfo) -> Standing:
    match event:
        case CaseOpened():
            return replace(standing, is_handled=True, language=event.language)
        case ReceiptCorrected():
            return replace(standing, received_on=event.received_on)
        case LetterSent() | LetterPrepared():
            letter = Letter(event.letter, event.dated_on, isinstance(event, LetterPrepared))
            return replace(standing, letters=(*standing.letters, letter))
        case DeadlineSet(binds="company", kind="duty" | "target") if event.rule.only_if_unmet is None:
            due = event.strict if event.working == "strict" else event.lenient
            promise = Promise(event.rule.satisfied_by[0], event.kind == "target", due.on)
            return replace(standing, promises={**standing.promises, event.clock: promise})
        case DeadlineMoved() if event.clock in standing.promises:
            # A promise to the complainant binds the company, which works by the strict reading.
            moved = replace(standing.promises[event.clock], on=event.strict.on)
            return replace(standing, promises={**standing.promises, event.clock: moved})
        case DeadlineDropped():
            rest = {clock: one for clock, one in standing.promises.items() if clock != event.clock}
            return replace(standing, promises=rest)
        case DeadlineReopened() if event.clock in standing.promises:
            again = replace(standing.promises[event.clock], kept_on=None)
            return replace(standing, promises={**standing.promises, event.clock: again})
        case DeadlineMet() if event.clock in standing.promises:
            kept = replace(standing.promises[event.clock], kept_on=event.met_at.astimezone(zone).date())
            return replace(standing, promises={**standing.promises, event.clock: kept})
        case DeadlineBreached() | TargetMissed() if event.clock in standing.promises:
            passed = replace(standing.promises[event.clock], passed=True)
            return replace(standing, promises={**standing.promises, event.clock: passed})
        case _:
            return standing
