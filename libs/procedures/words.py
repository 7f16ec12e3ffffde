"""The words of our data files: those that only files use, and the check of every word that a file may use.

Words that stand in stored events too are defined in `events.catalogue.words`; here they are only checked. An
unknown word is refused with what was probably meant and what is allowed, so that the person who edits a
procedure needs no second document. A new word is added with a test; a file never uses a trick.
"""

from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from events.catalogue.words import (
    CHANNELS,
    FIELDS,
    NATURES,
    Channel,
    ClockKind,
    ComplaintField,
    Language,
    LetterName,
    Nature,
    Party,
    ReportKind,
    StartChoice,
)

EscalationWay = Literal["matrix", "role"]
Tone = Literal["u", "je"]
Content = Literal[
    "date",
    "procedure",
    "handler",
    "handler contact",
    "period",
    "reason",
    "plan",
    "complaint",
    "agreements",
    "outcome",
    "solution",
    "changes",
    "decision",
    "outer route",
    "timetable",
]
LetterOwed = Literal["at opening", "by command"]
NamedRole = Literal[
    "handler",
    "contact person",
    "account manager",
    "partner manager",
    "service manager",
    "technical specialist",
    "back office",
    "quality manager",
    "responsible person",
    "deputy",
    "team lead",
    "registrar",
    "board",
    "court",
]
ProcedureStage = Literal[
    "handling", "proposed", "agreed", "answered", "objection", "heard", "decided", "closed"
]
CommandName = Literal[
    "note-informal-stage",
    "refuse-with-route",
    "hand-over",
    "escalate",
    "consult",
    "record-consultation",
    "invite-to-talk",
    "record-talk",
    "react",
    "make-plan",
    "extend",
    "propose",
    "record-acceptance",
    "record-refusal",
    "decide-outcome",
    "record-solved",
    "report-back",
    "record-handled",
    "ask-satisfaction",
    "record-satisfaction",
    "record-external",
    "lodge-objection",
    "excuse-lateness",
    "invite-to-hearing",
    "agree-hearing",
    "record-hearing",
    "waive-hearing",
    "write-hearing-record",
    "decide-objection",
    "name-outer-route",
    "record-outer-route",
    "close",
]
Need = Literal[
    "measures settled",
    "reported back",
    "window over",
    "hearing recorded",
    "objection settled",
]
Transition = Literal["keep", "at next stage", "most favourable"]

CONTENTS: dict[str, str] = {
    "date": "the date on which the letter is written",
    "procedure": "an explanation of how the complaint is handled",
    "handler": "the name of the person who handles the complaint",
    "handler contact": "how to reach that person: e-mail, phone and when",
    "period": "the period in which the complaint is assessed, taken from the clock `period_of`",
    "reason": "the reason of a delay or a refusal",
    "plan": "how the complaint will be solved, and by when",
    "complaint": "the complaint as it was discussed",
    "agreements": "what was agreed, each with an owner and a date",
    "outcome": "founded, partly founded or unfounded",
    "solution": "the solution proposed, where the complaint is (partly) founded",
    "changes": "which changes to the service follow, where any do",
    "decision": "what the board decided, and why",
    "outer route": "where the complainant can go next",
    "timetable": "what happens when, in the terms of the procedure",
}
"""What a letter may be obliged to contain, and what each word means."""


def unknown(what: str, word: object, allowed: Collection[str]) -> PydanticCustomError:
    """Make the error for a word outside the vocabulary: what was meant, and what is allowed."""
    by_small_letters = {each.lower(): each for each in allowed}
    meant = get_close_matches(str(word).lower()[:80], by_small_letters, n=1, cutoff=0.5)
    return PydanticCustomError(
        "unknown_word",
        "unknown {what} {word}{meant}; allowed: {allowed}",
        {
            "what": what,
            "word": repr(word)[:80],
            "meant": f", did you mean {by_small_letters[meant[0]]!r}?" if meant else "",
            "allowed": ", ".join(allowed) or "nothing",
        },
    )


def one_of(what: str, allowed: Collection[str]) -> Callable[[Any], Any]:
    """Make a check that lets only the allowed words pass."""

    def check(word: object) -> object:
        if not isinstance(word, str) or word not in allowed:
            raise unknown(what, word, allowed)
        return word

    return check


AKind = Annotated[ClockKind, BeforeValidator(one_of("kind of clock", get_args(ClockKind)))]
AParty = Annotated[Party, BeforeValidator(one_of("party", get_args(Party)))]
AChannel = Annotated[Channel, BeforeValidator(one_of("channel", CHANNELS))]
ANature = Annotated[Nature, BeforeValidator(one_of("nature", NATURES))]
AClassification = Annotated[ReportKind, BeforeValidator(one_of("classification", get_args(ReportKind)))]
AStartChoice = Annotated[StartChoice, BeforeValidator(one_of("choice", get_args(StartChoice)))]
AnEscalationWay = Annotated[
    EscalationWay, BeforeValidator(one_of("way to escalate", get_args(EscalationWay)))
]
ATone = Annotated[Tone, BeforeValidator(one_of("tone", get_args(Tone)))]
ALanguage = Annotated[Language, BeforeValidator(one_of("language", get_args(Language)))]
ALetter = Annotated[LetterName, BeforeValidator(one_of("letter", get_args(LetterName)))]
AContent = Annotated[Content, BeforeValidator(one_of("content of a letter", get_args(Content)))]
AnOwed = Annotated[LetterOwed, BeforeValidator(one_of("moment", get_args(LetterOwed)))]
ARole = Annotated[NamedRole, BeforeValidator(one_of("role", get_args(NamedRole)))]
AStage = Annotated[ProcedureStage, BeforeValidator(one_of("stage", get_args(ProcedureStage)))]
ACommand = Annotated[CommandName, BeforeValidator(one_of("command", get_args(CommandName)))]
ANeed = Annotated[Need, BeforeValidator(one_of("need", get_args(Need)))]
ATransition = Annotated[Transition, BeforeValidator(one_of("transition", get_args(Transition)))]
AField = Annotated[ComplaintField, BeforeValidator(one_of("field", FIELDS))]
