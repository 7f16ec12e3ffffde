"""When things are said to have happened: nothing before what it answers, no letter before the complaint."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from events.catalogue import LetterPrepared
from events.errors import CommandRefused
from workflow_life import DAY, Life

EARLY = "before-what-it-answers"
W = "Nagekeken in het postboek."
LETTER = {"letter": "response"}


def at(life: Life, days: float = 0) -> str:
    """The moment that lies so many days from now in this life."""
    return (life.now + days * DAY).isoformat()


def printed() -> Life:
    """A response that was decided and printed on 18 April, nineteen days after the complaint; a day later."""
    life = Life("preact").wait(19)
    life.give("record-contact", how="phone")
    life.give("decide-outcome", outcome="unfounded", grounds="Nagegaan.")
    prepared = LetterPrepared(
        **LETTER, letter_id=UUID(int=78), language="nl", dated_on=life.now.date(), contents=()
    )
    return life.tell(prepared).wait(1)


def proposed() -> Life:
    life = Life("destiny").wait(5)
    life.give("propose", proposal="Korting.")
    return life.wait(2)


def answered() -> Life:
    life = Life("preact").wait(5)
    life.give("record-contact", how="phone")
    life.give("decide-outcome", outcome="unfounded", grounds="Nagegaan.")
    return life.wait(2)


def objected() -> Life:
    life = answered()
    life.give("lodge-objection", channel="email", objection="Niet eens.")
    return life.wait(2)


def invited() -> Life:
    life = objected()
    life.give("invite-to-hearing", "board", how="phone")
    return life.wait(2)


ANSWERS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "record-acceptance": (proposed, "handler", {}),
    "record-refusal": (proposed, "handler", {}),
    "lodge-objection": (answered, "handler", {"channel": "email", "objection": "Niet eens."}),
    "invite-to-hearing": (objected, "board", {"how": "phone"}),
    "record-hearing": (invited, "board", {"how": "phone", "satisfied": False}),
    "waive-hearing": (invited, "board", {"because": "declined"}),
}


@pytest.mark.parametrize("command", ANSWERS)
def test_nobody_answers_before_they_were_asked(command: str) -> None:
    """What came two days ago may be answered since then, to the minute, and not an hour earlier."""
    begin, by, body = ANSWERS[command]
    life = begin()
    asked = life.now - 2 * DAY - timedelta(seconds=1)

    assert EARLY == life.refused(command, by, **body, at=(asked - timedelta(hours=1)).isoformat())
    same_minute = asked.replace(second=0)
    (decided, *_) = life.decide(command, by, **body, at=same_minute.isoformat())
    assert same_minute == decided.happened_at


def test_a_printed_letter_is_not_posted_before_it_was_made() -> None:
    """A letter of 18 April was not posted in March, which would have made a late answer one in time."""
    life = printed()

    with pytest.raises(CommandRefused, match="the letter was made on 2026-04-18"):
        life.decide("record-posted", **LETTER, at=at(life, -19))
    assert EARLY == life.refused("record-posted", **LETTER, at=at(life, -2))
    (decided,) = life.decide("record-posted", **LETTER, at="2026-04-18T00:00:00+02:00")

    assert "LetterPosted" == decided.event.type


def test_a_letter_comes_back_after_it_left_and_is_posted_again_after_that() -> None:
    """Out, back and out again: in this order, and the day it came back is early enough."""
    life = printed()
    life.give("record-posted", **LETTER)
    life.wait(4)

    assert EARLY == life.refused("record-returned", **LETTER, how="post", at=at(life, -5))
    life.give("record-returned", **LETTER, how="post", at=at(life, -1))
    assert EARLY == life.refused("record-posted", **LETTER, at=at(life, -3))
    assert ["LetterPosted"] == life.give("record-posted", **LETTER, at=at(life, -1.1))


def test_a_posting_is_not_put_back_to_before_the_letter_was_made() -> None:
    """Another date on the letter does not help: it was made on 18 April, whatever was corrected since."""
    life = printed()
    life.give("record-posted", **LETTER)
    life.give("correct-letter-date", **LETTER, dated_on="2026-04-10", reason=W)

    early = {"dated_on": "2026-04-01", "posted_at": at(life, -10)}
    assert EARLY == life.refused("correct-letter-date", **LETTER, **early, reason=W)
    right = life.give("correct-letter-date", **LETTER, posted_at="2026-04-18T17:00:00+02:00", reason=W)

    assert ["LetterDateCorrected"] == right


def test_no_letter_is_dated_before_the_complaint_it_is_about() -> None:
    """The complaint came on 30 March: a letter about it may bear that day, and none before."""
    life = printed()
    life.give("record-posted", **LETTER)
    correct = {**LETTER, "reason": W}

    assert "before-receipt" == life.refused("correct-letter-date", **correct, dated_on="2026-03-29")
    assert ["LetterDateCorrected"] == life.give("correct-letter-date", **correct, dated_on="2026-03-30")


def test_the_date_on_a_mail_that_left_is_not_changed() -> None:
    """The complainant has the mail in hand, with its date on it: the record says the same."""
    life = Life("preact").sent("acknowledgement").wait(2)

    assert "not-by-post" == life.refused(
        "correct-letter-date", letter="acknowledgement", dated_on="2026-03-31", reason=W
    )


def test_who_was_only_given_an_answer_is_not_reminded_of_one() -> None:
    """A decided, solved or handled complaint asks nothing of the complainant until somebody asks them."""
    solved, handled = Life("bc"), Life("supportoplus")
    solved.give("record-solved")
    handled.give("record-contact", "quality", how="phone")
    handled.give("record-handled", "quality")

    for life in (solved, handled, answered()):
        assert (None, "answered") == (life.case.life.waiting.since, life.stage)
    assert "not-now" == handled.refused("remind", "quality")
    handled.give("ask-satisfaction", "quality", how="phone")
    assert ["ComplainantReminded"] == handled.wait(7).give("remind", "quality")
