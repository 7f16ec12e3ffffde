"""The chain of one case: what exactly is hashed, so that any change of an event shows.

`event_hash` covers every column that a client sends, plus the hash before it, in a length-prefixed encoding
under a format version: it is the format, it never changes; a new one gets a new FORMAT. `fields_root` is the
root of a Merkle tree (RFC 9162: leaf prefix 0x00, node prefix 0x01) over the salted fields of an event, so
that an extract with fields blacked out can still be checked. Salts keep a blacked-out field from being
guessed: those of a person's fields come from the person's key and die with it, the others from the salt of
the case.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from events.canonical import microseconds, prefixed, to_json

FORMAT = b"gehoor event 1"
_SALT_LENGTH = 16


def event_hash(
    *,
    previous: bytes,
    case_id: UUID,
    version: int,
    organisation: str,
    type: str,  # noqa: A002 - the column's name
    schema_version: int,
    happened_at: datetime,
    recorded_at: datetime,
    actor: str,
    command_id: UUID,
    causation: str | None,
    correlation: UUID,
    traceparent: str | None,
    data: bytes,
    pii: bytes | None,
    fields_root: bytes,
) -> bytes:
    """Hash one event onto `previous` (empty for version 1); 32 bytes."""
    return hashlib.sha256(
        prefixed(
            (
                FORMAT,
                previous,
                case_id.bytes,
                version.to_bytes(4, "big"),
                organisation.encode(),
                type.encode(),
                schema_version.to_bytes(2, "big"),
                microseconds(happened_at).to_bytes(8, "big", signed=True),
                microseconds(recorded_at).to_bytes(8, "big", signed=True),
                actor.encode(),
                command_id.bytes,
                None if causation is None else causation.encode(),
                correlation.bytes,
                None if traceparent is None else traceparent.encode(),
                data,
                pii,
                fields_root,
            )
        )
    ).digest()


def case_salt(salt_key: bytes, case_id: UUID) -> bytes:
    """Derive the salt of a case's fields that concern nobody in person."""
    return hmac.digest(salt_key, b"case salt" + case_id.bytes, "sha256")


def person_salt(person_key: bytes) -> bytes:
    """Derive the salt of a person's fields from the person's key: who has lost one has lost the other."""
    return hmac.digest(person_key, b"field salt", "sha256")


def field_leaf(salt: bytes, version: int, path: str, value: bytes) -> bytes:
    """Hash one field under its own salt; `value` is its canonical JSON."""
    own_salt = hmac.digest(salt, prefixed((version.to_bytes(4, "big"), path.encode())), "sha256")
    return hashlib.sha256(b"\x00" + prefixed((path.encode(), own_salt[:_SALT_LENGTH], value))).digest()


def leaves(
    version: int,
    data: bytes,
    salt: bytes,
    personal: Mapping[str, Mapping[str, Any]],
    salts: Mapping[str, bytes],
) -> list[bytes]:
    """Hash the fields of data in the order of their names, then each person's, by slot and name."""
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    own = [field_leaf(salt, version, f"data/{name}", bytes(raw)) for name, raw in sorted(fields.items())]
    theirs = [
        field_leaf(salts[slot], version, f"{slot}/{name}", to_json(personal[slot][name]))
        for slot in sorted(personal)
        for name in sorted(personal[slot])
    ]
    return own + theirs


def merkle_root(hashes: Iterable[bytes]) -> bytes:
    """Join leaves to one root as in RFC 9162 §2.1.1; no leaves hash to the hash of nothing."""
    level = list(hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        # Pairing neighbours and carrying an odd one up gives the same tree as the RFC's split.
        paired = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)
        ]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]
