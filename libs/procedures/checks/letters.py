"""Every letter is owed at its time by somebody, awaited by a clock, and has its contents."""

from collections.abc import Mapping

from events.catalogue.words import LetterName
from procedures.checks.asking import (
    AT_OPENING,
    Stories,
    commands,
    is_met_by,
    owed_at_opening,
    owed_by_command,
)
from procedures.schema.model import LetterSection, ProcedureFile
from procedures.transitions import BROUGHT_BY, OWED_IN_EVERY_CASE
from procedures.words import CONTENTS, Content

IS_FOR: Mapping[LetterName, tuple[Content, ...]] = {
    "acknowledgement": ("handler", "handler contact"),
    "handling notice": ("handler", "handler contact"),
    "plan": ("plan",),
    "talk confirmation": ("complaint", "agreements"),
    "delay notice": ("reason", "period"),
    "proposal": ("solution",),
    "refusal with route": ("reason",),
    "board decision": ("decision",),
}
"""What a letter is for, whatever its text says: without it the complainant learns nothing from it.

The outcome in a response is asked for by `no-outcome`, which knows that some texts name none.
"""


def letters_without_contents(file: ProcedureFile) -> Stories:
    """Yield each letter that meets a clock and may be empty."""
    for letter in file.letter:
        is_awaited = any(is_met_by(clock, letter) for clock in file.clock)
        if not letter.contains and letter.addition is None and is_awaited:
            yield (
                f"letter-says-nothing:{letter.name}",
                f"An empty {letter.name} is sent: it meets its duty, for nothing says what it must contain.",
            )


def letters_that_lack_what_they_are_for(file: ProcedureFile) -> Stories:
    """Yield each letter and content where the letter need not contain what it is for (`IS_FOR`)."""
    for letter in file.letter:
        for content in _is_for(letter, file):
            if content == "handler contact" and "handler" not in letter.contains:
                continue  # nobody is named: nothing more is found by asking how to reach them
            if content not in letter.contains:
                yield (
                    f"letter-lacks:{letter.name} {content}",
                    f"The customer gets the {letter.name} without {CONTENTS[content]}: nothing demands it.",
                )


def _is_for(letter: LetterSection, file: ProcedureFile) -> tuple[Content, ...]:
    """Return the contents without which this letter is useless.

    A response with an outcome needs the solution too, where nobody proposes one before or after it.
    """
    if letter.name == "response" and "outcome" in letter.contains and "propose" not in commands(file):
        return ("solution",)
    return IS_FOR.get(letter.name, ())


def routes_that_no_letter_tells(file: ProcedureFile) -> Stories:
    """The organisation's last word names where to go next: its decision on an objection, if there is one."""
    last_word = "board decision" if "decide-objection" in commands(file) else "response"
    tells = any(letter.name == last_word and "outer route" in letter.contains for letter in file.letter)
    if file.conduct.outer_route is not None and not tells:
        yield (
            f"route-not-told:{last_word}",
            f"The customer may go to the {file.conduct.outer_route}: the {last_word} does not say so.",
        )


def letters_that_nobody_owes(file: ProcedureFile) -> Stories:
    """Yield each letter of the file that neither the opening nor a command ever owes."""
    owed = {*owed_at_opening(file), *owed_by_command(file)}
    for letter in file.letter:
        if letter.name not in owed:
            yield (
                f"nobody-owes:{letter.name}",
                f"The {letter.name} is never written: the opening does not owe it, and no command here does.",
            )


def letters_that_are_missing(file: ProcedureFile) -> Stories:
    """Yield each letter that a command owes and the file does not have."""
    there = {letter.name for letter in file.letter}
    for name, command in owed_by_command(file).items():
        if name not in there and not (name == "objection too late" and "objection receipt" not in there):
            does = "In any case" if command is None else f"Somebody uses {command}:"
            yield (
                f"letter-missing:{name}",
                f"{does} the {name} is owed, and the file has none: nobody is told.",
            )
    if not owed_at_opening(file):
        yield (
            "letter-missing:opening",
            "A complaint comes in: no letter is owed, so the customer hears nothing.",
        )


def letters_owed_too_early(file: ProcedureFile) -> Stories:
    """Yield each letter that the opening owes although its content comes only later."""
    for name in sorted(owed_at_opening(file) - set(AT_OPENING)):
        by = "what people do later" if name in OWED_IN_EVERY_CASE else BROUGHT_BY[name][0]
        yield (
            f"owed-too-early:{name}",
            f"A case opens: the {name} is owed at once, and only {by} brings about what it tells.",
        )


def letters_that_no_clock_awaits(file: ProcedureFile) -> Stories:
    """What the text promises has a clock, with a term or without; an addition of ours at opening has too."""
    for letter in file.letter:
        if letter.addition is not None and letter.owed != "at opening":
            continue
        if not any(is_met_by(clock, letter) for clock in file.clock):
            yield (
                f"no-clock:{letter.name}",
                f"The {letter.name} is not sent: no clock waits for it, so nobody notices.",
            )
