"""The chain of one case: what exactly is hashed, so that any change of an event shows.

`event_hash` covers every column that a client sends, plus the hash before it, in a length-prefixed encoding
under a format version: it is the format, it never changes; a new one gets a new FORMAT. `fields_root` is the
root of a Merkle tree (RFC 9162: leaf prefix 0x00, node prefix 0x01) over the salted fields of an event, so
that an extract with fields blacked out can still be checked. Salts keep a blacked-out field from being
guessed: those of a person's fields come from the person's key and die with it, the others from the salt of
the case. One SHAKE-256 over secret and version gives the salts of all fields that one secret guards; who is
shown one of them learns nothing about the next.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from events.canonical import microseconds, prefixed, to_json

FORMAT = b"gehoor event 1"
_SALT_LENGTH = 16
_SECRET_LENGTH = 32
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
    return hashlib.shake_256(b"gehoor case salt" + salt_key + case_id.bytes).digest(_SECRET_LENGTH)


def person_salt(person_key: bytes) -> bytes:
    """Derive the salt of a person's fields from the person's key: who has lost one has lost the other."""
    return hashlib.shake_256(b"gehoor person salt" + person_key).digest(_SECRET_LENGTH)


def field_salts(secret: bytes, version: int, number: int) -> list[bytes]:
    """Derive the salts of the first `number` fields that `secret` guards in one event of its case."""
    length = number * _SALT_LENGTH
    stream = hashlib.shake_256(b"gehoor field salt" + secret + version.to_bytes(4, "big")).digest(length)
    return [stream[start : start + _SALT_LENGTH] for start in range(0, length, _SALT_LENGTH)]


def field_leaf(salt: bytes, path: str, value: bytes | msgspec.Raw) -> bytes:
    """Hash one field under its own salt; `value` is its canonical JSON."""
    name = path.encode()
    return hashlib.sha256(b"".join((b"\x00", salt, len(name).to_bytes(4, "big"), name, value))).digest()


def leaves(
    version: int,
    data: bytes,
    salt: bytes,
    personal: Mapping[str, Mapping[str, Any]],
    salts: Mapping[str, bytes],
) -> list[bytes]:
    """Hash the fields of data in the order of their names, then each person's, by slot and name."""
    fields = sorted(_fields.decode(data).items())
    own = [
        field_leaf(field_salt, f"data/{name}", raw)
        for field_salt, (name, raw) in zip(field_salts(salt, version, len(fields)), fields, strict=True)
    ]
    for slot in sorted(personal):
        theirs = sorted(personal[slot].items())
        own += [
            field_leaf(field_salt, f"{slot}/{name}", to_json(value))
            for field_salt, (name, value) in zip(
                field_salts(salts[slot], version, len(theirs)), theirs, strict=True
            )
        ]
    return own


def merkle_root(hashes: Iterable[bytes]) -> bytes:
    """Join leaves to one root as in RFC 9162 §2.1.1; no leaves hash to the hash of nothing."""
    level = list(hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    sha256 = hashlib.sha256
    while len(level) > 1:
        # Pairing neighbours and carrying an odd one up gives the same tree as the RFC's split.
        odd = [level.pop()] if len(level) % 2 else []
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=True)
        ] + odd
    return level[0]
