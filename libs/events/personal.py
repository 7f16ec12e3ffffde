"""The encrypted part of an event: sealed when it is appended, opened for who may read it.

`pii` is a canonical JSON list, one entry per person: slot, key, nonce, AES-256-GCM ciphertext. The
ciphertext is bound to case, version, type and slot, so that it cannot be moved to another event. The chain
covers the ciphertext; when a key is destroyed, everything else stays as it was.
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
from events.chain import person_salt
from events.envelope import Recorded
from events.errors import PersonErased


@dataclass(frozen=True)
class PersonKey:
    """A person's key, unwrapped: only ever in memory, with what is derived from it, and gone together."""

    key_id: UUID
    secret: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self.secret)

    @cached_property
    def salt(self) -> bytes:
        """The secret behind the salts of this person's fields."""
        return person_salt(self.secret)


@dataclass(frozen=True, slots=True)
class CaseKeys:
    """The keys of one case by person slot; `erased` names the slots whose key was destroyed."""

    keys: Mapping[str, PersonKey]
    erased: frozenset[str]

    def of(self, person: str) -> PersonKey:
        """Give a person's key; raises `PersonErased`: show the fixed value, write nothing personal."""
        key = self.keys.get(person)
        if key is None:
            raise PersonErased(f"the key of {person} is destroyed or was never made")
        return key


class Sealed(msgspec.Struct, frozen=True):
    """One person's fields, encrypted; nonce and ciphertext in base64."""

    person: str
    key_id: UUID
    nonce: str
    ciphertext: str


_decoder = msgspec.json.Decoder(list[Sealed])


def seal(personal: Personal, keys: CaseKeys | None, case_id: UUID, version: int, type_: str) -> bytes | None:
    """Encrypt the persons' fields of one event; nothing personal gives None.

    Raises `PersonErased` when a person's key is gone: decide again without the personal part.
    """
    parts = []
    for person in sorted(personal):
        if not personal[person]:
            continue
        if keys is None:
            raise PersonErased(f"no keys were loaded for {person} of case {case_id}")
        key = keys.of(person)
        nonce = secrets.token_bytes(12)
        bound_to = _bound_to(case_id, version, type_, person)
        sealed = key.cipher.encrypt(nonce, to_json(personal[person]), bound_to)
        parts.append(Sealed(person, key.key_id, _text(nonce), _text(sealed)))
    return to_json(parts) if parts else None


def open_sealed(recorded: Recorded, keys: CaseKeys) -> dict[str, dict[str, Any]]:
    """Decrypt the personal part of an event; every field of an erased person reads `[erased]`.

    Raises cryptography's InvalidTag when bytes were changed: that is a broken chain, not a missing key.
    """
    if recorded.pii is None:
        return {}
    opened: dict[str, dict[str, Any]] = {}
    for part in _decoder.decode(recorded.pii):
        try:
            key = keys.of(part.person)
        except PersonErased:
            opened[part.person] = dict.fromkeys(CATALOGUE[recorded.type].personal[part.person], ERASED)
            continue
        bound_to = _bound_to(recorded.case_id, recorded.version, recorded.type, part.person)
        opened[part.person] = msgspec.json.decode(
            key.cipher.decrypt(base64.b64decode(part.nonce), base64.b64decode(part.ciphertext), bound_to)
        )
    return opened


def persons_sealed(recorded: Recorded) -> list[str]:
    """Name the persons whose encrypted fields an event holds."""
    return [part.person for part in _decoder.decode(recorded.pii)] if recorded.pii else []


def salts_of(personal: Personal, keys: CaseKeys | None) -> Mapping[str, bytes]:
    """Give the field salts of the persons of one event."""
    return {person: keys.of(person).salt for person in personal} if keys else {}


def _bound_to(case_id: UUID, version: int, type_: str, person: str) -> bytes:
    return prefixed((case_id.bytes, version.to_bytes(4, "big"), type_.encode(), person.encode()))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
