"""Recognises a request that was sent before: same `Idempotency-Key`, same answer, no second effect.

What is kept per key: a keyed hash of the request and the answer, both without anything personal. The key
itself is kept as a keyed hash too, because nobody can know what a client puts into it. A key belongs to its
actor. After ninety days it is forgotten; what it did is still known by the stream.
"""

import hmac
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

from events.access_tokens import Access
from events.canonical import prefixed
from web import idempotency
from web.problems import Problem


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
    if not idempotency.is_usable(key):
        raise Problem(
            400,
            "idempotency-key",
            "This Idempotency-Key cannot be used",
            f"It is {idempotency.FORM}. Nothing was done.",
        )
    hidden = idempotency.hidden(secret, key)
    command_id = idempotency.command_of("workflow", scope, hidden, fingerprint)
    return Ticket(command_id, scope, hidden, fingerprint)


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
