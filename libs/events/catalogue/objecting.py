"""An objection, the hearing about it, the decision, and the ways that lie outside the organisation."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from events.catalogue.event import COMPLAINANT, REASON, Event
from events.catalogue.words import InvitationWay, Outcome, TalkWay, WaiverReason


class ObjectionLodged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The complainant objects to the outcome; happened_at is its arrival.

    `late` says that the window had lapsed: a late objection is recorded and decided, never bounced. So is one
    by a channel that the procedure does not name for objections: then `channel_named` is false.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("objection",)}

    channel: str
    late: bool
    channel_named: bool = True


class LatenessExcused(Event, frozen=True, kw_only=True):
    """The board takes up an objection although it came after the window; the reason is encrypted."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    by: str


class HearingInvited(Event, frozen=True, kw_only=True):
    """The board invites the complainant to explain the objection.

    By phone or in person the invitation has reached them with this event; by letter it has when the letter
    "hearing invitation" arrives, which is owed from now on.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: InvitationWay


class HearingAgreed(Event, frozen=True, kw_only=True):
    """The complainant answered the invitation: the talk will be at `at`."""

    emitted_by: ClassVar[str] = "workflow"

    at: datetime


class HearingHeld(Event, frozen=True, kw_only=True):
    """The board heard the complainant; happened_at is the end of the talk.

    `satisfied` tells whether the talk led to a solution that the complainant accepts; if not, the outer route
    is open where the procedure has one. `new_facts` says that new facts or solutions came up.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: TalkWay
    satisfied: bool
    new_facts: bool = False


class HearingWaived(Event, frozen=True, kw_only=True):
    """The complainant does without the talk: they declined it, or did not come to the one agreed."""

    emitted_by: ClassVar[str] = "workflow"

    because: WaiverReason


class HearingRecorded(Event, frozen=True, kw_only=True):
    """The talk was recorded in writing; the record lies in the encrypted part."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("record",)}

    by: str


class ObjectionDecided(Event, frozen=True, kw_only=True):
    """The board decided on the objection; the complainant is told by the letter "board decision"."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("grounds", "solution")}

    by: str
    outcome: Outcome


class OuterRouteNamed(Event, frozen=True, kw_only=True):
    """The complainant is told where they can go outside the organisation; a right of theirs."""

    emitted_by: ClassVar[str] = "workflow"

    route: str


class OuterRouteTaken(Event, frozen=True, kw_only=True):
    """The complainant took the matter outside the organisation; happened_at is when, as far as known."""

    emitted_by: ClassVar[str] = "workflow"

    route: str
