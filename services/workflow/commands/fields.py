"""The fields that the bodies of commands are made of: words, days, moments, staff, measures.

What a text or a moment may hold is decided in `web.text` and `web.moments`, by the rules for commands.
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from events.addresses import LONGEST_ADDRESS, stated_address
from web import moments, text
from web.text import words_of_command

MOST_MEASURES = 20


class Body(BaseModel):
    """What comes with a command: exactly the fields it names."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Nothing(Body):
    """The command says it all."""


Words = Annotated[
    str,
    AfterValidator(words_of_command),
    Field(max_length=text.COMMAND_BODY.most_characters, description="In your own words; stored encrypted."),
]
Short = Annotated[str, AfterValidator(words_of_command), Field(max_length=500)]
Email = Annotated[str, AfterValidator(stated_address), Field(max_length=LONGEST_ADDRESS)]
ADay = Annotated[date, moments.day_reader(moments.COMMAND_BODY)]
AMoment = Annotated[datetime, moments.moment_reader(moments.COMMAND_BODY)]
AStatedMoment = Annotated[
    datetime | None,
    moments.moment_reader(moments.COMMAND_BODY),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
    Field(description="When it happened, if that was earlier than now; with its offset."),
]
Staff = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$", description="Staff identifier.")]


class NewMeasure(Body):
    """Something that will be done, who answers for it, and by when."""

    what: Words
    owner: Staff
    due_on: ADay


Measures = Annotated[list[NewMeasure], Field(max_length=MOST_MEASURES)]
