"""Reads a kept mail for showing, in the shape and with the field names of Mailpit's HTTP API.

Always holds: no mail makes this raise; what cannot be read is shown as text that says so. The standard
library's parser is good enough here: nothing that it finds is trusted, it is only shown.
"""

import hashlib
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default as policy
from email.utils import getaddresses
from typing import Any

from gehoor.mailbox.kept import Kept

SNIPPET_LENGTH = 250
_UNREADABLE = (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError)


def summary(mail: Kept, content: bytes) -> dict[str, Any]:
    """Give what a list of mails shows of one."""
    message = _parse(content)
    text = _body(message, "plain") or _body(message, "html")
    return {
        "ID": mail.id,
        "MessageID": _header(message, "Message-ID").strip("<> "),
        "Read": mail.is_read,
        "From": (_addresses(message, "From") or [{"Name": "", "Address": mail.sender}])[0],
        "To": _addresses(message, "To"),
        "Cc": _addresses(message, "Cc"),
        "Bcc": _hidden(message, mail),
        "ReplyTo": _addresses(message, "Reply-To"),
        "Subject": _header(message, "Subject"),
        "Created": _moment(mail),
        "Username": "",
        "Tags": [],
        "Size": mail.size,
        "Attachments": len(_attachments(message)),
        "Snippet": " ".join(text.split())[:SNIPPET_LENGTH],
    }


def whole(mail: Kept, content: bytes) -> dict[str, Any]:
    """Give everything of one mail."""
    message = _parse(content)
    short = summary(mail, content)
    kept = ("ID", "MessageID", "From", "To", "Cc", "Bcc", "ReplyTo", "Subject", "Tags", "Username", "Size")
    return {
        **{name: short[name] for name in kept},
        "ReturnPath": mail.sender,
        "Date": _moment(mail),
        "Text": _body(message, "plain"),
        "HTML": _body(message, "html"),
        "Inline": [],
        "Attachments": _attachments(message),
        "ListUnsubscribe": {"Header": "", "Links": [], "Errors": "", "HeaderPost": ""},
    }


def _parse(content: bytes) -> EmailMessage:
    try:
        return message_from_bytes(content, policy=policy)
    except _UNREADABLE:
        return EmailMessage()


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except _UNREADABLE:
        return "(unreadable)"


def _addresses(message: EmailMessage, name: str) -> list[dict[str, str]]:
    pairs = getaddresses([_header(message, name)])
    return [{"Name": display, "Address": address} for display, address in pairs if display or address]


def _hidden(message: EmailMessage, mail: Kept) -> list[dict[str, str]]:
    """List the recipients of the envelope that no header names."""
    named = {entry["Address"] for name in ("To", "Cc") for entry in _addresses(message, name)}
    return [{"Name": "", "Address": address} for address in mail.recipients if address not in named]


def _body(message: EmailMessage, subtype: str) -> str:
    try:
        part = message.get_body((subtype,))
        return str(part.get_content()) if part is not None else ""
    except _UNREADABLE:
        return "(unreadable)"


def _attachments(message: EmailMessage) -> list[dict[str, Any]]:
    try:
        return [
            {
                "PartID": str(number),
                "FileName": part.get_filename() or "",
                "ContentType": part.get_content_type(),
                "ContentID": "",
                "Size": len(payload),
                "Checksums": {"SHA256": hashlib.sha256(payload).hexdigest()},
            }
            for number, part in enumerate(message.iter_attachments(), start=1)
            if isinstance(payload := part.get_payload(decode=True), bytes)
        ]
    except _UNREADABLE:
        return []


def _moment(mail: Kept) -> str:
    return mail.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
