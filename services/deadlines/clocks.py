"""The clocks of one case: what is promised by when, what became of it, and when to look again.

Pure: `settle` compares the stream with the moment handed in and gives the events that are still owed.
What always holds:

- `happened_at` of the satisfying fact decides against the due instant, never the moment somebody noticed:
  the order in which facts are recorded and looks are taken does not change how a clock ends.
- A breach is never retracted. A later fulfilment is `DeadlineMet` with its lateness, and so is one that
  turns out to have been in time after the breach was told.
- Settling twice gives nothing the second time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, assert_never

from events.catalogue import (
    CATALOGUE,
    CaseOpened,
    ClockRule,
    DeadlineBreached,
    DeadlineMet,
    DeadlineSet,
    DeadlineWarned,
    Event,
    Moment,
    ReportClassified,
    TargetMissed,
    decode,
)
from events.envelope import History, NewEvent, Recorded
from events.errors import MalformedEvent
from procedures.derivation import derive, standing
from procedures.facts import COMPLAINT_RECEIVED, Fact, facts_of
from procedures.zones import TIMEZONE_DATA, civil_date

# --- events it may emit ----------------------------------------------------------------------------------

EMITS: frozenset[str] = frozenset(
    event.__name__ for event in (DeadlineSet, DeadlineWarned, DeadlineMet, DeadlineBreached, TargetMissed)
)
BRINGS_RULES: frozenset[str] = frozenset({CaseOpened.__name__, ReportClassified.__name__})
_FOLDED = EMITS | BRINGS_RULES

# --- state -----------------------------------------------------------------------------------------------

Outcome = Literal[
    "waiting", "open", "met in time", "met in dispute", "met late", "broken in dispute", "broken"
]
"""How a clock stands by what the stream holds; "waiting" for its start, "broken" also for a missed target."""


@dataclass(frozen=True, slots=True)
class Passing:
    """A moment at which an unmet clock breaks, and by which reading."""

    reading: Literal["strict", "lenient", "both"]
    due: Moment
    beyond_dispute: bool


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that was set, with what was told about it so far."""

    deadline: DeadlineSet
    set_at: datetime
    warned: bool = False
    met: DeadlineMet | None = None
    broken_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clocks:
    """All clocks of a case: the rules that apply to it, those that run, and the facts known."""

    opened: CaseOpened | None = None
    rules: tuple[ClockRule, ...] = ()
    running: Mapping[str, Running] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """By name, each as the earliest time at which it is known to have happened."""

    def outcome(self, clock: str) -> Outcome:
        """Tell how one clock stands."""
        running = self.running.get(clock)
        if running is None:
            return "waiting"
        if running.met is not None:
            return _MET[running.met.standing]
        told = [passing for passing in passings(running.deadline) if passing.reading in running.broken_by]
        if not told:
            return "open"
        return "broken" if told[-1].beyond_dispute else "broken in dispute"


_MET: Mapping[str, Outcome] = {"in time": "met in time", "disputed": "met in dispute", "late": "met late"}


def working_moment(deadline: DeadlineSet) -> Moment:
    """Give the moment by which whoever is bound has to act."""
    return deadline.strict if deadline.working == "strict" else deadline.lenient


def passings(deadline: DeadlineSet) -> tuple[Passing, ...]:
    """List when this clock breaks unless it is met before, in order.

    The first is the working reading's moment. Where the readings differ and the strict one is worked by, the
    case is disputed until the lenient one has passed too. Windows and rights lapse: nobody broke a promise.
    """
    match deadline.kind:
        case "window" | "right":
            return ()
        case "duty" | "target":
            last = Passing("lenient", deadline.lenient, beyond_dispute=True)
        case _:
            assert_never(deadline.kind)
    if deadline.strict.at == deadline.lenient.at:
        return (Passing("both", deadline.strict, beyond_dispute=True),)
    if deadline.working == "lenient":
        return (last,)
    return (Passing("strict", deadline.strict, beyond_dispute=False), last)


# --- decide ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a case gives: the events that are owed, and when the next look is due."""

    events: tuple[NewEvent, ...]
    next_at: datetime | None


def look(history: History, now: datetime, passed: datetime | None = None) -> Look:
    """Give the events owed at `now`, and the next moment at which time alone may change something.

    Clocks start in the order of the rules; then, clock by clock, what happened to it in the order in which
    it happened. `passed` is the moment that has certainly been reached, for callers whose `now` is an
    estimate: a breach that is told too early could never be taken back.
    """
    passed = now if passed is None else passed
    clocks = fold(history)
    started = tuple(_starts(clocks, now))
    clocks = _evolve_all(clocks, started)
    told = tuple(
        event for running in clocks.running.values() for event in _owed(running, clocks.facts, passed)
    )
    return Look(events=started + told, next_at=_next_look(_evolve_all(clocks, told)))


def settle(history: History, now: datetime) -> tuple[NewEvent, ...]:
    """Give the events owed at `now`; nothing means the stream says it all already."""
    return look(history, now).events


def next_look(history: History) -> datetime | None:
    """Tell when a settled case must be looked at again, or None when time changes nothing any more."""
    return _next_look(fold(history))


def _starts(clocks: Clocks, now: datetime) -> Iterable[NewEvent]:
    """Set every clock that is not running and whose starting fact is known."""
    if clocks.opened is None:
        return
    for rule in clocks.rules:
        start = clocks.facts.get(rule.starts)
        if start is not None and rule.clock not in clocks.running:
            yield NewEvent(_derived(rule, _starts_on(rule, start, clocks.opened), clocks.opened.zone), now)


def _starts_on(rule: ClockRule, start: Fact, opened: CaseOpened) -> date:
    """Give the civil day of the start; for a receipt it is the day that intake settled."""
    if rule.starts == COMPLAINT_RECEIVED:
        return opened.received_on
    return civil_date(start.happened_at, opened.zone)


def _derived(rule: ClockRule, starts_on: date, zone: str) -> DeadlineSet:
    derivation = derive(rule, starts_on, zone)
    return DeadlineSet(
        clock=rule.clock,
        kind=rule.kind,
        binds=rule.binds,
        zone=zone,
        timezone_data=TIMEZONE_DATA,
        strict=derivation.strict,
        lenient=derivation.lenient,
        working=derivation.working,
        warn_at=derivation.warn_at,
        readings=derivation.readings,
        rule=rule,
    )


def _owed(running: Running, facts: Mapping[str, Fact], passed: datetime) -> Iterable[NewEvent]:
    """Tell what became of one clock and was not told yet.

    A breach happened at the due instant, whenever it is noticed; a warning when it was time to warn, but not
    before the clock was set.
    """
    met_by = _met_by(running.deadline.rule, facts)
    broken = [passing for passing in _unbroken(running, met_by) if passing.due.at <= passed]
    for passing in broken:
        yield NewEvent(_breach(running.deadline, passing), passing.due.at)
    warn_at = _warn_at(running, met_by)
    if warn_at is not None and warn_at <= passed and not broken:
        due = working_moment(running.deadline)
        yield NewEvent(DeadlineWarned(clock=running.deadline.clock, due=due), warn_at)
    if met_by is not None:
        met = _meeting(running.deadline, met_by)
        if running.met is None or _betters(met, running.met):
            yield NewEvent(met, met_by.happened_at)


def _met_by(rule: ClockRule, facts: Mapping[str, Fact]) -> Fact | None:
    """Find the first of the satisfying facts to happen."""
    known = [facts[name] for name in rule.satisfied_by if name in facts]
    return min(known, key=lambda fact: (fact.happened_at, fact.version), default=None)


def _unbroken(running: Running, met_by: Fact | None) -> list[Passing]:
    """List the moments that were not told as broken and before which the clock was not met."""
    return [
        passing
        for passing in passings(running.deadline)
        if passing.reading not in running.broken_by
        and (met_by is None or met_by.happened_at >= passing.due.at)
    ]


def _warn_at(running: Running, met_by: Fact | None) -> datetime | None:
    """Tell when to warn: once, about what the company still has to do, and never after a breach."""
    deadline = running.deadline
    if deadline.warn_at is None or deadline.binds != "company" or not passings(deadline):
        return None
    if running.warned or running.broken_by or met_by is not None:
        return None
    return max(deadline.warn_at, running.set_at)


def _breach(deadline: DeadlineSet, passing: Passing) -> DeadlineBreached | TargetMissed:
    if deadline.kind == "target":
        return TargetMissed(
            clock=deadline.clock,
            reading=passing.reading,
            due=passing.due,
            beyond_dispute=passing.beyond_dispute,
        )
    return DeadlineBreached(
        clock=deadline.clock,
        binds=deadline.binds,
        reading=passing.reading,
        due=passing.due,
        beyond_dispute=passing.beyond_dispute,
    )


def _meeting(deadline: DeadlineSet, fact: Fact) -> DeadlineMet:
    """Compare a fact with both readings; the lateness is against the working one, in whole seconds."""
    late_by = fact.happened_at - working_moment(deadline).at
    return DeadlineMet(
        clock=deadline.clock,
        kind=deadline.kind,
        fact=fact.name,
        by_version=fact.version,
        met_at=fact.happened_at,
        standing=standing((deadline.strict, deadline.lenient), fact.happened_at),
        late_by_s=max(late_by // timedelta(seconds=1), 0),
    )


def _betters(met: DeadlineMet, told: DeadlineMet) -> bool:
    """Tell whether an earlier fact, recorded later, changes how the promise was kept."""
    return met.met_at < told.met_at and (met.standing, met.late_by_s) != (told.standing, told.late_by_s)


def _next_look(clocks: Clocks) -> datetime | None:
    moments: list[datetime] = []
    for running in clocks.running.values():
        met_by = _met_by(running.deadline.rule, clocks.facts)
        moments += [passing.due.at for passing in _unbroken(running, met_by)]
        warn_at = _warn_at(running, met_by)
        if warn_at is not None:
            moments.append(warn_at)
    return min(moments, default=None)


# --- evolve ----------------------------------------------------------------------------------------------


def fold(history: History) -> Clocks:
    """Read the clocks out of a stream; raises `MalformedEvent` for an event that this code cannot read."""
    clocks, facts = Clocks(), dict[str, Fact]()
    for recorded in history.events:
        if recorded.type not in CATALOGUE:
            # It may be the very fact that meets a clock, written by a newer version of the code.
            raise MalformedEvent(
                f"{recorded.id}: unknown event type {recorded.type!r}: deploy the version that knows it"
            )
        if recorded.type in _FOLDED:
            clocks = evolve(clocks, _read(recorded), recorded.happened_at)
        for name in facts_of(recorded):
            known = facts.get(name)
            if known is None or recorded.happened_at < known.happened_at:
                facts[name] = Fact(name, recorded.happened_at, recorded.version)
    return replace(clocks, facts=facts)


def evolve(clocks: Clocks, event: Event, happened_at: datetime) -> Clocks:
    """Take one event into account; events of others change nothing here except as facts."""
    match event:
        case CaseOpened(clocks=rules):
            return _with_rules(replace(clocks, opened=event), rules)
        case ReportClassified(clocks=rules):
            return _with_rules(clocks, rules)
        case DeadlineSet():
            return _with(clocks, Running(event, happened_at))
        case DeadlineWarned(clock=clock):
            return _with(clocks, replace(clocks.running[clock], warned=True))
        case DeadlineMet(clock=clock):
            return _with(clocks, replace(clocks.running[clock], met=event))
        case DeadlineBreached(clock=clock, reading=reading) | TargetMissed(clock=clock, reading=reading):
            running = clocks.running[clock]
            return _with(clocks, replace(running, broken_by=(*running.broken_by, reading)))
        case _:
            return clocks


def _read(recorded: Recorded) -> Event:
    if recorded.type == DeadlineSet.__name__:
        return _read_deadline(recorded.schema_version, recorded.data)
    return recorded.event


@lru_cache(maxsize=1024)
def _read_deadline(schema_version: int, data: bytes) -> Event:
    """Decode a derivation once: cases of one day and rule hold the same bytes, and they fall due together."""
    return decode(DeadlineSet.__name__, schema_version, data)


def _with_rules(clocks: Clocks, rules: Iterable[ClockRule]) -> Clocks:
    """Add rules in their order; a clock keeps the rule that it first came with."""
    known = {rule.clock for rule in clocks.rules}
    return replace(clocks, rules=clocks.rules + tuple(rule for rule in rules if rule.clock not in known))


def _with(clocks: Clocks, running: Running) -> Clocks:
    known = {**clocks.running, running.deadline.clock: running}
    return Clocks(clocks.opened, clocks.rules, known, clocks.facts)


def _evolve_all(clocks: Clocks, events: Iterable[NewEvent]) -> Clocks:
    for new in events:
        clocks = evolve(clocks, new.event, new.happened_at)
    return clocks
