"""The variables of the letters while a complaint is handled: reaction, plan, talk, more time. Pure."""

from events.catalogue import PlanMade, TalkHeld, TermExtended
from notifier.writing.context import WritingContext
from notifier.writing.phrases import in_words, no_agreements, nothing_noted
from notifier.writing.templates import as_words
from notifier.writing.values.variables import Values
from notifier.writing.values.written_words import agreements, day_of_event, needed_words


def reaction(context: WritingContext) -> Values:
    """Return the reaction to the complaint."""
    words = needed_words(context, "reaction")
    return Values({"reaction": words}, (words,))


def plan(context: WritingContext) -> Values:
    """Return the plan, and the day by which it will be carried out."""
    words = needed_words(context, "plan")
    assert isinstance(context.owing.event, PlanMade)  # noqa: S101 - no other event owes a plan
    until = in_words(context.owing.event.until, context.language)
    return Values({"plan": words, "until": until}, (words, until))


def talk(context: WritingContext) -> Values:
    """Return the complaint as it was discussed, and what was agreed.

    The complaint is the note of the talk, else what the complainant wrote first. Somebody who described
    nothing gets the letter too, with a sentence that nothing was noted.
    """
    event, agreed = context.owing.event, agreements(context)
    described = (context.opened(version).get("description") for version in context.case.told_by_complainant)
    noted = as_words(context.written("note") or next(filter(None, described), ""))
    return Values(
        {
            "talk_on": day_of_event(context),
            "by_phone": isinstance(event, TalkHeld) and event.how == "phone",
            "complaint": noted or nothing_noted(context.manner),
            "agreements": agreed,
            "no_agreements": "" if agreed else no_agreements(context.manner),
        }
    )


def delay(context: WritingContext) -> Values:
    """Return why more time is needed, and the last day until now."""
    event = context.owing.event
    assert isinstance(event, TermExtended)  # noqa: S101 - no other event owes a delay notice
    deadline, reason = context.case.deadlines.get(event.clock), as_words(context.written("reason"))
    return Values(
        {
            "reason": reason,
            "period_before": in_words(deadline.due.on, context.language) if deadline else "",
            "is_target": deadline is not None and deadline.kind == "target",
            "again": event.occurrence > 1,
        },
        (reason, in_words(event.until, context.language)),
    )
