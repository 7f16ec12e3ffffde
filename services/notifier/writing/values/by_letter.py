"""All variables of a letter: the common ones and its own, by the letter's name. Pure."""

from collections.abc import Callable, Mapping

from events.catalogue.words import FORM_COPY
from notifier.writing.context import WritingContext
from notifier.writing.periods import Period
from notifier.writing.values import answering, closing, handling, objecting, opening
from notifier.writing.values.in_every_letter import common_values
from notifier.writing.values.variables import Values


def values_of(context: WritingContext, period: Period | None, explanation: str) -> Values:
    """Return all variables of a letter; its own replace common ones of the same name.

    Raises `LetterCannotBeMade` when nobody wrote what the letter is about; the caller holds it back.
    """
    own = _OWN_VALUES.get(context.owing.letter, _none)(context)
    return Values({**common_values(context, period, explanation), **own.variables}, own.required_words)


def _none(context: WritingContext) -> Values:
    return Values({})


_OWN_VALUES: Mapping[str, Callable[[WritingContext], Values]] = {
    "request for information": opening.question,
    "refusal with route": opening.refusal,
    "handed over as incident": opening.handed_over,
    FORM_COPY: opening.form_copy,
    "substantive reaction": handling.reaction,
    "plan": handling.plan,
    "talk confirmation": handling.talk,
    "delay notice": handling.delay,
    "proposal": answering.proposal,
    "response": answering.outcome,
    "board decision": answering.outcome,
    "reminder": answering.reminder,
    "objection receipt": objecting.lodged,
    "objection too late": objecting.lodged,
    "hearing invitation": objecting.hearing,
    "hearing record": objecting.record,
    "withdrawal confirmation": closing.withdrawn,
    "closing notice": closing.closed,
}
"""Letters that need more than the common variables."""
