"""The keys of persons: minted ahead of use, cached for a minute, destroyed to erase.

They live in a Postgres cluster of their own. One AES-256 key per person and case, wrapped by the master key
(AES-256-GCM, bound to key, case and person). An unused key is harmless, so minting commits before the event
that uses it. Nothing here runs inside a transaction on the event store: waiting for another cluster would
hold back every reader of the feed.
"""

import hmac
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import uuid_utils.compat
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.failpoints import failpoint
from events.record.encryption import CaseKeys, PersonKey, open_sealed, sealed_parts
from events.record.envelope import History, Recorded
from events.store.search_tokens import SearchTokens

CACHE_FOR_S = 60.0
"""Keys are taken from the cache for at most this long, then read again: so long an erased person's key lives
on in other processes."""

IN_USE_FOR_S = 15.0
"""Keys that were fresh when work began may be used this much longer, until it ends. Without it keys loaded a
moment before they are 60 s old would be gone in the middle of a transaction, where they cannot be read."""

CACHE_LIMIT = 50_000
"""Cases whose keys one process keeps; the oldest go first."""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person who appears in a case; e-mail and phone only serve to make search tokens."""

    case_id: UUID
    person: str
    email: str | None = None
    phone: str | None = None


_INSERT = """
INSERT INTO person_key (key_id, case_id, person, wrapped, email_token, phone_token)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])
"""

_SELECT = "SELECT case_id, person, key_id, wrapped FROM person_key WHERE case_id = ANY($1)"

_FIND = """
SELECT case_id, person FROM person_key WHERE email_token = $1 OR phone_token = $1
"""

_DESTROY = """
UPDATE person_key
SET wrapped = NULL, email_token = NULL, phone_token = NULL, destroyed_at = clock_timestamp()
WHERE case_id = $1 AND person = ANY($2) AND destroyed_at IS NULL
"""

_DESTROYED = """
SELECT key_id FROM person_key
WHERE case_id = $1 AND person = ANY($2) AND destroyed_at IS NOT NULL ORDER BY person
"""


class KeyStore:
    """Makes, reads and destroys keys.

    `load` and `ensure` talk to the key store; `of_case` and `open` only look into the cache, so that they can
    be used inside a transaction on the event store.
    """

    def __init__(self, pool: asyncpg.Pool, master_key: bytes) -> None:
        self._pool = pool
        self._wrapping = AESGCM(hmac.digest(master_key, b"wrap person keys", "sha256"))
        self._tokens = SearchTokens(hmac.digest(master_key, b"search tokens", "sha256"))
        # In the order of loading, because a dict keeps the order of insertion: the oldest are found first.
        self._cache: dict[UUID, tuple[float, CaseKeys]] = {}

    async def mint(self, persons: Sequence[NewPerson]) -> None:
        """Make and commit keys for persons of new cases, in one statement, and cache them.

        Raises asyncpg's UniqueViolationError for somebody who has, or once had, a key in the case: who is
        erased stays erased. That is a bug of the caller: `ensure` is for running cases.
        """
        if not persons:
            return
        made = await self._make(persons)
        by_case: dict[UUID, dict[str, PersonKey]] = {}
        for key, person in zip(made, persons, strict=True):
            by_case.setdefault(person.case_id, {})[person.person] = key
        for case_id, keys in by_case.items():
            self._remember(case_id, CaseKeys(keys, frozenset()))

    async def ensure(self, case_id: UUID, persons: Collection[str]) -> None:
        """Make keys for persons who appear in a running case only now, and load the keys of the case.

        Who has a key keeps it. Who was erased stays erased: `CaseKeys.of` raises `PersonErased` for them
        later.
        """
        await self.load([case_id])
        known = self.of_case(case_id)
        new = [
            NewPerson(case_id, person)
            for person in persons
            if person not in known.keys and person not in known.erased
        ]
        if not new:
            return
        try:
            made = await self._make(new)
        except asyncpg.UniqueViolationError:
            # Another process made one of these keys at the same moment, and the whole statement failed. Read
            # again instead of retrying: its key is in use already, and ours must be the same.
            await self._read([case_id])
            return
        keys = {person.person: key for person, key in zip(new, made, strict=True)}
        self._remember(case_id, CaseKeys({**known.keys, **keys}, known.erased))

    async def load(self, case_ids: Iterable[UUID]) -> None:
        """Read the keys of these cases into the cache, where they are not fresh there."""
        now = monotonic()
        self._forget_stale(now)
        wanted = [case_id for case_id in set(case_ids) if not self._fresh(case_id, now)]
        if not wanted:
            return
        await self._read(wanted)

    async def load_for(self, history: History) -> None:
        """Load the keys that this history needs, also those that another process made meanwhile."""
        # The cache may be fresh and still lack a person who joined the case a moment ago elsewhere. Without
        # the second look their fields would raise `KeyMissing` for a minute.
        await self.load([history.case_id])
        known = self.of_case(history.case_id)
        named = {part.person for event in history.events if event.pii for part in sealed_parts(event)}
        if named - known.keys.keys() - known.erased:
            await self._read([history.case_id])

    def of_case(self, case_id: UUID) -> CaseKeys:
        """Return the cached keys of a case; raises `LookupError` when they were not loaded before."""
        cached = self._cache.get(case_id)
        if cached is None or monotonic() - cached[0] > CACHE_FOR_S + IN_USE_FOR_S:
            raise LookupError(f"keys of case {case_id} are not loaded: await keys.load([case_id]) first")
        return cached[1]

    def open(self, recorded: Recorded) -> dict[str, dict[str, Any]]:
        """Decrypt the personal part of an event of a loaded case; erased fields read `[erased]`.

        Raises LookupError when the case was not loaded, and what `open_sealed` raises.
        """
        return open_sealed(recorded, self.of_case(recorded.case_id)) if recorded.pii else {}

    async def find(self, token: bytes) -> list[tuple[UUID, str]]:
        """Find the persons with this e-mail or phone token, as (case, slot)."""
        return [(row["case_id"], row["person"]) for row in await self._pool.fetch(_FIND, token)]

    async def destroy(self, case_id: UUID, persons: Sequence[str]) -> list[UUID]:
        """Destroy the keys of these persons and return the keys' ids; safe to repeat after a crash."""
        await self._pool.execute(_DESTROY, case_id, list(persons))
        self._cache.pop(case_id, None)
        return [row["key_id"] for row in await self._pool.fetch(_DESTROYED, case_id, list(persons))]

    def email_token(self, address: str | None) -> bytes | None:
        """Return the search token of an e-mail address, as `SearchTokens.of_email` does."""
        return self._tokens.of_email(address)

    def phone_token(self, number: str | None) -> bytes | None:
        """Return the search token of a telephone number, as `SearchTokens.of_phone` does."""
        return self._tokens.of_phone(number)

    async def _make(self, persons: Sequence[NewPerson]) -> list[PersonKey]:
        made = [PersonKey(uuid_utils.compat.uuid7(), secrets.token_bytes(32)) for _ in persons]
        await failpoint("keys.before_mint")
        await self._pool.execute(
            _INSERT,
            [key.key_id for key in made],
            [person.case_id for person in persons],
            [person.person for person in persons],
            [
                self._wrap(key, person.case_id, person.person)
                for key, person in zip(made, persons, strict=True)
            ],
            [self.email_token(person.email) for person in persons],
            [self.phone_token(person.phone) for person in persons],
        )
        return made

    async def _read(self, wanted: Sequence[UUID]) -> None:
        keys: dict[UUID, dict[str, PersonKey]] = {case_id: {} for case_id in wanted}
        erased: dict[UUID, set[str]] = {case_id: set() for case_id in wanted}
        for row in await self._pool.fetch(_SELECT, wanted):
            case_id, person = row["case_id"], row["person"]
            if row["wrapped"] is None:  # destroyed: the empty row stays, or "erased" would look like "lost"
                erased[case_id].add(person)
            else:
                try:
                    keys[case_id][person] = self._unwrap(row["key_id"], row["wrapped"], case_id, person)
                except InvalidTag:
                    # Counts as missing, so that it concerns this case only. Raised from here, one damaged row
                    # would fail every batch that holds its case.
                    _log_unreadable(case_id, row["key_id"])
        await failpoint("keys.loaded")
        # Cases without any key too: an empty answer is fresh as well, and is not asked for again each time.
        for case_id in wanted:
            self._remember(case_id, CaseKeys(keys[case_id], frozenset(erased[case_id])))

    def _fresh(self, case_id: UUID, now: float) -> bool:
        cached = self._cache.get(case_id)
        return cached is not None and now - cached[0] <= CACHE_FOR_S

    def _forget_stale(self, now: float) -> None:
        """Drop keys that nobody may use any more; the oldest come first."""
        while self._cache:
            case_id, (loaded_at_s, _) = next(iter(self._cache.items()))
            if now - loaded_at_s <= CACHE_FOR_S + IN_USE_FOR_S:
                return
            del self._cache[case_id]

    def _remember(self, case_id: UUID, keys: CaseKeys) -> None:
        self._cache.pop(
            case_id, None
        )  # or it would keep its old place, and `_forget_stale` would stop too early
        self._cache[case_id] = (monotonic(), keys)
        while len(self._cache) > CACHE_LIMIT:
            self._cache.pop(next(iter(self._cache)))

    def _wrap(self, key: PersonKey, case_id: UUID, person: str) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._wrapping.encrypt(nonce, key.secret, _bound_to(key.key_id, case_id, person))

    def _unwrap(self, key_id: UUID, wrapped: bytes, case_id: UUID, person: str) -> PersonKey:
        secret = self._wrapping.decrypt(wrapped[:12], wrapped[12:], _bound_to(key_id, case_id, person))
        return PersonKey(key_id, secret)


def _bound_to(key_id: UUID, case_id: UUID, person: str) -> bytes:
    """Return what a wrapped key is bound to: moved to another row, it cannot be unwrapped there."""
    return key_id.bytes + case_id.bytes + person.encode()


def _log_unreadable(case_id: UUID, key_id: UUID) -> None:
    # Imported here: structlog brings rich, a tenth of a second of every command that reads the store.
    import structlog

    structlog.get_logger().error("key.unreadable", case=str(case_id), key=str(key_id))
