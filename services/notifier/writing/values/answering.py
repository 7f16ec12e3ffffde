"""The variables of the letters that answer a complaint: proposal, response, decision, reminder. Pure."""

from events.catalogue import (
    ComplainantReminded,
    InformationAsked,
    ObjectionDecided,
    OutcomeDecided,
    SolutionProposed,
)
from notifier.writing.context import WritingContext
from notifier.writing.phrases import outcome_in_words
from notifier.writing.templates import as_words
from notifier.writing.values.variables import Values
from notifier.writing.values.written_words import agreements, earlier_words, needed_words


def proposal(context: WritingContext) -> Values:
    """Return the solution that is proposed."""
    solution = needed_words(context, "proposal")
    return Values({"solution": solution}, (solution,))


def outcome(context: WritingContext) -> Values:
    """Return how a complaint or an objection was decided, with grounds and consequences."""
    event = context.owing.event
    assert isinstance(event, OutcomeDecided | ObjectionDecided)  # noqa: S101 - no other event owes these
    fields = ("solution", "changes") if isinstance(event, OutcomeDecided) else ("solution",)
    consequences = {field: as_words(context.written(field)) for field in fields}
    grounds = needed_words(context, "grounds")
    agreed = agreements(context)
    return Values(
        {
            "outcome": event.outcome,
            "outcome_in_words": outcome_in_words(event.outcome, context.language),
            "grounds": grounds,
            **consequences,
            "agreements": agreed,
        },
        (grounds, *consequences.values(), *(agreement.what for agreement in agreed)),
    )


def reminder(context: WritingContext) -> Values:
    """Return what was asked or proposed before, so that nobody has to search for the earlier letter."""
    event = context.owing.event
    assert isinstance(event, ComplainantReminded)  # noqa: S101 - no other event owes a reminder
    question = earlier_words(context, InformationAsked, "question") if event.of == "information" else ""
    solution = earlier_words(context, SolutionProposed, "proposal") if event.of == "proposal" else ""
    return Values(
        {
            "of": event.of,
            "is_last": event.reminder >= context.procedure.conduct.reminders,
            "question": question,
            "solution": solution,
        },
        (question, solution),
    )
