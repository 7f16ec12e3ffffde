"""What the rules ask a procedure file: who may do what, which letter is owed when, what brings a fact."""

from collections.abc import Iterator, Mapping

from events.catalogue.words import LETTERS
from procedures.counting.facts import facts_of_letter
from procedures.schema.model import ClockSection, LetterSection, ProcedureFile
from procedures.transitions import BROUGHT_BY, OWED_IN_EVERY_CASE
from procedures.words import CommandName

Stories = Iterator[tuple[str, str]]
"""What a rule finds: identifiers, each with the shortest story that shows it."""

THE_CUSTOMERS = frozenset(
    {"objection arrived", "outer route taken", "proposal accepted", "proposal refused", "hearing agreed"}
)
"""Facts that are the complainant's to bring about: a clock may wait for them for ever, and rightly."""

AT_OPENING = ("acknowledgement", "receipt", "handling notice")
"""Letters that say only that a case began: the opening owes them, and nothing that follows does."""

_ENDINGS = (" sent", " arrived", " dated", " period")


def commands(file: ProcedureFile) -> frozenset[CommandName]:
    """Return the commands that some stage allows."""
    return frozenset(command for stage in file.stage for command in stage.may)


def letter_of(fact: str) -> str | None:
    """Return the letter that gives a fact, or None for a fact of no letter."""
    for ending in _ENDINGS:
        if fact.endswith(ending) and (letter := fact.removesuffix(ending)) in LETTERS:
            return letter
    return None


def brought_by(fact: str) -> tuple[CommandName, ...] | None:
    """Return the commands that bring a fact or a letter about; None when it needs no command of a stage.

    A letter of the opening has no command: where the opening does not owe it, nobody ever writes it.
    """
    letter = letter_of(fact) or fact
    if letter in AT_OPENING:
        return ()
    return BROUGHT_BY.get(fact) or BROUGHT_BY.get(letter)


def owed_at_opening(file: ProcedureFile) -> frozenset[str]:
    """Return the letters that every case owes when it opens."""
    return frozenset(letter.name for letter in file.letter if letter.owed == "at opening")


def owed_by_command(file: ProcedureFile) -> Mapping[str, CommandName | None]:
    """Return the letters that people owe, each with its command; None where every case allows it."""
    given = commands(file)
    owing: dict[str, CommandName | None] = dict.fromkeys(OWED_IN_EVERY_CASE)
    for letter in LETTERS:
        for command in BROUGHT_BY.get(letter, ()):
            if command in given:
                owing[letter] = command
    return owing


def is_met_by(clock: ClockSection, letter: LetterSection) -> bool:
    """Return whether a letter, when it is sent or arrives, meets a clock."""
    return not set(facts_of_letter(letter.name)).isdisjoint(clock.until)


def starts_of(clock: ClockSection) -> tuple[str, ...]:
    """Return the facts that start a clock, in all its readings, each once."""
    starts = (clock.starts, *clock.or_from, *(other.starts for other in clock.alternative))
    return tuple(dict.fromkeys(fact for fact in starts if fact is not None))
