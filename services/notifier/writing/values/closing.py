"""The variables of the letters at the end of a case: withdrawal and closing. Pure."""

from events.catalogue import CaseClosed
from notifier.writing.context import WritingContext
from notifier.writing.phrases import outcome_in_words, route_in_words
from notifier.writing.values.variables import Values
from notifier.writing.values.written_words import day_of_event


def withdrawn(context: WritingContext) -> Values:
    """Return the day of the withdrawal."""
    return Values({"withdrawn_on": day_of_event(context)})


def closed(context: WritingContext) -> Values:
    """Return why the case is closed, its outcome, and the way to another authority if it is open."""
    event, life = context.owing.event, context.case.life
    assert isinstance(event, CaseClosed)  # noqa: S101 - no other event owes a closing notice
    # The board has written its decision itself. The outcome before it no longer counts, and must not be
    # repeated as if it did.
    is_overtaken = life.objecting.objection is not None and life.objecting.objection.outcome is not None
    outcome = "" if is_overtaken else life.answering.outcome or ""
    return Values(
        {
            "because": event.because,
            "outcome": outcome,
            "outcome_in_words": outcome_in_words(outcome, context.language) if outcome else "",
            "outer_route": _open_outer_route(context),
        }
    )


def _open_outer_route(context: WritingContext) -> str:
    """Return the way to another authority, or an empty text while it is not open.

    Where an objection comes first, it opens after a talk that did not satisfy. It is also open once somebody
    named it, unless the complainant has accepted a solution since.
    """
    conduct, life = context.procedure.conduct, context.case.life
    if conduct.objection_window is not None:
        satisfied = None if life.objecting.objection is None else life.objecting.objection.satisfied
        if satisfied or (satisfied is None and life.objecting.outer_route is None):
            return ""
    return route_in_words(conduct.outer_route or "", context.language)
