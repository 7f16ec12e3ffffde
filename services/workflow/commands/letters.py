"""Letters by post: what somebody carried to the post office, and what came back.

Events: LetterPosted, LetterBounced.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from cases.state import Case, CaseLetter
from events.catalogue import LetterBounced, LetterPosted
from events.catalogue.words import LetterName, ReturnWay
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.zones import civil_date
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import Answered, CommandContext
from workflow.commands.fields import AStatedMoment, Body


class RecordPosted(Body):
    """A printed letter went into the post."""

    letter: LetterName
    at: AStatedMoment = None


class RecordReturned(Body):
    """A letter that counted as arrived came back."""

    letter: LetterName
    how: ReturnWay
    at: AStatedMoment = None


def _letters(case: Case, *statuses: str) -> dict[str, CaseLetter]:
    return {one.letter: one for one in case.letters if one.status in statuses and one.letter_id is not None}


def _has_printed(case: Case, context: CommandContext) -> str | None:
    return None if _letters(case, "prepared", "returned") else "no printed letter waits to be posted"


def _posted(case: Case, body: RecordPosted, context: CommandContext) -> Sequence[NewEvent]:
    letter = _named(body.letter, _letters(case, "prepared", "returned"))
    at = context.at(body.at, case, _ready_to_post(letter, context))
    dated_on: date = letter.dated_on or civil_date(at, context.procedure.zone)
    event = LetterPosted(
        letter=letter.letter,
        letter_id=_id(letter),
        dated_on=dated_on,
        period_until=letter.period_until,
    )
    return [event_with_words(event, at)]


def _ready_to_post(letter: CaseLetter, context: CommandContext) -> Answered | None:
    """Say since which day a letter could be posted: posting is often known by its day only."""
    if letter.status == "prepared":
        return None if letter.dated_on is None else Answered("the letter was made", letter.dated_on)
    arrival = f"{letter.letter} arrived"
    back = [one for one in context.terms.facts.revoked if one.fact.name == arrival]
    if not back:
        return None
    came_back = max(back, key=lambda one: one.by_version)
    return Answered("the letter came back", civil_date(came_back.at, context.procedure.zone))


def _has_left(case: Case, context: CommandContext) -> str | None:
    return None if _letters(case, "sent") else "no letter has left that could come back"


def _returned(case: Case, body: RecordReturned, context: CommandContext) -> Sequence[NewEvent]:
    letter = _named(body.letter, _letters(case, "sent"))
    event = LetterBounced(letter=letter.letter, letter_id=_id(letter), how=body.how)
    left = context.answered(f"{letter.letter} sent", "the letter left")
    return [event_with_words(event, context.at(body.at, case, left))]


def _named(name: str, letters: Mapping[str, CaseLetter]) -> CaseLetter:
    if name not in letters:
        raise CommandRefused("no-such-letter", f"these can be meant: {', '.join(letters)}")
    return letters[name]


def _id(letter: CaseLetter) -> UUID:
    if letter.letter_id is None:
        raise ValueError(f"the letter {letter.letter} has no identifier yet: nobody wrote it")
    return letter.letter_id


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "record-posted", "Record that a printed letter was posted.", RecordPosted, _posted, _has_printed
    ),
    CommandSpec("record-returned", "Record that a letter came back.", RecordReturned, _returned, _has_left),
)
