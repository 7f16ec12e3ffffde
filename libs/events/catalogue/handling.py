"""What is said and done between the opening of a case and its answer."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal

from events.catalogue.event import COMPLAINANT, REASON, Event


class ContactMade(Event, frozen=True, kw_only=True):
    """Somebody who handles the complaint spoke with the complainant about it; happened_at is when."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    how: Literal["phone", "in person", "email"]


class ContactAttempted(Event, frozen=True, kw_only=True):
    """Somebody tried to reach the complainant and did not; it meets no duty to make contact.

    It releases what had to wait for the contact: nobody who cannot be reached blocks their own answer.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: Literal["phone", "in person", "email"]


class TalkInvited(Event, frozen=True, kw_only=True):
    """The complainant is invited to discuss the complaint; by letter it is the letter "invitation".

    By phone or in person they were reached, so that contact was made.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: Literal["letter", "phone", "in person"]


class TalkHeld(Event, frozen=True, kw_only=True):
    """The complaint was discussed with the complainant; happened_at is the end of the talk."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    how: Literal["phone", "in person"]


class ReactionGiven(Event, frozen=True, kw_only=True):
    """Somebody decided what the organisation has to say on the substance; the letter tells it."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("reaction",)}

    by: str


class PlanMade(Event, frozen=True, kw_only=True):
    """A plan of action exists: how (in the encrypted part) and by when the complaint will be solved.

    `until` is the last civil day of the term in the plan, and the next deadline. A later plan replaces it.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("plan",)}

    until: date
    by: str = ""


class TermExtended(Event, frozen=True, kw_only=True):
    """Somebody decided that `clock` needs until `until`; it moves nothing until the complainant is told.

    A delay notice is owed from now on, and it must tell this day. `occurrence` counts extensions of the case
    from 1; `consented` says that the complainant agreed to it in writing.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    clock: str
    until: date
    occurrence: int
    consented: bool = False


class SolutionProposed(Event, frozen=True, kw_only=True):
    """The organisation proposes how to put things right; `proposal` counts them from 1."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("proposal",)}

    proposal: int
    by: str = ""


class ProposalAccepted(Event, frozen=True, kw_only=True):
    """The complainant agrees with a proposal; silence is never this."""

    emitted_by: ClassVar[str] = "workflow"

    proposal: int


class ProposalRefused(Event, frozen=True, kw_only=True):
    """The complainant does not agree with a proposal."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    proposal: int


class OutcomeDecided(Event, frozen=True, kw_only=True):
    """The complaint was judged; nobody is told by this event alone. `by` decided, pseudonymous."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("grounds", "solution", "changes")}

    by: str
    outcome: Literal["founded", "partly founded", "unfounded", "inadmissible"]


class RefusedWithRoute(Event, frozen=True, kw_only=True):
    """The complaint came by a way the procedure does not handle: the complainant is told the right one.

    It stays recorded; what was promised to complainants still counts until the case is closed.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    route: str


class HandedOverAsIncident(Event, frozen=True, kw_only=True):
    """The report, or the part of it that is an incident, went to the incident process."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str


class ComplaintHandled(Event, frozen=True, kw_only=True):
    """The organisation has done all it had to do; what is left, if anything, is the complainant's move."""

    emitted_by: ClassVar[str] = "workflow"

    by: str
