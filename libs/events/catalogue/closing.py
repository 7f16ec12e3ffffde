"""The end of a case: withdrawn, closed, or reopened after all."""

from collections.abc import Mapping
from typing import ClassVar

from events.catalogue.event import REASON, Event
from events.catalogue.rules import ClockRule
from events.catalogue.words import ClosingReason


class ComplaintWithdrawn(Event, frozen=True, kw_only=True):
    """The complainant takes the complaint back: nothing is owed from then on but a confirmation."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    channel: str


class CaseClosed(Event, frozen=True, kw_only=True):
    """Nothing is left to be done; the case can be reopened."""

    emitted_by: ClassVar[str] = "workflow"

    because: ClosingReason


class CaseReopened(Event, frozen=True, kw_only=True):
    """A closed case goes on; `clocks` are those that begin anew, under the version it is pinned to.

    A withdrawal is taken back by it: a clock that was dropped and whose end is still to come goes on.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    clocks: tuple[ClockRule, ...] = ()
