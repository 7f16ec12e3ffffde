"""Putting right what was recorded wrongly, and taking up a complaint again: what is decided, what refused."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from events.catalogue import (
    CalendarsRenewed,
    CaseReopened,
    DeadlineSet,
    LetterDateCorrected,
    LetterPosted,
    Moment,
    Reading,
    ReceiptCorrected,
)
from procedures.counting.calendars import calendar
from workflow_life import Life
from workflow_stories import NOW

LETTER = UUID(int=77)
POSTED = LetterPosted(letter="acknowledgement", letter_id=LETTER, dated_on=date(2026, 3, 31))
W = "Nagekeken in het postboek."


def test_a_receipt_is_corrected_to_a_day_before() -> None:
    """The letter lay there since Friday: from then on everything counts from Friday."""
    case = Life("preact")
    friday = datetime(2026, 3, 27, 15, tzinfo=UTC)

    (decided,) = case.decide("correct-receipt", received_at=friday.isoformat(), reason=W)
    case.give("correct-receipt", received_at=friday.isoformat(), reason=W)

    assert isinstance(decided.event, ReceiptCorrected)
    assert (date(2026, 3, 27), W) == (decided.event.received_on, decided.personal["complainant"]["reason"])
    assert (date(2026, 3, 27), friday) == (case.case.received.received_on, case.case.received_at)
    assert "nothing-changes" == case.refused("correct-receipt", received_at=friday.isoformat(), reason=W)


def test_nothing_is_received_in_the_future_or_after_its_case_was_opened() -> None:
    """A moment that cannot be is refused, and the case stays as it is."""
    case = Life("preact").wait(5)
    tomorrow, after_opening = case.now + timedelta(days=1), NOW + timedelta(days=2)

    assert "in-the-future" == case.refused("correct-receipt", received_at=tomorrow.isoformat(), reason=W)
    assert "after-opening" == case.refused("correct-receipt", received_at=after_opening.isoformat(), reason=W)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("record-contact", {"how": "phone"}),
        ("record-information", {"channel": "phone", "message": W}),
        ("withdraw", {"channel": "phone"}),
        ("record-talk", {"how": "phone"}),
    ],
)
def test_an_event_from_the_future_is_refused_whatever_the_command(command: str, body: dict[str, str]) -> None:
    """What is recorded has happened; a clock that runs ahead by a little is forgiven."""
    case = Life("supportoplus")
    later, hardly = case.now + timedelta(hours=1), case.now + timedelta(minutes=2)

    assert "in-the-future" == case.refused(command, **body, at=later.isoformat())
    (first, *_) = case.decide(command, **body, at=hardly.isoformat())
    assert case.now == first.happened_at


def test_a_letter_that_was_posted_gets_its_right_day_and_date() -> None:
    """The posting book says Wednesday: that is when it left."""
    case = Life("preact").wait(2).tell(POSTED).wait(3)
    wednesday = datetime(2026, 4, 1, 14, tzinfo=UTC)

    (decided,) = case.decide(
        "correct-letter-date",
        letter="acknowledgement",
        dated_on="2026-04-01",
        posted_at=wednesday.isoformat(),
        reason=W,
    )

    expected = LetterDateCorrected(
        letter="acknowledgement", letter_id=LETTER, dated_on=date(2026, 4, 1), posted_at=wednesday
    )
    assert (expected, case.now) == (decided.event, decided.happened_at)


def test_a_letter_by_mail_left_when_it_was_accepted_and_no_letter_bears_a_date_to_come() -> None:
    """What the mail server recorded nobody states otherwise; what has left bears a date that has been."""
    case = Life("preact").sent("acknowledgement").wait(2)
    letter = {"letter": "acknowledgement", "reason": W}

    assert "not-by-post" == case.refused("correct-letter-date", **letter, posted_at=NOW.isoformat())
    assert "nothing-changes" == case.refused("correct-letter-date", **letter)
    assert "in-the-future" == case.refused("correct-letter-date", **letter, dated_on="2026-05-01")
    assert "no-such-letter" == case.refused("correct-letter-date", letter="plan", reason=W)
    assert "not-now" == Life("preact").refused("correct-letter-date", **letter)


def test_calendars_are_renewed_where_a_clock_runs_on_an_older_one() -> None:
    """Only who can decide about terms does it, once, and not where nothing would change."""
    today = Life("preact")
    set_on(today, calendar("nl-atw").version, calendar("nl-kantoor").version)
    older = Life("preact")
    set_on(older, "nl-atw: of last year", calendar("nl-kantoor").version)

    (decided,) = older.decide("renew-calendars", "quality", reason=W)
    older.give("renew-calendars", "quality", reason=W)

    assert CalendarsRenewed(calendars=(calendar("nl-atw").version,)) == decided.event
    assert "not-now" == older.refused("renew-calendars", "quality", reason=W)
    assert "not-now" == today.refused("renew-calendars", "quality", reason=W)
    assert "not-your-role-now" == older.refused("renew-calendars", "handler", reason=W)


def set_on(case: Life, *calendars: str) -> None:
    """Let deadlines set PreAct's answer on these calendars."""
    rule = next(rule for rule in case.asking().procedure.clocks if rule.clock == "PRE-3")
    end = Moment(on=date(2026, 4, 20), at=datetime(2026, 4, 20, 22, tzinfo=UTC))
    readings = tuple(
        Reading(name=each, calendar=each, starts_on=date(2026, 3, 30), ends=end, because=())
        for each in calendars
    )
    case.tell(
        DeadlineSet(
            clock="PRE-3", kind="duty", binds="company", zone="Europe/Amsterdam", timezone_data="",
            strict=end, lenient=end, working="strict", warn_at=None, readings=readings, rule=rule,
        )
    )  # fmt: skip


# --- taken up again --------------------------------------------------------------------------------------


def anew(case: Life) -> set[str]:
    (reopened,) = case.decide("reopen", reason="Toch niet opgelost.")
    assert isinstance(reopened.event, CaseReopened)
    assert {"case reopened"} >= {rule.starts for rule in reopened.event.clocks}
    return {rule.clock for rule in reopened.event.clocks}


def test_a_withdrawn_complaint_that_is_taken_up_soon_brings_no_term_anew() -> None:
    """Its terms still run, and go on as they were."""
    case = Life("preact").wait(1)
    case.give("withdraw", channel="phone")

    assert set() == anew(case.wait(1))


def test_what_ran_out_while_it_was_withdrawn_counts_from_the_reopening() -> None:
    """Five working days and three weeks are over: both are promised anew, and nothing else is."""
    case = Life("preact").wait(1)
    case.give("withdraw", channel="phone")

    assert {"PRE-1", "PRE-3"} == anew(case.wait(30))


def test_what_was_met_or_broken_before_the_withdrawal_begins_not_anew() -> None:
    """The confirmation was sent and the answer was late before: neither is promised a second time."""
    case = Life("preact").sent("acknowledgement").wait(25)
    case.give("withdraw", channel="phone")

    assert set() == anew(case.wait(10))


def test_a_handled_case_that_is_reopened_begins_no_term_anew() -> None:
    """The texts promise nothing for a second time; what was promised stays judged."""
    case = Life("supportoplus").sent("acknowledgement")
    case.give("record-contact", "quality", how="phone")
    case.give("record-handled", "quality")
    case.give("close", "quality", because="handled")

    assert set() == anew(case.wait(90))
