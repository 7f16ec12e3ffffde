"""message-db 1.3.1, the event store of Eventide: its own SQL from npm, in a database of its own."""

from pathlib import Path

import asyncpg

from bench.peers.environment import npm_package

WRITE = "SELECT message_store.write_message($1, $2, $3, $4::jsonb, $5::jsonb, $6)"


def install() -> Path:
    """Return the folder of its SQL; raises `NotHere` when npm cannot bring it."""
    return npm_package("@eventide/message-db", "1.3.1") / "database"


async def make(url: str, scripts: Path) -> None:
    """Run its scripts in the order of its installer; pgcrypto is left out, Postgres has what it needs."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP ROLE IF EXISTS message_store")
        for script in _in_order(scripts):
            await connection.execute(script.read_text())
            await connection.execute("SET search_path TO message_store, public")
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET search_path TO message_store, public")
    finally:
        await connection.close()


def _in_order(scripts: Path) -> list[Path]:
    found = [scripts / "roles" / "message-store.sql", scripts / "schema" / "message-store.sql"]
    for folder in ("types", "tables", "functions", "indexes"):
        found += sorted((scripts / folder).glob("*.sql"))
    return [script for script in found if script.exists()]
