"""Corrections move clocks from when they are made; what was known before can always be shown again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from deadline_stories import CONFIRM, JUNE, JUNE_DUE, LETTER, SECOND, Story, letter, opened_case, told
from deadlines.look import settle
from events.catalogue import (
    CalendarsRenewed,
    DeadlineMoved,
    DeadlineSet,
    LetterBounced,
    LetterDateCorrected,
    LetterPosted,
    ReceiptCorrected,
)
from events.record.envelope import History
from procedures.counting import derivation
from procedures.counting.calendars import Calendar, calendar

ASSESS = msgspec.structs.replace(CONFIRM, clock="PRE-3", amount=10, satisfied_by=("response arrived",))


def at(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def end(story: Story, clock: str = "PRE-1") -> date:
    deadline = story.clocks.running[clock].deadline
    assert isinstance(deadline, DeadlineSet)
    return deadline.strict.on


def known_at(story: Story, moment: datetime) -> Story:
    """Give the story as it was known then: without what was recorded later."""
    events = tuple(row for row in story.history.events if row.recorded_at <= moment)
    return Story(History(story.history.case_id, events))


def test_a_receipt_that_was_earlier_moves_the_clocks_and_the_old_view_stays() -> None:
    """Found out on Wednesday that the letter lay there since Friday: the term ran from Friday."""
    story = opened_case(CONFIRM, at=JUNE)

    story.tell(ReceiptCorrected(received_at=at(5, 29), received_on=date(2026, 5, 29)), at(6, 3))
    (found,) = story.look(at(6, 3) + SECOND)

    assert isinstance(found.event, DeadlineMoved)
    assert ("complaint received",) == found.event.because
    assert date(2026, 6, 5) == end(story)
    assert date(2026, 6, 8) == end(known_at(story, at(6, 2)))


def test_a_receipt_long_before_breaks_the_promise_that_ran_since_then() -> None:
    """The promise ran from the receipt, whenever that was found out; the breach has its own moment."""
    story = opened_case(CONFIRM, at=JUNE)

    story.tell(ReceiptCorrected(received_at=at(5, 18), received_on=date(2026, 5, 18)), at(6, 3))
    found = story.look(at(6, 3) + SECOND)

    assert "DeadlineBreached" == found[-1].event.type
    assert at(6, 3) > found[-1].happened_at
    assert "open" == known_at(story, at(6, 2)).clocks.outcome("PRE-1")


def test_a_later_receipt_takes_no_breach_back() -> None:
    """A breach is never retracted; the answer in time under the right day is told beside it."""
    story = opened_case(CONFIRM, at=JUNE)
    story.look(at(6, 9))

    story.tell(ReceiptCorrected(received_at=at(6, 4), received_on=date(2026, 6, 4)), at(6, 9, 12))
    story.look(at(6, 9, 13))
    story.tell(letter(), at(6, 10))
    story.look(at(6, 10) + SECOND)

    assert date(2026, 6, 11) == end(story)
    assert 1 == [row.type for row in story.history.events].count("DeadlineBreached")
    assert "met in time" == story.clocks.outcome("PRE-1")


def test_of_several_corrections_of_the_receipt_the_last_one_counts() -> None:
    """A correction can be wrong too, and is put right by another one."""
    story = opened_case(CONFIRM, at=JUNE)

    story.tell(ReceiptCorrected(received_at=at(5, 29), received_on=date(2026, 5, 29)), at(6, 2))
    story.look(at(6, 2) + SECOND)
    story.tell(ReceiptCorrected(received_at=JUNE, received_on=date(2026, 6, 1)), at(6, 3))
    story.look(at(6, 3) + SECOND)

    assert date(2026, 6, 8) == end(story)
    assert () == settle(story.history, at(6, 3, 12))


POSTED = LetterPosted(letter="acknowledgement", letter_id=LETTER, dated_on=date(2026, 6, 5))


def test_a_letter_that_was_posted_later_than_recorded_was_late() -> None:
    """In time as far as was known then; late as it turned out, from the correction on."""
    story = opened_case(CONFIRM, at=JUNE)
    story.tell(POSTED, at(6, 5))
    story.look(at(6, 5) + SECOND)

    corrected = LetterDateCorrected(
        letter="acknowledgement", letter_id=LETTER, dated_on=date(2026, 6, 5), posted_at=at(6, 10)
    )
    story.tell(corrected, at(6, 15))
    found = story.look(at(6, 15) + SECOND)

    assert ["DeadlineReopened", "DeadlineBreached", "DeadlineMet"] == [new.event.type for new in found]
    assert "met late" == story.clocks.outcome("PRE-1")
    assert "met in time" == known_at(story, at(6, 14)).clocks.outcome("PRE-1")
    assert () == settle(story.history, at(6, 16))


def test_a_letter_that_was_posted_earlier_than_recorded_was_in_time() -> None:
    """The breach stays told, and so does that the promise was kept."""
    story = opened_case(CONFIRM, at=JUNE)
    story.look(JUNE_DUE + SECOND)
    story.tell(POSTED, at(6, 10))
    story.look(at(6, 10) + SECOND)

    corrected = LetterDateCorrected(
        letter="acknowledgement", letter_id=LETTER, dated_on=date(2026, 6, 5), posted_at=at(6, 5)
    )
    story.tell(corrected, at(6, 11))
    story.look(at(6, 11) + SECOND)

    assert "met in time" == story.clocks.outcome("PRE-1")
    assert "met late" == known_at(story, at(6, 10, 12)).clocks.outcome("PRE-1")


def test_another_date_on_the_letter_moves_what_counts_from_that_date() -> None:
    """Destiny's ten working days may run from the date on the acknowledgement."""
    rule = msgspec.structs.replace(
        CONFIRM, clock="DES-2", amount=10, starts="acknowledgement dated", satisfied_by=("solved",)
    )
    story = opened_case(rule, at=JUNE)
    story.tell(msgspec.structs.replace(letter(), dated_on=date(2026, 6, 3)), at(6, 3))
    story.look(at(6, 3) + SECOND)
    before = end(story, "DES-2")

    story.tell(
        LetterDateCorrected(letter="acknowledgement", letter_id=LETTER, dated_on=date(2026, 6, 2)), at(6, 8)
    )
    story.look(at(6, 8) + SECOND)

    assert (date(2026, 6, 17), date(2026, 6, 16)) == (before, end(story, "DES-2"))


def test_a_letter_that_came_back_and_is_posted_once_more_arrives() -> None:
    """What came back did not arrive; what is posted afterwards does."""
    story = opened_case(CONFIRM, at=JUNE)
    story.tell(POSTED, at(6, 3))
    story.look(at(6, 3) + SECOND)
    story.tell(LetterBounced(letter="acknowledgement", letter_id=LETTER, how="post"), at(6, 5))
    story.look(at(6, 5) + SECOND)

    story.tell(POSTED, at(6, 5, 14))
    story.look(at(6, 5, 15))

    assert "met in time" == story.clocks.outcome("PRE-1")


# --- a calendar that changes -----------------------------------------------------------------------------


NEW = "version after the decree"
CACHED = [each for each in vars(derivation).values() if hasattr(each, "cache_clear") and each is not calendar]
WEDNESDAY = date(2026, 6, 3)


@pytest.fixture
def decree(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Give what makes Wednesday 3 June 2026 a free day from then on, on both calendars."""

    def changed(identifier: str) -> Calendar:
        was = calendar(identifier)
        days = {**was.own_days, WEDNESDAY: "by decree"}
        return replace(was, version=f"{was.id}: {NEW}", own_days=days, _years={})

    def change() -> None:
        monkeypatch.setattr(derivation, "calendar", changed)
        for cached in CACHED:
            cached.cache_clear()

    yield change
    monkeypatch.undo()
    for cached in CACHED:
        cached.cache_clear()


RENEWED = CalendarsRenewed(calendars=(f"nl-atw: {NEW}", f"nl-kantoor: {NEW}"))


def test_a_running_clock_keeps_the_calendar_it_was_counted_on(decree: Callable[[], None]) -> None:
    """A day that becomes free later changes no promise by itself, however often somebody looks."""
    story = opened_case(CONFIRM, at=JUNE)
    decree()

    assert () == story.look(at(6, 2))
    assert date(2026, 6, 8) == end(story)
    assert ("DeadlineBreached", JUNE_DUE) in told(story.look(at(6, 10)))


def test_a_renewal_counts_the_running_clocks_on_the_new_calendar(decree: Callable[[], None]) -> None:
    """The decree's free day moves the end by one day, from the renewal on; the old view stays."""
    story = opened_case(CONFIRM, at=JUNE)
    decree()

    story.tell(RENEWED, at(6, 2))
    (found,) = story.look(at(6, 2) + SECOND)

    assert isinstance(found.event, DeadlineMoved)
    assert ("calendar",) == found.event.because
    assert date(2026, 6, 9) == end(story)
    assert date(2026, 6, 8) == end(known_at(story, at(6, 1, 12)))
    assert () == settle(story.history, at(6, 2, 12))


def test_a_clock_that_counts_back_keeps_its_day_with_the_end_it_counts_from(
    decree: Callable[[], None],
) -> None:
    """Two days before a promised end: if that end stays, so does the notice; if it moves, both do."""
    notice = msgspec.structs.replace(
        CONFIRM, clock="PRE-2", term="counted back", amount=2, unit="days", end_of="PRE-1",
        satisfied_by=("delay notice arrived",), warn_before_working_days=0,
    )  # fmt: skip
    story = opened_case(CONFIRM, notice, at=JUNE)
    before = end(story), end(story, "PRE-2")
    decree()

    story.look(at(6, 2))
    kept = end(story), end(story, "PRE-2")
    story.tell(RENEWED, at(6, 2, 12))
    story.look(at(6, 2, 13))

    assert before == kept == (date(2026, 6, 8), date(2026, 6, 5))
    assert (date(2026, 6, 9), date(2026, 6, 5)) == (end(story), end(story, "PRE-2"))


def test_a_correction_counts_on_the_calendar_of_its_day(decree: Callable[[], None]) -> None:
    """What is counted anew is counted as it would be counted today."""
    story = opened_case(CONFIRM, at=JUNE)
    decree()

    story.tell(ReceiptCorrected(received_at=at(6, 2), received_on=date(2026, 6, 2)), at(6, 4))
    story.look(at(6, 4) + SECOND)

    assert date(2026, 6, 10) == end(story)
