"""Who files a complaint or adds to one, as plain data that each channel makes from what it knows. Pure.

Everybody may complain without a token. Keys of a sender with a token are their own; keys without one belong
to the organisation complained to. Scopes and command ids made here are stored: they never change.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from events.identity import command_id_of
from web.idempotency_keys import RequestKey, request_key

ANONYMOUS = "anonymous"
"""The actor of a complaint that came without a token."""

COMPLAINANT_BY_LINK = "complainant"
"""The actor of what comes by the signed link: whoever holds it."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the actor in the history, their Idempotency-Key as sent, and a W3C trace if there is one."""

    actor: str = ANONYMOUS
    key: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Who adds something to which case; `by_link` is true for whoever holds its signed link."""

    case_id: UUID
    reference: str
    by_link: bool
    sender: Sender


def complaint_key(sender: Sender, organisation: str, fingerprint: bytes, secret: bytes) -> RequestKey:
    """Make the key of a complaint to this organisation; raises `UnusableKey` when its text cannot be one."""
    scope = f"intake/organisation/{organisation}" if sender.actor == ANONYMOUS else f"intake/{sender.actor}"
    key = request_key("intake", secret, scope, sender.key, fingerprint)
    if key.key is None:
        return key
    # Without the fingerprint, other than for messages and commands: a complaint begins a stream of its own,
    # so no earlier event can be mistaken for a repeat of it. Stored so since the first complaint.
    return replace(key, command_id=command_id_of("intake", key.scope, key.key))


def message_key(writer: Writer, fingerprint: bytes, secret: bytes) -> RequestKey:
    """Make the key of a message; raises `UnusableKey` when its text cannot be one.

    Keys that come by a link belong to its case: two complainants who both send the key "1" never meet.
    """
    whose = f"organisation/case/{writer.case_id}" if writer.by_link else writer.sender.actor
    return request_key("intake", secret, f"intake/{whose}", writer.sender.key, fingerprint)
