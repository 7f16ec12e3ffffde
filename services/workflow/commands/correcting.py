"""Putting right what was recorded wrongly: when the complaint came in, and the date of a letter.

Events: ReceiptCorrected, LetterDateCorrected. What was recorded stays as it was known; the clocks move from
the correction on, and a breach that was told is never taken back.
"""

from collections.abc import Sequence
from datetime import date

from cases.state import Case, CaseLetter
from events.catalogue import LetterDateCorrected, ReceiptCorrected
from events.catalogue.words import LetterName
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.zones import civil_date
from web.moments import AHEAD
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import Answered, CommandContext
from workflow.commands.fields import ADay, AMoment, AStatedMoment, Body, Words


class CorrectReceipt(Body):
    """The complaint came in at another moment than was recorded."""

    received_at: AMoment
    reason: Words


class CorrectLetterDate(Body):
    """A letter bears another date, or was posted at another moment, than was recorded."""

    letter: LetterName
    dated_on: ADay | None = None
    posted_at: AStatedMoment = None
    reason: Words


def _correct_receipt(case: Case, body: CorrectReceipt, context: CommandContext) -> Sequence[NewEvent]:
    """An earlier receipt may break a promise at once: it ran from then, whenever that was found out."""
    if body.received_at > context.now + AHEAD:
        raise CommandRefused("in-the-future", "nothing was received at a moment that is still to come")
    received_on = civil_date(body.received_at, context.procedure.zone)
    if body.received_at == case.received_at and received_on == case.received.received_on:
        raise CommandRefused("nothing-changes", f"it is recorded as received on {received_on} already")
    if case.opened_at is not None and received_on > civil_date(case.opened_at, context.procedure.zone):
        raise CommandRefused(
            "after-opening", "a case was opened for it already: it cannot have come in on a later day"
        )
    event = ReceiptCorrected(received_at=min(body.received_at, context.now), received_on=received_on)
    return [event_with_words(event, context.now, reason=body.reason)]


def _has_left(case: Case, context: CommandContext) -> str | None:
    return None if _dated(case) else "no letter has left whose date could be wrong"


def _correct_letter_date(case: Case, body: CorrectLetterDate, context: CommandContext) -> Sequence[NewEvent]:
    letters = _dated(case)
    letter = letters.get(body.letter)
    if letter is None or letter.letter_id is None or letter.dated_on is None:
        raise CommandRefused("no-such-letter", f"these can be meant: {', '.join(letters)}")
    is_posted, written_on = letter.letter_id in context.terms.posted, _written_on(letter, context)
    if body.posted_at is not None and not is_posted:
        raise CommandRefused(
            "not-by-post", "a letter by e-mail left when the recipient's server took it: nobody states that"
        )
    made = None if written_on is None else Answered("the letter was made", written_on)
    posted_at = None if body.posted_at is None else context.at(body.posted_at, case, made)
    dated_on = body.dated_on or letter.dated_on
    if posted_at is None and dated_on == letter.dated_on:
        raise CommandRefused("nothing-changes", f"the letter is dated {letter.dated_on} already")
    if dated_on > context.today:
        raise CommandRefused("in-the-future", "a letter that has left bears no date that is still to come")
    if dated_on < case.received.received_on:
        raise CommandRefused(
            "before-receipt",
            f"the complaint was received on {case.received.received_on}: no letter about it is older",
        )
    if not is_posted and written_on not in (None, dated_on):
        raise CommandRefused(
            "not-by-post",
            f"the e-mail that left bears the date {written_on}, which nobody changes any more: only a letter "
            "that was posted can bear another date than is recorded",
        )
    event = LetterDateCorrected(
        letter=letter.letter, letter_id=letter.letter_id, dated_on=dated_on, posted_at=posted_at
    )
    return [event_with_words(event, context.now, reason=body.reason)]


def _written_on(letter: CaseLetter, context: CommandContext) -> date | None:
    """Give the date that a letter bore when it left, whatever was corrected since."""
    name = f"{letter.letter} dated"
    before = {
        one.by_version: one.fact for one in reversed(context.terms.facts.revoked) if one.fact.name == name
    }
    fact = context.last(name)
    while fact is not None and fact.version in before:
        fact = before[fact.version]
    return None if fact is None else fact.on


def _dated(case: Case) -> dict[str, CaseLetter]:
    return {
        one.letter: one
        for one in case.letters
        if one.status == "sent" and one.letter_id is not None and one.dated_on is not None
    }


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "correct-receipt",
        "Put right when the complaint came in; the clocks are counted from there.",
        CorrectReceipt,
        _correct_receipt,
    ),
    CommandSpec(
        "correct-letter-date",
        "Put right the date on a letter, or when it was posted.",
        CorrectLetterDate,
        _correct_letter_date,
        _has_left,
    ),
)
