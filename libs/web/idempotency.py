"""Idempotency-Keys: what may be one, as what it is kept, and how the stream itself knows a repeat; pure.

A key is kept as a keyed hash only, because nobody can know what a client puts into it.
"""

import hmac
import re
from uuid import UUID

from events.canonical import prefixed
from events.identity import command_id_of

LONGEST = 255
"""Characters: room for two UUIDs and a few words, on every route the same."""

FORM = f"1 to {LONGEST} visible ASCII characters without spaces, for example a random UUID"

EXPLAINED = (
    f"{FORM}. The same key with the same body gives the same answer and does nothing twice; with another "
    "body it is refused (409). A key is remembered for ninety days."
)
"""What the description of the interface says about the header."""

_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")


def is_usable(key: str) -> bool:
    """Tell whether this can be a key."""
    return _KEY.fullmatch(key) is not None


def hidden(secret: bytes, key: str) -> str:
    """Give the keyed hash as which a key is kept."""
    return hmac.digest(secret, prefixed((b"key", key.encode())), "sha256").hex()


def command_of(service: str, scope: str, hidden_key: str, fingerprint: bytes) -> UUID:
    """Name what a request does, by its key and by what it says.

    The row of a key is forgotten after ninety days and the stream never: named by the key alone, other words
    that come under it later would pass for a repeat and be lost. Nobody can check a guess of the words
    against this name without our secret and the client's own key, of which nothing is kept any more then.
    """
    return command_id_of(service, scope, hidden_key, fingerprint.hex())
