"""The closed set of facts that start and meet clocks, and which recorded event gives which fact.

A clock never asks for an event by name: different events may give the same fact as the product grows.
A letter that could not be delivered gives no fact at all, and one that came back takes its arrival with it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from events.catalogue import (
    CaseClosed,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseUnmerged,
    ComplaintHandled,
    ComplaintReceived,
    ComplaintSolved,
    ComplaintWithdrawn,
    ContactAttempted,
    ContactMade,
    Event,
    HearingAgreed,
    HearingHeld,
    HearingInvited,
    HearingRecorded,
    HearingWaived,
    LetterBounced,
    LetterDateCorrected,
    LetterPosted,
    LetterSent,
    ObjectionDecided,
    ObjectionLodged,
    OutcomeDecided,
    OuterRouteNamed,
    OuterRouteTaken,
    PlanMade,
    ProposalAccepted,
    ProposalRefused,
    ReceiptCorrected,
    ReportClassified,
    SolutionProposed,
    TalkHeld,
    TalkInvited,
)
from events.catalogue.words import LETTERS
from events.errors import MalformedEvent
from events.record.envelope import Recorded
from procedures.counting.zones import civil_date

COMPLAINT_RECEIVED = "complaint received"
CASE_OPENED = "case opened"
WITHDRAWN = "complaint withdrawn"
MERGED = "case merged"
CLOSED = "case closed"
"""Closed for good, as far as is known: not by a withdrawal or a merger, which are facts of their own."""

NO_COMPLAINT = "report is no complaint"
REOPENED = "case reopened"
CERTAIN = (COMPLAINT_RECEIVED, CASE_OPENED)
"""Facts of every case: a clock that starts with one of them always runs."""

_ALWAYS: Mapping[type[Event], tuple[str, ...]] = {
    CaseOpened: (CASE_OPENED,),
    ContactMade: ("contact made",),
    ContactAttempted: ("contact attempted",),
    TalkHeld: ("talk held", "contact made"),
    SolutionProposed: ("solution proposed",),
    ProposalAccepted: ("proposal accepted",),
    ProposalRefused: ("proposal refused",),
    OutcomeDecided: ("outcome decided",),
    ComplaintSolved: ("solved",),
    ComplaintHandled: ("complaint handled",),
    ObjectionLodged: ("objection arrived",),
    HearingWaived: ("hearing waived",),
    HearingRecorded: ("hearing recorded",),
    OuterRouteNamed: ("outer route open",),
    OuterRouteTaken: ("outer route taken",),
    ObjectionDecided: ("objection decided",),
    ComplaintWithdrawn: (WITHDRAWN,),
    CaseReopened: (REOPENED,),
    CaseMerged: (MERGED,),
}
"""Events that give the same facts whatever they say."""

_BY_CONTENT: tuple[type[Event], ...] = (
    ComplaintReceived,
    PlanMade,
    TalkInvited,
    HearingInvited,
    HearingHeld,
    HearingAgreed,
    CaseClosed,
    ReportClassified,
    LetterSent,
    LetterPosted,
    LetterBounced,
    ReceiptCorrected,
    LetterDateCorrected,
    CaseUnmerged,
)

TOLD: tuple[str, ...] = ("plan term", *(f"{letter} period" for letter in LETTERS))
"""Facts that carry a day: the end of a period that somebody set or a letter named."""

_BEFORE_OPENING = "UTC"
"""A case has no zone until it is opened; no fact before that reads its day off a moment."""

_OF_LETTERS = tuple(f"{letter} {what}" for letter in LETTERS for what in ("sent", "arrived", "dated"))

FACTS: tuple[str, ...] = (
    COMPLAINT_RECEIVED,
    *dict.fromkeys(name for names in _ALWAYS.values() for name in names),
    CLOSED,
    NO_COMPLAINT,
    "plan made",
    "hearing invited",
    "hearing held",
    "hearing agreed",
    *_OF_LETTERS,
    *TOLD,
)
"""Every word a clock may use."""

TELLING: frozenset[str] = frozenset(event.__name__ for event in (*_ALWAYS, *_BY_CONTENT))
"""The types of the events that may give or take a fact; who folds facts reacts to these."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a case; `version` is the event that says so.

    `on` is the civil day that the fact itself states: the date on a letter, the end of a period told, the day
    for which a talk was agreed.
    """

    name: str
    happened_at: datetime
    version: int
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Revoked:
    """A fact that was taken back at `at` by the event `by_version`.

    A letter that came back did not arrive; a correction puts another fact in its place; a reopening takes the
    withdrawal or the closing back, and who calls the report a complaint after all, that it was none.
    """

    fact: Fact
    at: datetime
    by_version: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of a case as they stand: `by_name` in the order in which they happened."""

    by_name: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    revoked: tuple[Revoked, ...] = ()

    def first(self, name: str) -> Fact | None:
        """Return the earliest fact of this name, or None."""
        found = self.by_name.get(name)
        return found[0] if found else None


def facts_of(recorded: Recorded) -> tuple[str, ...]:
    """Return the names of the facts that one event gives; most events give none.

    A letter that the recipient's server accepted, or that was posted, is both sent and arrived. Raises
    `MalformedEvent` for a letter this version of the code does not know: dropping it would lose a fact.
    """
    return tuple(fact.name for fact in _facts(recorded, _BEFORE_OPENING))


def facts_of_letter(letter: str) -> tuple[str, ...]:
    """Return the facts of a letter that was accepted or posted, without the period it may name."""
    invited = ("hearing invited",) if letter == "hearing invitation" else ()
    return (f"{letter} sent", f"{letter} arrived", f"{letter} dated", *invited)


def facts_in(events: Iterable[Recorded]) -> tuple[Fact, ...]:
    """Return all facts of a history in the order of their events, also those taken back later."""
    zone, found = _BEFORE_OPENING, list[Fact]()
    for recorded in events:
        zone = _zone_after(recorded, zone)
        found += _facts(recorded, zone)
    return tuple(found)


def standing_facts(events: Iterable[Recorded]) -> Facts:
    """Return the facts of a history as they stand after its last event.

    Raises `MalformedEvent` for a letter this version of the code does not know.
    """
    standing = _Standing()
    for recorded in events:
        if recorded.type in TELLING:
            standing.take(recorded)
    return standing.facts()


class _Standing:
    """The facts given so far, those taken back, and those that each letter gave."""

    def __init__(self) -> None:
        self.told: dict[str, list[Fact]] = {}
        self.by_letter: dict[UUID, list[Fact]] = {}
        self.revoked: dict[Fact, Revoked] = {}
        self.zone = _BEFORE_OPENING

    def take(self, recorded: Recorded) -> None:
        event = recorded.event
        self.zone = _zone_after(recorded, self.zone)
        match event:
            case LetterBounced():
                self._come_back(event.letter_id, recorded)
            case LetterDateCorrected():
                self._correct(event, recorded)
            case ReceiptCorrected():
                self._revoke(self.told.get(COMPLAINT_RECEIVED, ()), recorded)
            case CaseReopened():
                self._revoke([*self.told.get(WITHDRAWN, ()), *self.told.get(CLOSED, ())], recorded)
            case ObjectionLodged():
                self._revoke(self.told.get(CLOSED, ()), recorded)
            # Somebody calls the report a complaint after all: that it was none is taken back.
            case ReportClassified() if not _is_no_complaint(event):
                self._revoke(self.told.get(NO_COMPLAINT, ()), recorded)
            case CaseUnmerged():
                self._revoke(self.told.get(MERGED, ()), recorded)
            case _:
                pass  # it only gives facts
        # After the match: an event that takes facts back may give new ones, which must not be taken back at
        # once.
        facts = _facts(recorded, self.zone)
        for fact in facts:
            self.told.setdefault(fact.name, []).append(fact)
        if isinstance(event, LetterSent | LetterPosted):
            self.by_letter.setdefault(event.letter_id, []).extend(facts)

    def facts(self) -> Facts:
        standing = {
            name: tuple(sorted((fact for fact in facts if fact not in self.revoked), key=_in_order))
            for name, facts in self.told.items()
        }
        return Facts({name: facts for name, facts in standing.items() if facts}, tuple(self.revoked.values()))

    def _come_back(self, letter_id: UUID, recorded: Recorded) -> None:
        """Take back what a returned letter gave: its arrival and its period. It was sent all the same."""
        of_letter = self.by_letter.get(letter_id, ())
        self._revoke([fact for fact in of_letter if not fact.name.endswith((" sent", " dated"))], recorded)

    def _correct(self, event: LetterDateCorrected, recorded: Recorded) -> None:
        """Replace the facts of a letter that was wrongly dated; one that came back stays not arrived."""
        wrong = [
            fact
            for fact in self.by_letter.get(event.letter_id, ())
            if fact not in self.revoked and (event.posted_at is not None or fact.name.endswith(" dated"))
        ]
        self._revoke(wrong, recorded)
        for fact in wrong:
            right = Fact(
                fact.name,
                event.posted_at or fact.happened_at,
                recorded.version,
                event.dated_on if fact.name.endswith(" dated") else fact.on,
            )
            self.told[fact.name].append(right)
            self.by_letter[event.letter_id].append(right)

    def _revoke(self, facts: Iterable[Fact], recorded: Recorded) -> None:
        for fact in tuple(facts):
            # The first event that takes a fact back is the one that counts; a later one finds it gone.
            self.revoked.setdefault(fact, Revoked(fact, recorded.happened_at, recorded.version))


def _in_order(fact: Fact) -> tuple[datetime, int]:
    return fact.happened_at, fact.version


def _zone_after(recorded: Recorded, zone: str) -> str:
    """Return the zone of the case's civil days: the one it was opened with, from then on."""
    return recorded.event.zone if isinstance(recorded.event, CaseOpened) else zone


def _facts(recorded: Recorded, zone: str) -> tuple[Fact, ...]:
    if recorded.type not in TELLING:
        return ()
    event = recorded.event

    def fact(name: str, on: date | None = None) -> Fact:
        return Fact(name, recorded.happened_at, recorded.version, on)

    match event:
        case ComplaintReceived():
            return (fact(COMPLAINT_RECEIVED, event.received_on),)
        case ReceiptCorrected():
            return (Fact(COMPLAINT_RECEIVED, event.received_at, recorded.version, event.received_on),)
        case LetterSent() | LetterPosted():
            return _of_a_letter(event, recorded, fact)
        case PlanMade():
            return (fact("plan made"), fact("plan term", event.until))
        case TalkInvited():
            return () if event.how == "letter" else (fact("contact made"),)
        case HearingInvited():
            return () if event.how == "letter" else (fact("hearing invited"),)
        case HearingAgreed():
            return (fact("hearing agreed", civil_date(event.at, zone)),)
        case CaseClosed():
            # A withdrawn complaint was not handled, and a merged one is handled elsewhere.
            is_handled = event.because not in ("withdrawn", "merged")
            return (fact(CLOSED), fact("complaint handled")) if is_handled else ()
        case ReportClassified():
            return (fact(NO_COMPLAINT),) if _is_no_complaint(event) else ()
        case HearingHeld():
            return (fact("hearing held"), *(() if event.satisfied else (fact("outer route open"),)))
        case _:
            return tuple(fact(name) for name in _ALWAYS.get(type(event), ()))


def _is_no_complaint(event: ReportClassified) -> bool:
    return event.kind in ("incident", "neither")


def _of_a_letter(
    event: LetterSent | LetterPosted, recorded: Recorded, fact: Callable[..., Any]
) -> tuple[Fact, ...]:
    if event.letter not in LETTERS:
        raise MalformedEvent(
            f"{recorded.id}: {event.type} names the unknown letter {event.letter!r}: "
            "deploy the version that knows it, then retry"
        )
    dated = f"{event.letter} dated"
    given = [fact(name, event.dated_on if name == dated else None) for name in facts_of_letter(event.letter)]
    if event.period_until is not None:
        given.append(fact(f"{event.letter} period", event.period_until))
    return tuple(given)
