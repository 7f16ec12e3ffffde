"""The answer: proposals, the outcome, the solution, and whether the complainant is satisfied."""

from collections.abc import Mapping
from typing import ClassVar

from events.catalogue.event import COMPLAINANT, REASON, Event
from events.catalogue.words import AwaitedReply, ContactWay, Outcome, Satisfaction


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
    outcome: Outcome


class ComplaintSolved(Event, frozen=True, kw_only=True):
    """What the complaint was about is put right: carried out, not only proposed or agreed."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str


class SolutionReportedBack(Event, frozen=True, kw_only=True):
    """Who solved the complaint reported that to the complaint handler, inside the organisation."""

    emitted_by: ClassVar[str] = "workflow"

    by: str


class ComplaintHandled(Event, frozen=True, kw_only=True):
    """The organisation has done all it had to do; what is left, if anything, is the complainant's move."""

    emitted_by: ClassVar[str] = "workflow"

    by: str


class SatisfactionAsked(Event, frozen=True, kw_only=True):
    """The complainant was asked whether they are satisfied."""

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: ContactWay


class SatisfactionAnswered(Event, frozen=True, kw_only=True):
    """The complainant said whether they are satisfied with how the complaint ended."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("remark",)}

    answer: Satisfaction


class ComplainantReminded(Event, frozen=True, kw_only=True):
    """The complainant is reminded of what waits for them; `reminder` counts since they last moved."""

    emitted_by: ClassVar[str] = "workflow"

    reminder: int
    of: AwaitedReply
