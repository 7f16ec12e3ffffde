"""What became of one clock and was not told yet: moved, warned, met, broken, lapsed, dropped."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from deadlines.clocks.context import Surroundings, ends_of, first_of, index_of, keeps_its_end
from deadlines.clocks.drop import TAKEN_BACK, Drop, ground_to_drop
from deadlines.clocks.endings import Passing, breach, breach_of, meeting, meeting_without_term, passings
from deadlines.clocks.start import version_of
from deadlines.clocks.state import RunningClock, after
from events.catalogue import (
    ClockRule,
    DeadlineDropped,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    DeadlineWarned,
    Event,
    Moment,
    NormPassed,
    OpenEndedSet,
    WindowLapsed,
)
from events.record.envelope import NewEvent
from procedures.counting.facts import Fact
from procedures.counting.schedule import ClockPlan, OpenEnd, Span, Timed, Waiting
from procedures.counting.zones import civil_date

BEFORE_ALL_TIME = datetime.min.replace(tzinfo=UTC)
"""A look at this moment finds nothing that time did, only what comes."""


class Settling:
    """Tells what became of one clock and was not told yet, in the order in which it happened.

    A breach happened when it was due, whenever it is noticed; a warning when it was time to warn, but not
    before the clock was set. `coming` are the moments at which time alone may change something.
    """

    def __init__(self, running: RunningClock, case: Surroundings, now: datetime, passed: datetime) -> None:
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
        drop = ground_to_drop(self.running, self.case)
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
        spans = tuple(span for span in plan.spans if not self._is_needless(span))
        for index in range(index_of(self.running, spans), len(spans)):
            span = spans[index]
            following = spans[index + 1] if index + 1 < len(spans) else None
            if following is not None and self._is_repeated_by(following, span):
                continue
            until = following.since if following is not None else None
            self._move(index, span)
            if not self._settle_span(index, until) or self.running.dropped is not None:
                return
            if until is not None and self._asks_nothing_since(until):
                return

    def _is_repeated_by(self, following: Span, span: Span) -> bool:
        """A duty to tell a delay goes on as it was when somebody only says again by when the answer comes."""
        is_told_anew = self.running.rule.only_if_unmet is not None
        return is_told_anew and following.derivation.strict == span.derivation.strict

    def _is_needless(self, span: Span) -> bool:
        """Nothing is promised anew about what was done by then; only a plan says that there is more to do."""
        if not span.anew or span.since is None or self.running.rule.term == "told":
            return False
        base = self.running.rule.only_if_unmet
        rule = self.running.rule if base is None else self.case.rules[base]
        done = first_of(rule.satisfied_by, self.case.facts)
        return done is not None and done.happened_at <= span.since

    def _asks_nothing_since(self, until: datetime) -> bool:
        """What was over by then does not go on with a day told since, nor a duty about what is not late."""
        drop = ground_to_drop(self.running, self.case)
        return drop is not None and drop.at is not None and drop.at < until

    def _move(self, index: int, span: Span) -> None:
        deadline = self.running.deadline
        if not isinstance(deadline, DeadlineSet):
            return
        derivation = span.derivation
        is_same = (deadline.strict, deadline.lenient) == (derivation.strict, derivation.lenient)
        if keeps_its_end(self.running, span, self.case):
            return
        rule = self.running.rule
        was = self.running.since
        is_next = index > 0 and span.since is not None and (was is None or span.since > was)
        anew = is_next and self._begins_anew(span, deadline)
        if is_same and not anew and not _is_taken_back(self.running, self.case.plans[rule.clock]):
            return
        awaited = () if rule.guard is None else rule.guard.unless
        starts = (rule.starts, *rule.starts_also, *(other.starts for other in rule.alternatives), *awaited)
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

    def _begins_anew(self, span: Span, deadline: DeadlineSet) -> bool:
        """Tell whether a new end is a promise of its own: what met or broke the one before is not for it."""
        is_other = deadline.strict != span.derivation.strict
        if self.running.rule.term == "told":  # such as a plan
            return is_other or self.running.met is not None
        return span.anew or (is_other and self.running.rule.only_if_unmet is not None)

    def _because(self, span: Span) -> tuple[str, ...]:
        """Name what gave the clock another end, if that is not a fact that it starts with."""
        if span.told_as and span.since != self.running.since:
            return (span.told_as,)
        if self.running.by_version is not None:
            return (version_of(self.running),)
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
        drop = ground_to_drop(self.running, self.case)
        met_by = self._met_by(until, drop)
        ends = [moment for moment in (until, drop.at if drop else None) if moment is not None]
        reached = min([self.passed, *ends])
        unbroken = self._unbroken(deadline, index, until, met_by)
        broken = [passing for passing in unbroken if passing.at <= reached]
        for passing in broken:
            self._tell(breach(deadline, passing), passing.at)
        if ends and (uncertain := [each.at for each in unbroken if reached < each.at <= min(ends)]):
            self.coming.append(min(uncertain))
            return False
        warn_at = self._warn_at(deadline, met_by)
        if warn_at is not None and warn_at <= reached and not broken:
            self._tell(DeadlineWarned(clock=deadline.clock, due=deadline.due), warn_at)
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

    def _met_by(self, until: datetime | None, drop: Drop | None) -> Fact | None:
        """Find what met the clock under this end; a notice that brings the next end still belongs to it."""
        rule = self.running.rule
        found = first_of(rule.satisfied_by, self.case.facts, self.running.anew_since)
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
            for passing in passings(deadline, self._asked_at(deadline, index, until))
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
        asked = (BEFORE_ALL_TIME, BEFORE_ALL_TIME)
        if rule.only_if_unmet is not None:
            base = self.case.plans[rule.only_if_unmet]
            if isinstance(base, Timed):
                span = base.spans[min(index, len(base.spans) - 1)]
                strict, lenient = ends_of(rule.only_if_unmet, span, self.case)
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
        return warn_at if warn_at < deadline.due.at else None

    def _lapses_at(self, deadline: DeadlineSet, met_by: Fact | None) -> datetime | None:
        if deadline.kind != "window" or self.running.lapsed:
            return None
        if met_by is not None and met_by.happened_at < deadline.lenient.at:
            return None
        return deadline.lenient.at

    def _meet(self, deadline: DeadlineSet, met_by: Fact) -> None:
        met = meeting(deadline, met_by)
        told = self.running.met
        is_earlier = told is None or met.met_at < told.met_at
        was_moved = told is not None and met.met_at == told.met_at
        is_other = told is None or (met.standing, met.late_by_s) != (told.standing, told.late_by_s)
        if is_other and (is_earlier or was_moved):
            self._tell(met, met_by.happened_at)

    def _drop(self, drop: Drop) -> None:
        """What is over is not dropped; a window that lapsed is only where its start was taken back."""
        is_over = self.running.lapsed and drop.because != TAKEN_BACK
        if self.running.met is None and not self.running.beyond_dispute and not is_over:
            event = DeadlineDropped(clock=self.running.rule.clock, because=drop.because)
            self._tell(event, drop.at or self.now)

    # without a term

    def _settle_without_term(self, drop: Drop | None) -> None:
        deadline = self.running.deadline
        if not isinstance(deadline, OpenEndedSet):
            if drop is not None:
                self._drop(drop)  # a term whose start was taken back
            return
        rule = deadline.rule
        met_by = first_of(rule.satisfied_by, self.case.facts)
        if met_by is not None and drop is not None and drop.at is not None and met_by.happened_at > drop.at:
            met_by = None
        overtaken_at = self._overtaken_at(rule, met_by)
        if overtaken_at is not None and drop is None and not self.running.beyond_dispute:
            due = Moment(on=civil_date(overtaken_at, deadline.zone), at=overtaken_at)
            self._tell(breach_of(deadline, due), overtaken_at)
        norm_at = None if deadline.norm is None or self.running.norm_passed else deadline.norm.at
        if norm_at is not None and (met_by is None or met_by.happened_at >= norm_at):
            stands_until = min([self.passed] if drop is None or drop.at is None else [self.passed, drop.at])
            if norm_at <= stands_until and deadline.norm is not None:
                self._tell(NormPassed(clock=deadline.clock, norm=deadline.norm), norm_at)
            elif drop is None:
                self.coming.append(norm_at)
        if met_by is not None and self.running.met is None:
            self._tell(meeting_without_term(deadline, met_by, overtaken_at), met_by.happened_at)
        if drop is not None:
            self._drop(drop)

    def _overtaken_at(self, rule: ClockRule, met_by: Fact | None) -> datetime | None:
        """Tell when the clock that this one must precede was met without it."""
        if rule.precedes is None:
            return None
        following = first_of(self.case.rules[rule.precedes].satisfied_by, self.case.facts)
        if following is None or (met_by is not None and met_by.happened_at < following.happened_at):
            return None
        return following.happened_at


def _is_taken_back(running: RunningClock, plan: ClockPlan) -> bool:
    """Tell whether the end that the present round of a duty began with was taken back since."""
    if running.anew_since is None or not isinstance(plan, Timed):
        return False
    return all(span.since is None or span.since < running.anew_since for span in plan.spans)
