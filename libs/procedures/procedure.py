"""A procedure as the services use it: the words of a checked file, and the questions they ask of it.

A `Procedure` never changes; a change of rule is a new version, and a running case keeps the one it began
under. Everything here is pure.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from events.catalogue import Alternative, ClockRule, Guard
from events.catalogue.words import FORM_COPY, ReportKind, TermMethod
from procedures.amounts import Amount
from procedures.conduct import Conduct, conduct_of
from procedures.schema.model import (
    AlternativeSection,
    AskSection,
    ClassificationSection,
    ClockSection,
    FormCopySection,
    GuardSection,
    LetterSection,
    ProcedureFile,
    Sourced,
)
from procedures.words import Tone


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
    tone: Tone
    channels: frozenset[str]
    added_channels: frozenset[str]
    asks: tuple[str, ...]
    welcomes: tuple[str, ...]
    opening: tuple[str, ...]
    clocks: tuple[ClockRule, ...]
    letters: Mapping[str, LetterRule]
    form_copy: LetterRule | None
    conduct: Conduct
    classification: ClassificationSection = field(repr=False)
    _asks: Mapping[str, AskSection] = field(repr=False)
    _only_for: Mapping[str, tuple[str, ...]] = field(repr=False)

    def missing(self, given: Collection[str]) -> tuple[str, ...]:
        """Return what the procedure asks for and was not given, in its order; a complaint counts anyway."""
        return tuple(
            name
            for name in self.asks
            if name not in given and not any(other in given for other in self._asks[name].instead)
        )

    def classify(self, nature: str, channel: str) -> tuple[ReportKind, str]:
        """Return the kind of a report by rule, and the reason; a person may decide otherwise later."""
        for rule in self.classification.rule:
            if rule.nature == nature and rule.channel in (None, channel):
                return rule.kind, rule.because
        return self.classification.default, self.classification.because

    def clocks_for(self, nature: str) -> tuple[ClockRule, ...]:
        """Return the clocks that apply to a report of this nature."""
        return tuple(rule for rule in self.clocks if nature in self._only_for.get(rule.clock, (nature,)))

    def letters_at_opening(self, channel: str) -> tuple[str, ...]:
        """Return the letters that a case owes when it opens; a report by the form owes its copy too."""
        is_copied = self.form_copy is not None and channel == "portal"
        return (*self.opening, FORM_COPY) if is_copied else self.opening

    def letter(self, name: str) -> LetterRule | None:
        """Return the rule of a letter, or of the copy of the form; None where the procedure has none."""
        return self.form_copy if name == FORM_COPY else self.letters.get(name)

    def clock(self, identifier: str) -> ClockRule:
        """Return the clock with this identifier; raises `KeyError` when the procedure has none."""
        return {clock.clock: clock for clock in self.clocks}[identifier]


def procedure_of(file: ProcedureFile, content: bytes) -> Procedure:
    """Return the procedure of a checked file; `content` are the bytes it was read from, for the digest."""
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
        clocks=tuple(_clock_rule(clock, file) for clock in file.clock),
        letters={letter.name: _letter_rule(letter, file) for letter in file.letter},
        form_copy=_letter_rule(file.form_copy, file) if file.form_copy else None,
        conduct=conduct_of(file),
        classification=file.classification,
        _asks=dict(file.asks.items()),
        _only_for={clock.id: clock.only_for for clock in file.clock if clock.only_for},
    )


_NOTHING = Amount(0, "days")


def _clock_rule(clock: ClockSection, file: ProcedureFile) -> ClockRule:
    term = clock.within or clock.before or _NOTHING
    return ClockRule(
        clock=clock.id,
        kind=clock.kind,
        binds=clock.binds,
        amount=term.number,
        unit=term.unit,
        starts=_start_of(clock, file),
        satisfied_by=clock.until,
        calendars=clock.calendars,
        warn_before_working_days=clock.warn_before.number if clock.warn_before else 0,
        source=_source(clock, file),
        term=_way_to_end(clock),
        reading=clock.reading or "",
        starts_also=clock.or_from,
        starts_at=clock.starts_at,
        guard=_guard(clock.guard),
        alternatives=tuple(_alternative(other, clock) for other in clock.alternative),
        end_of=clock.end_of,
        told_by=clock.told_by,
        rolls=clock.rolls,
        only_if_unmet=clock.only_if_unmet,
        precedes=clock.precedes,
        released_by=clock.released_by,
        dropped_by=clock.dropped_by,
        norm_working_days=clock.norm.number if clock.norm else 0,
    )


def _way_to_end(clock: ClockSection) -> TermMethod:
    if clock.no_term:
        return "none"
    if clock.within is not None:
        return "counted"
    return "told" if clock.before is None else "counted back"


def _start_of(clock: ClockSection, file: ProcedureFile) -> str:
    """Return the fact that starts a clock; one that counts back starts with the one it counts back from."""
    # The checks of the file have refused circles, so this ends.
    others = {other.id: other for other in file.clock}
    while clock.starts is None:
        clock = others[clock.end_of or ""]
    return clock.starts


def _alternative(other: AlternativeSection, clock: ClockSection) -> Alternative:
    term = other.within or other.before or _NOTHING
    return Alternative(
        name=other.name,
        amount=term.number,
        unit=term.unit,
        starts=other.starts or clock.starts or "",
        guard=_guard(other.guard),
    )


def _guard(guard: GuardSection | None) -> Guard | None:
    if guard is None:
        return None
    return Guard(
        fact=guard.after,
        amount=guard.within.number,
        unit=guard.within.unit,
        holds=guard.holds,
        unless=guard.unless,
    )


def _letter_rule(letter: LetterSection | FormCopySection, file: ProcedureFile) -> LetterRule:
    if isinstance(letter, FormCopySection):
        return LetterRule(contents=(), period_of=None, neutral=True, source=_source(letter, file))
    return LetterRule(
        contents=letter.contains,
        period_of=letter.period_of,
        neutral=letter.neutral,
        source=_source(letter, file),
    )


def _source(rule: Sourced, file: ProcedureFile) -> str:
    if rule.addition is not None:
        return f"addition: {rule.addition}"
    if rule.law is not None or file.text is None:
        return rule.law or ""
    numbers = ", ".join(str(number) for number in rule.source)
    return f"sentence{'s' if len(rule.source) > 1 else ''} {numbers} of text {file.text.digest[:16]}"
