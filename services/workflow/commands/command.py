"""What a command is: its name, its body, when it can be given, and how it is decided; and who asks for it.

Deciders are pure: they get the case as it stands, the body, and `CommandContext`, which holds everything else
that counts, such as who asks, the moment, and whom the complaint is about as far as its text tells.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from cases.state import Case
from events.access_tokens import Role
from events.addresses import LONGEST_ADDRESS, stated_address
from events.catalogue import COMPLAINANT, Event
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from events.refusals import refuse
from procedures.conduct import Conduct
from procedures.counting.facts import Fact
from procedures.counting.terms import Terms
from procedures.counting.zones import civil_date, instant, zone_named
from procedures.organisations import Organisation
from procedures.procedure import Procedure

MOST_CHARACTERS = 4_000
"""Of a text: two pages; a longer one belongs into a document."""

MOST_MEASURES = 20

CALENDARS_END = 2090
"""A date from here on is a slip of the pen: the calendars end in 2100, and a clock would park its case."""

AHEAD = timedelta(minutes=5)
"""So much may the clock of whoever states a moment be ahead of ours."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Body(BaseModel):
    """What comes with a command: exactly the fields it names."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _says_something(text: str) -> str:
    if not text.strip():
        raise refuse("must say something")
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell and nothing can store
        raise refuse("must be valid Unicode text") from None
    if _CONTROLS.search(text):
        raise refuse("must not hold control characters other than newline and tab")
    return text


def _read(parse: Callable[[str], Any], form: str) -> BeforeValidator:
    def read(value: Any) -> Any:
        if value is None:
            return None
        try:
            return parse(value) if isinstance(value, str) else parse("")
        except ValueError:
            raise refuse(f"must be {form}") from None

    return BeforeValidator(read)


def _day(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError("not a date")
    day = date.fromisoformat(text)
    if not 2000 <= day.year < CALENDARS_END:
        raise ValueError("not a date that a calendar can count from")
    return day


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or "T" not in text or not 1970 <= moment.year < CALENDARS_END:
        raise ValueError("not a moment with its offset")
    return moment.astimezone(UTC)  # so that equal moments are stored as equal bytes


Words = Annotated[
    str,
    AfterValidator(_says_something),
    Field(max_length=MOST_CHARACTERS, description="In your own words; stored encrypted."),
]
Short = Annotated[str, AfterValidator(_says_something), Field(max_length=500)]
Email = Annotated[str, AfterValidator(stated_address), Field(max_length=LONGEST_ADDRESS)]
ADay = Annotated[date, _read(_day, "a date such as 2026-03-30")]
A_MOMENT = "a moment with its offset, such as 2026-03-30T09:15:00+02:00"
AMoment = Annotated[datetime, _read(_moment, A_MOMENT)]
AStatedMoment = Annotated[
    datetime | None,
    _read(_moment, A_MOMENT),
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


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command answers, in words, and when that happened; a day where only its day is known."""

    what: str
    at: datetime | date


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who asks, when, and under which rules.

    `subjects` are staff members whom the complaint is about, as far as its decrypted text tells; `masks` are
    the words that name the persons of the case. `other` is the second case of a command about two. `terms`
    are by what its clocks are counted.
    """

    person: str
    roles: frozenset[Role]
    now: datetime
    procedure: Procedure
    organisation: Organisation
    subjects: frozenset[str] = frozenset()
    masks: tuple[str, ...] = ()
    other: Case | None = None
    terms: Terms = field(default_factory=Terms)

    @property
    def conduct(self) -> Conduct:
        return self.procedure.conduct

    @property
    def today(self) -> date:
        return civil_date(self.now, self.procedure.zone)

    def at(self, stated: datetime | None, case: Case, answered: Answered | None = None) -> datetime:
        """Give the moment at which something happened: as stated, else now.

        Raises `CommandRefused` for a moment that is still to come, before the complaint was received, or
        before what it answers.
        """
        if stated is None:
            return self.now
        if stated > self.now + AHEAD:
            raise CommandRefused("in-the-future", "what is recorded has happened: this moment is to come")
        if civil_date(stated, self.procedure.zone) < case.received.received_on:
            raise CommandRefused(
                "before-receipt",
                f"the complaint was received on {case.received.received_on}: nothing about it came before",
            )
        if answered is not None:
            self._after(answered, stated)
        return min(stated, self.now)

    def _after(self, answered: Answered, stated: datetime) -> None:
        """Raise `CommandRefused` for a moment before what it answers; people state minutes, not seconds."""
        zone, at = self.procedure.zone, answered.at
        if isinstance(at, datetime):
            earliest = at.replace(second=0, microsecond=0)
            when = f"at {at.astimezone(zone_named(zone)).isoformat(timespec='minutes')}"
        else:
            earliest, when = instant(at, time(0), zone), f"on {at}"
        if stated < earliest:
            raise CommandRefused(
                "before-what-it-answers", f"{answered.what} {when}: nothing that answers it came before"
            )

    def knows_any(self, facts: Iterable[str]) -> bool:
        """Tell whether one of these facts has happened and stands."""
        return any(self.terms.facts.first(fact) is not None for fact in facts)

    def last(self, fact: str) -> Fact | None:
        """Give the fact of this name that was recorded last and stands."""
        return max(self.terms.facts.by_name.get(fact, ()), key=lambda one: one.version, default=None)

    def answered(self, fact: str, what: str) -> Answered | None:
        """Say when the fact that a command answers happened last; None when nobody recorded it."""
        last = self.last(fact)
        return None if last is None else Answered(what, last.happened_at)

    def member(self, staff: str, what: str) -> str:
        """Give a staff identifier that may act in this case; raises `CommandRefused` for any other."""
        if staff not in self.organisation.staff:
            known = ", ".join(sorted(self.organisation.staff))
            raise CommandRefused("not-on-the-staff", f"{what} must be one of: {known}")
        if staff in self.subjects:
            raise CommandRefused(
                "conflict-of-interest", f"the complaint is about {staff}, so {what} must be somebody else"
            )
        return staff


CommandDecider = Callable[[Case, Any, CommandContext], Sequence[NewEvent]]
Obstacle = Callable[[Case, CommandContext], str | None]
"""Why a command cannot be given now whatever its body says; None when it can."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: its name in the address, its body, when it can be given and how it is decided.

    `mirror` decides what the second case of a command about two cases is told. `apart` keeps out whoever
    handled or decided the case before. `about` tells that its body may name the person complained about, who
    may have no key in the case yet.
    """

    name: str
    sentence: str
    body: type[Body]
    decide: CommandDecider
    ready: Obstacle | None = None
    mirror: CommandDecider | None = None
    apart: bool = False
    about: bool = False


def event_with_words(event: Event, at: datetime, **words: str | None) -> NewEvent:
    """Make an event whose words lie in the complainant's encrypted part."""
    personal: Mapping[str, Any] = {name: text for name, text in words.items() if text}
    return NewEvent(event, at, {COMPLAINANT: personal} if personal else {})
