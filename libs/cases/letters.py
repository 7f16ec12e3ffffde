"""Which letter each event owes the complainant: the one table that workflow shows by and notifier writes by.

Pure. A procedure says in its file what such a letter must contain; a letter that its file does not name is
not written. What was told by telephone or in person owes no letter.
"""

from collections.abc import Callable, Mapping
from typing import Any

from events import catalogue as told
from events.catalogue import Event
from events.catalogue.words import LetterName


def owed_by(event: Event) -> LetterName | None:
    """Name the letter that an event owes, or None."""
    owes = _OWES.get(type(event))
    return owes(event) if callable(owes) else owes


def _by_letter(letter: LetterName) -> Callable[[Any], LetterName | None]:
    def owes(event: told.TalkInvited | told.HearingInvited) -> LetterName | None:
        return letter if event.how == "letter" else None

    return owes


def _closing(event: told.CaseClosed) -> LetterName | None:
    """Withdrawing and handing over have letters of their own, and a merged case goes on elsewhere."""
    return "closing notice" if event.because in ("handled", "no response", "inadmissible") else None


def _objection(event: told.ObjectionLodged) -> LetterName:
    """One that came after the window is confirmed too, and its letter says so."""
    return "objection too late" if event.late else "objection receipt"


_OWES: Mapping[type[Event], LetterName | Callable[[Any], LetterName | None]] = {
    told.InformationAsked: "request for information",
    told.ReactionGiven: "substantive reaction",
    told.PlanMade: "plan",
    told.TalkInvited: _by_letter("invitation"),
    told.TalkHeld: "talk confirmation",
    told.TermExtended: "delay notice",
    told.SolutionProposed: "proposal",
    told.OutcomeDecided: "response",
    told.ComplainantReminded: "reminder",
    told.RefusedWithRoute: "refusal with route",
    told.HandedOverAsIncident: "handed over as incident",
    told.ObjectionLodged: _objection,
    told.HearingInvited: _by_letter("hearing invitation"),
    told.HearingRecorded: "hearing record",
    told.ObjectionDecided: "board decision",
    told.ComplaintWithdrawn: "withdrawal confirmation",
    told.CaseReopened: "reopening notice",
    told.CaseClosed: _closing,
}
ASKS_FOR_SOMETHING: frozenset[LetterName] = frozenset(
    {"request for information", "invitation", "delay notice", "proposal", "hearing invitation", "reminder"}
)
"""Letters that make no sense after the case was closed; an answer or a record still does."""

OWING: frozenset[str] = frozenset(event.__name__ for event in _OWES)
"""The types of the events that may owe a letter."""
