"""The shape of a procedure file: what a TOML file in `files/` may say, and nothing else.

Words are closed (`words.py`), amounts are words with units, and every rule says where it comes from: either
`source`, the numbers of sentences in the organisation's own text (`sentences.py`), or `addition`, our own
reason for a rule that the text does not hold. A file that fits is turned into a `Procedure`; services never
see this file's classes.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from events.errors import GehoorError
from procedures.calendars import CALENDARS
from procedures.facts import FACTS, facts_of_letter
from procedures.reading import Many, Place, Section
from procedures.words import (
    LETTERS,
    AChannel,
    AClassification,
    AContent,
    AField,
    AKind,
    ALanguage,
    ALetter,
    AnAmount,
    ANature,
    AParty,
    ATone,
    one_of,
)
from procedures.zones import zone_named

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$")]
ClockId = Annotated[str, Field(pattern=r"^[A-Z]{2,6}-[A-Za-z0-9]{1,8}$")]
Line = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
SentenceNumber = Annotated[int, Field(ge=1)]
AFact = Annotated[str, BeforeValidator(one_of("fact", FACTS))]
ACalendar = Annotated[str, BeforeValidator(one_of("calendar", CALENDARS))]


def _known_zone(name: str) -> str:
    try:
        zone_named(name)
    except GehoorError as error:
        raise PydanticCustomError("zone", "{reason}", {"reason": str(error)}) from error
    return name


AZone = Annotated[str, AfterValidator(_known_zone)]


class Sourced(Section):
    """A rule with its origin: sentences of the organisation's text, or a declared addition of ours."""

    source: Many[SentenceNumber] = ()
    addition: Line | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if bool(self.source) == (self.addition is not None):
            raise PydanticCustomError(
                "origin",
                "say where the rule comes from: `source` (sentence numbers) or `addition` (our reason)",
            )
        return self


class TextSection(Section):
    """The organisation's own text, recognised by digests and never copied."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sentences: Many[Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]]


class ChannelSection(Sourced):
    """A channel by which complaints may come."""

    name: AChannel


class AskSection(Sourced):
    """A field the procedure asks for; one of `instead` serves as well, an `optional` one is never missing."""

    instead: Many[AField] = ()
    optional: bool = False


class ClassificationRule(Sourced):
    """Reports of this nature, and by this channel if one is named, are of this kind."""

    nature: ANature
    channel: AChannel | None = None
    kind: AClassification
    because: Line


class ClassificationSection(Section):
    """How a report is classified by rule; the first rule that fits decides, else the default."""

    default: AClassification
    because: Line
    rule: Many[ClassificationRule] = ()


class LetterSection(Sourced):
    """A letter, when it is owed and what it must contain; `period_of` is the clock whose end it tells."""

    name: ALetter
    owed: Annotated[Literal["at opening"], BeforeValidator(one_of("moment", ("at opening",)))]
    contains: Many[AContent] = ()
    period_of: ClockId | None = None
    neutral: bool = False


class ClockSection(Sourced):
    """A clock: it starts with the fact `from` and is met by the first of the facts `until`.

    Each calendar is one reading. `reads` says how we read what the text leaves open.
    """

    id: ClockId
    kind: AKind
    binds: AParty
    within: AnAmount
    starts: Annotated[AFact, Field(alias="from")]
    until: Annotated[Many[AFact], Field(min_length=1)]
    calendars: Annotated[Many[ACalendar], Field(min_length=1)]
    warn_before: AnAmount | None = None
    reads: Line | None = None


class ProcedureFile(Section):
    """One procedure of one organisation, in one version."""

    id: Identifier
    version: Annotated[int, Field(ge=1, le=10_000)]
    in_force_from: date
    organisation: Identifier
    zone: AZone
    language: ALanguage
    tone: ATone
    text: TextSection
    channel: Annotated[Many[ChannelSection], Field(min_length=1)]
    asks: dict[AField, AskSection] = Field(default_factory=dict)
    classification: ClassificationSection
    letter: Annotated[Many[LetterSection], Field(min_length=1)]
    clock: Annotated[Many[ClockSection], Field(min_length=1)]


def inconsistencies(file: ProcedureFile) -> list[tuple[Place, str]]:
    """List what every section allows and the whole does not: places and rules, in plain words."""
    return [
        *_repeated("channel", [channel.name for channel in file.channel]),
        *_repeated("letter", [letter.name for letter in file.letter]),
        *_repeated("clock", [clock.id for clock in file.clock]),
        *_sentences_that_are_not_there(file),
        *_letters_that_do_not_fit(file),
        *_clocks_that_do_not_fit(file),
    ]


def _repeated(section: str, names: list[str]) -> list[tuple[Place, str]]:
    return [
        ((section, index), f"{section} {name!r} stands in the file twice")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def _sentences_that_are_not_there(file: ProcedureFile) -> list[tuple[Place, str]]:
    sections: list[tuple[Place, Sourced]] = [
        *((("channel", index), channel) for index, channel in enumerate(file.channel)),
        *((("asks", name), ask) for name, ask in file.asks.items()),
        *((("classification", "rule", index), rule) for index, rule in enumerate(file.classification.rule)),
        *((("letter", index), letter) for index, letter in enumerate(file.letter)),
        *((("clock", index), clock) for index, clock in enumerate(file.clock)),
    ]
    count = len(file.text.sentences)
    return [
        ((*place, "source"), f"sentence {number} is not there: the text has {count} sentences")
        for place, section in sections
        for number in section.source
        if number > count
    ]


def _letters_that_do_not_fit(file: ProcedureFile) -> list[tuple[Place, str]]:
    clocks = {clock.id for clock in file.clock}
    problems: list[tuple[Place, str]] = []
    for index, letter in enumerate(file.letter):
        if ("period" in letter.contains) != (letter.period_of is not None):
            problems.append(
                (
                    ("letter", index),
                    "a letter that contains the period names its clock in `period_of`, no other does",
                )
            )
        elif letter.period_of is not None and letter.period_of not in clocks:
            problems.append(
                (("letter", index, "period_of"), f"clock {letter.period_of!r} is not in this file")
            )
    return problems


def _clocks_that_do_not_fit(file: ProcedureFile) -> list[tuple[Place, str]]:
    written = {fact for letter in file.letter for fact in facts_of_letter(letter.name)}
    of_letters = {fact for letter in LETTERS for fact in facts_of_letter(letter)}
    problems: list[tuple[Place, str]] = []
    for index, clock in enumerate(file.clock):
        problems.extend(
            (("clock", index), f"no letter of this file gives the fact {fact!r}")
            for fact in (clock.starts, *clock.until)
            if fact in of_letters and fact not in written
        )
        if clock.starts in clock.until:
            problems.append(
                (("clock", index), f"the fact {clock.starts!r} cannot both start and meet the clock")
            )
        if len(set(clock.calendars)) < len(clock.calendars):
            problems.append((("clock", index, "calendars"), "a calendar is named twice"))
        problems.extend((("clock", index, *place), rule) for place, rule in _warnings_that_do_not_fit(clock))
    return problems


def _warnings_that_do_not_fit(clock: ClockSection) -> list[tuple[Place, str]]:
    """A warning has a lead in working days, shorter than its term; nobody is warned for the customer."""
    lead = clock.warn_before
    if clock.binds == "customer":
        return [] if lead is None else [(("warn_before",), "a window of the customer warns nobody")]
    if lead is None:
        return [((), "a clock that binds the company says `warn_before`, as in '1 working day'")]
    if lead.unit != "working days":
        return [(("warn_before",), "a warning has its lead in working days, as in '1 working day'")]
    if clock.within.unit != "weeks" and lead.number >= clock.within.number:
        return [(("warn_before",), f"a warning {lead} before a term of {clock.within} comes too early")]
    return []
