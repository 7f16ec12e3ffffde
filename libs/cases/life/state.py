"""The state of a case's life: one small part for each file of the catalogue, and what all parts share.

Nothing here is personal: persons are pseudonyms. Reopening begins a new round: what was decided before stays
in the history and in `deciders`, but is no longer how the case stands. msgspec's: each event makes some anew.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import msgspec

from events.catalogue.words import ClosingReason, LinkRelation, Outcome, RecordChange, Satisfaction

MeasureStatus = Literal["open", "carried out", "dropped"]


class Stage(StrEnum):
    """Where a case is on its way: what is the next move, and whose."""

    RECEIVED = "received"
    HANDLING = "handling"
    PROPOSED = "proposed"
    AGREED = "agreed"
    ANSWERED = "answered"
    OBJECTION = "objection"
    HEARD = "heard"
    DECIDED = "decided"
    CLOSED = "closed"
    MERGED = "merged"


class Persons(msgspec.Struct, frozen=True, kw_only=True):
    """Who acted in the case, by staff identifier."""

    handler: str | None = None
    handlers: tuple[str, ...] = ()
    """Everybody who ever had the case, or did something about its substance."""
    deciders: tuple[str, ...] = ()
    """Everybody who decided on its outcome, in any round."""


class WaitingState(msgspec.Struct, frozen=True, kw_only=True):
    """Since when the next move is the complainant's, and how often they were reminded of it."""

    since: datetime | None = None
    reminders: int = 0


class ReceivingState(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields of the procedure were given, which are missing, and how often the complainant wrote."""

    given: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    messages: int = 0


class ExternalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How the case stands in another recording system, and whether it changed here since."""

    system: str
    number: str
    what: RecordChange
    is_current: bool = True


class OpeningState(msgspec.Struct, frozen=True, kw_only=True):
    """What came before the handling, and where else the case belongs; `asked` waits for an answer."""

    asked: tuple[str, ...] | None = None
    was_informal: bool = False
    level: int = 0
    """The highest level of the escalation matrix that the case was taken to; 0 for none."""
    refused_with_route: bool = False
    handed_over: bool = False
    externals: tuple[ExternalRecord, ...] = ()


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Something agreed, with who answers for it and by when; the words lie in the encrypted part."""

    measure: int
    owner: str
    due_on: date
    status: MeasureStatus = "open"


class HandlingState(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, asked, planned and agreed before the answer."""

    contacts: int = 0
    contacted_at: datetime | None = None
    """When somebody last spoke with the complainant."""
    attempts: int = 0
    talks: int = 0
    consultations: tuple[int, ...] = ()
    """Numbers of those that are not answered yet."""
    consulted: int = 0
    reactions: int = 0
    plan_until: date | None = None
    extensions: int = 0
    measures: tuple[Measure, ...] = ()

    @property
    def open_measures(self) -> tuple[Measure, ...]:
        return tuple(measure for measure in self.measures if measure.status == "open")


class AnsweringState(msgspec.Struct, frozen=True, kw_only=True):
    """How the complaint was answered in this round; `proposals` counts those of all rounds."""

    proposals: int = 0
    accepted: bool = False
    outcome: Outcome | None = None
    solved: bool = False
    reported_back: bool = False
    handled: bool = False
    satisfaction: Satisfaction | Literal["asked"] | None = None


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """An objection and how far it is; `hearing` is "none" until the board invites."""

    late: bool
    channel: str = ""
    channel_named: bool = True
    excused: bool = False
    hearing: Literal["none", "invited", "agreed", "held", "waived"] = "none"
    invited_at: datetime | None = None
    satisfied: bool | None = None
    new_facts: bool = False
    is_recorded: bool = False
    outcome: Outcome | None = None


class ObjectingState(msgspec.Struct, frozen=True, kw_only=True):
    """The objection, the talk, and the ways that lie outside the organisation."""

    objection: Objection | None = None
    hearing: Objection | None = None
    """A talk that a procedure asks for before any objection, as far as it is; never late."""
    outer_route: str | None = None
    outer_route_taken: bool = False


class ClosingState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the complaint was taken back, why the case is closed, and how often it was reopened."""

    withdrawn: bool = False
    because: ClosingReason | None = None
    reopened: int = 0


class LinkingState(msgspec.Struct, frozen=True, kw_only=True):
    """The other cases that this one has to do with, by reference."""

    before_merge: Stage | None = None
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    links: tuple[tuple[str, LinkRelation], ...] = ()

    @property
    def links_to(self) -> frozenset[str]:
        return frozenset(other for other, _ in self.links)


class VersioningState(msgspec.Struct, frozen=True, kw_only=True):
    """The procedure version that the rules of the case come from now, and the digest of its file."""

    version: int | None = None
    digest: str | None = None


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """The life of a case so far: its stage, who acted, who waits, and one state for each part."""

    stage: Stage = Stage.RECEIVED
    stage_since: datetime | None = None
    persons: Persons = Persons()
    waiting: WaitingState = WaitingState()
    receiving: ReceivingState = ReceivingState()
    opening: OpeningState = OpeningState()
    handling: HandlingState = HandlingState()
    answering: AnsweringState = AnsweringState()
    objecting: ObjectingState = ObjectingState()
    closing: ClosingState = ClosingState()
    linking: LinkingState = LinkingState()
    versioning: VersioningState = VersioningState()


UNBORN = Life()
"""The life of a case that nothing happened to yet."""
