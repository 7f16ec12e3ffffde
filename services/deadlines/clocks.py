"""What is owed about the clocks of one case: set, moved, warned, met, broken, dropped; and the next look.

Pure: `settle` compares the stream with the moment handed in and gives the events that are still owed.
What always holds:

- When a clock ends is a function of the facts alone (`procedures.schedule`), so it does not matter when
  somebody looked; a fact that comes later, or is taken back, moves or drops what depended on it.
- `happened_at` of the satisfying fact decides against the due instant, never the moment somebody noticed:
  the order in which facts are recorded and looks are taken does not change how a clock ends.
- A breach is never retracted. A later fulfilment is `DeadlineMet` with its lateness, and so is one that
  turns out to have been in time after the breach was told.
- Settling twice gives nothing the second time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, assert_never

from deadlines.state import (
    BRINGS_RULES,
    EMITS,
    Clocks,
    Outcome,
    Running,
    after,
    evolve_all,
    fold,
    working_moment,
)
from events.catalogue import (
    CaseOpened,
    ClockRule,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    DeadlineWarned,
    Event,
    Moment,
    NormPassed,
    OpenEndedSet,
    TargetMissed,
    WindowLapsed,
)
from events.envelope import History, NewEvent
from procedures.derivation import Derivation, norm_end, standing
from procedures.facts import MERGED, WITHDRAWN, Fact, Facts
from procedures.schedule import OpenEnd, Plan, Span, Timed, Waiting, known_of, schedule
from procedures.zones import TIMEZONE_DATA, civil_date

__all__ = [
    "BRINGS_RULES",
    "EMITS",
    "Clocks",
    "Look",
    "Outcome",
    "fold",
    "look",
    "next_look",
    "passings",
    "settle",
    "working_moment",
]

TAKEN_BACK = "start taken back"
"""Why a clock is dropped whose start did not happen after all; it is set again when the start comes."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a case gives: the events that are owed, and when the next look is due."""

    events: tuple[NewEvent, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Passing:
    """A moment at which an unmet clock breaks, and by which reading.

    `at` is when that is known: the due instant itself, or later for a duty that is only asked for if another
    clock is not met.
    """

    reading: Literal["strict", "lenient", "both"]
    due: Moment
    at: datetime
    beyond_dispute: bool


@dataclass(frozen=True, slots=True)
class _Case:
    """What the decisions about one clock need of the others."""

    opened: CaseOpened
    rules: Mapping[str, ClockRule]
    plans: Mapping[str, Plan]
    facts: Facts
    running: Mapping[str, Running]


def look(history: History, now: datetime, passed: datetime | None = None) -> Look:
    """Give the events owed at `now`, and the next moment at which time alone may change something.

    Clocks start in the order of the rules; then, clock by clock, what happened to it in the order in which
    it happened. `passed` is the moment that has certainly been reached, for callers whose `now` is an
    estimate: a breach that is told too early could never be taken back.
    """
    passed = now if passed is None else passed
    clocks = fold(history)
    if clocks.opened is None:
        return Look((), None)
    case = _Case(
        clocks.opened,
        {rule.clock: rule for rule in clocks.rules},
        schedule(
            clocks.rules, known_of(clocks.facts, clocks.opened.zone, clocks.anew_on), clocks.opened.zone
        ),
        clocks.facts,
        clocks.running,
    )
    started = tuple(_starts(clocks, case, now))
    clocks = evolve_all(clocks, started)
    told: list[NewEvent] = []
    coming: list[datetime] = []
    for running in clocks.running.values():
        settling = _Settling(running, case, now, passed)
        told += settling.settle()
        coming += settling.coming
    return Look(events=(*started, *told), next_at=min(coming, default=None))


def settle(history: History, now: datetime) -> tuple[NewEvent, ...]:
    """Give the events owed at `now`; nothing means the stream says it all already."""
    return look(history, now).events


_BEFORE_ALL_TIME = datetime.min.replace(tzinfo=UTC)


def next_look(history: History) -> datetime | None:
    """Tell when a settled case must be looked at again, or None when time changes nothing any more."""
    return look(history, _BEFORE_ALL_TIME).next_at


def passings(deadline: DeadlineSet) -> tuple[Passing, ...]:
    """List when this clock breaks unless it is met before, in order.

    The first is the working reading's moment. Where the readings differ and the strict one is worked by, the
    case is disputed until the lenient one has passed too. Windows and rights lapse: nobody broke a promise.
    """
    return _passings(deadline, (deadline.strict.at, deadline.lenient.at))


def _passings(deadline: DeadlineSet, asked_at: tuple[datetime, datetime]) -> tuple[Passing, ...]:
    """List the moments at which a clock breaks; `asked_at` is from when each reading asks for it at all."""
    match deadline.kind:
        case "window" | "right":
            return ()
        case "duty" | "target":
            strict_at = max(deadline.strict.at, asked_at[0])
            lenient_at = max(deadline.lenient.at, asked_at[1])
            last = Passing("lenient", deadline.lenient, lenient_at, beyond_dispute=True)
        case _:
            assert_never(deadline.kind)
    if deadline.strict.at == deadline.lenient.at and strict_at == lenient_at:
        return (Passing("both", deadline.strict, strict_at, beyond_dispute=True),)
    if deadline.working == "lenient":
        return (last,)
    return (Passing("strict", deadline.strict, strict_at, beyond_dispute=False), last)


# --- setting ---------------------------------------------------------------------------------------------


def _starts(clocks: Clocks, case: _Case, now: datetime) -> Iterable[NewEvent]:
    """Set every clock that can run and does not, in the order of the rules."""
    for rule in clocks.rules:
        running = clocks.running.get(rule.clock)
        plan = case.plans[rule.clock]
        if running is not None:
            if running.dropped is None:
                if not _has_other_form(running, plan):
                    continue
                yield NewEvent(DeadlineDropped(clock=rule.clock, because=_version(running)), now)
            elif _ground_to_drop(running, case) is not None or _is_over(running, plan, case):
                continue
            elif running.dropped in _SET_ASIDE and running.rule == rule and _is_same(running, plan):
                yield NewEvent(running.deadline, now)
                continue
        match plan:
            case Waiting():
                continue
            case OpenEnd():
                yield NewEvent(_open_ended(rule, plan, case.opened.zone), now)
            case Timed():
                # One that is set again begins with the end in force; the first time, with the first.
                span = plan.spans[0] if running is None else plan.spans[-1]
                yield NewEvent(_deadline_set(rule, span.derivation, case.opened.zone), now)
            case _:
                assert_never(plan)


_SET_ASIDE = (WITHDRAWN, MERGED)
"""Why a clock is dropped that goes on where it stood, when the case goes on by itself."""


def _has_other_form(running: Running, plan: Plan) -> bool:
    """Tell whether a new version made something else of a clock: another party, kind or way to end."""
    if running.by_version is None or isinstance(plan, Waiting):
        return False
    deadline, rule = running.deadline, running.rule
    is_timed = isinstance(deadline, DeadlineSet)
    other_rule = (deadline.kind, deadline.binds) != (rule.kind, rule.binds)
    return other_rule or is_timed != isinstance(plan, Timed)


def _version(running: Running) -> str:
    return f"procedure version {running.by_version}"


def _is_same(running: Running, plan: Plan) -> bool:
    """Tell whether what was dropped is what would be set now; a period told since then makes it another."""
    if isinstance(plan, Timed):
        return plan.spans[_index_of(running, plan.spans)] is plan.spans[-1]
    return isinstance(plan, OpenEnd) == isinstance(running.deadline, OpenEndedSet)


def _is_over(running: Running, plan: Plan, case: _Case) -> bool:
    """Tell whether a clock that a withdrawal dropped is not set again when the case goes on.

    What was broken was judged. What ran out while nothing was owed asks nothing, unless the reopening or a
    period that was told since gives it another end.
    """
    if running.dropped != WITHDRAWN:
        return False
    resumed_at = max((each.at for each in case.facts.revoked if each.fact.name == WITHDRAWN), default=None)
    if running.broken_by:
        return True
    ran_out = isinstance(plan, Timed) and resumed_at is not None
    return ran_out and plan.derivation.strict.at <= resumed_at  # type: ignore[union-attr,operator]


def _deadline_set(rule: ClockRule, derivation: Derivation, zone: str) -> DeadlineSet:
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


def _open_ended(rule: ClockRule, plan: OpenEnd, zone: str) -> OpenEndedSet:
    return OpenEndedSet(
        clock=rule.clock,
        kind=rule.kind,
        binds=rule.binds,
        zone=zone,
        since_on=plan.since_on,
        norm=norm_end(rule, plan.since_on, zone),
        rule=rule,
    )


# --- dropping --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Drop:
    because: str
    at: datetime | None


def _ground_to_drop(running: Running, case: _Case) -> _Drop | None:
    """Say why a clock asks nothing, by the facts as they stand; None when it asks as ever."""
    rule = running.rule
    ended = _first_of((*rule.dropped_by, MERGED), case.facts)
    if ended is not None:
        return _Drop(ended.name, ended.happened_at)
    plan = case.plans[rule.clock]
    if isinstance(plan, Waiting):
        return _Drop(TAKEN_BACK, _taken_back_at(rule, case.facts))
    if rule.only_if_unmet is not None:
        base_met = _base_met_in_time(rule.only_if_unmet, running.since, case)
        if base_met is not None:
            return _Drop(f"{rule.only_if_unmet} was met in time", base_met.happened_at)
    if rule.precedes is not None:
        following = _first_of(case.rules[rule.precedes].satisfied_by, case.facts)
        released = _first_of(rule.released_by, case.facts)
        if following is not None and released is not None and released.happened_at < following.happened_at:
            return _Drop(released.name, following.happened_at)
    return None


def _base_met_in_time(clock: str, since: datetime | None, case: _Case) -> Fact | None:
    plan = case.plans[clock]
    if not isinstance(plan, Timed):
        return None
    span = next((span for span in plan.spans if span.since == since), plan.spans[-1])
    met = _first_of(case.rules[clock].satisfied_by, case.facts)
    in_time = met is not None and met.happened_at < _ends(clock, span, case)[0].at
    return met if in_time else None


def _ends(clock: str, span: Span, case: _Case) -> tuple[Moment, Moment]:
    """Give the ends of another clock under one span: as it stands, if it keeps what it was counted on."""
    running = case.running.get(clock)
    if (
        running is not None
        and isinstance(running.deadline, DeadlineSet)
        and _keeps_its_end(running, span, case)
    ):
        return running.deadline.strict, running.deadline.lenient
    return span.derivation.strict, span.derivation.lenient


def _keeps_its_end(running: Running, span: Span, case: _Case) -> bool:
    """Tell whether only the calendar says otherwise: a running clock keeps the one it was counted on.

    That holds until the calendars are renewed by command, and also then for an end that would have passed.
    """
    deadline, derivation = running.deadline, span.derivation
    if not isinstance(deadline, DeadlineSet) or running.since != span.since:
        return False
    counted_on = {reading.calendar for reading in deadline.readings}
    today = {reading.calendar for reading in derivation.readings}
    if counted_on == today or running.by_version is not None:
        return False
    if running.renewed_at is not None and today - counted_on <= set(running.renewed):
        return derivation.due.at <= running.renewed_at
    return _starts_of(running, derivation, case) is None


def _starts_of(running: Running, derivation: Derivation, case: _Case) -> object:
    """Give what a clock would start from now; None while that is what it was counted from."""
    deadline, base = running.deadline, running.rule.end_of
    if base is not None:
        other, plan = case.running.get(base), case.plans[base]
        if other is None or not isinstance(plan, Timed):
            return plan
        span = plan.spans[_index_of(running, plan.spans)]
        return None if _keeps_its_end(other, span, case) else span
    before = {(reading.name, reading.starts_on) for reading in deadline.readings}  # type: ignore[union-attr]
    now = {(reading.name, reading.starts_on) for reading in derivation.readings}
    return None if before == now else now


def _taken_back_at(rule: ClockRule, facts: Facts) -> datetime | None:
    starts = {rule.starts, *rule.starts_also}
    moments = [each.at for each in facts.revoked if each.fact.name in starts]
    if rule.guard is not None:
        moments += [fact.happened_at for name in rule.guard.unless if (fact := facts.first(name))]
    return max(moments, default=None)


def _first_of(names: Iterable[str], facts: Facts, later_than: datetime | None = None) -> Fact | None:
    """Find the first of these facts to happen, or the first after a moment."""
    known = [
        fact
        for name in names
        for fact in facts.by_name.get(name, ())
        if later_than is None or fact.happened_at > later_than
    ]
    return min(known, key=lambda fact: (fact.happened_at, fact.version), default=None)


# --- what became of one clock ----------------------------------------------------------------------------


class _Settling:
    """Tells what became of one clock and was not told yet, in the order in which it happened.

    A breach happened when it was due, whenever it is noticed; a warning when it was time to warn, but not
    before the clock was set. `coming` are the moments at which time alone may change something.
    """

    def __init__(self, running: Running, case: _Case, now: datetime, passed: datetime) -> None:
        self.running = running
        self.case = case
        self.now = now
        self.passed = passed
        self.events: list[NewEvent] = []
        self.coming: list[datetime] = []

    def settle(self) -> list[NewEvent]:
        plan = self.case.plans[self.running.rule.clock]
        if self.running.dropped is not None and not _is_taken_back(self.running, plan):
            return self.events
        self._reopen()
        drop = _ground_to_drop(self.running, self.case)
        match plan:
            case Timed():
                self._settle_spans(plan)
            case OpenEnd() | Waiting():
                self._settle_without_term(drop)
            case _:
                assert_never(plan)
        return self.events

    def _tell(self, event: Event, at: datetime) -> None:
        self.events.append(NewEvent(event, at))
        self.running = after(self.running, event, at)

    def _reopen(self) -> None:
        """Take back what met the clock, if it was taken back itself."""
        met = self.running.met
        if met is None:
            return
        for revoked in self.case.facts.revoked:
            if (revoked.fact.name, revoked.fact.version) == (met.fact, met.by_version):
                event = DeadlineReopened(clock=met.clock, by_version=revoked.by_version)
                self._tell(event, revoked.at)
                return

    # with a term

    def _settle_spans(self, plan: Timed) -> None:
        """Go through the ends that were told one after the other, and settle each until the next one."""
        spans = plan.spans
        for index in range(_index_of(self.running, spans), len(spans)):
            span = spans[index]
            following = spans[index + 1] if index + 1 < len(spans) else None
            if following is not None and self._is_repeated_by(following, span):
                continue
            until = following.since if following is not None else None
            self._move(span)
            if not self._settle_span(index, until) or self.running.dropped is not None:
                return
            if until is not None and self._asks_nothing_since(until):
                return

    def _is_repeated_by(self, following: Span, span: Span) -> bool:
        """A duty to tell a delay goes on as it was when somebody only says again by when the answer comes."""
        is_told_anew = self.running.rule.only_if_unmet is not None
        return is_told_anew and following.derivation.strict == span.derivation.strict

    def _asks_nothing_since(self, until: datetime) -> bool:
        """A duty to tell a delay does not begin again with a period told when nothing is late any more."""
        if self.running.rule.only_if_unmet is None:
            return False
        drop = _ground_to_drop(self.running, self.case)
        return drop is not None and drop.at is not None and drop.at < until

    def _move(self, span: Span) -> None:
        deadline = self.running.deadline
        if not isinstance(deadline, DeadlineSet):
            return
        derivation = span.derivation
        is_same = (deadline.strict, deadline.lenient) == (derivation.strict, derivation.lenient)
        if _keeps_its_end(self.running, span, self.case):
            return
        rule = self.running.rule
        was = self.running.since
        is_next = span.since is not None and (was is None or span.since > was)
        anew = is_next and rule.only_if_unmet is not None and deadline.strict != derivation.strict
        if is_same and not anew and not _is_taken_back(self.running, self.case.plans[rule.clock]):
            return
        starts = (rule.starts, *rule.starts_also, *(other.starts for other in rule.alternatives))
        counted = tuple(dict.fromkeys(name for name in starts if self.case.facts.first(name)))
        event = DeadlineMoved(
            clock=rule.clock,
            because=self._because(span) or counted,
            strict=derivation.strict,
            lenient=derivation.lenient,
            warn_at=derivation.warn_at,
            readings=derivation.readings,
            since=span.since,
            anew=anew,
        )
        self._tell(event, span.since or self.now)

    def _because(self, span: Span) -> tuple[str, ...]:
        """Name what gave the clock another end, if that is not a fact that it starts with."""
        if span.told_as and span.since != self.running.since:
            return (span.told_as,)
        if self.running.by_version is not None:
            return (_version(self.running),)
        if self.running.renewed:
            return ("calendar",)
        return (span.told_as,) if span.told_as else ()

    def _settle_span(self, index: int, until: datetime | None) -> bool:
        """Settle the clock under one end; False when a moment under it has not certainly passed yet.

        Going on then would judge it by the next end, and a promise that was broken would be forgotten.
        """
        deadline = self.running.deadline
        if not isinstance(deadline, DeadlineSet):
            return True
        drop = _ground_to_drop(self.running, self.case)
        met_by = self._met_by(until, drop)
        ends = [moment for moment in (until, drop.at if drop else None) if moment is not None]
        reached = min([self.passed, *ends])
        unbroken = self._unbroken(deadline, index, until, met_by)
        broken = [passing for passing in unbroken if passing.at <= reached]
        for passing in broken:
            self._tell(_breach(deadline, passing), passing.at)
        if ends and (uncertain := [each.at for each in unbroken if reached < each.at <= min(ends)]):
            self.coming.append(min(uncertain))
            return False
        warn_at = self._warn_at(deadline, met_by)
        if warn_at is not None and warn_at <= reached and not broken:
            self._tell(DeadlineWarned(clock=deadline.clock, due=working_moment(deadline)), warn_at)
        lapses_at = self._lapses_at(deadline, met_by)
        if lapses_at is not None and lapses_at <= reached:
            self._tell(WindowLapsed(clock=deadline.clock, due=deadline.lenient), lapses_at)
        if met_by is not None:
            self._meet(deadline, met_by)
        if drop is not None and (until is None or drop.at is None or drop.at < until):
            self._drop(drop)
        elif until is None:
            later = [passing.at for passing in unbroken if passing not in broken]
            later += [moment for moment in (warn_at, lapses_at) if moment is not None and not broken]
            self.coming += [moment for moment in later if moment > reached]
        return True

    def _met_by(self, until: datetime | None, drop: _Drop | None) -> Fact | None:
        """Find what met the clock under this end; a notice that brings the next end still belongs to it."""
        rule = self.running.rule
        found = _first_of(rule.satisfied_by, self.case.facts, self.running.anew_since)
        if found is None:
            return None
        if until is not None and found.happened_at >= until:
            is_the_notice = rule.only_if_unmet is not None and found.happened_at == until
            return found if is_the_notice else None
        if drop is not None and drop.at is not None and found.happened_at > drop.at:
            return None
        return found

    def _unbroken(
        self, deadline: DeadlineSet, index: int, until: datetime | None, met_by: Fact | None
    ) -> list[Passing]:
        """List the moments that were not told as broken and before which the clock was not met."""
        if self.running.beyond_dispute:
            return []  # one failure is counted once
        found = [
            passing
            for passing in _passings(deadline, self._asked_at(deadline, index, until))
            if passing.reading not in self.running.broken_by
            and (met_by is None or met_by.happened_at >= passing.due.at)
        ]
        if len(found) == 2 and found[0].at == found[1].at:
            # Both are known at one moment, such as the end of the base clock: told once.
            return [replace(found[0], reading="both", beyond_dispute=True)]
        return found

    def _asked_at(
        self, deadline: DeadlineSet, index: int, until: datetime | None
    ) -> tuple[datetime, datetime]:
        """From when each reading can break: at once, after the base clock, or after what met it was lost."""
        rule = deadline.rule
        asked = (_BEFORE_ALL_TIME, _BEFORE_ALL_TIME)
        if rule.only_if_unmet is not None:
            base = self.case.plans[rule.only_if_unmet]
            if isinstance(base, Timed):
                span = base.spans[min(index, len(base.spans) - 1)]
                strict, lenient = _ends(rule.only_if_unmet, span, self.case)
                ends = (strict.at, lenient.at)
                asked = ends if until is None else (min(ends[0], until), min(ends[1], until))
        taken_back = [
            each.at
            for each in self.case.facts.revoked
            if each.fact.name in rule.satisfied_by and each.fact.happened_at < deadline.lenient.at
        ]
        if taken_back:
            reopened_at = max(taken_back)
            asked = (max(asked[0], reopened_at), max(asked[1], reopened_at))
        return asked

    def _warn_at(self, deadline: DeadlineSet, met_by: Fact | None) -> datetime | None:
        """Tell when to warn: once, about what the company still has to do, and never after a breach."""
        if deadline.warn_at is None or deadline.binds != "company" or deadline.kind not in ("duty", "target"):
            return None
        if self.running.warned or self.running.broken_by or met_by is not None:
            return None
        owed_from = max(self.running.set_at, self.running.reopened_at or self.running.set_at)
        warn_at = max(deadline.warn_at, owed_from)
        return warn_at if warn_at < working_moment(deadline).at else None

    def _lapses_at(self, deadline: DeadlineSet, met_by: Fact | None) -> datetime | None:
        if deadline.kind != "window" or self.running.lapsed:
            return None
        if met_by is not None and met_by.happened_at < deadline.lenient.at:
            return None
        return deadline.lenient.at

    def _meet(self, deadline: DeadlineSet, met_by: Fact) -> None:
        met = _meeting(deadline, met_by)
        told = self.running.met
        is_earlier = told is None or met.met_at < told.met_at
        was_moved = told is not None and met.met_at == told.met_at
        is_other = told is None or (met.standing, met.late_by_s) != (told.standing, told.late_by_s)
        if is_other and (is_earlier or was_moved):
            self._tell(met, met_by.happened_at)

    def _drop(self, drop: _Drop) -> None:
        """What is over is not dropped; a window that lapsed is only where its start was taken back."""
        is_over = self.running.lapsed and drop.because != TAKEN_BACK
        if self.running.met is None and not self.running.beyond_dispute and not is_over:
            event = DeadlineDropped(clock=self.running.rule.clock, because=drop.because)
            self._tell(event, drop.at or self.now)

    # without a term

    def _settle_without_term(self, drop: _Drop | None) -> None:
        deadline = self.running.deadline
        if not isinstance(deadline, OpenEndedSet):
            if drop is not None:
                self._drop(drop)  # a term whose start was taken back
            return
        rule = deadline.rule
        met_by = _first_of(rule.satisfied_by, self.case.facts)
        if met_by is not None and drop is not None and drop.at is not None and met_by.happened_at > drop.at:
            met_by = None
        overtaken_at = self._overtaken_at(rule, met_by)
        if overtaken_at is not None and drop is None and not self.running.beyond_dispute:
            due = Moment(on=civil_date(overtaken_at, deadline.zone), at=overtaken_at)
            self._tell(_breach_of(deadline, due), overtaken_at)
        norm_at = None if deadline.norm is None or self.running.norm_passed else deadline.norm.at
        if norm_at is not None and (met_by is None or met_by.happened_at >= norm_at):
            stands_until = min([self.passed] if drop is None or drop.at is None else [self.passed, drop.at])
            if norm_at <= stands_until and deadline.norm is not None:
                self._tell(NormPassed(clock=deadline.clock, norm=deadline.norm), norm_at)
            elif drop is None:
                self.coming.append(norm_at)
        if met_by is not None and self.running.met is None:
            self._tell(_meeting_without_term(deadline, met_by, overtaken_at), met_by.happened_at)
        if drop is not None:
            self._drop(drop)

    def _overtaken_at(self, rule: ClockRule, met_by: Fact | None) -> datetime | None:
        """Tell when the clock that this one must precede was met without it."""
        if rule.precedes is None:
            return None
        following = _first_of(self.case.rules[rule.precedes].satisfied_by, self.case.facts)
        if following is None or (met_by is not None and met_by.happened_at < following.happened_at):
            return None
        return following.happened_at


def _is_taken_back(running: Running, plan: Plan) -> bool:
    """Tell whether the end that the present round of a duty began with was taken back since."""
    if running.anew_since is None or not isinstance(plan, Timed):
        return False
    return all(span.since is None or span.since < running.anew_since for span in plan.spans)


def _index_of(running: Running, spans: tuple[Span, ...]) -> int:
    """Find the end that was last told of; if it was taken back, the last one before it."""
    since = running.since
    if running.again and since is None:
        return len(spans) - 1  # it was set again, with the end in force then
    for index in reversed(range(len(spans))):
        told_at = spans[index].since
        if told_at is None or (since is not None and told_at <= since):
            return index
    return 0


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


def _breach_of(begun: OpenEndedSet, due: Moment) -> DeadlineBreached:
    """Make the breach of a duty that had to come before another and did not."""
    return DeadlineBreached(
        clock=begun.clock, binds=begun.binds, reading="both", due=due, beyond_dispute=True
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


def _meeting_without_term(begun: OpenEndedSet, fact: Fact, overtaken_at: datetime | None) -> DeadlineMet:
    late_by = timedelta() if overtaken_at is None else fact.happened_at - overtaken_at
    return DeadlineMet(
        clock=begun.clock,
        kind=begun.kind,
        fact=fact.name,
        by_version=fact.version,
        met_at=fact.happened_at,
        standing="in time" if overtaken_at is None else "late",
        late_by_s=max(late_by // timedelta(seconds=1), 0),
    )
