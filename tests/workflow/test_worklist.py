"""The worklist's rows: a pure function of the history, and cursors that nobody can make up."""

import base64
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.catalogue import DeadlineSet
from events.record.envelope import History, Recorded
from workflow.worklist import NotACursor, cursor_after, project, read_cursor
from workflow_stories import NOW, SECOND, Story, breached, clocks_set, complaint, letter_sent, met, opened


def test_a_row_shows_the_case_after_its_last_event() -> None:
    """The list shows who handles the case, under which procedure, and what is due first."""
    story = clocks_set(opened("supportoplus")).tell(letter_sent())

    row = project(story.history)

    assert story.history.version == row.version
    assert ("open", "complaint", "supportoplus", 1) == (
        row.state,
        row.kind,
        row.procedure,
        row.procedure_version,
    )
    assert min(clock.strict.at for clock in story.case.clocks) == row.next_due_at
    assert {"acknowledgement": "sent"} == msgspec.json.decode(row.letters)


def test_a_complaint_that_is_not_open_yet_has_a_row_already() -> None:
    """A complaint is in the list from its first second."""
    row = project(Story().tell(complaint()).history)

    assert ("received", None, None, None) == (row.state, row.handler, row.opened_at, row.next_due_at)


def test_what_was_met_is_not_due_and_what_was_broken_still_counts() -> None:
    """A promise met too late is no longer due, and stays in the count of broken promises."""
    story = clocks_set(opened("supportoplus"))
    first, second = story.case.clocks[0], story.case.clocks[1]

    story.tell(breached("SUP-1", first.due), first.due.at)
    assert (first.due.at, 1) == (project(story.history).next_due_at, project(story.history).breached)

    story.tell(met("SUP-1", first.due.at + timedelta(days=1), standing="late", late_by_s=86_400))
    assert (second.due.at, 1) == (project(story.history).next_due_at, project(story.history).breached)


def test_targets_do_not_make_a_case_overdue() -> None:
    """What is only aimed at is listed among the clocks but makes nothing due."""
    story = opened("destiny")
    clocks_set(story)
    for clock in story.case.clocks:
        if clock.kind == "duty":
            story.tell(met(clock.clock, NOW))

    assert project(story.history).next_due_at is None


@given(st.integers(min_value=1, max_value=7))
def test_a_row_is_the_same_however_often_it_is_made(length: int) -> None:
    """Rows can be thrown away and made again, byte for byte."""
    story = clocks_set(opened("supportoplus")).tell(letter_sent())
    history = History(story.case_id, story.history.events[:length])

    first, again = project(history), project(History(story.case_id, tuple(map(stored, history.events))))

    assert first == again


def test_a_clock_that_is_set_again_shows_its_last_setting() -> None:
    """When a deadline is set anew, the list shows the new one only."""
    story = clocks_set(opened("destiny"))
    last = story.history.events[-1].event
    assert isinstance(last, DeadlineSet)
    later = msgspec.structs.replace(
        last.strict, on=last.strict.on + timedelta(days=7), at=last.strict.at + timedelta(days=7)
    )

    story.tell(msgspec.structs.replace(last, strict=later, lenient=later), NOW + 3 * SECOND)

    names = [clock.clock for clock in story.case.clocks]
    assert len(set(names)) == len(names)
    assert later == story.case.clocks[-1].strict


@given(st.uuids())
def test_a_cursor_leads_back_to_its_case(case_id: UUID) -> None:
    """The cursor of a page is read as where the page ended."""
    assert case_id == read_cursor(cursor_after(case_id))


@pytest.mark.parametrize(
    "text",
    ["", "a", "é", "' OR 1=1", "A" * 22 + "==", base64.b64encode(bytes(15)).decode(), "_" * 22, "A" * 5000],
)
def test_a_made_up_cursor_is_refused(text: str) -> None:
    """Anything but a cursor of ours is refused with where to find one."""
    with pytest.raises(NotACursor, match="Link header"):
        read_cursor(text)


def stored(event: Recorded) -> Recorded:
    """The same event as if read from the store: decoded from its bytes again."""
    return replace(event)
