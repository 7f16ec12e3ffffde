"""Idempotency-Keys: what may be one, how it is kept, and how the stream itself knows a repeat. Pure.

A key is kept as a keyed hash only, because nobody can know what a client puts into it.
"""

import hmac
import re
from dataclasses import dataclass
from uuid import UUID, uuid4

from events.canonical import prefixed
from events.identity import command_id_of
from web.problems import Problem

LONGEST = 255
"""Characters: room for two UUIDs and a few words, on every route the same."""

FORM = f"1 to {LONGEST} visible ASCII characters without spaces, for example a random UUID"

EXPLAINED = (
    f"{FORM}. The same key with the same body gives the same answer and does nothing twice; with another "
    "body it is refused (409). A key is remembered for ninety days."
)
"""The description of the header in the OpenAPI document."""

_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")


class UnusableKey(Problem):
    """The Idempotency-Key is empty, too long or not visible ASCII: the one 400 for it."""

    def __init__(self) -> None:
        super().__init__(
            400,
            "idempotency-key",
            "This Idempotency-Key cannot be used",
            f"Send the header Idempotency-Key with {FORM}. Nothing was done.",
        )


@dataclass(frozen=True, slots=True)
class RequestKey:
    """How a request is recognised when it comes again.

    `scope` is whose key it is, `key` its keyed hash, or None when none was sent: then nothing is remembered.
    `fingerprint` is a keyed hash of what the request said. `command_id` stands in the events it causes.
    """

    scope: str
    key: str | None
    fingerprint: bytes
    command_id: UUID

    def is_for(self, fingerprint: bytes) -> bool:
        """Return whether a stored fingerprint is of a request that said the same."""
        # In constant time: a caller could otherwise find a fingerprint byte by byte by the time it takes.
        return hmac.compare_digest(self.fingerprint, fingerprint)


def request_key(service: str, secret: bytes, scope: str, key: str | None, fingerprint: bytes) -> RequestKey:
    """Make the key of a request from the Idempotency-Key as it was sent, or from none.

    Raises `UnusableKey` when the text cannot be a key; the caller passes it on as the answer.
    """
    if key is None:
        return RequestKey(scope, None, fingerprint, uuid4())
    require_usable(key)
    kept = hidden(secret, key)
    return RequestKey(scope, kept, fingerprint, command_of(service, scope, kept, fingerprint))


def require_usable(key: str | None) -> None:
    """Return when this is a key, or None. Raises `UnusableKey` for any other text."""
    if key is not None and not is_usable(key):
        raise UnusableKey


def is_usable(key: str) -> bool:
    """Return whether this text can be a key."""
    return _KEY.fullmatch(key) is not None


def fingerprint_of(secret: bytes, *said: bytes) -> bytes:
    """Return the keyed hash of everything that a request said, part by part."""
    return hmac.digest(secret, prefixed((b"request", *said)), "sha256")


def hidden(secret: bytes, key: str) -> str:
    """Return the keyed hash that is stored in the place of a key."""
    return hmac.digest(secret, prefixed((b"key", key.encode())), "sha256").hex()


def command_of(service: str, scope: str, hidden_key: str, fingerprint: bytes) -> UUID:
    """Return the command id of a request, made of its key and of what it said.

    The row of a key is deleted after ninety days, and the stream is never deleted. With the key alone, other
    words that come under it later would look like a repeat and be lost. Nobody can test a guess of the words
    against this id without our secret and the client's own key, and of that key nothing is kept by then.
    """
    return command_id_of(service, scope, hidden_key, fingerprint.hex())
