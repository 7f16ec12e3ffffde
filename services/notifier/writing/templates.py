"""Fills in our own templates, cuts the text into paragraphs, and makes the plain text and the HTML.

Always holds: what people wrote is a value and never a template. A line of it never becomes a heading. Plain
text, HTML and printed page are made from the same paragraphs, so they cannot differ.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment

HEADING = "# "

_NO_HEADING = "\ue000"
"""Marks a line of somebody's text that starts with `#`, until the paragraphs are cut.

Without it, that line would become a heading of our letter. The sign is of Unicode's private use: `as_words`
removes it from what people write, so nobody can type it.
"""

_HIDES_OR_REVERSES = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Invisible marks that hide text or reverse its direction, so that it reads differently than it is."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph of a letter."""

    lines: tuple[str, ...]
    is_heading: bool

    def __str__(self) -> str:
        return "\n".join(self.lines)


def as_words(text: object) -> str:
    """Return what somebody wrote as a value of a template: no control character, heading or reversed text."""
    if not isinstance(text, str):
        return ""
    lines = (
        "".join(character for character in line if _is_printable(character)).strip()
        for line in text.expandtabs(4).splitlines()
    )
    return "\n".join(_NO_HEADING + line if line.startswith("#") else line for line in lines).strip()


def on_one_line(text: object) -> str:
    """Return what somebody wrote as one line, for a list."""
    return " ".join(as_words(text).split())


def blocks_of(text: str) -> list[Block]:
    """Cut a text into paragraphs at its empty lines; a paragraph that begins with `# ` is a heading."""
    blocks = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = tuple(line.strip() for line in paragraph.splitlines() if line.strip())
        if lines:
            heading = lines[0].startswith(HEADING)
            blocks.append(_block((lines[0][len(HEADING) :],) if heading else lines, heading))
    return blocks


def parts_of(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a value as a letter that holds it shows them."""
    return tuple(str(block) for block in blocks_of(text))


def plain(blocks: Sequence[Block]) -> str:
    """Write paragraphs as plain text."""
    return "\n\n".join(str(block) for block in blocks) + "\n"


def render(name: str, values: Mapping[str, object]) -> str | None:
    """Fill in one of our own texts; return None when there is none by this name."""
    try:
        template = _ENVIRONMENT.get_template(name)
    except TemplateNotFound:
        return None
    return template.render(values)


def page(frame: str, blocks: Sequence[Block], **values: object) -> str:
    """Return the HTML of a letter, for a mail or for the printer."""
    return _ENVIRONMENT.get_template(frame).render(
        blocks=[(block.is_heading, block.lines[0], block.lines[1:]) for block in blocks], **values
    )


def _block(lines: tuple[str, ...], heading: bool) -> Block:
    return Block(tuple(line.replace(_NO_HEADING, "") for line in lines), heading)


def _is_printable(character: str) -> bool:
    return character not in _HIDES_OR_REVERSES and unicodedata.category(character) not in ("Cc", "Cs", "Co")


_ENVIRONMENT = SandboxedEnvironment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "letters"),
    autoescape=lambda name: name is not None and name.endswith(".html"),
    undefined=StrictUndefined,  # an unknown variable stops the letter; the default would leave a gap in it
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
