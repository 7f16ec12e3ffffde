"""The table of idempotency keys: one row for each request that was done, with the answer to give again.

Every table has the same columns and policies. `provision/sql/idempotency` holds the one DDL from which a new
service gets its table; `gehoor.idempotency` of intake and `workflow.repeat` were made before it, under names
that stay. What a key means, and when the 409 is raised, stands in `web.idempotency`. A row holds nothing
personal: key and fingerprint are keyed hashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True)
class IdempotencyTable:
    """The table of one service."""

    schema: str
    name: str = "idempotency"

    def __str__(self) -> str:
        """Return the name as it stands in a statement. Both parts are constants of ours, never input."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class IdempotencyRow:
    """A key as it is stored: who sent it, what the request said, which case it concerned, the answer."""

    scope: str
    key: str
    fingerprint: bytes
    case_id: UUID
    response: bytes


_FIND = "SELECT scope, key, fingerprint, case_id, response FROM {table} WHERE scope = $1 AND key = $2"


async def find_row(
    connection: asyncpg.Connection | asyncpg.Pool, table: IdempotencyTable, scope: str, key: str
) -> IdempotencyRow | None:
    """Return the row of one key, or None."""
    row = await connection.fetchrow(_FIND.format(table=table), scope, key)
    return IdempotencyRow(**row) if row is not None else None


_FIND_MANY = """
SELECT i.scope, i.key, i.fingerprint, i.case_id, i.response
FROM unnest($1::text[], $2::text[]) AS asked(scope, key) JOIN {table} i USING (scope, key)
"""


async def find_rows(
    connection: asyncpg.Connection | asyncpg.Pool,
    table: IdempotencyTable,
    keys: Sequence[tuple[str, str]],
) -> dict[tuple[str, str], IdempotencyRow]:
    """Return the rows of those of these keys, (scope, key), that are stored; one statement for all."""
    if not keys:
        return {}
    found = await connection.fetch(
        _FIND_MANY.format(table=table), [scope for scope, _ in keys], [key for _, key in keys]
    )
    return {(row["scope"], row["key"]): IdempotencyRow(**row) for row in found}


_INSERT = "INSERT INTO {table} (scope, key, fingerprint, case_id, response) VALUES ($1, $2, $3, $4, $5)"


async def insert_row(connection: asyncpg.Connection, table: IdempotencyTable, row: IdempotencyRow) -> None:
    """Insert one row. Raises asyncpg's UniqueViolationError when the key is stored already."""
    await connection.execute(
        _INSERT.format(table=table), row.scope, row.key, row.fingerprint, row.case_id, row.response
    )


_DELETE_OLD = """
DELETE FROM {table} WHERE (scope, key) IN (
    SELECT scope, key FROM {table}
    WHERE recorded_at < gehoor.clock_now() - interval '90 days' ORDER BY recorded_at LIMIT $1)
"""
"""Ninety days stand in the table's policy too, so no statement of a service can delete a younger row."""


async def delete_old_rows(pool: asyncpg.Pool, table: IdempotencyTable, most: int) -> int:
    """Delete at most so many rows that are older than ninety days; return how many."""
    done = await pool.execute(_DELETE_OLD.format(table=table), most)
    return int(done.rpartition(" ")[2])
