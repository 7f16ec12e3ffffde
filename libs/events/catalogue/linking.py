"""Two cases that have to do with each other, or are one and the same complaint."""

from datetime import date
from typing import ClassVar

from events.catalogue.event import Event
from events.catalogue.words import LinkRelation


class CaseLinked(Event, frozen=True, kw_only=True):
    """This case has to do with another one of the same organisation; both streams say so."""

    emitted_by: ClassVar[str] = "workflow"

    other: str
    relation: LinkRelation


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
