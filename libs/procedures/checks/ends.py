"""Every clock has an end, and a day that a letter names moves the clock that it is about."""

from procedures.checks.asking import Stories, is_met_by, letter_of
from procedures.schema.model import ClockSection, LetterSection, ProcedureFile


def duties_without_a_term(file: ProcedureFile) -> Stories:
    """Yield each duty without a term; a clock that only keeps an order needs none."""
    for clock in file.clock:
        if clock.no_term and clock.binds == "company" and clock.precedes is None:
            yield (
                f"no-term:{clock.id}",
                f"{clock.id} is owed and names no term: a year later it is still not broken.",
            )


def no_rule_for_delay(file: ProcedureFile) -> Stories:
    """Yield one finding when there are duties with a term and no way to extend any."""
    hard = [clock.id for clock in file.clock if clock.kind == "duty" and clock.within is not None]
    if hard and not file.conduct.extends:
        yield (
            "no-delay-rule",
            f"The term of {hard[-1]} will not be made: nothing lets it be extended, so it is met or broken.",
        )


def extensions_without_end(file: ProcedureFile) -> Stories:
    """Yield each clock that may be extended without any limit."""
    if file.conduct.extends_at_most is not None and file.conduct.further_by_consent:
        return
    for clock in file.conduct.extends:
        yield (
            f"unlimited-extension:{clock}",
            f"{clock} is extended, and then again, and again: no rule names a limit.",
        )


def extensions_that_move_nothing(file: ProcedureFile) -> Stories:
    """An extension moves the clock by the day that the delay notice tells, or the notice itself meets it."""
    clocks = {clock.id: clock for clock in file.clock}
    for name in file.conduct.extends:
        clock = clocks[name]
        meets = any(letter.name == "delay notice" and _is_done_by(clock, letter) for letter in file.letter)
        if "delay notice period" not in clock.told_by and not meets:
            yield (
                f"extension-moves-nothing:{name}",
                f"{name} is extended and the customer is told: {name} ends on the day it had before.",
            )


def periods_that_bind_nobody(file: ProcedureFile) -> Stories:
    """A letter that tells the end of a clock makes that end a promise, unless it meets the clock."""
    clocks = {clock.id: clock for clock in file.clock}
    for letter in file.letter:
        clock = clocks.get(letter.period_of or "")
        if clock is None or _is_done_by(clock, letter) or f"{letter.name} period" in clock.told_by:
            continue
        yield (
            f"told-moves-nothing:{letter.name}",
            f"The {letter.name} tells a day for {clock.id}: {clock.id} ends when it would have all the same.",
        )


def clocks_that_take_a_strange_day(file: ProcedureFile) -> Stories:
    """What was told of one clock moves no other; an extension tells the end of the clock it extends."""
    letters: dict[str, LetterSection] = {letter.name: letter for letter in file.letter}
    for clock in file.clock:
        for fact in clock.told_by:
            letter = letters.get(letter_of(fact) or "")
            if letter is None or letter.period_of in (None, clock.id):
                continue
            if letter.name != "delay notice" or clock.id not in file.conduct.extends:
                yield (
                    f"told-of-another:{clock.id}",
                    f"The {letter.name} tells the end of {letter.period_of}: {clock.id} moves with it.",
                )


def terms_a_person_sets(file: ProcedureFile) -> Stories:
    """Yield each clock whose end a person chooses, without a term that bounds it."""
    for clock in file.clock:
        if clock.told_by and clock.within is None:
            yield (
                f"told-without-limit:{clock.id}",
                f"A person sets the term of {clock.id} to next year: nothing says how long it may be.",
            )


def _is_done_by(clock: ClockSection, letter: LetterSection) -> bool:
    """Return whether a letter meets a clock that has an end of its own and does not follow another one."""
    return clock.end_of is None and is_met_by(clock, letter)
