"""The closed set of facts that start and meet clocks, and which recorded event gives which fact.

A clock never asks for an event by name: the same fact may be told by different events as the product grows.
A letter that could not be delivered gives no fact at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from events.catalogue import CaseOpened, ComplaintReceived, LetterSent
from events.envelope import Recorded
from events.errors import MalformedEvent
from procedures.words import LETTERS

COMPLAINT_RECEIVED = "complaint received"
CASE_OPENED = "case opened"

_LATER = (
    "substantive reaction sent",
    "response arrived",
    "solved",
    "plan made",
    "contact made",
    "complaint handled",
)

FACTS: tuple[str, ...] = (
    COMPLAINT_RECEIVED,
    CASE_OPENED,
    *(f"{letter} {what}" for letter in LETTERS for what in ("sent", "arrived")),
    *_LATER,
)
"""Every word a clock may use after `from` and `until`; nobody emits the last six yet."""

TELLING: frozenset[str] = frozenset({ComplaintReceived.__name__, CaseOpened.__name__, LetterSent.__name__})
"""The types of the events that may give a fact; who folds facts reacts to these."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a case; `version` is the event that says so."""

    name: str
    happened_at: datetime
    version: int


def facts_of(recorded: Recorded) -> tuple[str, ...]:
    """Name the facts that one event gives; most events give none.

    A letter that the recipient's server accepted is both sent and arrived. Raises `MalformedEvent` for a
    letter this version of the code does not know: dropping it would lose a fact for good.
    """
    if recorded.type not in TELLING:
        return ()
    event = recorded.event
    if isinstance(event, ComplaintReceived):
        return (COMPLAINT_RECEIVED,)
    if isinstance(event, CaseOpened):
        return (CASE_OPENED,)
    if isinstance(event, LetterSent):
        if event.letter not in LETTERS:
            raise MalformedEvent(
                f"{recorded.id}: LetterSent names the unknown letter {event.letter!r}: "
                "deploy the version that knows it, then retry"
            )
        return facts_of_letter(event.letter)
    return ()


def facts_of_letter(letter: str) -> tuple[str, ...]:
    """Name the facts of a letter that the recipient's server accepted: dispatch and arrival."""
    return (f"{letter} sent", f"{letter} arrived")


def facts_in(events: Iterable[Recorded]) -> tuple[Fact, ...]:
    """List the facts of a history, in the order in which they were recorded."""
    return tuple(
        Fact(name, recorded.happened_at, recorded.version)
        for recorded in events
        for name in facts_of(recorded)
    )
