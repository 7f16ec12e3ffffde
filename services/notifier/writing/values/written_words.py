"""What people wrote in the events of a case, as values of a letter. Pure."""

from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade
from notifier.writing.phrases import in_words
from notifier.writing.templates import as_words, on_one_line
from notifier.writing.values.variables import Agreement


def needed_words(context: WritingContext, field: str) -> str:
    """Return the words that the letter is about. Raises `LetterCannotBeMade` when nobody wrote any."""
    words = as_words(context.written(field))
    if not words:
        raise LetterCannotBeMade(
            f"{context.owing.letter}: the event holds no {field}, so nothing can be told"
        )
    return words


def earlier_words(context: WritingContext, kind: type, field: str) -> str:
    """Return the newest words of an earlier event of this kind that owed a letter itself; else empty."""
    earlier = [
        owing
        for owing in context.case.owing
        if isinstance(owing.event, kind) and owing.version < context.owing.version
    ]
    return as_words(context.opened(earlier[-1].version).get(field)) if earlier else ""


def agreements(context: WritingContext) -> list[Agreement]:
    """List what was agreed by the same command as the event that owes the letter."""
    staff = context.organisation.staff
    found = []
    for agreed in context.case.agreed:
        if agreed.command_id != context.owing.command_id:
            continue
        what = on_one_line(context.opened(agreed.version).get("measure"))
        owner = staff.get(agreed.measure.owner)
        found.append(
            Agreement(
                what=what,
                owner=owner.name if owner else context.organisation.name,
                on=in_words(agreed.measure.due_on, context.language),
            )
        )
    return found


def day_of_event(context: WritingContext) -> str:
    """Return the day of the event that owes the letter, in words."""
    return in_words(context.civil_day(context.owing.happened_at), context.language)
