"""Writes one letter as the bytes of a mail: multipart/alternative, plain text and HTML, every line CRLF.

Always holds: every attempt at a letter has the same Message-ID. The headers are checked on the finished
bytes. Bodies are quoted-printable, so no line that a user wrote is too long, ends in a bare LF, or is read as
the end of the mail.
"""

import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from uuid import UUID

from events.addresses import parse_address
from notifier.smtp.header import check_headers, header_value, phrase

HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Language",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
)


@dataclass(frozen=True, slots=True)
class Mail:
    """The parts of a mail before they are written as bytes; `sent_at` becomes its Date."""

    letter_id: UUID
    message_id: str
    sender_name: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    sent_at: datetime


def message_id_of(key: bytes, letter_id: UUID, sender: str) -> str:
    """Return the Message-ID of a letter: the same for every attempt, and without meaning to an outsider.

    Mail programs show two copies with one Message-ID as one mail. Without that, a second attempt would look
    like a second letter. Raises `NotAnAddress` when the sender's address is not one.
    """
    digest = hmac.new(key, b"message-id/" + letter_id.bytes, hashlib.sha256).hexdigest()[:40]
    return f"<{digest}@{parse_address(sender).partition('@')[2]}>"


def to_bytes(mail: Mail) -> bytes:
    """Return the bytes of a mail.

    Raises `UnsafeHeader` when the headers are not exactly `HEADERS`, and `NotAnAddress` for a sender or
    recipient that is not one address. The caller holds the letter back in both cases.
    """
    boundary = f"=_{mail.letter_id.hex}".encode("ascii")  # no quoted-printable line can hold "=_"
    values = (
        phrase(mail.sender_name) + b" <" + parse_address(mail.sender).encode("ascii") + b">",
        parse_address(mail.to).encode("ascii"),
        header_value(mail.subject),
        format_datetime(mail.sent_at).encode("ascii"),
        mail.message_id.encode("ascii"),
        mail.language.encode("ascii"),
        b"auto-generated",
        b"All",
        b"1.0",
        b'multipart/alternative; boundary="' + boundary + b'"',
    )
    head = b"".join(
        name.encode("ascii") + b": " + value + b"\r\n" for name, value in zip(HEADERS, values, strict=True)
    )
    message = b"".join(
        (
            head,
            b"\r\n--", boundary, b"\r\n", _part(b"plain", mail.text),
            b"\r\n--", boundary, b"\r\n", _part(b"html", mail.html),
            b"\r\n--", boundary, b"--\r\n",
        )
    )  # fmt: skip
    check_headers(message, HEADERS)
    return message


def _part(subtype: bytes, text: str) -> bytes:
    lines = "\r\n".join(text.replace("\0", "").splitlines()) + "\r\n"
    return (
        b"Content-Type: text/" + subtype + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + binascii.b2a_qp(lines.encode("utf-8", "replace"), quotetabs=False, istext=True)
    )
