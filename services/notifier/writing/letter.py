"""Writes a letter, and proves that it holds what the procedure demands before it may leave. Pure.

Always holds: the text is chosen by letter, language and the organisation's tone. What a user typed is a value
and never a template. Every period comes from the case's clocks or from the command that sets them, so a
letter cannot name another one. A letter that lacks a mandatory part is not made.
"""

from dataclasses import dataclass
from datetime import date

from events.catalogue.words import Language
from notifier.writing.context import WritingContext
from notifier.writing.periods import LetterCannotBeMade, period_of
from notifier.writing.required_contents import proven
from notifier.writing.subjects import SUBJECTS
from notifier.writing.templates import blocks_of, on_one_line, page, plain, render
from notifier.writing.values.by_letter import values_of

__all__ = ["LetterCannotBeMade", "WrittenLetter", "write_letter"]


@dataclass(frozen=True, slots=True)
class WrittenLetter:
    """A finished letter; `contents` are the mandatory parts that were found in it.

    `html` is the HTML part of the mail, or the page to be printed. `period_until` is the last day of the
    period in the letter, where the letter moves a clock to that day.
    """

    subject: str
    text: str
    html: str
    language: Language
    dated_on: date
    contents: tuple[str, ...]
    period_until: date | None = None


def write_letter(context: WritingContext, address: str = "") -> WrittenLetter:
    """Write a letter, dated the civil day of writing in the procedure's zone.

    `address` is the complainant's postal address as typed, for a letter on paper. Raises
    `LetterCannotBeMade`, which names what is missing; the caller holds the letter back.
    """
    letter, manner, procedure = context.owing.letter, context.manner, context.procedure
    rule = procedure.letter(letter)
    if rule is None:
        raise LetterCannotBeMade(f"procedure {procedure.id} {procedure.version} has no letter {letter!r}")
    period = period_of(context.case, context.owing, rule, context.dated_on)
    explanation = render(f"explanations/{procedure.id}-{procedure.version}.{manner}.txt", {}) or ""
    values = values_of(context, period, explanation)
    name = f"{letter.replace(' ', '-')}.{manner}.txt"
    text = render(name, values.variables)
    if text is None or manner not in SUBJECTS.get(letter, {}):
        raise LetterCannotBeMade(f"{letter}: there is no text or subject for {manner}; add letters/{name}")
    blocks = blocks_of(text)
    written = plain(blocks)
    contents = proven(context, values, written)
    subject = f"{SUBJECTS[letter][manner]} ({values['reference']})"
    html = page(
        "page.html" if context.by_post else "frame.html",
        blocks,
        language=context.language,
        subject=subject,
        organisation=context.organisation.name,
        postal_address=context.organisation.postal_address,
        recipient=address_lines(context.name, address),
    )
    period_until = period.moves_clock_to if period else None
    return WrittenLetter(subject, written, html, context.language, context.dated_on, contents, period_until)


def address_lines(name: str, address: str) -> list[str]:
    """Return the lines of the address window, cut at the commas and line ends of what was typed."""
    lines = (on_one_line(part) for line in address.splitlines() for part in line.split(","))
    return [line for line in (on_one_line(name), *lines) if line][:LONGEST_ADDRESS]


LONGEST_ADDRESS = 7
"""Lines that fit into the window of an envelope."""
