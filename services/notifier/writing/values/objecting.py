"""The variables of the letters about an objection: its receipt, the invitation, the record. Pure."""

from notifier.writing.context import WritingContext
from notifier.writing.phrases import in_words
from notifier.writing.values.variables import Values
from notifier.writing.values.written_words import day_of_event, needed_words


def lodged(context: WritingContext) -> Values:
    """Return the day of the objection, and the last day of the window for it."""
    name = context.procedure.conduct.objection_window
    window = context.case.deadlines.get(name or "")
    until = in_words(window.lenient.on, context.language) if window else ""
    return Values({"lodged_on": day_of_event(context), "window_until": until})


def hearing(context: WritingContext) -> Values:
    """Return whether the talk is about an objection or belongs to the handling."""
    return Values({"objection": context.case.life.objecting.objection is not None})


def record(context: WritingContext) -> Values:
    """Return the record of the talk, its day, and whether it satisfied the complainant."""
    heard_at, objection = context.case.heard_at, context.case.life.objecting.objection
    words = needed_words(context, "record")
    return Values(
        {
            "record": words,
            "heard_on": in_words(context.civil_day(heard_at), context.language) if heard_at else "",
            "satisfied": objection is not None and objection.satisfied is True,
        },
        (words,),
    )
