"""Writes a letter and proves, before it may leave, that it says what the procedure demands.

Always holds: the text is chosen by letter, language and the organisation's tone; what a user typed is only
ever a value, never a template; every period comes from the case's own clocks or from the command that sets
them, so a letter cannot name another one; a letter that lacks a mandatory part is not made at all.
"""

from dataclasses import dataclass
from datetime import date

from events.catalogue.words import Language
from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade, period_of
from notifier.writing.required_contents import proven
from notifier.writing.subjects import SUBJECTS
from notifier.writing.templates import blocks_of, on_one_line, page, plain, render
from notifier.writing.values_by_letter import values_of

__all__ = ["LetterCannotBeMade", "WrittenLetter", "write_letter"]


@dataclass(frozen=True, slots=True)
class WrittenLetter:
    """A finished letter; `contents` are the mandatory parts that were found in it.

    `html` is the mail's other half, or the page to be printed. `period_until` is the last day of the period
    that it tells, where telling it binds the organisation.
    """

    subject: str
    text: str
    html: str
    language: Language
    dated_on: date
    contents: tuple[str, ...]
    period_until: date | None = None


def write_letter(writing: WritingContext, address: str = "") -> WrittenLetter:
    """Write a letter, dated the civil day of writing in the procedure's zone.

    `address` is the complainant's postal address as typed, for a letter on paper. Raises `LetterCannotBeMade`
    naming what lacks.
    """
    letter, manner, procedure = writing.owing.letter, writing.manner, writing.procedure
    rule = procedure.letter(letter)
    if rule is None:
        raise LetterCannotBeMade(f"procedure {procedure.id} {procedure.version} has no letter {letter!r}")
    period = period_of(writing.case, writing.owing, rule, writing.dated_on)
    explanation = render(f"explanations/{procedure.id}-{procedure.version}.{manner}.txt", {}) or ""
    values = values_of(writing, period, explanation)
    name = f"{letter.replace(' ', '-')}.{manner}.txt"
    text = render(name, values.told)
    if text is None or manner not in SUBJECTS.get(letter, {}):
        raise LetterCannotBeMade(f"{letter}: there is no text or subject for {manner}; add letters/{name}")
    blocks = blocks_of(text)
    written = plain(blocks)
    contents = proven(writing, values, written)
    subject = f"{SUBJECTS[letter][manner]} ({values['reference']})"
    html = page(
        "page.html" if writing.by_post else "frame.html",
        blocks,
        language=writing.language,
        subject=subject,
        organisation=writing.organisation.name,
        postal_address=writing.organisation.postal_address,
        recipient=address_lines(writing.name, address),
    )
    until = period.moves if period else None
    return WrittenLetter(subject, written, html, writing.language, writing.dated_on, contents, until)


def address_lines(name: str, address: str) -> list[str]:
    """Give the lines of the address window; commas and line ends of what was typed part them."""
    lines = (on_one_line(part) for line in address.splitlines() for part in line.split(","))
    return [line for line in (on_one_line(name), *lines) if line][:LONGEST_ADDRESS]


LONGEST_ADDRESS = 7
"""Lines that fit into the window of an envelope."""
