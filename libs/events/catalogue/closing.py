"""The end of a case, and its going on in another one."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal

from events.catalogue.event import REASON, Event
from events.catalogue.rules import ClockRule


class ComplaintWithdrawn(Event, frozen=True, kw_only=True):
    """The complainant takes the complaint back: nothing is owed from then on but a confirmation."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    channel: str


class CaseClosed(Event, frozen=True, kw_only=True):
    """Nothing is left to be done; the case can be reopened."""

    emitted_by: ClassVar[str] = "workflow"

    because: Literal["handled", "withdrawn", "no response", "handed over", "inadmissible", "merged"]


class CaseReopened(Event, frozen=True, kw_only=True):
    """A closed case goes on; `clocks` are those that begin anew, under the version it is pinned to.

    A withdrawal is taken back by it: a clock that was dropped and whose end is still to come goes on.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    clocks: tuple[ClockRule, ...] = ()


class CaseLinked(Event, frozen=True, kw_only=True):
    """This case has to do with another one of the same organisation; both streams say so."""

    emitted_by: ClassVar[str] = "workflow"

    other: str
    relation: Literal[
        "same matter", "incident of this complaint", "complaint about this incident", "earlier case"
    ]


class CaseUnlinked(Event, frozen=True, kw_only=True):
    """A link to another case was a mistake; both streams say so."""

    emitted_by: ClassVar[str] = "workflow"

    other: str


class CaseMerged(Event, frozen=True, kw_only=True):
    """This case is the same complaint as `into`, which came first and is handled for both.

    Nothing is moved: this case keeps its own history. Its clocks are dropped, and set again as they stood
    when the merge is undone: the mistake was not the complainant's.
    """

    emitted_by: ClassVar[str] = "workflow"

    into: str


class CaseUnmerged(Event, frozen=True, kw_only=True):
    """The merge was a mistake: this case goes on from where it stood, on its own clocks."""

    emitted_by: ClassVar[str] = "workflow"

    out_of: str


class CaseAbsorbed(Event, frozen=True, kw_only=True):
    """Another case turned out to be the same complaint and is handled here; told by this case's stream."""

    emitted_by: ClassVar[str] = "workflow"

    other: str
    received_on: date


class CaseReleased(Event, frozen=True, kw_only=True):
    """A case that was absorbed goes on by itself again; told by this case's stream."""

    emitted_by: ClassVar[str] = "workflow"

    other: str
