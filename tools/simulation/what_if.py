"""Other rules than those a case was opened under: another procedure file, another calendar, another term."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from pydantic_core import PydanticCustomError

from deadlines.look import ClockOutcome, Clocks
from events.catalogue import ClockRule
from events.catalogue.words import ClockKind
from events.errors import GehoorError
from procedures.amounts import Amount, parse_amount
from procedures.counting.calendars import calendar
from procedures.procedure import Procedure, procedure_of
from procedures.schema.consistency import inconsistencies
from procedures.schema.model import ProcedureFile
from procedures.toml_files import BrokenProcedure, problem, read
from simulation.clock_ends import End, end_in_words
from simulation.replay import Rules

_LATE: frozenset[ClockOutcome] = frozenset({"met late", "broken"})
_DISPUTED: frozenset[ClockOutcome] = frozenset({"met in dispute", "broken in dispute"})


class NoSuchChange(GehoorError):
    """What is to be changed is not there, or cannot be changed like this; the text says what can."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is to be otherwise; nothing means the rules as they were."""

    organisation: str
    procedure: Path | None = None
    calendar: str | None = None
    terms: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return self.procedure is None and self.calendar is None and not self.terms


@dataclass(frozen=True, slots=True)
class Difference:
    """How one clock of one case stands, and how it would."""

    clock: str
    kind: ClockKind
    was: End
    would_be: End
    is_newly_late: bool
    is_no_longer_late: bool


def change_of(asked: WhatIf) -> Callable[[str], Callable[[Rules], Rules]]:
    """Read what was asked for; gives, for a nature, the change of rules. Raises `NoSuchChange`."""
    terms = dict(_term(text) for text in asked.terms)
    pinned = asked.calendar
    procedure = None if asked.procedure is None else _procedure(asked.procedure, asked.organisation)

    def for_nature(nature: str) -> Callable[[Rules], Rules]:
        def change(rules: Rules) -> Rules:
            if procedure is not None:
                rules = procedure.clocks_for(nature)
            if strangers := terms.keys() - {rule.clock for rule in rules}:
                known = ", ".join(rule.clock for rule in rules)
                raise NoSuchChange(f"--term: there is no clock {min(strangers)}; there are: {known}")
            return tuple(_changed(rule, terms.get(rule.clock), pinned) for rule in rules)

        return change

    return for_nature


def compare(was: Clocks, would_be: Clocks) -> list[Difference]:
    """Set side by side how each clock that both have stands, and would stand."""
    kinds = {rule.clock: rule.kind for rule in would_be.rules}
    return [
        Difference(
            rule.clock,
            kinds[rule.clock],
            end_in_words(rule.kind, was.outcome(rule.clock)),
            end_in_words(kinds[rule.clock], would_be.outcome(rule.clock)),
            _is_late(was.outcome(rule.clock)) < _is_late(would_be.outcome(rule.clock)),
            _is_late(was.outcome(rule.clock)) > _is_late(would_be.outcome(rule.clock)),
        )
        for rule in was.rules
        if rule.clock in kinds
    ]


def _is_late(outcome: ClockOutcome) -> int:
    if outcome in _LATE:
        return 2
    return 1 if outcome in _DISPUTED else 0


def _changed(rule: ClockRule, term: Amount | None, pinned: str | None) -> ClockRule:
    if term is not None:
        if rule.term not in ("counted", "counted back"):
            raise NoSuchChange(f"--term: {rule.clock} has no counted term that could be another")
        others = tuple(
            msgspec.structs.replace(other, amount=term.number, unit=term.unit) for other in rule.alternatives
        )
        rule = msgspec.structs.replace(rule, amount=term.number, unit=term.unit, alternatives=others)
    if pinned is None:
        return rule
    if (country := calendar(pinned).country) not in {calendar(name).country for name in rule.calendars}:
        raise NoSuchChange(f"--calendar: {pinned} is of {country}, {rule.clock} counts in another country")
    return msgspec.structs.replace(rule, calendars=(pinned,))


def _procedure(path: Path, organisation: str) -> Procedure:
    """Read a procedure that is only thought of, as strictly as one that runs."""
    file, content = read(path, ProcedureFile)
    if wrong := inconsistencies(file):
        raise BrokenProcedure([problem(path.name, content.decode(), place, rule) for place, rule in wrong])
    if file.organisation != organisation:
        raise NoSuchChange(
            f"--procedure: {path.name} is of {file.organisation}, asked about is {organisation}"
        )
    return procedure_of(file, content)


def _term(text: str) -> tuple[str, Amount]:
    clock, sign, amount = text.partition("=")
    if not sign:
        raise NoSuchChange(f'--term: {text[:60]!r} is no term: write CLOCK="4 working days"')
    try:
        return clock.strip(), parse_amount(amount.strip().strip('"'))
    except PydanticCustomError as wrong:
        raise NoSuchChange(f"--term: {wrong.message()}") from wrong
