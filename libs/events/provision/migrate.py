"""Numbered SQL files, applied once each, in order, under a lock; what was applied is never edited.

A schema's files lie in one folder and run with that schema first on the search path, as the owner role. Each
file is one transaction. Its SHA-256 is recorded: a file that changed after it was applied stops the start.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from events.errors import Misconfigured

log = structlog.get_logger()

_LOCK = (0x6765686F, 1)
"""Key of the advisory lock; the relay's lead is (0x6765686F, 2)."""

_FILE = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")


@dataclass(frozen=True, slots=True)
class Migrations:
    """The files of one schema: `name` tells apart several sets in the same schema."""

    schema: str
    name: str
    folder: Path

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if _FILE.match(path.name))


async def migrate(connection: asyncpg.Connection, migrations: list[Migrations], owner: str) -> int:
    """Apply what is missing and return the number of files applied.

    `connection` may belong to any role that may become `owner`. Raises `Misconfigured` when an applied file
    was changed: restore the file, and put the change in a new one.
    """
    # Of the session and not of a transaction, because each file commits by itself. Two provisionings at once
    # would otherwise apply the same file twice.
    await connection.execute("SELECT pg_advisory_lock($1, $2)", *_LOCK)
    try:
        applied = 0
        for schema in dict.fromkeys(item.schema for item in migrations):
            await _prepare(connection, schema, owner)
        for item in migrations:
            for path in item.files():
                applied += await _apply(connection, item, path, owner)
        return applied
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1, $2)", *_LOCK)


async def _prepare(connection: asyncpg.Connection, schema: str, owner: str) -> None:
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}")
    await connection.execute(
        f"""CREATE TABLE IF NOT EXISTS {schema}.migration (
                name text PRIMARY KEY, sha256 text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"""
    )


async def _apply(connection: asyncpg.Connection, item: Migrations, path: Path, owner: str) -> int:
    """Apply one file unless it was applied; returns how many were, raises `Misconfigured` as `migrate`."""
    name, text = f"{item.name}/{path.name}", path.read_text()  # noqa: ASYNC240 - once, at start
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = await connection.fetchval(f"SELECT sha256 FROM {item.schema}.migration WHERE name = $1", name)
    if known == digest:
        return 0
    if known is not None:
        raise Misconfigured(f"{path} was changed after it was applied: restore it and add a new file")
    async with connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {owner}")
        await connection.execute(f"SET LOCAL search_path = {item.schema}, gehoor")
        await connection.execute("SET LOCAL lock_timeout = '10s'")
        await connection.execute(text)
        await connection.execute("RESET ROLE")
        await connection.execute(
            f"INSERT INTO {item.schema}.migration (name, sha256) VALUES ($1, $2)", name, digest
        )
    log.info("migration.applied", schema=item.schema, name=name)
    return 1
