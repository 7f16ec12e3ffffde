"""The header guard: turns text into a header line that cannot start another one.

Always holds: text of a user reaches a header only through `safe_header`. What this file returns holds no
line break, so it adds no second header and no second recipient. The standard library's e-mail package is not
used: in some interpreters an encoded word such as `=?UTF-8?Q?hi=0ABcc=3A…?=` starts a header of its own
(CVE-2024-6923), and `parseaddr` reads one hostile address as another one (CVE-2023-27043).
"""

import binascii
import re
import unicodedata

LONGEST_HEADER = 150
"""Characters of a header's text; the rest is cut off. Short enough that no line needs folding."""

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([BbQq])\?([^?\r\n]*)\?=")
_DECODING_ROUNDS = 3
"""An encoded word may hold another one. Three rounds are more than any mail program writes."""

_NOT_IN_A_HEADER = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ENCODED_CHUNK_BYTES = 42
"""42 bytes are 56 characters of base64: an encoded word of 68, under the 75 that RFC 2047 allows."""


class UnsafeHeader(ValueError):
    """The finished bytes hold other headers than expected. The caller must not send them."""


def safe_header(text: str, longest: int = LONGEST_HEADER) -> str:
    """Return `text` as one harmless line of at most `longest` characters.

    Encoded words are decoded; control characters and invisible marks become spaces.
    """
    # Decode first: a line break can hide inside an encoded word, and is only removed once it is visible.
    for _ in range(_DECODING_ROUNDS):
        decoded = _ENCODED_WORD.sub(_decode_word, text)
        if decoded == text:
            break
        text = decoded
    # Break up what still looks like an encoded word. Otherwise the reader's program decodes it, after our
    # check.
    text = text.replace("=?", "= ?").replace("?=", "? =")
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            " " if unicodedata.category(character) in _NOT_IN_A_HEADER else character for character in text
        )
    return " ".join(text.split())[:longest].rstrip()


def header_value(text: str, longest: int = LONGEST_HEADER) -> bytes:
    """Return the bytes of a header's text: ASCII as it is, anything else as RFC 2047 encoded words."""
    line = safe_header(text, longest)
    if line.isascii():
        return line.encode("ascii")
    chunks, chunk = [], b""
    # Cut between characters, never inside one: each encoded word must be valid UTF-8 by itself.
    for character in line:
        encoded = character.encode("utf-8")
        if len(chunk) + len(encoded) > _ENCODED_CHUNK_BYTES:
            chunks.append(chunk)
            chunk = b""
        chunk += encoded
    return b"\r\n ".join(
        b"=?utf-8?b?" + binascii.b2a_base64(part, newline=False) + b"?=" for part in (*chunks, chunk)
    )


def phrase(text: str) -> bytes:
    """Return a display name, always quoted or encoded, so that it cannot hold another address."""
    value = header_value(text)
    if value.startswith(b"=?"):
        return value
    return b'"' + value.replace(b"\\", b"").replace(b'"', b"'") + b'"'


def check_headers(message: bytes, expected: tuple[str, ...]) -> None:
    """Check that the finished bytes hold exactly these headers, in this order, each once.

    Raises `UnsafeHeader` for any other set, a bare CR or LF, a NUL or a line of more than 998 bytes; the
    caller holds the letter back.
    """
    # This reads the bytes again and trusts nothing above: a mistake in the guard is found before it leaves.
    lines = message.split(b"\r\n")
    if lines[-1] or b"\0" in message:
        raise UnsafeHeader("a message must end with a line break and hold no NUL")
    joined = b"".join(lines)
    if b"\r" in joined or b"\n" in joined or max(map(len, lines)) > 998:
        raise UnsafeHeader("a message line holds a bare CR or LF, or is longer than 998 bytes")
    found = [
        line.partition(b":")[0].decode("ascii", "replace")
        for line in lines[: lines.index(b"")]
        if not line.startswith((b" ", b"\t"))
    ]
    if tuple(found) != expected:
        raise UnsafeHeader(f"expected the headers {list(expected)}, the bytes hold {len(found)} others")


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, body = match.groups()
    try:
        if encoding in "bB":
            raw = binascii.a2b_base64(body.encode("ascii", "replace"))
        else:
            raw = binascii.a2b_qp(body.encode("ascii", "replace"), header=True)
        return raw.decode(charset.partition("*")[0], "replace")
    except (LookupError, ValueError):
        return body
