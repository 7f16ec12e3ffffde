"""Which letters are owed, and when."""

from uuid import uuid4

from events.catalogue import (
    Event,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
    SubjectErased,
)  # fmt: skip
from events.envelope import History, NewEvent
from events.testing import history_of
from notifier.owed import Owed, fold, owed, waits_for
from notifier_cases import CASE, WRITTEN_AT, complaint, deadlines, history, opened

ACKNOWLEDGEMENT = Owed(CASE, "acknowledgement")


def after(*events: Event) -> History:
    """Give the canonical case with further events."""
    known = [recorded.event for recorded in history("supportoplus").events]
    return history_of(
        *(NewEvent(event, WRITTEN_AT) for event in (*known, *events)),
        organisation="supportoplus",
        case_id=CASE,
    )


def sent() -> LetterSent:
    return LetterSent(
        letter="acknowledgement", letter_id=ACKNOWLEDGEMENT.letter_id, message_id="<x@y.example>",
        channel="email", language="nl", dated_on=WRITTEN_AT.date(), contents=(), attempts=1,
    )  # fmt: skip


def test_a_letter_is_owed_once_all_clocks_are_set() -> None:
    """Opened and with every clock set: now the acknowledgement is owed."""
    assert (ACKNOWLEDGEMENT,) == owed(fold(after()))


def test_a_letter_waits_for_the_last_clock() -> None:
    """As long as one clock is not set the letter waits, because it could not name its period."""
    opening = opened("ingressus")
    *known, last = deadlines(opening)
    events = (complaint(), opening, *known)
    found = fold(history_of(*(NewEvent(event, WRITTEN_AT) for event in events), organisation="ingressus"))

    assert owed(found) == ()
    assert (last.clock,) == waits_for(found)


def test_nothing_is_owed_before_the_case_is_open() -> None:
    """A complaint alone owes no letter yet."""
    assert owed(fold(history_of(NewEvent(complaint(), WRITTEN_AT)))) == ()


def test_a_settled_letter_is_owed_no_more() -> None:
    """Sent, lying ready for the post, or refused for good: each of them ends it."""
    letter_id = ACKNOWLEDGEMENT.letter_id
    prepared = LetterPrepared(
        letter="acknowledgement", letter_id=letter_id, language="nl", dated_on=WRITTEN_AT.date(), contents=()
    )
    refused = LetterRefused(
        letter="acknowledgement", letter_id=letter_id, message_id="<x@y.example>", reply_code=550,
        stage="recipient", attempts=1,
    )  # fmt: skip

    for event in (sent(), prepared, refused):
        assert owed(fold(after(event))) == ()


def test_an_uncertain_attempt_leaves_the_letter_owed() -> None:
    """When nobody knows whether a copy left, the letter is still owed."""
    event = LetterUncertain(
        letter="acknowledgement", letter_id=ACKNOWLEDGEMENT.letter_id, message_id="<x@y.example>", attempt=1
    )

    assert (ACKNOWLEDGEMENT,) == owed(fold(after(event)))


def test_nobody_writes_to_an_erased_person() -> None:
    """Once the complainant is erased no letter is owed; erasing whom it is about changes nothing."""
    assert owed(fold(after(SubjectErased(persons=("complainant",), key_ids=(uuid4(),))))) == ()
    assert owed(fold(after(SubjectErased(persons=("about",), key_ids=(uuid4(),))))) == (ACKNOWLEDGEMENT,)


def test_a_letter_has_one_name_for_life() -> None:
    """The same letter of the same case has the same identifier, whoever asks and whenever."""
    assert Owed(CASE, "acknowledgement").letter_id == ACKNOWLEDGEMENT.letter_id
    assert Owed(CASE, "acknowledgement", 2).letter_id != ACKNOWLEDGEMENT.letter_id
