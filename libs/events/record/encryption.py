"""The encrypted part of an event: sealed when it is appended, opened for those who may read it.

`pii` is a canonical JSON list, one entry per person: slot, key, nonce, AES-256-GCM ciphertext, and the root
over their salted fields. The ciphertext holds the fields and the salt, and is bound to case, version, type
and slot, so that it cannot be moved to another event. The chain covers all of it. When a key is destroyed,
everything else stays as it was, and stays provable.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.canonical import prefixed, to_json
from events.catalogue import CATALOGUE, ERASED, Personal
from events.errors import KeyMissing, PersonErased
from events.record.chain import SALT_LENGTH, person_root
from events.record.envelope import Recorded


@dataclass(frozen=True)
class PersonKey:
    """A person's key, unwrapped: only ever in memory."""

    key_id: UUID
    secret: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self.secret)


@dataclass(frozen=True, slots=True)
class CaseKeys:
    """The keys of one case by person slot; `erased` names the slots whose key was destroyed."""

    keys: Mapping[str, PersonKey]
    erased: frozenset[str]

    def of(self, person: str) -> PersonKey:
        """Return a person's key.

        Raises `PersonErased` when it was destroyed (show the fixed value, write nothing personal) and
        `KeyMissing` when it should be there and is not (somebody has to restore the key store).
        """
        key = self.keys.get(person)
        if key is not None:
            return key
        if person in self.erased:
            raise PersonErased(f"the key of {person} was destroyed")
        raise KeyMissing(f"there is no key of {person}, and no word that it was destroyed")


class Sealed(msgspec.Struct, frozen=True):
    """One person's fields, encrypted, with the root over them; bytes in base64."""

    person: str
    key_id: UUID
    nonce: str
    ciphertext: str
    root: str


class _Plain(msgspec.Struct, frozen=True):
    """What is encrypted: the fields, and the salt that keeps a single one from being guessed."""

    fields: dict[str, Any]
    salt: str


_decoder = msgspec.json.Decoder(list[Sealed])
_plain_decoder = msgspec.json.Decoder(_Plain)


def seal(
    personal: Personal, keys: CaseKeys | None, case_id: UUID, version: int, type_: str
) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    """Encrypt the persons' fields of one event; returns `pii` (None without any) and the root per person.

    Raises `PersonErased` when a person's key is gone (decide again without the personal part), `KeyMissing`
    when it should be there, and `LookupError` when no keys were loaded, which is a bug of the caller.
    """
    parts, roots = [], []
    for person in sorted(personal):
        fields = dict(personal[person])
        if not fields:
            continue
        if keys is None:
            raise LookupError(f"no keys were loaded to write about {person} of case {case_id}")
        # The salt is random and not derived from the event's: that one stays readable in the store, and with
        # it the fields of an erased person could be guessed against their root.
        key, nonce, salt = keys.of(person), secrets.token_bytes(12), secrets.token_bytes(SALT_LENGTH)
        root = person_root(salt, person, fields)
        plain = to_json(_Plain(fields, _text(salt)))
        sealed = key.cipher.encrypt(nonce, plain, _bound_to(case_id, version, type_, person))
        parts.append(Sealed(person, key.key_id, _text(nonce), _text(sealed), _text(root)))
        roots.append((person, root))
    return (to_json(parts) if parts else None), roots


def open_sealed(recorded: Recorded, keys: CaseKeys) -> dict[str, dict[str, Any]]:
    """Decrypt the personal part of an event; every field of an erased person is ERASED.

    Raises `KeyMissing` when a key is neither there nor destroyed, and cryptography's InvalidTag when bytes
    were changed: that is a broken chain.
    """
    opened: dict[str, dict[str, Any]] = {}
    for part in sealed_parts(recorded):
        try:
            key = keys.of(part.person)
        except PersonErased:
            opened[part.person] = dict.fromkeys(CATALOGUE[recorded.type].personal[part.person], ERASED)
            continue
        # Decrypting would fail too, but as InvalidTag, which means that bytes were changed.
        if key.key_id != part.key_id:
            raise KeyMissing(f"{part.person} was sealed under another key than the one that is there")
        bound_to = _bound_to(recorded.case_id, recorded.version, recorded.type, part.person)
        plain = key.cipher.decrypt(base64.b64decode(part.nonce), base64.b64decode(part.ciphertext), bound_to)
        opened[part.person] = _plain_decoder.decode(plain).fields
    return opened


def sealed_parts(recorded: Recorded) -> list[Sealed]:
    """Read the entries of an event's encrypted part."""
    return _decoder.decode(recorded.pii) if recorded.pii else []


def person_roots(pii: bytes | None) -> list[tuple[str, bytes]]:
    """Read the roots over the persons' fields, which need no key."""
    return [(part.person, base64.b64decode(part.root)) for part in _decoder.decode(pii)] if pii else []


def persons_sealed(recorded: Recorded) -> list[str]:
    """Return the persons whose encrypted fields an event holds."""
    return [part.person for part in sealed_parts(recorded)]


def _bound_to(case_id: UUID, version: int, type_: str, person: str) -> bytes:
    """Return what a ciphertext is bound to: anywhere else it cannot be decrypted."""
    return prefixed((case_id.bytes, version.to_bytes(4, "big"), type_.encode(), person.encode()))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
