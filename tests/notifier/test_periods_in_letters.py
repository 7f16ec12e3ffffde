"""What a letter tells and what the clocks then say: the same day, from its arrival on and no sooner."""

from datetime import UTC, date, datetime
from uuid import UUID

from deadlines.look import settle
from events.catalogue import (
    COMPLAINANT,
    ComplaintSolved,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    Event,
    LetterBounced,
    LetterSent,
    TermExtended,
)
from events.record.envelope import History, NewEvent
from events.testing import history_of
from notifier.owed_letters import fold
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.outcome import AttemptOutcome
from notifier.sending.outcome_command import command_of
from notifier.smtp.conversation import MailAccepted
from notifier.writing.letter import write_letter
from notifier_cases import CASE, complaint, context_of, opened

RECEIVED_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Story:
    """A case through which the real deadlines and the real notifier go, without any database."""

    def __init__(self, organisation: str) -> None:
        self.organisation = organisation
        self.events: list[NewEvent] = []
        self.happen(complaint(), RECEIVED_AT)
        self.happen(opened(organisation), RECEIVED_AT)

    @property
    def history(self) -> History:
        return history_of(*self.events, organisation=self.organisation, case_id=CASE)

    def happen(self, event: Event, at: datetime) -> None:
        self.events.append(NewEvent(event, at))
        self.events += settle(self.history, at)

    def send(self, letter: str, at: datetime) -> LetterSent:
        """Write a letter as it is owed now and let the recipient's server accept it."""
        written = write_letter(context_of(fold(self.history), letter, at=at))
        newest = [each for each in fold(self.history).owing if each.letter == letter][-1]
        attempt = ClaimedLetter(UUID(int=len(self.events)), CASE, letter, 1, at, 0.0)
        cause = self.history.events[newest.version - 1]
        done = AttemptOutcome(
            attempt, MailAccepted(), at, cause, "<1@example.org>", "sanne@klant.example", written
        )
        command = command_of(done)
        assert command is not None
        (new,) = command.decide(self.history, at)
        assert isinstance(new.event, LetterSent)
        assert {"to", "subject", "text"} == set(new.personal[COMPLAINANT])
        self.happen(new.event, at)
        return new.event

    def last(self, kind: type[Event], clock: str) -> Event | None:
        found = [new.event for new in self.events if isinstance(new.event, kind) and new.event.clock == clock]  # type: ignore[attr-defined]
        return found[-1] if found else None

    def ends(self, clock: str) -> tuple[date, date]:
        deadline = fold(self.history).deadlines[clock]
        return deadline.strict.on, deadline.lenient.on


def on(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 9, 0, tzinfo=UTC)


def extend(story: Story, clock: str, until: date, at: datetime, occurrence: int = 1) -> None:
    story.happen(TermExtended(clock=clock, until=until, occurrence=occurrence), at)


def test_the_period_in_ingressus_acknowledgement_becomes_the_promise() -> None:
    """Before the letter the term is an interval; from its arrival it is the one day that was told."""
    story = Story("ingressus")

    sent = story.send("acknowledgement", on(11, 23))

    assert sent.period_until is not None
    assert (sent.period_until, sent.period_until) == story.ends("ING-4")


def test_deciding_on_more_time_moves_nothing_until_it_is_told() -> None:
    """The decision alone moves no clock; the notice does, when it arrives."""
    story = Story("ingressus")
    first = story.send("acknowledgement", on(11, 23)).period_until
    until = date(2027, 1, 8)
    extend(story, "ING-4", until, on(12, 10))

    assert (first, first) == story.ends("ING-4")

    story.send("delay notice", on(12, 14))

    assert (until, until) == story.ends("ING-4")
    met = story.last(DeadlineMet, "ING-3")
    assert isinstance(met, DeadlineMet)
    assert "in time" == met.standing


def test_a_late_notice_breaks_its_duty_and_moves_the_response_only_from_its_arrival() -> None:
    """Told a day before the end instead of two: the notice is late, and the new end counts from then on."""
    story = Story("ingressus")
    first = story.send("acknowledgement", on(11, 23)).period_until
    assert first is not None
    until = date(2027, 1, 8)
    extend(story, "ING-4", until, on(12, 10))

    story.send("delay notice", datetime(first.year, first.month, first.day, 9, 0, tzinfo=UTC))

    assert (until, until) == story.ends("ING-4")
    assert isinstance(story.last(DeadlineBreached, "ING-3"), DeadlineBreached)
    assert story.last(DeadlineBreached, "ING-4") is None


def test_a_second_notice_counts_back_from_the_end_that_was_told_first() -> None:
    """More time again: the day told second is the promise; its notice was due before the first one's end."""
    story = Story("ingressus")
    story.send("acknowledgement", on(11, 23))
    extend(story, "ING-4", date(2027, 1, 8), on(12, 10))
    story.send("delay notice", on(12, 14))
    extend(story, "ING-4", date(2027, 1, 29), on(1, 4, 2027), 2)

    story.send("delay notice", on(1, 5, 2027))

    assert (date(2027, 1, 29), date(2027, 1, 29)) == story.ends("ING-4")
    assert story.last(DeadlineBreached, "ING-3") is None


def test_destinys_new_period_is_a_target_as_the_first_was() -> None:
    """Destiny aims at the day it tells: missing it is no breach."""
    story = Story("destiny")
    story.send("acknowledgement", on(11, 23))
    until = date(2026, 12, 18)
    extend(story, "DES-2", until, on(11, 30))

    sent = story.send("delay notice", on(11, 30))
    story.events += settle(story.history, on(12, 21))

    assert until == sent.period_until
    assert (until, until) == story.ends("DES-2")
    assert story.last(DeadlineBreached, "DES-2") is None


def test_a_notice_that_bounced_takes_its_period_with_it() -> None:
    """The notice came back: it did not arrive, so the end told before it is in force again."""
    story = Story("ingressus")
    first = story.send("acknowledgement", on(11, 23)).period_until
    extend(story, "ING-4", date(2027, 1, 8), on(12, 10))
    sent = story.send("delay notice", on(12, 14))

    story.happen(LetterBounced(letter="delay notice", letter_id=sent.letter_id, how="email"), on(12, 15))

    assert (first, first) == story.ends("ING-4")


def test_a_notice_that_bounced_was_sent_all_the_same() -> None:
    """Destiny promises to send its notice: one that left in time and came back keeps that promise."""
    story, notice = _destiny_told_of_delay()

    story.happen(LetterBounced(letter="delay notice", letter_id=notice.letter_id, how="email"), on(12, 1))

    met = story.last(DeadlineMet, "DES-3")
    assert isinstance(met, DeadlineMet)
    assert ("in time", story.ends("DES-2")) == (met.standing, story.ends("DES-3"))
    story.events += settle(story.history, on(12, 31))
    assert story.last(DeadlineBreached, "DES-3") is None


def test_no_notice_is_asked_for_when_the_matter_was_solved_before_the_second_one_left() -> None:
    """Solved in time, and only then the notice goes out again: nothing was late, so nothing begins anew."""
    story, notice = _destiny_told_of_delay()
    story.happen(LetterBounced(letter="delay notice", letter_id=notice.letter_id, how="email"), on(12, 1))
    extend(story, "DES-2", date(2026, 12, 23), on(12, 2), 2)
    story.happen(ComplaintSolved(by="des-01"), on(12, 2))

    story.send("delay notice", on(12, 3))

    met = story.last(DeadlineMet, "DES-3")
    assert isinstance(met, DeadlineMet)
    assert "in time" == met.standing
    assert story.last(DeadlineDropped, "DES-3") is None


def _destiny_told_of_delay() -> tuple[Story, LetterSent]:
    story = Story("destiny")
    story.send("acknowledgement", on(11, 23))
    extend(story, "DES-2", date(2026, 12, 18), on(11, 30))
    return story, story.send("delay notice", on(11, 30))
