"""All clocks of a case together: which of them run, from what, and until when, by what is known.

The answer depends on nothing but the rules and the days handed in, so a service that looks now, one that
looks late and a command line without any server give the same dates. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from msgspec import structs

from events.catalogue import ClockRule, Guard
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


@dataclass(slots=True)
class _Scheduling:
    rules: Mapping[str, ClockRule]
    known: KnownDays
    zone: str
    plans: dict[str, ClockPlan] = field(default_factory=dict)


def schedule(rules: Sequence[ClockRule], known: KnownDays, zone: str) -> Mapping[str, ClockPlan]:
    """Say of every clock whether it waits, is owed without a term, or when it ends; in the order of rules."""
    scheduling = _Scheduling({rule.clock: rule for rule in rules}, known, zone)
    for rule in rules:
        _plan(rule, scheduling)
    return {rule.clock: scheduling.plans[rule.clock] for rule in rules}


def start_of(rule: ClockRule, days: Mapping[str, date]) -> date | None:
    """Give the civil day on which the first reading of a term starts, without its guard; None if unknown."""
    names = (rule.starts, *rule.starts_also)
    found = [days[name] for name in names if name in days]
    if rule.starts_at == "latest":
        return max(found) if len(found) == len(names) else None
    return min(found, default=None)


def _plan(rule: ClockRule, scheduling: _Scheduling) -> ClockPlan:
    found = scheduling.plans.get(rule.clock)
    if found is None:
        found = scheduling.plans[rule.clock] = _plan_anew(rule, scheduling)
    return found


def _plan_anew(rule: ClockRule, scheduling: _Scheduling) -> ClockPlan:
    match rule.term:
        case "none":
            since = start_of(rule, scheduling.known.days)
            return Waiting(_awaited(rule)) if since is None else OpenEnd(since)
        case "told":
            return _told(rule, (), scheduling) or Waiting(rule.told_by)
        case "counted back":
            return _back(rule, scheduling)
        case "counted":
            return _counted(rule, scheduling)


def _counted(rule: ClockRule, scheduling: _Scheduling) -> ClockPlan:
    days = scheduling.known.days
    if rule.kind == "window":
        # Every answer tells the customer anew how long there is to object: the last one counts.
        days = {**days, **scheduling.known.latest}
    if rule.starts == REOPENED and rule.clock in scheduling.known.anew_on:
        days = {**days, REOPENED: scheduling.known.anew_on[rule.clock]}
    latest = scheduling.known.latest
    starts = [_start(rule.reading, rule.amount, rule.unit, start_of(rule, days), rule.guard, days, latest)]
    starts += [
        _start(other.name, other.amount, other.unit, days.get(other.starts), other.guard, days, latest)
        for other in rule.alternatives
    ]
    if starts[0].on is None and starts[0].guard_from is None:
        return Waiting(_awaited(rule))
    derivation = derive_from(rule, tuple(starts), scheduling.zone)
    return _told(rule, (Span(derivation),), scheduling) or Timed((Span(derivation),))


def _start(
    name: str,
    amount: int,
    unit: str,
    on: date | None,
    guard: Guard | None,
    days: Mapping[str, date],
    latest: Mapping[str, date],
) -> Start:
    """Put down one reading's start; a guard that cannot matter any more is left out.

    Where a day was agreed for the start, the guard counts from the last such day: it may not come then.
    """
    guard_from = days.get(guard.fact) if guard is not None else None
    unless = () if guard is None else guard.unless
    agreed = {fact: latest.get(fact, days[fact]) for fact in unless if fact in days}
    if guard is not None and agreed:
        guard = structs.replace(guard, fact=max(agreed, key=agreed.__getitem__))
        guard_from = agreed[guard.fact]
    if guard is not None and not guard.holds and on is not None:
        guard_from = None
    return Start(name, amount, unit, on, guard if guard_from else None, guard_from)  # type: ignore[arg-type]


def _told(rule: ClockRule, counted: tuple[Span, ...], scheduling: _Scheduling) -> Timed | None:
    """Let each day that was told replace the end before it; after that had passed, it is another promise.

    A day that had passed itself when it was told, as in a letter that left too late, promises nothing.
    """
    spans = list(counted)
    for telling in scheduling.known.tellings:
        if telling.fact not in rule.told_by or _is_of_an_earlier_round(rule, telling, scheduling):
            continue
        derivation = derive_told(rule, telling.fact, telling.on, scheduling.zone)
        told_at = telling.told_at
        anew = bool(spans) and told_at is not None and told_at >= spans[-1].derivation.lenient.at
        if anew and told_at is not None and told_at >= derivation.strict.at:
            continue
        spans.append(Span(derivation, told_at, telling.fact, anew))
    return Timed(tuple(spans)) if spans else None


def _is_of_an_earlier_round(rule: ClockRule, telling: ToldEnd, scheduling: _Scheduling) -> bool:
    """A term that began anew with the reopening is not ended by a day told before."""
    began_on = scheduling.known.anew_on.get(rule.clock)
    if began_on is None or telling.told_at is None:
        return False
    return civil_date(telling.told_at, scheduling.zone) < began_on


def _back(rule: ClockRule, scheduling: _Scheduling) -> ClockPlan:
    base = None if rule.end_of is None else scheduling.rules.get(rule.end_of)
    if base is None:
        raise ValueError(f"clock {rule.clock} counts back from {rule.end_of!r}, which is no clock here")
    plan = _plan(base, scheduling)
    if not isinstance(plan, Timed):
        return Waiting(plan.facts if isinstance(plan, Waiting) else (base.clock,))
    return Timed(
        tuple(
            replace(span, derivation=derive_back(rule, _ends(span.derivation), scheduling.zone))
            for span in plan.spans
        )
    )


def _ends(derivation: Derivation) -> tuple[tuple[str, date], ...]:
    return tuple(
        (identifier, reading.ends.on)
        for identifier, reading in zip(derivation.calendars, derivation.readings, strict=True)
    )


def _awaited(rule: ClockRule) -> tuple[str, ...]:
    guard = () if rule.guard is None else (rule.guard.fact,)
    return (rule.starts, *rule.starts_also, *guard)
