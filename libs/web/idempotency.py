"""Requests that came before: the same key with the same words gets the same answer and no second effect.

The order for every service: make a `RequestKey`, `recall` before anything is done, `remember` in the
transaction of the effect. Two equal requests at the same moment both recall nothing; the primary key of the
table lets one of them commit, and the other recalls its answer afterwards. Key and words are kept as keyed
hashes for ninety days. After that the stream still knows the command id of what was done.
"""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from events.store.idempotency_rows import (
    IdempotencyRow,
    IdempotencyTable,
    find_row,
    find_rows,
    insert_row,
)
from web.idempotency_keys import RequestKey
from web.problems import Problem


class KeyUsedForAnother(Problem):
    """The key was used for a request that said something else: the one 409 for it."""

    def __init__(self) -> None:
        super().__init__(
            409,
            "idempotency-key-used",
            "This Idempotency-Key was used for another request",
            "Nothing was done. Use a new key for a new request, and the same body for a repeat.",
        )


async def recall(
    connection: asyncpg.Connection | asyncpg.Pool, table: IdempotencyTable, key: RequestKey
) -> bytes | None:
    """Return the answer that this request got before, or None when it is new or has no key.

    Raises `KeyUsedForAnother` when the key belongs to another request; the caller passes it on.
    """
    if key.key is None:
        return None
    row = await find_row(connection, table, key.scope, key.key)
    if row is None:
        return None
    if not key.is_for(row.fingerprint):
        raise KeyUsedForAnother
    return row.response


async def recall_rows(
    connection: asyncpg.Connection | asyncpg.Pool, table: IdempotencyTable, keys: Iterable[RequestKey]
) -> dict[RequestKey, IdempotencyRow]:
    """Return what is stored under these keys, for many requests in one statement.

    It raises nothing for a key of another request, because the other requests of the batch go on: the caller
    compares each row by `RequestKey.is_for`.
    """
    asked = {key: (key.scope, key.key) for key in keys if key.key is not None}
    rows = await find_rows(connection, table, list(asked.values()))
    return {key: rows[place] for key, place in asked.items() if place in rows}


async def remember(
    connection: asyncpg.Connection, table: IdempotencyTable, key: RequestKey, case_id: UUID, answer: bytes
) -> None:
    """Store the answer under the key of its request; without a key there is nothing to store.

    `connection` must be in the transaction of the effect: an answer that is stored apart could stand without
    its effect, and the repeat would never be done. Raises asyncpg's UniqueViolationError when another
    request has stored the key at this moment; the caller lets it roll back and recalls.
    """
    row = row_of(key, case_id, answer)
    if row is not None:
        await insert_row(connection, table, row)


def row_of(key: RequestKey, case_id: UUID, answer: bytes) -> IdempotencyRow | None:
    """Return the row that `remember` would insert, for a caller that inserts many in its own statement."""
    if key.key is None:
        return None
    return IdempotencyRow(key.scope, key.key, key.fingerprint, case_id, answer)
