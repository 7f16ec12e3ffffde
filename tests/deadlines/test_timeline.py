"""The timeline of a clock is what is true by the facts; what is owed is what the record does not say yet."""

from datetime import timedelta

from deadline_stories import EASTER, EASTER_LENIENT, EASTER_STRICT, SECOND, Story, letter, opened_case, told
from deadlines.clocks.context import CaseContext
from deadlines.clocks.owed import owed
from deadlines.clocks.timeline import Round, timeline
from procedures.counting.schedule import Timed, known_days, schedule

LATER = EASTER_LENIENT + timedelta(days=30)


def context(story: Story) -> CaseContext:
    """Give what the decisions about the clocks of a story need of the case."""
    clocks = story.clocks
    assert clocks.opened is not None
    zone = clocks.opened.zone
    plans = schedule(clocks.rules, known_days(clocks.facts, zone), zone)
    rules = {rule.clock: rule for rule in clocks.rules}
    return CaseContext(clocks.opened, rules, plans, clocks.facts, clocks.running)


def rounds(story: Story) -> tuple[Round, ...]:
    """List the rounds of the clock of a story."""
    case = context(story)
    plan = case.plans["PRE-1"]
    assert isinstance(plan, Timed)
    return timeline(case.running["PRE-1"], plan, case, LATER)


def test_a_timeline_says_when_an_unmet_clock_breaks_by_each_reading() -> None:
    """Two calendars give two ends, and the clock would break at each of them."""
    (only,) = rounds(opened_case())

    assert [("strict", EASTER_STRICT), ("lenient", EASTER_LENIENT)] == [
        (passing.reading, passing.at) for passing in only.passings
    ]
    assert (None, None, None) == (only.until, only.over_at, only.met_by)


def test_a_timeline_is_the_same_whatever_was_recorded_of_it() -> None:
    """What is true does not depend on who has looked."""
    seldom, often = opened_case(), opened_case()
    for at in (EASTER_STRICT, EASTER_LENIENT):
        often.look(at)

    assert rounds(seldom) == rounds(often)


def test_what_is_owed_is_the_timeline_less_the_record() -> None:
    """What was recorded already is not owed once more."""
    story = opened_case()
    story.look(EASTER_STRICT)
    case = context(story)

    found = owed(case.running["PRE-1"], case, LATER, LATER)

    assert [("DeadlineBreached", EASTER_LENIENT)] == told(found.events)
    assert () == found.coming


def test_a_clock_that_was_met_breaks_only_at_what_had_passed_by_then() -> None:
    """A letter between the two ends was too late for the strict reading only."""
    story = opened_case()
    story.tell(letter(), EASTER_STRICT + SECOND)

    (only,) = rounds(story)

    assert ["strict"] == [passing.reading for passing in only.passings]
    assert only.met_by is not None
    assert EASTER_STRICT + SECOND == only.met_by.happened_at


def test_what_lies_ahead_is_when_to_look_again() -> None:
    """Nothing is owed before its time, and its time is named."""
    case = context(opened_case())

    found = owed(case.running["PRE-1"], case, EASTER, EASTER)

    assert () == found.events
    assert {EASTER_STRICT, EASTER_LENIENT} < set(found.coming)
