"""What deadlines does about an event: always the same reconcile, whatever event brought it."""

import asyncio
from datetime import timedelta

from deadline_stories import CASE, EASTER, EASTER_STRICT, SECOND, Story, letter, opened_case
from deadlines.consumer import DeadlinesConsumer
from deadlines.due_table import NextLook
from deadlines.look import EMITS, next_look
from events.catalogue import DeadlineBreached, DeadlineMet
from procedures.counting.facts import TELLING


def consumer() -> DeadlinesConsumer:
    return DeadlinesConsumer(asyncio.Event())


def test_a_reaction_tells_what_is_owed_and_when_to_look_again() -> None:
    """Opening a case leads to its dates, and to a note of when to look at it next."""
    story = opened_case()
    before = Story(type(story.history)(CASE, story.history.events[:2]))

    reaction = consumer().react(before.history, before.history.events[1], EASTER + SECOND)

    assert ["DeadlineSet"] == [new.event.type for new in reaction.events]
    assert (NextLook(CASE, next_look(story.history)),) == reaction.effects


def test_an_event_that_comes_twice_is_answered_once() -> None:
    """A repeated message finds everything told already, and only confirms the next look."""
    story = opened_case()
    opening = story.history.events[1]

    reaction = consumer().react(story.history, opening, EASTER + timedelta(hours=1))

    assert () == reaction.events
    assert (NextLook(CASE, next_look(story.history)),) == reaction.effects


def test_an_event_handled_late_is_answered_by_the_whole_stream() -> None:
    """Behind on its work, deadlines still sees the letter that followed the event it is at."""
    story = opened_case()
    story.tell(letter(), EASTER_STRICT + SECOND)
    opening = story.history.events[1]

    reaction = consumer().react(story.history, opening, EASTER_STRICT + timedelta(hours=1))

    assert [DeadlineBreached, DeadlineMet] == [type(new.event) for new in reaction.events]
    assert (NextLook(CASE, None),) == reaction.effects


def test_a_moment_that_may_not_have_come_yet_is_left_to_firing() -> None:
    """A breach told too early could not be taken back, so what is due this very second is only noted."""
    story = opened_case()
    opening = story.history.events[1]

    reaction = consumer().react(story.history, opening, EASTER_STRICT + SECOND)

    assert ["DeadlineWarned"] == [new.event.type for new in reaction.events]
    assert (NextLook(CASE, EASTER_STRICT),) == reaction.effects


def test_it_listens_to_every_fact_and_never_to_itself() -> None:
    """Whatever can start or meet a promise reaches deadlines; its own words do not set it off again."""
    listens = consumer().reacts_to

    counted_by = {"CaseOpened", "ReportClassified", "CaseReopened", "CaseMovedToVersion", "CalendarsRenewed"}
    assert counted_by | TELLING == listens
    assert not listens & EMITS
