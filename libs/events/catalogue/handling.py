"""What is said, asked, planned and agreed between the opening of a case and its answer."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from events.catalogue.event import COMPLAINANT, REASON, Event
from events.catalogue.words import ConsultedParty, ContactWay, InvitationWay, TalkWay


class ConsultationAsked(Event, frozen=True, kw_only=True):
    """Colleagues or a supplier are asked about the matter; `consultation` counts them from 1.

    What they get is `share`: the question with every name, address and number of the persons masked.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("share",)}

    by: str
    consultation: int
    party: ConsultedParty


class ConsultationAnswered(Event, frozen=True, kw_only=True):
    """Those who were consulted gave their view."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("answer",)}

    consultation: int


class ContactMade(Event, frozen=True, kw_only=True):
    """Somebody who handles the complaint spoke with the complainant about it; happened_at is when."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    how: ContactWay


class ContactAttempted(Event, frozen=True, kw_only=True):
    """Somebody tried to reach the complainant and did not; it meets no duty to make contact.

    It releases what had to wait for the contact: nobody who cannot be reached blocks their own answer.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: ContactWay


class TalkInvited(Event, frozen=True, kw_only=True):
    """The complainant is invited to discuss the complaint; by letter it is the letter "invitation".

    By phone or in person they were reached, so that contact was made.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: InvitationWay


class TalkHeld(Event, frozen=True, kw_only=True):
    """The complaint was discussed with the complainant; happened_at is the end of the talk."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    how: TalkWay


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


class MeasureAgreed(Event, frozen=True, kw_only=True):
    """Something will be done by `due_on`, and `owner` answers for it; `measure` counts them from 1.

    The day is the organisation's own, never a promise of the procedure.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("measure",)}

    measure: int
    owner: str
    due_on: date


class MeasureCarriedOut(Event, frozen=True, kw_only=True):
    """A measure was carried out; happened_at is when."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    measure: int
    by: str


class MeasureDropped(Event, frozen=True, kw_only=True):
    """A measure will not be carried out after all; the reason lies in the encrypted part."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    measure: int
    by: str
