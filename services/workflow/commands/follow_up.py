"""Following up an answer: whether the complainant is satisfied, and reminders of what waits for them.

Events: SatisfactionAsked, SatisfactionAnswered, ComplainantReminded.
"""

from collections.abc import Sequence

from cases.life.state import Stage
from cases.state import Case
from events.catalogue import (
    ComplainantReminded,
    SatisfactionAnswered,
    SatisfactionAsked,
)
from events.catalogue.words import AwaitedReply, ContactWay, Satisfaction
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import AStatedMoment, Body, Nothing, Words


class AskSatisfaction(Body):
    """Ask whether the complainant is satisfied."""

    how: ContactWay


class RecordSatisfaction(Body):
    """What the complainant said."""

    answer: Satisfaction
    remark: Words | None = None
    at: AStatedMoment = None


def _was_not_asked(case: Case, context: CommandContext) -> str | None:
    return "they were asked already" if case.life.answering.satisfaction is not None else None


def _ask_satisfaction(case: Case, body: AskSatisfaction, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(SatisfactionAsked(by=context.person, how=body.how), context.now)]


def _record_satisfaction(case: Case, body: RecordSatisfaction, context: CommandContext) -> Sequence[NewEvent]:
    event = SatisfactionAnswered(answer=body.answer)
    return [event_with_words(event, context.at(body.at, case), remark=body.remark)]


def _waits_for_the_complainant(case: Case, context: CommandContext) -> str | None:
    if case.life.waiting.since is None:
        return "the next move is not the complainant's"
    if case.life.waiting.reminders >= context.conduct.reminders:
        return f"they were reminded {case.life.waiting.reminders} times, and that is enough"
    return None


def _remind(case: Case, body: Nothing, context: CommandContext) -> Sequence[NewEvent]:
    life = case.life
    of: AwaitedReply
    match life.stage:
        case Stage.PROPOSED:
            of = "proposal"
        case Stage.OBJECTION:
            of = "hearing"
        case _:
            of = "information" if life.opening.asked is not None else "answer"
    return [event_with_words(ComplainantReminded(reminder=life.waiting.reminders + 1, of=of), context.now)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "ask-satisfaction",
        "Ask whether the complainant is satisfied.",
        AskSatisfaction,
        _ask_satisfaction,
        _was_not_asked,
    ),
    CommandSpec(
        "record-satisfaction",
        "Record whether the complainant is satisfied.",
        RecordSatisfaction,
        _record_satisfaction,
    ),
    CommandSpec(
        "remind",
        "Remind the complainant of what waits for them.",
        Nothing,
        _remind,
        _waits_for_the_complainant,
    ),
)
