"""What deadlines tells: every clock from its setting to its end."""

from datetime import date, datetime
from typing import ClassVar

from events.catalogue.event import Event, Value
from events.catalogue.rules import ClockRule
from events.catalogue.words import ClockKind, Party, PassedReading, Punctuality, WorkingReading


class Moment(Value, frozen=True, kw_only=True):
    """A civil deadline: the last day `on` in `zone`; `at` is the instant from which it is too late."""

    on: date
    at: datetime


class Step(Value, frozen=True, kw_only=True):
    """One step of a derivation: a day, whether it counted, and why."""

    on: date
    counted: bool
    why: str


class Reading(Value, frozen=True, kw_only=True):
    """One defensible way to read the rule, and where it leads."""

    name: str
    calendar: str
    starts_on: date
    ends: Moment
    because: tuple[Step, ...]


class DeadlineSet(Event, frozen=True, kw_only=True):
    """A clock runs: an interval from `strict` to `lenient`; who is bound acts by the working reading.

    `readings` hold the whole derivation, so that an independent program can check every day.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    kind: ClockKind
    binds: Party
    zone: str
    timezone_data: str
    strict: Moment
    lenient: Moment
    working: WorkingReading
    warn_at: datetime | None
    readings: tuple[Reading, ...]
    rule: ClockRule

    @property
    def due(self) -> Moment:
        """The moment by which who is bound should act: the end that a letter shows."""
        return self.strict if self.working == "strict" else self.lenient


class DeadlineMoved(Event, frozen=True, kw_only=True):
    """A running clock has another end, because of facts that `because` names; what was told stays told.

    `because` may also name the procedure version or the calendar that it is counted by from now on.

    `since` is the moment at which the end was told, when it was told and not counted. With `anew` the duty
    begins again with this end, as that of a second delay notice or of a promise told after the one before had
    ended: only what happens after `since` meets it.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    because: tuple[str, ...]
    strict: Moment
    lenient: Moment
    warn_at: datetime | None
    readings: tuple[Reading, ...]
    since: datetime | None = None
    anew: bool = False


class DeadlineDropped(Event, frozen=True, kw_only=True):
    """A clock asks nothing any more and is not judged: its condition did not come, or its ground is gone.

    `because` names the fact or the clock: the complaint was withdrawn, the case merged, the base clock was
    met in time, or the start was taken back (a letter that came back). It is set again when that ground goes.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    because: str


class DeadlineReopened(Event, frozen=True, kw_only=True):
    """What met a clock was taken back, as by a letter that came back: owed again from happened_at on."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    by_version: int


class OpenEndedSet(Event, frozen=True, kw_only=True):
    """A duty or right without a term begins; there is no deadline and none may be told.

    `norm` is the organisation's own internal norm, if it has one: for the team, never for the complainant.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    kind: ClockKind
    binds: Party
    zone: str
    since_on: date
    norm: Moment | None
    rule: ClockRule


class NormPassed(Event, frozen=True, kw_only=True):
    """An internal norm passed for a duty without a term: a matter for the team, no breach and no promise."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    norm: Moment


class WindowLapsed(Event, frozen=True, kw_only=True):
    """A window of the customer passed unused, by its most lenient reading; late use is still recorded."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    due: Moment


class DeadlineWarned(Event, frozen=True, kw_only=True):
    """A clock that binds the company will end soon and is not met."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    due: Moment


class DeadlineMet(Event, frozen=True, kw_only=True):
    """The fact that satisfies a clock happened: at `met_at`, in time or `late_by_s` seconds late.

    `standing` compares `met_at` with both readings. A late one does not retract a breach.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    kind: ClockKind
    fact: str
    by_version: int
    met_at: datetime
    standing: Punctuality
    late_by_s: int


class DeadlineBreached(Event, frozen=True, kw_only=True):
    """A promise was not kept: the moment of `reading` passed unmet; never retracted.

    The first one comes with the working reading; `beyond_dispute` is true when no reading is left.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    binds: Party
    reading: PassedReading
    due: Moment
    beyond_dispute: bool


class TargetMissed(Event, frozen=True, kw_only=True):
    """A target ("we aim to") was not reached; told in the same way as a breach, but it is none."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    reading: PassedReading
    due: Moment
    beyond_dispute: bool
