"""The header guard: how text becomes a header line.

Always holds: no text of a user reaches a header except through `safe_header`, and no text through which a
second header, a second line or a second recipient could come gets out of this file. Nothing here uses the
standard library's e-mail package: some interpreters let an encoded word such as `=?UTF-8?Q?hi=0ABcc=3A…?=`
start a header of its own (CVE-2024-6923), and `parseaddr` reads one hostile address as another one.
"""

import binascii
import re
import unicodedata

LONGEST_HEADER = 150
"""Characters of a header's text; more is cut off. Short enough that no line needs folding at a guess."""

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([BbQq])\?([^?\r\n]*)\?=")
_DECODING_ROUNDS = 3
_NOT_IN_A_HEADER = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ENCODED_CHUNK_BYTES = 42
"""42 bytes are 56 characters of base64: an encoded word of 68, under the 75 that RFC 2047 allows."""


class UnsafeHeader(ValueError):
    """A finished message does not have exactly the headers it should have: it must not leave."""


def safe_header(text: str, longest: int = LONGEST_HEADER) -> str:
    """Give `text` as one harmless line: encoded words decoded, controls and invisible marks removed.

    Decoding comes first, because a control character may hide in an encoded word. What still looks like an
    encoded word after a few rounds is broken up, so that no reader decodes it.
    """
    for _ in range(_DECODING_ROUNDS):
        decoded = _ENCODED_WORD.sub(_decode_word, text)
        if decoded == text:
            break
        text = decoded
    text = text.replace("=?", "= ?").replace("?=", "? =")
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            " " if unicodedata.category(character) in _NOT_IN_A_HEADER else character for character in text
        )
    return " ".join(text.split())[:longest].rstrip()


def header_value(text: str, longest: int = LONGEST_HEADER) -> bytes:
    """Give the bytes of a header's text: ASCII as it is, anything else as RFC 2047 encoded words."""
    line = safe_header(text, longest)
    if line.isascii():
        return line.encode("ascii")
    chunks, chunk = [], b""
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
    """Give a display name: always quoted or encoded, so that it cannot hold another address."""
    value = header_value(text)
    if value.startswith(b"=?"):
        return value
    return b'"' + value.replace(b"\\", b"").replace(b'"', b"'") + b'"'


def check_headers(message: bytes, expected: tuple[str, ...]) -> None:
    """Read the finished bytes again and compare: exactly these headers, in this order, each once.

    Raises `UnsafeHeader` for any other set, a bare CR or LF, a NUL or a line of more than 998 bytes.
    """
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
