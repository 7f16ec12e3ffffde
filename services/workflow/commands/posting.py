"""Letters by post: what somebody carried to the post office, and what came back.

Events: LetterPosted, LetterBounced.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from cases.state import Case, Letter
from events.catalogue import LetterBounced, LetterPosted
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.zones import civil_date
from procedures.words import Letter as LetterName
from workflow.commands.command import Answered, Asking, Body, Known, Stated, said


class RecordPosted(Body):
    """A printed letter went into the post."""

    letter: LetterName
    at: Stated = None


class RecordReturned(Body):
    """A letter that counted as arrived came back."""

    letter: LetterName
    how: Literal["email", "post"]
    at: Stated = None


def _letters(case: Case, *statuses: str) -> dict[str, Letter]:
    return {one.letter: one for one in case.letters if one.status in statuses and one.letter_id is not None}


def _has_printed(case: Case, asking: Asking) -> str | None:
    return None if _letters(case, "prepared", "returned") else "no printed letter waits to be posted"


def _posted(case: Case, body: RecordPosted, asking: Asking) -> Sequence[NewEvent]:
    letter = _named(body.letter, _letters(case, "prepared", "returned"))
    at = asking.at(body.at, case, _ready_to_post(letter, asking))
    dated_on: date = letter.dated_on or civil_date(at, asking.procedure.zone)
    event = LetterPosted(
        letter=letter.letter,
        letter_id=_id(letter),
        dated_on=dated_on,
        period_until=letter.period_until,
    )
    return [said(event, at)]


def _ready_to_post(letter: Letter, asking: Asking) -> Answered | None:
    """Say since which day a letter could be posted: posting is often known by its day only."""
    if letter.status == "prepared":
        return None if letter.dated_on is None else Answered("the letter was made", letter.dated_on)
    arrival = f"{letter.letter} arrived"
    back = [one for one in asking.terms.facts.revoked if one.fact.name == arrival]
    if not back:
        return None
    came_back = max(back, key=lambda one: one.by_version)
    return Answered("the letter came back", civil_date(came_back.at, asking.procedure.zone))


def _has_left(case: Case, asking: Asking) -> str | None:
    return None if _letters(case, "sent") else "no letter has left that could come back"


def _returned(case: Case, body: RecordReturned, asking: Asking) -> Sequence[NewEvent]:
    letter = _named(body.letter, _letters(case, "sent"))
    event = LetterBounced(letter=letter.letter, letter_id=_id(letter), how=body.how)
    left = asking.answered(f"{letter.letter} sent", "the letter left")
    return [said(event, asking.at(body.at, case, left))]


def _named(name: str, letters: Mapping[str, Letter]) -> Letter:
    if name not in letters:
        raise CommandRefused("no-such-letter", f"these can be meant: {', '.join(letters)}")
    return letters[name]


def _id(letter: Letter) -> UUID:
    if letter.letter_id is None:
        raise ValueError(f"the letter {letter.letter} has no identifier yet: nobody wrote it")
    return letter.letter_id


COMMANDS: tuple[Known, ...] = (
    Known("record-posted", "Record that a printed letter was posted.", RecordPosted, _posted, _has_printed),
    Known("record-returned", "Record that a letter came back.", RecordReturned, _returned, _has_left),
)
