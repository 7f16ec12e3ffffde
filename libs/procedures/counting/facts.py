"""The closed set of facts that start and meet clocks, and which recorded event gives which fact.

A clock never asks for an event by name: different events may give the same fact as the product grows.
A letter that could not be delivered gives no fact at all, and one that came back takes its arrival with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
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

_TAKES_BACK: Mapping[type[Event], tuple[str, ...]] = {
    ReceiptCorrected: (COMPLAINT_RECEIVED,),
    CaseReopened: (WITHDRAWN, CLOSED),
    ObjectionLodged: (CLOSED,),
    CaseUnmerged: (MERGED,),
    ReportClassified: (NO_COMPLAINT,),
}
"""Events that take back all facts of these names so far; those of a letter are found by its id."""

_NO_COMPLAINTS = ("incident", "neither")
"""What a report may be called that is no complaint."""

_IN_ORDER = attrgetter("happened_at", "version")
"""Sorts facts in the order in which they happened."""

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
    return tuple(fact.name for fact in facts_in([recorded]))


def facts_of_letter(letter: str) -> tuple[str, ...]:
    """Return the facts of a letter that was accepted or posted, without the period it may name."""
    invited = ("hearing invited",) if letter == "hearing invitation" else ()
    return (f"{letter} sent", f"{letter} arrived", f"{letter} dated", *invited)


def facts_in(events: Iterable[Recorded]) -> tuple[Fact, ...]:
    """Return all facts of a history in the order of their events, also those taken back later.

    Raises `MalformedEvent` for a letter this version of the code does not know.
    """
    zone, found = _BEFORE_OPENING, list[Fact]()
    for recorded in events:
        if recorded.type in TELLING:
            zone = recorded.event.zone if isinstance(recorded.event, CaseOpened) else zone
            found += _given(recorded, zone)
    return tuple(found)


def standing_facts(events: Iterable[Recorded]) -> Facts:
    """Return the facts of a history as they stand after its last event.

    Raises `MalformedEvent` for a letter this version of the code does not know.
    """
    zone = _BEFORE_OPENING
    told: dict[str, list[Fact]] = {}
    by_letter: dict[UUID, list[Fact]] = {}
    revoked: dict[Fact, Revoked] = {}
    for recorded in events:
        if recorded.type not in TELLING:
            continue
        event = recorded.event
        # `type(...) is`, because `isinstance` takes 0.5 µs for an event class, and this is asked a lot.
        zone = event.zone if type(event) is CaseOpened else zone
        # 1. Find what it gives, and what it takes back of the facts told before.
        given = _given(recorded, zone)
        lost = [fact for name in _TAKES_BACK.get(type(event), ()) for fact in told.get(name, ())]
        if type(event) is ReportClassified and event.kind in _NO_COMPLAINTS:
            lost = []  # only who calls it a complaint after all takes back that it was none
        elif type(event) is LetterBounced or type(event) is LetterDateCorrected:
            # Without what was taken back before: a letter that came back stays not arrived.
            of_letter = [fact for fact in by_letter.get(event.letter_id, ()) if fact not in revoked]
            lost, given = _changed(of_letter, event, recorded.version)
        # 2. Take back. The first event that takes a fact back is the one that counts.
        for fact in lost:
            revoked.setdefault(fact, Revoked(fact, recorded.happened_at, recorded.version))
        # 3. Give. Not earlier: a receipt that is corrected would be taken back with the wrong one.
        for fact in given:
            told.setdefault(fact.name, []).append(fact)
        if type(event) is LetterSent or type(event) is LetterPosted or type(event) is LetterDateCorrected:
            by_letter.setdefault(event.letter_id, []).extend(given)
    standing = {
        name: tuple(sorted((fact for fact in facts if fact not in revoked), key=_IN_ORDER))
        for name, facts in told.items()
    }
    return Facts({name: facts for name, facts in standing.items() if facts}, tuple(revoked.values()))


def _given(recorded: Recorded, zone: str) -> tuple[Fact, ...]:
    """Return the facts that one event gives, by what it is or by what it says.

    Raises `MalformedEvent` for a letter this version of the code does not know.
    """
    event, happened_at = recorded.event, recorded.happened_at
    on: Mapping[str, date | None]  # the facts by name, each with the day that it states, if any
    match event:
        case _ if type(event) in _ALWAYS:
            on = dict.fromkeys(_ALWAYS[type(event)])
        case ComplaintReceived():
            on = {COMPLAINT_RECEIVED: event.received_on}
        case ReceiptCorrected():
            on, happened_at = {COMPLAINT_RECEIVED: event.received_on}, event.received_at
        case LetterSent() | LetterPosted():
            on = _of_a_letter(event, recorded.id)
        case PlanMade():
            on = {"plan made": None, "plan term": event.until}
        case TalkInvited():
            on = {} if event.how == "letter" else {"contact made": None}
        case HearingInvited():
            on = {} if event.how == "letter" else {"hearing invited": None}
        case HearingAgreed():
            on = {"hearing agreed": civil_date(event.at, zone)}
        case CaseClosed():
            # A withdrawn complaint was not handled, and a merged one is handled elsewhere.
            is_handled = event.because not in ("withdrawn", "merged")
            on = {CLOSED: None, "complaint handled": None} if is_handled else {}
        case ReportClassified():
            on = {NO_COMPLAINT: None} if event.kind in _NO_COMPLAINTS else {}
        case HearingHeld():
            on = {"hearing held": None} | ({} if event.satisfied else {"outer route open": None})
        case _:
            on = {}
    return tuple(Fact(name, happened_at, recorded.version, day) for name, day in on.items())


def _of_a_letter(event: LetterSent | LetterPosted, event_id: str) -> Mapping[str, date | None]:
    """Name the facts of a letter that left, each with the day that it states.

    Raises `MalformedEvent` for a letter this version of the code does not know.
    """
    if event.letter not in LETTERS:
        raise MalformedEvent(
            f"{event_id}: {event.type} names the unknown letter {event.letter!r}: "
            "deploy the version that knows it, then retry"
        )
    on: dict[str, date | None] = dict.fromkeys(facts_of_letter(event.letter))
    on[f"{event.letter} dated"] = event.dated_on
    if event.period_until is not None:
        on[f"{event.letter} period"] = event.period_until
    return on


def _changed(
    of_letter: Sequence[Fact], event: LetterBounced | LetterDateCorrected, version: int
) -> tuple[list[Fact], tuple[Fact, ...]]:
    """Return which of the facts of a letter do not hold, and those that stand in their place.

    A letter that came back did not arrive and told no period, but it was sent and dated all the same. A
    correction without another moment of posting replaces the fact of its date only.
    """
    if isinstance(event, LetterBounced):
        return [fact for fact in of_letter if not fact.name.endswith((" sent", " dated"))], ()
    wrong = [fact for fact in of_letter if event.posted_at is not None or fact.name.endswith(" dated")]
    right = tuple(
        Fact(
            fact.name,
            event.posted_at or fact.happened_at,
            version,
            event.dated_on if fact.name.endswith(" dated") else fact.on,
        )
        for fact in wrong
    )
    return wrong, right
