"""The clocks of one case as the stream tells them: which run, until when, and what was said about each.

Pure: a fold, no clock and no decision. What is owed by now is decided in `owed.py`.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import cast

import msgspec
from msgspec.structs import replace

from cases.clocks.clock import Clock, ClockOutcome
from cases.clocks.fold import (
    CLOCK_EVENT_TYPES,
    CLOCK_EVENTS,
    ClockEvent,
    after,
    begun,
    on_calendars,
    under_rule,
)
from events.catalogue import (
    CATALOGUE,
    CalendarsRenewed,
    CaseMovedToVersion,
    CaseOpened,
    CaseReopened,
    ClockRule,
    DeadlineSet,
    Event,
    OpenEndedSet,
    ReportClassified,
    decode,
)
from events.errors import MalformedEvent
from events.record.envelope import History
from procedures.counting.facts import Facts, standing_facts
from procedures.counting.zones import civil_date

EMITS = CLOCK_EVENTS
"""The types of the events that deadlines appends."""

BRINGS_RULES: frozenset[str] = frozenset(
    event.__name__
    for event in (CaseOpened, ReportClassified, CaseReopened, CaseMovedToVersion, CalendarsRenewed)
)
"""The types that say by what the clocks of a case are counted: their rules and their calendars."""
_FOLDED = EMITS | BRINGS_RULES


class Clocks(msgspec.Struct, frozen=True):
    """All clocks of a case: the rules that apply to it, those that run, and the facts known."""

    opened: CaseOpened | None = None
    rules: tuple[ClockRule, ...] = ()
    running: Mapping[str, Clock] = msgspec.field(default_factory=dict)
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
        if recorded.type == DeadlineSet.__name__:
            event = _read_deadline(recorded.schema_version, recorded.data)
            clocks = evolve(clocks, event, recorded.happened_at)
        elif recorded.type in _FOLDED:
            clocks = evolve(clocks, recorded.event, recorded.happened_at)
    return replace(clocks, facts=standing_facts(history.events))


def evolve(clocks: Clocks, event: Event, happened_at: datetime) -> Clocks:
    """Take one event into account; events of others change nothing here except as facts.

    Raises `MalformedEvent` when a clock without a term is moved, and `KeyError` for a clock that was never
    set; nobody but deadlines appends these events, so both mean that the stream is damaged.
    """
    running = clocks.running
    if type(event) in CLOCK_EVENT_TYPES:
        # `type` and not `isinstance`: most events are about a clock, and that would take most of the fold.
        found = cast("ClockEvent", event)
        if type(found) is DeadlineSet or type(found) is OpenEndedSet:
            clock = begun(running.get(found.clock), found, happened_at)
        else:
            clock = after(running[found.clock], found, happened_at)
        running = {**running, found.clock: clock}
        return Clocks(clocks.opened, clocks.rules, running, clocks.facts, clocks.anew_on)
    match event:
        case CaseOpened() | ReportClassified():
            # A clock keeps the rule that it first came with: a report may be classified twice.
            known = {rule.clock for rule in clocks.rules}
            added = tuple(rule for rule in event.clocks if rule.clock not in known)
            opened = event if isinstance(event, CaseOpened) else clocks.opened
            return replace(clocks, opened=opened, rules=(*clocks.rules, *added))
        case CaseReopened(clocks=rules):
            changed = _with_changed_rules(clocks, rules, None)
            if clocks.opened is None or not rules:
                return changed
            reopened_on = civil_date(happened_at, clocks.opened.zone)
            return replace(changed, anew_on={**clocks.anew_on, **{rule.clock: reopened_on for rule in rules}})
        case CaseMovedToVersion(clocks=rules):
            return _with_changed_rules(clocks, rules, event.procedure_version)
        case CalendarsRenewed():
            renewed = {name: on_calendars(clock, event, happened_at) for name, clock in running.items()}
            return replace(clocks, running=renewed)
        case _:
            return clocks


@lru_cache(maxsize=256)
def _read_deadline(schema_version: int, data: bytes) -> Event:
    """Decode a derivation once: cases of one day and rule hold the same bytes, and they fall due together."""
    return decode(DeadlineSet.__name__, schema_version, data)


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
            running[rule.clock] = under_rule(mine, rule, version)
    kept = tuple(changed.pop(rule.clock, rule) for rule in clocks.rules)
    return replace(clocks, rules=(*kept, *changed.values()), running=running)
