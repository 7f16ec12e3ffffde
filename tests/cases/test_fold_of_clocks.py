"""The one fold of a clock: what was recorded about it, and in which round."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from cases.clocks.clock import Clock, ClockStatus
from cases.clocks.fold import CLOCK_EVENTS, after, begun, with_event
from deadlines.look import EMITS
from events.catalogue import (
    CATALOGUE,
    ClockRule,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    DeadlineWarned,
    Moment,
    NormPassed,
    OpenEndedSet,
    WindowLapsed,
)
from events.errors import MalformedEvent

SET_AT = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = ClockRule(
    clock="PRE-1",
    kind="duty",
    binds="company",
    amount=5,
    unit="working days",
    starts="complaint received",
    satisfied_by=("acknowledgement arrived",),
    calendars=("nl-atw",),
    warn_before_working_days=1,
    source="PRE 4",
)


def moment(day: int) -> Moment:
    return Moment(on=date(2026, 4, day), at=datetime(2026, 4, day, 22, 0, tzinfo=UTC))


SETTING = DeadlineSet(
    clock="PRE-1", kind="duty", binds="company", zone="Europe/Amsterdam", timezone_data="2026a",
    strict=moment(10), lenient=moment(13), working="strict", warn_at=None, readings=(), rule=RULE,
)  # fmt: skip
OPEN_ENDED = OpenEndedSet(
    clock="PRE-1", kind="duty", binds="company", zone="Europe/Amsterdam", since_on=date(2026, 4, 2),
    norm=None, rule=RULE,
)  # fmt: skip
BROKEN = DeadlineBreached(
    clock="PRE-1", binds="company", reading="strict", due=moment(10), beyond_dispute=False
)
MET = DeadlineMet(
    clock="PRE-1", kind="duty", fact="acknowledgement arrived", by_version=7, met_at=SET_AT + DAY,
    standing="in time", late_by_s=0,
)  # fmt: skip
DROPPED = DeadlineDropped(clock="PRE-1", because="case merged")


def moved(day: int, since: datetime | None = None, anew: bool = False) -> DeadlineMoved:
    return DeadlineMoved(
        clock="PRE-1", because=("delay notice period",), strict=moment(day), lenient=moment(day),
        warn_at=None, readings=(), since=since, anew=anew,
    )  # fmt: skip


def clock(*events: object, setting: DeadlineSet | OpenEndedSet = SETTING) -> Clock:
    """Fold a clock that was set on 2 April, with one more event on each day after that."""
    found = begun(None, setting, SET_AT)
    for days, event in enumerate(events, 1):
        if isinstance(event, DeadlineSet | OpenEndedSet):
            found = begun(found, event, SET_AT + days * DAY)
        else:
            found = after(found, event, SET_AT + days * DAY)  # type: ignore[arg-type]
    return found


def test_the_fold_knows_every_event_that_deadlines_appends() -> None:
    """No event about a clock is left out of the fold."""
    appended = {name for name, event in CATALOGUE.items() if event.emitted_by == "deadlines"}

    assert appended == CLOCK_EVENTS == EMITS


def test_a_clock_that_is_set_runs_until_the_end_that_its_setting_names() -> None:
    """A clock begins with nothing said about it but its end."""
    found = clock()

    assert (moment(10), moment(13), ClockStatus.RUNNING, "open") == (
        found.due,
        found.lenient,
        found.status,
        found.outcome(),
    )


def test_a_clock_that_is_set_again_as_it_was_goes_on_where_it_stood() -> None:
    """A merge that is undone does not forget that a promise was broken."""
    found = clock(BROKEN, DROPPED, SETTING)

    assert (None, ("strict",), ClockStatus.DISPUTED, "broken in dispute", False) == (
        found.dropped,
        found.broken_by,
        found.status,
        found.outcome(),
        found.again,
    )


def test_a_clock_that_is_set_again_otherwise_begins_from_nothing() -> None:
    """Another end is another promise, and nothing was said about that one."""
    found = clock(BROKEN, DROPPED, replace(SETTING, strict=moment(20), lenient=moment(20)))

    assert ((), "open", True, False) == (found.broken_by, found.outcome(), found.again, found.failed)


def test_another_end_keeps_the_round_and_an_end_anew_begins_one() -> None:
    """What broke a promise stays with it, and is not held against the next one."""
    told_at = SET_AT + 12 * DAY

    same_round, next_round = clock(BROKEN, moved(20)), clock(BROKEN, moved(20, told_at, anew=True))

    assert (("strict",), (), None) == (same_round.broken_by, same_round.earlier, same_round.anew_since)
    assert ((), told_at, True) == (next_round.broken_by, next_round.anew_since, next_round.failed)
    assert [("strict",)] == [before.broken_by for before in next_round.earlier]


def test_when_the_notice_of_a_round_comes_back_the_round_before_is_in_force() -> None:
    """A letter that did not arrive has promised nothing: the broken promise before it is what counts."""
    told_at = SET_AT + 12 * DAY

    found = clock(BROKEN, moved(20, told_at, anew=True), MET, moved(10))

    assert (("strict",), None, (), None) == (found.broken_by, found.met, found.earlier, found.anew_since)
    assert moment(10) == found.due


def test_a_clock_that_is_moved_runs_again_although_it_was_dropped_or_had_lapsed() -> None:
    """A better answer opens the time to object anew."""
    lapsed = WindowLapsed(clock="PRE-1", due=moment(13))

    after_drop, after_lapse = clock(DROPPED, moved(20)), clock(lapsed, moved(20))

    assert (None, ClockStatus.RUNNING) == (after_drop.dropped, after_drop.status)
    assert (False, ClockStatus.RUNNING) == (after_lapse.lapsed, after_lapse.status)


def test_what_met_a_clock_may_be_taken_back() -> None:
    """A letter that comes back leaves the duty owed from that moment on."""
    met, reopened = clock(MET), clock(MET, DeadlineReopened(clock="PRE-1", by_version=9))

    assert ("met in time", "in time", False) == (met.outcome(), met.standing, met.is_owed)
    assert ("open", None, True) == (reopened.outcome(), reopened.standing, reopened.is_owed)
    assert SET_AT + 2 * DAY == reopened.reopened_at


def test_a_promise_broken_and_then_kept_has_failed_all_the_same() -> None:
    """Keeping it late does not undo that it was broken."""
    found = clock(BROKEN, replace(MET, standing="late"))

    assert ("met late", True, ClockStatus.MET) == (found.outcome(), found.failed, found.status)


def test_a_warning_and_a_norm_that_passed_judge_nothing() -> None:
    """They are for the team."""
    found = clock(DeadlineWarned(clock="PRE-1", due=moment(10)), NormPassed(clock="PRE-1", norm=moment(9)))

    assert (True, True, "open", ClockStatus.WARNED) == (
        found.warned,
        found.norm_passed,
        found.outcome(),
        found.status,
    )


def test_a_clock_without_a_term_has_no_end_that_could_be_moved() -> None:
    """Who reads an end of it has a record that no version of the code can have written."""
    with pytest.raises(MalformedEvent, match="PRE-1 has no term"):
        clock(moved(20), setting=OPEN_ENDED)


def test_an_event_of_a_clock_that_was_never_set_changes_nothing() -> None:
    """A part of a history, as somebody may see it, can be read."""
    known = with_event({}, SETTING, SET_AT)

    assert {} == with_event({}, MET, SET_AT)
    assert known == with_event(known, replace(MET, clock="PRE-2"), SET_AT)
