"""A clock in its present round, and how it stands by what was recorded. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import msgspec

from events.catalogue import (
    ClockRule,
    DeadlineMet,
    DeadlineSet,
    Moment,
    OpenEndedSet,
)
from events.catalogue.words import ClockKind, Party, Punctuality, WorkingReading
from events.errors import MalformedEvent

Setting = DeadlineSet | OpenEndedSet


class ClockStatus(StrEnum):
    """What was recorded last; "disputed" lies between two readings, "missed" is the word for a target."""

    RUNNING = "running"
    WARNED = "warned"
    DISPUTED = "disputed"
    BREACHED = "breached"
    MISSED = "missed"
    MET = "met"
    DROPPED = "dropped"
    LAPSED = "lapsed"


ClockOutcome = Literal[
    "waiting",
    "open",
    "met in time",
    "met in dispute",
    "met late",
    "broken in dispute",
    "broken",
    "lapsed",
    "dropped",
]
"""How a clock stands by all that was recorded; "waiting" for its start, "broken" also for a missed target."""

_MET: Mapping[str, ClockOutcome] = {
    "in time": "met in time",
    "disputed": "met in dispute",
    "late": "met late",
}


class Clock(msgspec.Struct, frozen=True):
    """A clock in its present round; a Struct, because each event makes it anew.

    `deadline` is its setting with the end and the rule that are in force. `set_at` is when this end was set
    or moved, and `because` is what moved it. `since` is when this end was told, None for a counted one.
    `anew_since` is when the round began, None for the first. `reopened_at` is when what met it was taken
    back. `again` is true when it was dropped and then set otherwise. `failed` stays true through all rounds.

    `by_version` is the procedure version that changed its rule; `renewed` are the calendars to count it on
    from `renewed_at` on. Only `deadlines` asks for these three, by `under_rule` and `on_calendars`.
    """

    deadline: Setting
    set_at: datetime
    status: ClockStatus = ClockStatus.RUNNING
    failed: bool = False
    warned: bool = False
    met: DeadlineMet | None = None
    broken_by: tuple[str, ...] = ()
    beyond_dispute: bool = False
    since: datetime | None = None
    anew_since: datetime | None = None
    reopened_at: datetime | None = None
    dropped: str | None = None
    lapsed: bool = False
    norm_passed: bool = False
    again: bool = False
    because: tuple[str, ...] = ()
    by_version: int | None = None
    renewed: tuple[str, ...] = ()
    renewed_at: datetime | None = None
    earlier: "tuple[Clock, ...]" = ()

    @property
    def clock(self) -> str:
        return self.deadline.clock

    @property
    def kind(self) -> ClockKind:
        return self.deadline.kind

    @property
    def binds(self) -> Party:
        return self.deadline.binds

    @property
    def rule(self) -> ClockRule:
        return self.deadline.rule

    @property
    def term(self) -> DeadlineSet:
        """The setting of a clock with an end; raises `MalformedEvent` for a clock without a term."""
        return with_term(self.deadline)

    @property
    def strict(self) -> Moment:
        return self.term.strict

    @property
    def lenient(self) -> Moment:
        return self.term.lenient

    @property
    def working(self) -> WorkingReading:
        return self.term.working

    @property
    def due(self) -> Moment:
        """The moment by which who is bound should act."""
        return self.term.due

    @property
    def since_on(self) -> date | None:
        """The day on which a duty or right without a term began."""
        return self.deadline.since_on if isinstance(self.deadline, OpenEndedSet) else None

    @property
    def standing(self) -> Punctuality | None:
        return None if self.met is None else self.met.standing

    @property
    def is_owed(self) -> bool:
        """Whether the company still owes this: a promise of its own that is not met, late or not."""
        is_over = self.status in (ClockStatus.MET, ClockStatus.DROPPED)
        return self.kind == "duty" and self.binds == "company" and not is_over

    @property
    def is_judged(self) -> bool:
        """Whether it is over: whatever rule or calendar comes later, it stays judged as it was."""
        return self.met is not None or self.beyond_dispute or self.lapsed

    def outcome(self) -> ClockOutcome:
        """Give how this clock stands; a promise that was broken and then kept counts as kept late."""
        if self.met is not None:
            return _MET[self.met.standing]
        if self.broken_by:
            return "broken" if self.beyond_dispute else "broken in dispute"
        if self.dropped is not None:
            return "dropped"
        return "lapsed" if self.lapsed else "open"


def with_term(setting: Setting) -> DeadlineSet:
    """Give a setting with an end; raises `MalformedEvent` for one without a term, which cannot be moved."""
    if not isinstance(setting, DeadlineSet):
        raise MalformedEvent(f"{setting.clock} has no term and cannot be moved")
    return setting
