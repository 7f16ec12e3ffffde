"""The clocks of one case as the stream tells them: which run, until when, and what was said about each.

Pure: a fold, no clock and no decision. What is owed by now is decided in `clocks.py`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec.structs import replace

from events.catalogue import (
    CATALOGUE,
    CalendarsRenewed,
    CaseMovedToVersion,
    CaseOpened,
    CaseReopened,
    ClockRule,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    DeadlineWarned,
    Event,
    NormPassed,
    OpenEndedSet,
    ReportClassified,
    TargetMissed,
    WindowLapsed,
    decode,
)
from events.errors import MalformedEvent
from events.record.envelope import History, NewEvent, Recorded
from procedures.counting.facts import Facts, standing_facts
from procedures.counting.zones import civil_date

EMITS: frozenset[str] = frozenset(
    event.__name__
    for event in (
        DeadlineSet,
        DeadlineMoved,
        DeadlineDropped,
        DeadlineReopened,
        DeadlineWarned,
        DeadlineMet,
        DeadlineBreached,
        TargetMissed,
        OpenEndedSet,
        NormPassed,
        WindowLapsed,
    )
)
BRINGS_RULES: frozenset[str] = frozenset(
    event.__name__
    for event in (CaseOpened, ReportClassified, CaseReopened, CaseMovedToVersion, CalendarsRenewed)
)
"""The types that say by what the clocks of a case are counted: their rules and their calendars."""
_FOLDED = EMITS | BRINGS_RULES

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
"""How a clock stands by what the stream holds; "waiting" for its start, "broken" also for a missed target."""

_MET: Mapping[str, ClockOutcome] = {
    "in time": "met in time",
    "disputed": "met in dispute",
    "late": "met late",
}


class RunningClock(msgspec.Struct, frozen=True):
    """A clock that was set, with what was told about it so far; a Struct, because each event makes it anew.

    `since` is when its present end was told, if it was; `anew_since` when its duty last began again;
    `reopened_at` when what met it was taken back. `again` tells that it was set after it had been dropped.
    `by_version` is the procedure version that changed its rule; `renewed` are the calendars to count it on
    from `renewed_at` on, instead of those it was counted on. `earlier` is how it stood under the ends told
    before, of a duty that begins again with each: when a notice comes back, the round before it is in force.
    """

    deadline: DeadlineSet | OpenEndedSet
    set_at: datetime
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
    by_version: int | None = None
    renewed: tuple[str, ...] = ()
    renewed_at: datetime | None = None
    earlier: "tuple[RunningClock, ...]" = ()

    @property
    def is_judged(self) -> bool:
        """Tell whether it is over: whatever rule or calendar comes later, it stays judged as it was."""
        return self.met is not None or self.beyond_dispute or self.lapsed

    @property
    def rule(self) -> ClockRule:
        return self.deadline.rule

    def outcome(self) -> ClockOutcome:
        """Tell how this clock stands; a promise that was broken and then kept is told as kept late."""
        if self.met is not None:
            return _MET[self.met.standing]
        if self.broken_by:
            return "broken" if self.beyond_dispute else "broken in dispute"
        if self.dropped is not None:
            return "dropped"
        return "lapsed" if self.lapsed else "open"


class Clocks(msgspec.Struct, frozen=True):
    """All clocks of a case: the rules that apply to it, those that run, and the facts known."""

    opened: CaseOpened | None = None
    rules: tuple[ClockRule, ...] = ()
    running: Mapping[str, RunningClock] = msgspec.field(default_factory=dict)
    facts: Facts = msgspec.field(default_factory=Facts)
    anew_on: Mapping[str, date] = msgspec.field(default_factory=dict)
    """The day of the reopening that began a clock anew."""

    def outcome(self, clock: str) -> ClockOutcome:
        """Tell how one clock stands."""
        running = self.running.get(clock)
        return "waiting" if running is None else running.outcome()


def fold(history: History) -> Clocks:
    """Read the clocks out of a stream; raises `MalformedEvent` for an event that this code cannot read."""
    clocks = Clocks()
    for recorded in history.events:
        if recorded.type not in CATALOGUE:
            # It may be the very fact that meets a clock, written by a newer version of the code.
            raise MalformedEvent(
                f"{recorded.id}: unknown event type {recorded.type!r}: deploy the version that knows it"
            )
        if recorded.type in _FOLDED:
            clocks = evolve(clocks, _read(recorded), recorded.happened_at)
    return replace(clocks, facts=standing_facts(history.events))


def evolve_all(clocks: Clocks, events: Iterable[NewEvent]) -> Clocks:
    """Take events into account that were just decided."""
    for new in events:
        clocks = evolve(clocks, new.event, new.happened_at)
    return clocks


def evolve(clocks: Clocks, event: Event, happened_at: datetime) -> Clocks:
    """Take one event into account; events of others change nothing here except as facts."""
    match event:
        case CaseOpened(clocks=rules):
            return _with_rules(replace(clocks, opened=event), rules)
        case ReportClassified(clocks=rules):
            return _with_rules(clocks, rules)
        case CaseReopened(clocks=rules):
            changed = _with_changed_rules(clocks, rules, None)
            if clocks.opened is None or not rules:
                return changed
            reopened_on = civil_date(happened_at, clocks.opened.zone)
            return replace(changed, anew_on={**clocks.anew_on, **{rule.clock: reopened_on for rule in rules}})
        case CaseMovedToVersion(clocks=rules):
            return _with_changed_rules(clocks, rules, event.procedure_version)
        case CalendarsRenewed():
            return _with_calendars(clocks, event, happened_at)
        case DeadlineSet() | OpenEndedSet():
            return _with(clocks, _set(clocks.running.get(event.clock), event, happened_at))
        case (
            DeadlineMoved(clock=clock)
            | DeadlineDropped(clock=clock)
            | DeadlineReopened(clock=clock)
            | DeadlineWarned(clock=clock)
            | DeadlineMet(clock=clock)
            | DeadlineBreached(clock=clock)
            | TargetMissed(clock=clock)
            | NormPassed(clock=clock)
            | WindowLapsed(clock=clock)
        ):
            return _with(clocks, after(clocks.running[clock], event, happened_at))
        case _:
            return clocks


def after(running: RunningClock, event: Event, happened_at: datetime) -> RunningClock:
    """Take one event about a running clock into account."""
    match event:
        case DeadlineMoved():
            return _moved(running, event, happened_at)
        case DeadlineDropped():
            return replace(running, dropped=event.because)
        case DeadlineReopened():
            return replace(running, met=None, reopened_at=happened_at)
        case DeadlineWarned():
            return replace(running, warned=True)
        case DeadlineMet():
            return replace(running, met=event)
        case DeadlineBreached() | TargetMissed():
            return replace(
                running,
                broken_by=(*running.broken_by, event.reading),
                beyond_dispute=running.beyond_dispute or event.beyond_dispute,
            )
        case NormPassed():
            return replace(running, norm_passed=True)
        case WindowLapsed():
            return replace(running, lapsed=True)
        case _:
            return running


def _set(
    before: RunningClock | None, event: DeadlineSet | OpenEndedSet, happened_at: datetime
) -> RunningClock:
    """Begin a clock; one that was dropped and is set again as it was goes on where it stood."""
    if before is None or before.dropped is None:
        return RunningClock(event, happened_at)
    if before.deadline == event:
        return replace(before, set_at=happened_at, dropped=None)
    return RunningClock(event, happened_at, again=True)


def _moved(running: RunningClock, event: DeadlineMoved, happened_at: datetime) -> RunningClock:
    if not isinstance(running.deadline, DeadlineSet):
        raise MalformedEvent(f"{event.clock} has no term and cannot be moved")
    deadline = replace(
        running.deadline,
        strict=event.strict,
        lenient=event.lenient,
        warn_at=event.warn_at,
        readings=event.readings,
    )
    if event.anew:
        earlier = (*running.earlier, running)
        return RunningClock(deadline, happened_at, since=event.since, anew_since=event.since, earlier=earlier)
    running = _round_in_force(running, event.since)
    return replace(
        running, deadline=deadline, set_at=happened_at, since=event.since, renewed=(), lapsed=False
    )


def _round_in_force(running: RunningClock, since: datetime | None) -> RunningClock:
    """Give the round of a duty that an end told at `since` belongs to: the present one, or one before it.

    What broke it then stays told; what met it then is told again, if that still stands.
    """
    found = running
    while found.earlier and (since is None or (found.anew_since or since) > since):
        found = found.earlier[-1]
    return found if found is running else replace(found, met=None)


def _read(recorded: Recorded) -> Event:
    if recorded.type == DeadlineSet.__name__:
        return _read_deadline(recorded.schema_version, recorded.data)
    return recorded.event


@lru_cache(maxsize=256)
def _read_deadline(schema_version: int, data: bytes) -> Event:
    """Decode a derivation once: cases of one day and rule hold the same bytes, and they fall due together."""
    return decode(DeadlineSet.__name__, schema_version, data)


def _with_rules(clocks: Clocks, rules: Collection[ClockRule]) -> Clocks:
    """Add rules in their order; a clock keeps the rule that it first came with."""
    if not rules:
        return clocks
    known = {rule.clock for rule in clocks.rules}
    return replace(clocks, rules=clocks.rules + tuple(rule for rule in rules if rule.clock not in known))


def _with_changed_rules(clocks: Clocks, rules: Collection[ClockRule], version: int | None) -> Clocks:
    """Put rules in the place of those of the same clock, and new ones behind; what is judged stays judged.

    A running clock goes on under its new rule; one that was dropped keeps the rule that it was dropped under.
    """
    running = dict(clocks.running)
    changed: dict[str, ClockRule] = {}
    for rule in rules:
        mine = running.get(rule.clock)
        if mine is not None and mine.is_judged:
            continue
        changed[rule.clock] = rule
        if mine is not None and mine.dropped is None:
            deadline = replace(mine.deadline, rule=rule)
            running[rule.clock] = replace(mine, deadline=deadline, by_version=version)
    kept = tuple(changed.pop(rule.clock, rule) for rule in clocks.rules)
    return replace(clocks, rules=(*kept, *changed.values()), running=running)


def _with_calendars(clocks: Clocks, event: CalendarsRenewed, happened_at: datetime) -> Clocks:
    running = {
        clock: replace(mine, renewed=event.calendars, renewed_at=happened_at)
        for clock, mine in clocks.running.items()
    }
    return replace(clocks, running=running)


def _with(clocks: Clocks, running: RunningClock) -> Clocks:
    known = {**clocks.running, running.deadline.clock: running}
    return Clocks(clocks.opened, clocks.rules, known, clocks.facts, clocks.anew_on)
