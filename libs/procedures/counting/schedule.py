"""All clocks of a case together: which of them run, from what, and until when, by what is known.

The answer depends on nothing but the rules and the days handed in, so a service that looks now, one that
looks late and a command line without any server give the same dates. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from msgspec import structs

from events.catalogue import Alternative, ClockRule
from procedures.counting.derivation import Derivation, Start, derive_back, derive_from, derive_told
from procedures.counting.facts import REOPENED, TOLD, Fact, Facts
from procedures.counting.zones import civil_date


@dataclass(frozen=True, slots=True)
class ToldEnd:
    """A day that was told as the end of a period; `told_at` is None when it is known to be in time."""

    fact: str
    on: date
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownDays:
    """What is known of a case: the civil day of each fact, and the days told, in the order of telling.

    `anew_on` is the day of the reopening from which a clock counts anew, by clock. `latest` is the day of the
    last fact of a name, where that is another one than the first.
    """

    days: Mapping[str, date]
    tellings: tuple[ToldEnd, ...] = ()
    anew_on: Mapping[str, date] = field(default_factory=dict)
    latest: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clock that cannot run yet; one of these facts, or all of them, must happen first."""

    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """A duty or right without a term, owed since a day."""

    since_on: date


@dataclass(frozen=True, slots=True)
class Span:
    """An end that holds until another is told; `since` and `told_as` say when and how this one was.

    `anew` says that the end before it had passed by then: it makes no term longer,
    but is a promise of its own.
    """

    derivation: Derivation
    since: datetime | None = None
    told_as: str | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Timed:
    """A clock with an end, and the ends it had before; the last one is in force."""

    spans: tuple[Span, ...]

    @property
    def derivation(self) -> Derivation:
        return self.spans[-1].derivation

    @property
    def first_promise(self) -> Derivation:
        """The end in force before anything was promised anew."""
        return next(span for span in reversed(self.spans) if not span.anew).derivation


ClockPlan = Waiting | OpenEnd | Timed


def known_days(facts: Facts, zone: str, anew_on: Mapping[str, date] | None = None) -> KnownDays:
    """Put down the civil day of each fact of a case; a fact that states its own day, as a receipt, has it."""
    days: dict[str, date] = {}
    latest: dict[str, date] = {}
    tellings: list[Fact] = []
    for name, found in facts.by_name.items():
        if name in TOLD:
            tellings += found
            continue
        days[name] = found[0].on or civil_date(found[0].happened_at, zone)
        if len(found) > 1:
            latest[name] = found[-1].on or civil_date(found[-1].happened_at, zone)
    tellings.sort(key=lambda fact: (fact.happened_at, fact.version))
    told = tuple(ToldEnd(each.name, each.on, each.happened_at) for each in tellings if each.on is not None)
    return KnownDays(days, told, anew_on or {}, latest)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the clocks of one case are planned by; `plans` grows by one clock after the other."""

    rules: Mapping[str, ClockRule]
    known: KnownDays
    zone: str
    plans: dict[str, ClockPlan] = field(default_factory=dict)


def schedule(rules: Sequence[ClockRule], known: KnownDays, zone: str) -> Mapping[str, ClockPlan]:
    """Return of every clock whether it waits, is owed without a term, or when it ends; in the order of rules.

    Raises `ValueError` for a clock that counts back from one that is not among the rules.
    """
    terms = _Terms({rule.clock: rule for rule in rules}, known, zone)
    for rule in terms.rules.values():
        terms.plans[rule.clock] = _plan(rule, terms)
    return terms.plans


def _plan(rule: ClockRule, terms: _Terms) -> ClockPlan:
    """Plan one clock by the kind of its term; where nothing gives a start or an end yet, it waits.

    Raises `ValueError` for a clock that counts back from one that is not among the rules.
    """
    match rule.term:
        case "none":
            since_on = _start(rule.reading, rule, terms.known.days, terms.known.latest).on
            if since_on is not None:
                return OpenEnd(since_on)
        case "told":
            return _timed(rule, terms) or Waiting(rule.told_by)
        case "counted":
            timed = _timed(rule, terms)
            if timed is not None:
                return timed
        case "counted back":
            base = None if rule.end_of is None else terms.rules.get(rule.end_of)
            if base is None:
                raise ValueError(
                    f"clock {rule.clock} counts back from {rule.end_of!r}, which is no clock here"
                )
            # The base may stand behind this clock among the rules, and then it is not planned yet.
            plan = terms.plans.get(base.clock) or _plan(base, terms)
            if not isinstance(plan, Timed):
                return Waiting(plan.facts if isinstance(plan, Waiting) else (base.clock,))
            spans: list[Span] = []
            for span in plan.spans:
                calendars, readings = span.derivation.calendars, span.derivation.readings
                ends = tuple((name, each.ends.on) for name, each in zip(calendars, readings, strict=True))
                spans.append(replace(span, derivation=derive_back(rule, ends, terms.zone)))
            return Timed(tuple(spans))
    guard = () if rule.guard is None else (rule.guard.fact,)
    return Waiting((rule.starts, *rule.starts_also, *guard))


def _timed(rule: ClockRule, terms: _Terms) -> Timed | None:
    """Count forward where the rule does, then let each day that was told replace the end before it.

    Returns None while nothing gives an end: what the clock starts with has not happened, no day was told.
    """
    days, latest, anew_on = terms.known.days, terms.known.latest, terms.known.anew_on.get(rule.clock)
    spans: list[Span] = []
    if rule.term == "counted":
        if rule.kind == "window":
            # Every answer tells the customer anew how long there is to object: the last one counts.
            days = {**days, **latest}
        if rule.starts == REOPENED and anew_on is not None:
            days = {**days, REOPENED: anew_on}
        first = _start(rule.reading, rule, days, latest)
        if first.on is None and first.guard_from is None:
            return None
        others = (_start(other.name, other, days, latest) for other in rule.alternatives)
        spans.append(Span(derive_from(rule, (first, *others), terms.zone)))
    for telling in terms.known.tellings:
        told_at = telling.told_at
        if telling.fact not in rule.told_by:
            continue
        if anew_on is not None and told_at is not None and civil_date(told_at, terms.zone) < anew_on:
            continue  # a term that began anew with the reopening is not ended by a day told before
        derivation = derive_told(rule, telling.fact, telling.on, terms.zone)
        # After the end before had passed, a day told is another promise, and makes no term longer.
        anew = bool(spans) and told_at is not None and told_at >= spans[-1].derivation.lenient.at
        if anew and told_at is not None and told_at >= derivation.strict.at:
            continue  # a day that had passed itself, as in a letter that left too late, promises nothing
        spans.append(Span(derivation, told_at, telling.fact, anew))
    return Timed(tuple(spans)) if spans else None


def _start(
    name: str, term: ClockRule | Alternative, days: Mapping[str, date], latest: Mapping[str, date]
) -> Start:
    """Put down from when one reading of a term counts; its day is None while that has not happened.

    `latest` has the last day of a fact that happened several times. A guard that cannot matter any more is
    left out.
    """
    on = days.get(term.starts)
    if isinstance(term, ClockRule) and term.starts_also:
        every = [days.get(fact) for fact in (term.starts, *term.starts_also)]
        happened = [day for day in every if day is not None]
        on = min(happened, default=None)
        if term.starts_at == "latest":
            on = max(happened) if happened == every else None
    guard = term.guard
    guard_from = None if guard is None else days.get(guard.fact)
    if guard is None:
        return Start(name, term.amount, term.unit, on)
    # What was agreed for a day may not happen on it. Then the guard counts from the last day agreed.
    agreed = {fact: latest.get(fact, days[fact]) for fact in guard.unless if fact in days}
    if agreed:
        guard = structs.replace(guard, fact=max(agreed, key=agreed.__getitem__))
        guard_from = agreed[guard.fact]
    if guard_from is None or (not guard.holds and on is not None):
        return Start(name, term.amount, term.unit, on)
    return Start(name, term.amount, term.unit, on, guard, guard_from)
