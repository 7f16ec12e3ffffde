"""The texts of the letters: our own templates filled in, cut into paragraphs, and made a page of.

Always holds: what people wrote is a value and never a template; a line of it is never taken for a heading;
plain text, mail and printed page are made from the same paragraphs, so that they cannot differ.
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
"""Stands before a number sign that somebody wrote until paragraphs are cut; private use, never printed."""

_HIDES_OR_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Marks that make a text read otherwise than it is written."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph of a letter."""

    lines: tuple[str, ...]
    is_heading: bool

    def __str__(self) -> str:
        return "\n".join(self.lines)


def as_words(text: object) -> str:
    """Give what somebody wrote as a value of a template: no control character, no heading, no turned text."""
    if not isinstance(text, str):
        return ""
    lines = (
        "".join(sign for sign in line if _is_printed(sign)).strip()
        for line in text.expandtabs(4).splitlines()
    )
    return "\n".join(_NO_HEADING + line if line.startswith("#") else line for line in lines).strip()


def on_one_line(text: object) -> str:
    """Give what somebody wrote as one line, for a place in a list."""
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
    """Give the paragraphs of a value as they stand in a letter that holds it."""
    return tuple(str(block) for block in blocks_of(text))


def plain(blocks: Sequence[Block]) -> str:
    """Write paragraphs as plain text."""
    return "\n\n".join(str(block) for block in blocks) + "\n"


def render(name: str, values: Mapping[str, object]) -> str | None:
    """Fill in one of our own texts; None when there is none by this name."""
    try:
        template = _ENVIRONMENT.get_template(name)
    except TemplateNotFound:
        return None
    return template.render(values)


def page(frame: str, blocks: Sequence[Block], **values: object) -> str:
    """Make the HTML of a letter, for a mail or for the printer."""
    return _ENVIRONMENT.get_template(frame).render(
        blocks=[(block.is_heading, block.lines[0], block.lines[1:]) for block in blocks], **values
    )


def _block(lines: tuple[str, ...], heading: bool) -> Block:
    return Block(tuple(line.replace(_NO_HEADING, "") for line in lines), heading)


def _is_printed(sign: str) -> bool:
    return sign not in _HIDES_OR_TURNS and unicodedata.category(sign) not in ("Cc", "Cs", "Co")


_ENVIRONMENT = SandboxedEnvironment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "letters"),
    autoescape=lambda name: name is not None and name.endswith(".html"),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
