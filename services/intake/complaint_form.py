"""What somebody may send as a complaint: every field, its limit and what it means; nothing else.

Types are strict and unknown fields are refused, so that a misspelt name is noticed and not lost. All fields
but `organisation` and `channel` may be absent, empty or null, which mean the same: an incomplete complaint
is still a complaint. What a text and a moment may hold is in `web.text` and `web.moments`.
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from events.addresses import LONGEST_ADDRESS
from events.catalogue.words import Channel
from web.moments import COMPLAINT_FORM as MOMENT_RULES
from web.moments import day_reader, moment_reader
from web.text import COMPLAINT_FORM as TEXT_RULES
from web.text import email_address, one_line, running

MOST_REFERENCES = 20


_DATE = day_reader(MOMENT_RULES)
_MOMENT = moment_reader(MOMENT_RULES)
_DATE_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]})
_MOMENT_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string"}, {"type": "null"}]}
)


ReceivedAt = Annotated[datetime | None, _MOMENT, _MOMENT_SCHEMA]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Complainant(_Part):
    """Who complains, as far as they say."""

    name: Annotated[str, Field(max_length=200), AfterValidator(one_line)] | None = Field(
        default=None, description="Name of the person who complains."
    )
    company: Annotated[str, Field(max_length=200), AfterValidator(one_line)] | None = Field(
        default=None, description="Company they complain for."
    )
    role: Annotated[str, Field(max_length=200), AfterValidator(one_line)] | None = Field(
        default=None, description="Their function there."
    )
    email: Annotated[str, Field(max_length=LONGEST_ADDRESS), AfterValidator(email_address)] | None = Field(
        default=None,
        description="One plain e-mail address. Letters go there; without one they are printed and posted.",
    )
    phone: Annotated[str, Field(max_length=40), AfterValidator(one_line)] | None = Field(
        default=None, description="Telephone number, in any notation."
    )
    address: Annotated[str, Field(max_length=500), AfterValidator(running)] | None = Field(
        default=None, description="Postal address, lines separated by newlines."
    )
    reachability: Annotated[str, Field(max_length=500), AfterValidator(running)] | None = Field(
        default=None, description="When and how they can best be reached."
    )


class About(_Part):
    """The person complained about, if there is one; never the complainant."""

    name: Annotated[str, Field(max_length=200), AfterValidator(one_line)] | None = Field(
        default=None, description="Name of the person complained about."
    )
    function: Annotated[str, Field(max_length=200), AfterValidator(one_line)] | None = Field(
        default=None, description="Function of the person complained about."
    )


Reference = Annotated[str, Field(max_length=100), AfterValidator(one_line)]


class Submission(_Part):
    """A complaint as it is sent to `POST /v1/complaints`."""

    organisation: str = Field(
        max_length=40, description="Identifier of the organisation complained to, for example `destiny`."
    )
    channel: Channel = Field(description="How the complaint came in.")
    description: (
        Annotated[str, Field(max_length=TEXT_RULES.most_characters), AfterValidator(running)] | None
    ) = Field(default=None, description="What happened, in the complainant's own words.")
    complainant: Complainant | None = Field(default=None, description="Who complains.")
    references: Annotated[list[Reference], Field(max_length=MOST_REFERENCES)] | None = Field(
        default=None,
        description="Contract, order, ticket or invoice numbers, each at most 100 characters.",
    )
    about: About | None = Field(default=None, description="The person complained about.")
    nature: Annotated[str, Field(max_length=64), AfterValidator(one_line)] | None = Field(
        default=None,
        description=(
            "What it is about: technical, support, incident, service, communication, billing or other. "
            "Any other text is kept as stated and counts as other."
        ),
    )
    remedy_sought: Annotated[str, Field(max_length=2_000), AfterValidator(running)] | None = Field(
        default=None, description="What would put it right."
    )
    language: Annotated[str, Field(max_length=35), AfterValidator(one_line)] | None = Field(
        default=None,
        description="Language of the letters, `nl` or `en`; otherwise the organisation's own.",
    )
    reported_on: Annotated[date | None, _DATE, _DATE_SCHEMA] = Field(
        default=None, description="Date of the report as the complainant states it."
    )
    received_at: Annotated[datetime | None, _MOMENT, _MOMENT_SCHEMA] = Field(
        default=None,
        description=(
            "When the organisation received it, if that was earlier than now: a date, a local time in the "
            "procedure's zone, or a time with offset. The terms run from this date."
        ),
    )
