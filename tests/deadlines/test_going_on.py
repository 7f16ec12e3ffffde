"""Clocks of a case that is withdrawn, merged or moved to another version, and goes on.

Complaints come in on Monday 1 June 2026; June has no free day but weekends, so every calendar says the same.
"""

from datetime import UTC, date, datetime

import msgspec
import pytest

from deadline_stories import CONFIRM as CONFIRM_WHATEVER
from deadline_stories import JUNE, JUNE_DUE, SECOND, Story, letter, opened_case, told
from deadlines.look import settle
from events.catalogue import (
    CaseMerged,
    CaseMovedToVersion,
    CaseReopened,
    CaseUnmerged,
    ClockRule,
    ComplaintWithdrawn,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMoved,
    DeadlineSet,
)

CONFIRM = msgspec.structs.replace(CONFIRM_WHATEVER, dropped_by=("complaint withdrawn",))
SLOWLY = msgspec.structs.replace(CONFIRM, clock="PRE-3", amount=15, satisfied_by=("response arrived",))
TARGET = msgspec.structs.replace(CONFIRM, clock="AIM-1", kind="target", amount=2)


def at(month: int, day: int, hour: int = 10) -> datetime:
    """A moment in Amsterdam's summer, given in UTC."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def standing(story: Story) -> dict[str, str]:
    return {clock: running.outcome() for clock, running in story.clocks.running.items()}


def end(story: Story, clock: str) -> date:
    deadline = story.clocks.running[clock].deadline
    assert isinstance(deadline, DeadlineSet)
    return deadline.strict.on


def moved(*rules: ClockRule, version: int = 2) -> CaseMovedToVersion:
    return CaseMovedToVersion(
        procedure_version=version,
        procedure_digest="1" * 64,
        from_version=version - 1,
        transition="most favourable",
        clocks=rules,
    )


# --- withdrawn, and taken up again -----------------------------------------------------------------------


def test_a_withdrawal_drops_what_is_not_broken_and_keeps_what_was() -> None:
    """Nothing is owed any more, and a promise that was broken before stays broken."""
    story = opened_case(CONFIRM, SLOWLY, at=JUNE)

    story.tell(ComplaintWithdrawn(channel="phone"), at(6, 10))
    story.look(at(6, 10) + SECOND)

    assert {"PRE-1": "broken", "PRE-3": "dropped"} == standing(story)
    assert () == settle(story.history, at(12, 31))


def test_a_withdrawal_that_is_recorded_late_drops_from_when_it_happened() -> None:
    """What was due before the withdrawal is broken, what was due after it is not."""
    story = opened_case(CONFIRM, SLOWLY, at=JUNE)

    story.tell(ComplaintWithdrawn(channel="letter"), at(6, 5), recorded_at=at(6, 12))
    story.look(at(6, 12))

    assert {"PRE-1": "dropped", "PRE-3": "dropped"} == standing(story)


def test_a_complaint_that_is_taken_up_again_has_the_terms_that_still_run() -> None:
    """Who goes on after two days finds the promises as they were, to the day."""
    story = opened_case(CONFIRM, SLOWLY, at=JUNE)
    before = {clock: running.deadline for clock, running in story.clocks.running.items()}
    story.tell(ComplaintWithdrawn(channel="phone"), at(6, 2))
    story.look(at(6, 2) + SECOND)

    story.tell(CaseReopened(), at(6, 4))
    again = story.look(at(6, 4) + SECOND)

    assert ["DeadlineSet", "DeadlineSet"] == [new.event.type for new in again]
    assert before == {clock: running.deadline for clock, running in story.clocks.running.items()}
    assert {"PRE-1": "open", "PRE-3": "open"} == standing(story)
    assert ("DeadlineBreached", JUNE_DUE) in told(story.look(at(6, 9)))


def test_a_term_that_ran_out_while_nothing_was_owed_is_not_broken_afterwards() -> None:
    """Nobody can keep a promise to somebody who took the complaint back."""
    story = opened_case(CONFIRM, SLOWLY, at=JUNE)
    story.tell(ComplaintWithdrawn(channel="phone"), at(6, 2))
    story.look(at(6, 2) + SECOND)

    story.tell(CaseReopened(), at(6, 15))
    story.look(at(6, 15) + SECOND)

    assert {"PRE-1": "dropped", "PRE-3": "open"} == standing(story)


def test_a_term_that_ran_out_counts_from_the_reopening_where_that_says_so() -> None:
    """Monday 15 June and five working days: Monday 22 June."""
    story = opened_case(CONFIRM, SLOWLY, at=JUNE)
    story.tell(ComplaintWithdrawn(channel="phone"), at(6, 2))
    story.look(at(6, 2) + SECOND)

    anew = msgspec.structs.replace(CONFIRM, starts="case reopened")
    story.tell(CaseReopened(clocks=(anew,)), at(6, 15))
    story.look(at(6, 15) + SECOND)
    story.tell(CaseReopened(), at(6, 17))  # another reopening begins nothing anew
    story.look(at(6, 17) + SECOND)

    assert date(2026, 6, 22) == end(story, "PRE-1")
    assert {"PRE-1": "open", "PRE-3": "open"} == standing(story)


def test_a_promise_that_was_broken_before_the_withdrawal_is_not_broken_twice() -> None:
    """One failure is counted once, however often a complaint is taken back."""
    story = opened_case(CONFIRM, at=JUNE)
    story.look(at(6, 9))
    for day in (10, 20):
        story.tell(ComplaintWithdrawn(channel="phone"), at(6, day))
        story.look(at(6, day) + SECOND)
        story.tell(CaseReopened(), at(6, day + 2))
        story.look(at(6, day + 2) + SECOND)

    breaches = [row for row in story.history.events if row.type == DeadlineBreached.__name__]

    assert 1 == len(breaches)
    assert {"PRE-1": "broken"} == standing(story)


# --- merged, and parted again ----------------------------------------------------------------------------


def test_a_merged_case_promises_nothing_and_gets_its_clocks_back_when_the_merge_is_undone() -> None:
    """A merge by mistake moves no day: the clocks stand as if it had never been."""
    story = opened_case(CONFIRM, SLOWLY, TARGET, at=JUNE)
    alone = opened_case(CONFIRM, SLOWLY, TARGET, at=JUNE)
    for each in (story, alone):
        each.look(at(6, 4))  # the target was missed by then

    story.tell(CaseMerged(into="PRE-00000-00001-9"), at(6, 5))
    story.look(at(6, 5) + SECOND)
    asked_nothing = standing(story)
    story.tell(CaseUnmerged(out_of="PRE-00000-00001-9"), at(6, 6))
    story.look(at(6, 6) + SECOND)

    assert {"PRE-1": "dropped", "PRE-3": "dropped", "AIM-1": "broken"} == asked_nothing
    assert standing(alone) == standing(story)
    for each in (story, alone):
        each.look(at(6, 30))
    assert standing(alone) == standing(story)
    assert broken(alone) == broken(story)


def test_a_promise_that_passed_during_a_mistaken_merge_was_broken() -> None:
    """The mistake was the organisation's: the complainant was promised an answer all the time."""
    story = opened_case(CONFIRM, at=JUNE)
    story.tell(CaseMerged(into="PRE-00000-00001-9"), at(6, 5))
    story.look(at(6, 5) + SECOND)
    story.look(at(6, 20))

    story.tell(CaseUnmerged(out_of="PRE-00000-00001-9"), at(6, 22))
    found = story.look(at(6, 22) + SECOND)

    assert ("DeadlineBreached", JUNE_DUE) in told(found)
    assert {"PRE-1": "broken"} == standing(story)


@pytest.mark.parametrize("days", [(2, 3), (4, 12), (9, 11), (9, 12)])
def test_a_clock_in_dispute_stays_in_dispute_through_a_merge(days: tuple[int, int]) -> None:
    """Between its two readings a promise is broken by one; that is told once, before or after."""
    april = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
    story, alone = opened_case(CONFIRM, at=april), opened_case(CONFIRM, at=april)
    merged, parted = (datetime(2026, 4, 2 + day, 12, tzinfo=UTC) for day in days)

    story.look(merged)
    story.tell(CaseMerged(into="PRE-00000-00001-9"), merged)
    story.look(merged + SECOND)
    story.tell(CaseUnmerged(out_of="PRE-00000-00001-9"), parted)
    for each in (story, alone):
        each.look(parted + SECOND)
        each.look(datetime(2026, 5, 1, tzinfo=UTC))

    assert standing(alone) == standing(story)
    assert broken(alone) == broken(story)


def broken(story: Story) -> list[tuple[str, bytes, datetime]]:
    return [
        (row.type, row.data, row.happened_at)
        for row in story.history.events
        if row.type in ("DeadlineBreached", "TargetMissed")
    ]


# --- another version of the procedure --------------------------------------------------------------------


def test_a_new_version_moves_a_running_clock_and_the_old_view_stays() -> None:
    """Three working days instead of five: until the move it was five, and that can be shown."""
    story = opened_case(CONFIRM, at=JUNE)
    faster = msgspec.structs.replace(CONFIRM, amount=3, source="PRE 5")

    story.tell(moved(faster), at(6, 2))
    found = story.look(at(6, 2) + SECOND)

    (event,) = [new.event for new in found]
    assert isinstance(event, DeadlineMoved)
    assert ("procedure version 2",) == event.because
    assert date(2026, 6, 4) == end(story, "PRE-1")
    assert "PRE 5" == story.clocks.running["PRE-1"].rule.source
    until_then = Story(type(story.history)(story.history.case_id, story.history.events[:3]))
    assert date(2026, 6, 8) == end(until_then, "PRE-1")
    assert () == settle(story.history, at(6, 2) + 2 * SECOND)


def test_a_version_that_says_the_same_moves_nothing() -> None:
    """Other words, or another sentence number, are no other promise."""
    story = opened_case(CONFIRM, at=JUNE)

    story.tell(moved(msgspec.structs.replace(CONFIRM, source="PRE 5")), at(6, 2))

    assert () == story.look(at(6, 2) + SECOND)
    assert "open" == story.clocks.outcome("PRE-1")


def test_what_was_met_or_broken_is_judged_by_the_rule_it_ran_under() -> None:
    """A new version never makes a promise that was kept a broken one, nor the other way round."""
    story = opened_case(CONFIRM, SLOWLY, at=JUNE)
    story.tell(letter(), at(6, 8))
    story.look(at(6, 8) + SECOND)

    story.tell(moved(msgspec.structs.replace(CONFIRM, amount=3)), at(6, 9))
    story.look(at(6, 9) + SECOND)

    assert {"PRE-1": "met in time", "PRE-3": "open"} == standing(story)
    assert date(2026, 6, 8) == end(story, "PRE-1")


def test_a_new_version_brings_a_clock_that_the_old_one_had_not() -> None:
    """What is new is set from receipt, as it would have been from the start."""
    story = opened_case(CONFIRM, at=JUNE)

    story.tell(moved(SLOWLY), at(6, 2))
    (found,) = story.look(at(6, 2) + SECOND)

    assert isinstance(found.event, DeadlineSet)
    assert ("PRE-3", date(2026, 6, 22)) == (found.event.clock, end(story, "PRE-3"))


def test_a_target_that_becomes_a_promise_is_set_anew_as_one() -> None:
    """A clock of another kind is another clock: the old one is dropped, the new one set."""
    story = opened_case(msgspec.structs.replace(CONFIRM, kind="target"), at=JUNE)

    story.tell(moved(CONFIRM), at(6, 2))
    dropped, started = (new.event for new in story.look(at(6, 2) + SECOND))

    assert isinstance(dropped, DeadlineDropped)
    assert isinstance(started, DeadlineSet)
    assert ("procedure version 2", "duty") == (dropped.because, started.kind)
    assert () == settle(story.history, at(6, 3))
    assert ("DeadlineBreached", JUNE_DUE) in told(story.look(at(6, 9)))
