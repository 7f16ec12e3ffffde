"""Recognises a request that was sent before: same `Idempotency-Key`, same answer, no second effect.

What is kept per key: a keyed hash of the request and the answer, both without anything personal. The key
itself is kept as a keyed hash too, because nobody can know what a client puts into it. A key belongs to its
actor.
"""

import hmac
import re
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

from events.access import Access
from events.canonical import prefixed
from events.identity import command_id_of
from events.problems import Problem

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request as it is recognised; `key` is None when the client sent none, and nothing is kept then."""

    command_id: UUID
    scope: str
    key: str | None
    fingerprint: bytes


def ticket(secret: bytes, access: Access, key: str | None, *request: bytes) -> Ticket:
    """Make the ticket of a request; raises `Problem` (400) when the key cannot be one."""
    scope = f"workflow/{access.actor}"
    fingerprint = hmac.digest(secret, prefixed((b"request", *request)), "sha256")
    if key is None:
        return Ticket(uuid4(), scope, None, fingerprint)
    if not _KEY.fullmatch(key):
        raise Problem(
            400,
            "idempotency-key",
            "This Idempotency-Key cannot be used",
            "It is 1 to 200 visible ASCII characters without spaces, for example a random UUID.",
        )
    hidden = hmac.digest(secret, prefixed((b"key", key.encode())), "sha256").hex()
    return Ticket(command_id_of("workflow", scope, hidden), scope, hidden, fingerprint)


_EARLIER = "SELECT fingerprint, response FROM repeat WHERE scope = $1 AND key = $2"


async def earlier(pool: asyncpg.Pool, ticket: Ticket) -> bytes | None:
    """Give the answer that this request got before; raises `Problem` (409) when it was another request."""
    if ticket.key is None:
        return None
    row = await pool.fetchrow(_EARLIER, ticket.scope, ticket.key)
    if row is None:
        return None
    if not hmac.compare_digest(row["fingerprint"], ticket.fingerprint):
        raise Problem(
            409,
            "idempotency-key-used",
            "This Idempotency-Key was used for another request",
            "Nothing was done. Use a new key for a new request, and the same body for a repeat.",
        )
    answer: bytes = row["response"]
    return answer


_REMEMBER = """
INSERT INTO repeat (scope, key, fingerprint, case_id, response) VALUES ($1, $2, $3, $4, $5)
"""


async def remember(connection: asyncpg.Connection, ticket: Ticket, case_id: UUID, answer: bytes) -> None:
    """Keep the answer, in the transaction of the effect; the same key twice raises UniqueViolationError."""
    if ticket.key is not None:
        await connection.execute(_REMEMBER, ticket.scope, ticket.key, ticket.fingerprint, case_id, answer)
