"""By what the terms of a case are counted: its rules, its facts, and the calendars its clocks stand on.

Pure. `deadlines` decides what a clock does; whoever decides about a case asks here where its terms lead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cases.clocks.clock import Clock
from cases.clocks.fold import CHANGES_AN_END, under_rule, with_event
from events.catalogue import (
    CalendarsRenewed,
    CaseMovedToVersion,
    CaseOpened,
    CaseReopened,
    ClockRule,
    Event,
    LetterPosted,
    ReportClassified,
)
from events.record.envelope import Recorded
from procedures.counting.facts import Facts, standing_facts
from procedures.counting.schedule import ClockPlan, KnownDays, known_days, schedule
from procedures.counting.zones import civil_date


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules that apply to a case by clock, its facts as they stand, and the calendars by clock."""

    zone: str = "Europe/Amsterdam"
    rules: Mapping[str, ClockRule] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    anew_on: Mapping[str, date] = field(default_factory=dict)
    calendars: Mapping[str, frozenset[str]] = field(default_factory=dict)
    renewed: frozenset[str] = frozenset()
    """Calendars that the case was told to count on, whether that moved a clock or not."""
    posted: frozenset[UUID] = frozenset()
    """Letters that a person posted, so that a person knows when they left."""

    @property
    def known(self) -> KnownDays:
        return known_days(self.facts, self.zone, self.anew_on)

    def plans(self, rules: Mapping[str, ClockRule] | None = None) -> Mapping[str, ClockPlan]:
        """Say where the terms lead, under the rules of the case or under others."""
        chosen = self.rules if rules is None else rules
        return schedule(tuple(chosen.values()), self.known, self.zone)


def terms_of(events: Iterable[Recorded]) -> Terms:
    """Read the terms out of a history."""
    told = tuple(events)
    zone, rules = "Europe/Amsterdam", dict[str, ClockRule]()
    anew_on: dict[str, date] = {}
    clocks: Mapping[str, Clock] = {}
    renewed, posted = set[str](), set[UUID]()
    for recorded in told:
        if recorded.type not in _TELLING:
            continue
        match recorded.event:
            case CaseOpened() as opened:
                zone = opened.zone
                rules |= {rule.clock: rule for rule in opened.clocks}
            case ReportClassified(clocks=brought):
                rules |= {rule.clock: rule for rule in brought if rule.clock not in rules}
            case CaseMovedToVersion(clocks=brought):
                rules |= {rule.clock: rule for rule in brought}
            case CaseReopened(clocks=brought):
                rules |= {rule.clock: rule for rule in brought}
                anew_on |= {rule.clock: civil_date(recorded.happened_at, zone) for rule in brought}
            case CalendarsRenewed(calendars=versions):
                renewed.update(versions)
            case LetterPosted(letter_id=letter_id):
                posted.add(letter_id)
            case counted:
                clocks = with_event(clocks, counted, recorded.happened_at)
    calendars = {
        name: frozenset(reading.calendar for reading in clock.term.readings) for name, clock in clocks.items()
    }
    return Terms(zone, rules, standing_facts(told), anew_on, calendars, frozenset(renewed), frozenset(posted))


def counted_in(events: Iterable[Recorded]) -> Mapping[str, Clock]:
    """Read how each clock with a term was counted, by the events somebody may see.

    Its rule is the one in force, its readings lead to its end, and `because` names what moved it last.
    """
    clocks: Mapping[str, Clock] = {}
    for recorded in events:
        if recorded.type in CHANGES_AN_END:
            clocks = with_event(clocks, recorded.event, recorded.happened_at)
        elif recorded.type == CaseMovedToVersion.__name__:
            clocks = _under_rules(clocks, recorded.event)
    return clocks


def _under_rules(clocks: Mapping[str, Clock], event: Event) -> Mapping[str, Clock]:
    rules = event.clocks if isinstance(event, CaseMovedToVersion) else ()
    changed = {rule.clock: under_rule(clocks[rule.clock], rule) for rule in rules if rule.clock in clocks}
    return {**clocks, **changed}


_TELLING = CHANGES_AN_END | frozenset(
    event.__name__
    for event in (
        CaseOpened,
        ReportClassified,
        CaseMovedToVersion,
        CaseReopened,
        CalendarsRenewed,
        LetterPosted,
    )
)
