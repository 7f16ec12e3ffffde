"""How the sentences of an organisation's own text are numbered, so that rules can point at them.

We keep numbers and digests, never the sentences: they are the organisation's. The rule, in order:

1. Lines are trimmed; a trailing `|` (a cell of a table) is dropped; empty lines separate.
2. A line that begins with a small letter continues the line above it (texts wrapped by hand).
3. A mark of a list (`-`, `•`, `1.`) at the beginning of a line is dropped; the item stands on its own.
4. Within a line a sentence ends at `.`, `!` or `?`, followed by white space and a capital; not after an
   abbreviation of `ABBREVIATIONS`.
5. What is left is counted from 1: headings, items and cells count as sentences. White space inside a
   sentence is one blank before its digest is taken.
"""

import hashlib
import re

ABBREVIATIONS = frozenset({"t.a.v.", "d.w.z.", "e.d.", "nr.", "tel."})
"""After these a full stop does not end a sentence."""

DIGEST_LENGTH = 16
"""How many hexadecimal digits of a sentence's SHA-256 a file keeps: enough to notice a change."""

_MARK = re.compile(r"(?:[-•*]|\d{1,2}\.)\s+(?=\S)")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z‘'\"“(])")


def sentences(text: str) -> tuple[str, ...]:
    """Cut a text into its numbered sentences; sentence n is at index n - 1."""
    found: list[str] = []
    for line in _lines(text):
        found.extend(_cut(_MARK.sub("", line, count=1) if _MARK.match(line) else line))
    return tuple(found)


def digest_of_sentence(sentence: str) -> str:
    """Return the digest by which a file recognises a sentence, whatever its white space."""
    return hashlib.sha256(" ".join(sentence.split()).encode()).hexdigest()[:DIGEST_LENGTH]


def digest_of_text(text: str) -> str:
    """Return the digest of a whole text, taken over its sentences, so that white space does not matter."""
    return hashlib.sha256("\n".join(sentences(text)).encode()).hexdigest()


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    apart = True
    for raw in text.splitlines():
        line = " ".join(raw.rstrip(" |").split())
        if not line:
            apart = True
            continue
        # A text that was wrapped by hand goes on in small letters. After an empty line it does not: there a
        # list item or a cell may begin with a small letter, and is a sentence of its own.
        if lines and not apart and line[0].islower():
            lines[-1] = f"{lines[-1]} {line}"
        else:
            lines.append(line)
        apart = False
    return lines


def _cut(line: str) -> list[str]:
    parts: list[str] = []
    for part in _END.split(line):
        if parts and parts[-1].split()[-1].lower() in ABBREVIATIONS:
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts
