"""Asking the complainant for more, and recording what they added.

Events: InformationAsked, InformationReceived.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from cases.state import Case
from events.catalogue import (
    ABOUT,
    COMPLAINANT,
    InformationAsked,
    InformationReceived,
)
from events.catalogue.words import (
    Channel,
    ComplaintField,
)
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import AStatedMoment, Body, Email, Short, Words


class AskInformation(Body):
    """Ask the complainant for more; the clocks go on."""

    question: Words
    fields: Annotated[list[ComplaintField], Field(max_length=12)] = Field(
        default=[], description="The fields asked for, in the procedure's words."
    )


class RecordInformation(Body):
    """What the complainant added, by telephone for example."""

    channel: Channel
    message: Words | None = None
    name: Short | None = None
    company: Short | None = None
    role: Short | None = None
    email: Email | None = None
    phone: Short | None = None
    address: Short | None = None
    reachability: Short | None = None
    description: Words | None = None
    about_name: Short | None = None
    about_function: Short | None = None
    at: AStatedMoment = None


def _ask_information(case: Case, body: AskInformation, context: CommandContext) -> Sequence[NewEvent]:
    event = InformationAsked(by=context.person, fields=tuple(dict.fromkeys(body.fields)))
    return [event_with_words(event, context.now, question=body.question)]


_OF_ABOUT = {"about_name": "name", "about_function": "function"}


def _record_information(case: Case, body: RecordInformation, context: CommandContext) -> Sequence[NewEvent]:
    stated: dict[str, Any] = {
        name: text
        for name, text in body.model_dump(exclude={"channel", "at"}, exclude_none=True).items()
        if isinstance(text, str)
    }
    if not stated:
        raise CommandRefused("nothing-in-it", "say what the complainant added")
    given = tuple(name for name in stated if name != "message")
    event = InformationReceived(
        by=context.person,
        channel=body.channel,
        given=given,
        missing=context.procedure.missing({*case.life.receiving.given, *given}),
    )
    personal: dict[str, dict[str, Any]] = {
        COMPLAINANT: {name: text for name, text in stated.items() if name not in _OF_ABOUT},
        ABOUT: {_OF_ABOUT[name]: text for name, text in stated.items() if name in _OF_ABOUT},
    }
    filled = {slot: fields for slot, fields in personal.items() if fields}
    return [NewEvent(event, context.at(body.at, case), filled)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "ask-information", "Ask the complainant for more; no clock stops.", AskInformation, _ask_information
    ),
    CommandSpec(
        "record-information",
        "Record what the complainant added.",
        RecordInformation,
        _record_information,
        about=True,
    ),
)
