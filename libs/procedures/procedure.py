"""A procedure as the services use it: the words of a checked file, and the questions they ask of it.

A `Procedure` never changes; a change of rule is a new version, and a running case keeps the one it began
under. Everything here is pure.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from events.catalogue import ClockRule
from procedures.model import AskSection, ClassificationSection, ClockSection, LetterSection, ProcedureFile
from procedures.words import Classification


@dataclass(frozen=True, slots=True)
class LetterRule:
    """What a letter must contain (`words.CONTENTS`), and which clock's end is the period it tells.

    A `neutral` letter calls the matter a report, neither complaint nor incident, until it is classified.
    """

    contents: tuple[str, ...]
    period_of: str | None
    neutral: bool
    source: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """One version of an organisation's complaints procedure; `digest` is the SHA-256 of its file."""

    id: str
    version: int
    organisation: str
    in_force_from: date
    digest: str
    zone: str
    language: str
    tone: Literal["u", "je"]
    channels: frozenset[str]
    added_channels: frozenset[str]
    asks: tuple[str, ...]
    welcomes: tuple[str, ...]
    opening: tuple[str, ...]
    clocks: tuple[ClockRule, ...]
    letters: Mapping[str, LetterRule]
    classification: ClassificationSection = field(repr=False)
    _asks: Mapping[str, AskSection] = field(repr=False)

    def missing(self, given: Collection[str]) -> tuple[str, ...]:
        """Name what the procedure asks for and was not given, in its order; a complaint counts anyway."""
        return tuple(
            name
            for name in self.asks
            if name not in given and not any(other in given for other in self._asks[name].instead)
        )

    def classify(self, nature: str, channel: str) -> tuple[Classification, str]:
        """Classify a report by rule, and say why; a person may decide otherwise later."""
        for rule in self.classification.rule:
            if rule.nature == nature and rule.channel in (None, channel):
                return rule.kind, rule.because
        return self.classification.default, self.classification.because

    def clock(self, identifier: str) -> ClockRule:
        """Give the clock with this identifier; raises KeyError."""
        return {clock.clock: clock for clock in self.clocks}[identifier]


def procedure_of(file: ProcedureFile, content: bytes) -> Procedure:
    """Make a procedure of a checked file and the bytes it was read from."""
    return Procedure(
        id=file.id,
        version=file.version,
        organisation=file.organisation,
        in_force_from=file.in_force_from,
        digest=hashlib.sha256(content).hexdigest(),
        zone=file.zone,
        language=file.language,
        tone=file.tone,
        channels=frozenset(channel.name for channel in file.channel),
        added_channels=frozenset(channel.name for channel in file.channel if channel.addition),
        asks=tuple(name for name, ask in file.asks.items() if not ask.optional),
        welcomes=tuple(name for name, ask in file.asks.items() if ask.optional),
        opening=tuple(letter.name for letter in file.letter if letter.owed == "at opening"),
        clocks=tuple(_clock_rule(clock, file.text.digest) for clock in file.clock),
        letters={letter.name: _letter_rule(letter, file.text.digest) for letter in file.letter},
        classification=file.classification,
        _asks=dict(file.asks.items()),
    )


def _clock_rule(clock: ClockSection, text: str) -> ClockRule:
    return ClockRule(
        clock=clock.id,
        kind=clock.kind,
        binds=clock.binds,
        amount=clock.within.number,
        unit=clock.within.unit,
        starts=clock.starts,
        satisfied_by=clock.until,
        calendars=clock.calendars,
        warn_before_working_days=clock.warn_before.number if clock.warn_before else 0,
        source=_source(clock, text),
    )


def _letter_rule(letter: LetterSection, text: str) -> LetterRule:
    return LetterRule(
        contents=letter.contains,
        period_of=letter.period_of,
        neutral=letter.neutral,
        source=_source(letter, text),
    )


def _source(rule: ClockSection | LetterSection, text: str) -> str:
    if rule.addition is not None:
        return f"addition: {rule.addition}"
    numbers = ", ".join(str(number) for number in rule.source)
    return f"sentence{'s' if len(rule.source) > 1 else ''} {numbers} of text {text[:16]}"
