"""The chain of one case: what exactly is hashed, so that any change of an event shows.

`event_hash` covers every column that a client sends, plus the hash before it, in a length-prefixed encoding
under a format version. This file is the format: it never changes; a new format gets a new FORMAT.

It covers `data` and `pii` through commitments, so that an extract can leave them out and still be checked
against the chain. What an extract does show is proven by `fields_root`: RFC 9162 trees over the salted fields
of `data` and of each person, their roots joined into one.

A field that is left out cannot be guessed, because nobody knows its salt. The salts of `data` come from the
event's own random salt, those of a person from one that is encrypted with their fields and is lost with their
key. A person's root stays, so that everybody else's fields remain provable.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from events.canonical import microseconds, prefixed, to_json

# What is hashed inside an event begins with its kind, so that one kind can never pass for another: 0x00 a
# leaf and 0x01 a node of a tree (RFC 9162), 0x02 the joined roots, 0x03 a commitment to `data`, 0x04 one to
# `pii`.

FORMAT = b"gehoor event 1"
SALT_LENGTH = 16
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
    data_commitment: bytes,
    pii_commitment: bytes | None,
    fields_root: bytes,
) -> bytes:
    """Return the hash of one event on top of `previous` (empty for version 1); 32 bytes."""
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
                data_commitment,
                pii_commitment,
                fields_root,
            )
        )
    ).digest()


def commit_to_data(salt: bytes, data: bytes) -> bytes:
    """Return a commitment to the exact bytes of `data`, which nobody can guess without the event's salt."""
    return hashlib.sha256(b"\x03" + salt + data).digest()


def commit_to_pii(pii: bytes | None) -> bytes | None:
    """Return a commitment to the exact bytes of the encrypted part, if there is one."""
    # Without a salt: it holds ciphertext under random nonces, which nobody can guess anyway.
    return None if pii is None else hashlib.sha256(b"\x04" + pii).digest()


def join_roots(data_root: bytes, persons: Sequence[tuple[str, bytes]]) -> bytes:
    """Join the root of `data` and those of the persons, sorted by slot, into the event's `fields_root`."""
    parts = [part for slot, root in sorted(persons) for part in (slot.encode(), root)]
    return hashlib.sha256(b"\x02" + prefixed((data_root, *parts))).digest()


def data_root(salt: bytes, data: bytes) -> bytes:
    """Return the root over the fields of `data`, in the order of their names.

    Raises msgspec's errors when `data` is no JSON object.
    """
    # Raw: a value is hashed as it stands in the stored bytes. Decoded and written again it might differ one
    # day.
    return _root(salt, "data", sorted(_fields.decode(data).items()))


def person_root(salt: bytes, slot: str, fields: Mapping[str, Any]) -> bytes:
    """Return the root over a person's fields, in the order of their names."""
    return _root(salt, slot, [(name, to_json(value)) for name, value in sorted(fields.items())])


def _root(salt: bytes, place: str, fields: Sequence[tuple[str, bytes | msgspec.Raw]]) -> bytes:
    """Join the leaves of the fields into their root."""
    # Each leaf is what `field_leaf` returns, written out here: it is most of the work of an append.
    sha256, join = hashlib.sha256, b"".join
    return merkle_root(
        [
            sha256(join((b"\x00", own_salt, _named(place, name), value))).digest()
            for own_salt, (name, value) in zip(field_salts(salt, len(fields)), fields, strict=True)
        ]
    )


@lru_cache(maxsize=4096)
def _named(place: str, name: str) -> bytes:
    return prefixed((f"{place}/{name}".encode(),))


def field_salts(secret: bytes, number: int) -> list[bytes]:
    """Derive the salts of `number` fields from one secret; who is shown one cannot compute another."""
    length = number * SALT_LENGTH
    stream = hashlib.shake_256(b"gehoor field salt" + secret).digest(length)
    return [stream[start : start + SALT_LENGTH] for start in range(0, length, SALT_LENGTH)]


def field_leaf(salt: bytes, path: str, value: bytes | msgspec.Raw) -> bytes:
    """Return the hash of one field under its own salt; `value` is its canonical JSON."""
    return hashlib.sha256(b"".join((b"\x00", salt, prefixed((path.encode(),)), value))).digest()


def merkle_root(hashes: Iterable[bytes]) -> bytes:
    """Join leaves into one root as in RFC 9162 §2.1.1; without leaves it is the hash of nothing."""
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
