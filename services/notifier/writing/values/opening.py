"""The variables of the letters about the opening: question, refusal, hand-over, form copy. Pure."""

from datetime import date

from events.catalogue import HandedOverAsIncident, InformationAsked, RefusedWithRoute
from notifier.writing.context import WritingContext
from notifier.writing.phrases import (
    ON_THE_FORM,
    field_in_words,
    fields_in_words,
    in_words,
    reason_of_refusal,
    route_in_words,
)
from notifier.writing.templates import as_words
from notifier.writing.values.variables import FilledIn, Values
from notifier.writing.values.written_words import needed_words


def question(context: WritingContext) -> Values:
    """Return the question, and the fields it asks for as one phrase."""
    words = needed_words(context, "question")
    fields = context.owing.event.fields if isinstance(context.owing.event, InformationAsked) else ()
    return Values({"question": words, "fields": fields_in_words(fields, context.language)}, (words,))


def refusal(context: WritingContext) -> Values:
    """Return why the complaint is not handled, and the way that the procedure names."""
    event = context.owing.event
    assert isinstance(event, RefusedWithRoute)  # noqa: S101 - no other event owes a refusal with route
    return Values(
        {
            "route": route_in_words(event.route, context.language),
            "route_address": context.form_address,
            "reason": reason_of_refusal(context.case.channel, event.route, context.language),
        }
    )


def handed_over(context: WritingContext) -> Values:
    """Return whether the complaint goes on beside the incident."""
    assert isinstance(context.owing.event, HandedOverAsIncident)  # noqa: S101 - no other event owes it
    return Values({"goes_on": context.case.kind == "both"})


def form_copy(context: WritingContext) -> Values:
    """Return every field as it was filled in, in the order of the vocabulary; the copy must hold all."""
    filled_in = context.opened(context.case.told_by_complainant[0])
    if reported_on := filled_in.get("reported_on"):
        day = in_words(date.fromisoformat(reported_on), context.language)
        filled_in = {**filled_in, "reported_on": day}
    fields = [
        FilledIn(what=field_in_words(name, context.language), said=words)
        for name in ON_THE_FORM
        if (words := as_words(filled_in.get(name)))
    ]
    return Values({"fields": fields}, tuple(field.said for field in fields))
