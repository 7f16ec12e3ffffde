"""The shape of a procedure file: what a TOML file in `files/` may say, and nothing else.

Words are closed (`words.py`), amounts are words with units, and every rule says where it comes from: either
`source`, the numbers of sentences in the organisation's own text (`sentences.py`), or `addition`, our own
reason for a rule that the text does not hold. A file that fits is turned into a `Procedure`; services never
see this file's classes.
"""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from events.errors import GehoorError
from procedures.amounts import ALead, Amount, AnAmount
from procedures.counting.calendars import CALENDARS
from procedures.counting.facts import FACTS, TOLD
from procedures.counting.zones import zone_named
from procedures.toml_files import Many, Place, Section
from procedures.words import (
    AChannel,
    AClassification,
    ACommand,
    AContent,
    AField,
    AKind,
    ALanguage,
    ALetter,
    ANature,
    ANeed,
    AnEscalationWay,
    AnOwed,
    AParty,
    ARole,
    AStage,
    AStartChoice,
    ATone,
    ATransition,
    one_of,
)

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$")]
ClockId = Annotated[str, Field(pattern=r"^[A-Z]{2,6}-[A-Za-z0-9]{1,8}$")]
Line = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
SentenceNumber = Annotated[int, Field(ge=1)]
AFact = Annotated[str, BeforeValidator(one_of("fact", FACTS))]
AToldFact = Annotated[str, BeforeValidator(one_of("fact that tells a day", TOLD))]
ACalendar = Annotated[str, BeforeValidator(one_of("calendar", CALENDARS))]


def _known_zone(name: str) -> str:
    try:
        zone_named(name)
    except GehoorError as error:
        raise PydanticCustomError("zone", "{reason}", {"reason": str(error)}) from error
    return name


AZone = Annotated[str, AfterValidator(_known_zone)]


class Sourced(Section):
    """A rule with its origin: sentences of the organisation's text, a law, or a declared addition of ours."""

    source: Many[SentenceNumber] = ()
    law: Line | None = None
    addition: Line | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if [bool(self.source), self.law is not None, self.addition is not None].count(True) != 1:
            raise PydanticCustomError(
                "origin",
                "say where the rule comes from: `source` (sentences), `law`, or `addition` (our reason)",
            )
        return self


class TextSection(Section):
    """The organisation's own text, recognised by digests and never copied."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sentences: Many[Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]]


class ChannelSection(Sourced):
    """A channel by which complaints may come, or objections."""

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
    """A letter, when it is owed and what it must contain; `period_of` is the clock whose end it tells.

    A letter is owed "at opening", or "by command": when somebody decides what it is to tell.
    """

    name: ALetter
    owed: AnOwed
    contains: Many[AContent] = ()
    period_of: ClockId | None = None
    neutral: bool = False


class GuardSection(Section):
    """What starts a term whose start does not come: `within` after the fact `after`.

    With `holds`, a start that comes later no longer moves the term. A day named by a fact of
    `unless` is the one it counts from then.
    """

    after: AFact
    within: AnAmount
    holds: bool = False
    unless: Many[AFact] = ()


class AlternativeSection(Section):
    """Another defensible reading of the clock's term: another start, or another amount."""

    name: Line
    within: AnAmount | None = None
    before: ALead | None = None
    starts: Annotated[AFact | None, Field(alias="from")] = None
    guard: GuardSection | None = None


class ClockSection(Sourced):
    """A clock: when it starts, when it ends, and the facts `until` that meet it.

    It ends `within` an amount from the fact `from`, or `before` the end of the clock `end_of`, or on the day
    that a fact of `told_by` carries, or never (`no_term`, perhaps with an internal `norm`). Each calendar is
    one reading, each `alternative` another. `only_for` leaves it out for reports of another nature. `reads`
    says how we read what the text leaves open.
    """

    id: ClockId
    kind: AKind
    binds: AParty
    within: AnAmount | None = None
    before: ALead | None = None
    end_of: ClockId | None = None
    told_by: Many[AToldFact] = ()
    no_term: bool = False
    norm: AnAmount | None = None
    starts: Annotated[AFact | None, Field(alias="from")] = None
    or_from: Many[AFact] = ()
    starts_at: AStartChoice = "earliest"
    guard: GuardSection | None = None
    reading: Line | None = None
    alternative: Many[AlternativeSection] = ()
    until: Annotated[Many[AFact], Field(min_length=1)]
    calendars: Annotated[Many[ACalendar], Field(min_length=1)]
    rolls: bool = False
    only_if_unmet: ClockId | None = None
    precedes: ClockId | None = None
    released_by: Many[AFact] = ()
    dropped_by: Many[AFact] = ("complaint withdrawn",)
    only_for: Many[ANature] = ()
    warn_before: AnAmount | None = None
    reads: Line | None = None


class StageSection(Sourced):
    """What may be done in a stage, and by whom; a stage may stand here several times, once per group."""

    name: AStage
    who: Annotated[Many[ARole], Field(min_length=1)]
    may: Annotated[Many[ACommand], Field(min_length=1)]


class ConductSection(Section):
    """What the commands of this procedure must respect.

    `extends` names the clocks whose end may be moved by telling another one, each time by `extends_at_most`;
    with `further_by_consent` longer, or again, only if the complainant agrees in writing. `closes_when` is
    what must be settled before a handled case is closed. Somebody who does not answer is reminded `reminders`
    times, and has `answer_within` before the case may be closed without an answer. `running_cases` says what
    this version means for cases that run under an earlier one.
    """

    extends: Many[ClockId] = ()
    extends_at_most: AnAmount | None = None
    further_by_consent: bool = False
    contact_before_outcome: bool = False
    escalates: AnEscalationWay | None = None
    escalates_to: Many[ARole] = ()
    external_systems: Many[Identifier] = ()
    objection_window: ClockId | None = None
    outer_route: Line | None = None
    route: Line | None = None
    closes_when: Many[ANeed] = ()
    reminders: Annotated[int, Field(ge=0, le=10)] = 2
    answer_within: AnAmount = Amount(2, "weeks")
    running_cases: ATransition = "keep"


class FormCopySection(Sourced):
    """What is filed by the form is also mailed, as it was filled in, to the organisation's `form_inbox`."""


class KeepingInformedSection(Sourced):
    """How often the complainant hears how it goes: a norm of the desk itself, never shown as a promise."""

    within: AnAmount


class PurposeSection(Sourced):
    """A purpose for which personal data of a complaint may be used; any other use is refused."""

    id: Identifier
    means: Line
    basis: Line


class UnmodelledSection(Section):
    """Sentences of the organisation's text that no rule rests on, and why that is right.

    `partly`: rules rest on them, and `because` says what of them is left out.
    """

    sentences: Annotated[Many[SentenceNumber], Field(min_length=1)]
    because: Line
    partly: bool = False


class AcceptedFinding(Section):
    """A finding of the checker that the text leaves open, and how the product handles it."""

    finding: Annotated[str, Field(pattern=r"^[a-z][a-z-]*(:[A-Za-z0-9 -]+)?$")]
    because: Line


class ProcedureFile(Section):
    """One procedure of one organisation, in one version."""

    id: Identifier
    version: Annotated[int, Field(ge=1, le=10_000)]
    in_force_from: date
    organisation: Identifier
    zone: AZone
    language: ALanguage
    tone: ATone
    text: TextSection | None = None
    channel: Annotated[Many[ChannelSection], Field(min_length=1)]
    asks: dict[AField, AskSection] = Field(default_factory=dict)
    objection_channel: Many[ChannelSection] = ()
    classification: ClassificationSection
    letter: Annotated[Many[LetterSection], Field(min_length=1)]
    form_copy: FormCopySection | None = None
    keeping_informed: KeepingInformedSection | None = None
    clock: Annotated[Many[ClockSection], Field(min_length=1)]
    conduct: ConductSection = ConductSection()
    stage: Many[StageSection] = ()
    purpose: Many[PurposeSection] = ()
    unmodelled: Many[UnmodelledSection] = ()
    accepts: Many[AcceptedFinding] = ()


def sourced(file: ProcedureFile) -> list[tuple[Place, str, Sourced]]:
    """List every section that rests on sentences of the text, with its place and its name for a reader."""
    alone: list[tuple[str, Sourced | None]] = [
        ("form_copy", file.form_copy),
        ("keeping_informed", file.keeping_informed),
    ]
    return [
        *((("channel", at), f"channel {one.name}", one) for at, one in enumerate(file.channel)),
        *(
            (("objection_channel", at), f"objection by {one.name}", one)
            for at, one in enumerate(file.objection_channel)
        ),
        *((("asks", name), f"asks {name}", ask) for name, ask in file.asks.items()),
        *(
            (("classification", "rule", at), f"classification {rule.nature}", rule)
            for at, rule in enumerate(file.classification.rule)
        ),
        *((("letter", at), f"letter {one.name}", one) for at, one in enumerate(file.letter)),
        *(((name,), name.replace("_", " "), one) for name, one in alone if one is not None),
        *((("clock", at), one.id, one) for at, one in enumerate(file.clock)),
        *((("stage", at), f"stage {one.name}", one) for at, one in enumerate(file.stage)),
        *((("purpose", at), f"purpose {one.id}", one) for at, one in enumerate(file.purpose)),
    ]
