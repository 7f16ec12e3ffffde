"""A Postgres cluster made ready: the database, and a role for each service with the least it needs."""

import base64
import hashlib
import hmac
import os
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog

from events.errors import Misconfigured
from events.settings import Settings

log = structlog.get_logger()

OLDEST_POSTGRES = 150_000
OWNER = "gehoor_owner"

ROLE_SETTINGS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
    "default_transaction_isolation": "read committed",
    "jit": "off",
    "synchronous_commit": "on",
}
"""Per role, because every writing transaction holds back all readers of the feed. `jit` is off because our
statements are short: compiling them takes longer than running them."""


async def prepare_cluster(settings: Settings, url: str, kind: str, roles: tuple[str, ...]) -> None:
    """Make the database and the roles; a role's password is always what its secret file holds.

    Raises `Misconfigured` for a server that is too old and for an administrator who lacks a right.
    """
    await _make_database(url)
    connection = await asyncpg.connect(url)
    try:
        if connection.get_server_version().major * 10_000 < OLDEST_POSTGRES:
            raise Misconfigured(
                f"Postgres {connection.get_server_version().major} is too old: 15 or newer is needed"
            )
        database = await connection.fetchval("SELECT current_database()")
        await _role(connection, OWNER, "NOLOGIN")
        await connection.execute(f"GRANT {OWNER} TO CURRENT_USER")
        for role in roles:
            password = (settings.secrets / f"{kind}-{role}").read_text().strip()
            await _role(connection, f"gehoor_{role}", f"LOGIN PASSWORD '{scram_verifier(password)}'")
            for name, value in ROLE_SETTINGS.items():
                await connection.execute(f"ALTER ROLE gehoor_{role} SET {name} = '{value}'")
        quoted = '"' + database.replace('"', '""') + '"'
        await connection.execute(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        names = ", ".join(f"gehoor_{role}" for role in roles)
        await connection.execute(f"GRANT CONNECT ON DATABASE {quoted} TO {names}")
        await connection.execute(f"GRANT CREATE ON DATABASE {quoted} TO {OWNER}")
        await _let_the_relay_see_transactions(connection, roles)
    except asyncpg.InsufficientPrivilegeError as error:
        raise Misconfigured(f"the administrator of {_without_password(url)} may not: {error}") from error
    finally:
        await connection.close()


async def _let_the_relay_see_transactions(connection: asyncpg.Connection, roles: tuple[str, ...]) -> None:
    """Grant what the metric of the watermark's age needs; without it the metric stays empty."""
    if "relay" not in roles:
        return
    try:
        await connection.execute("GRANT pg_read_all_stats TO gehoor_relay")
    except asyncpg.InsufficientPrivilegeError:
        log.warning("watermark.unseen", reason="the administrator may not grant pg_read_all_stats")


async def _make_database(url: str) -> None:
    """Make the database of this address unless it is there; two provisionings may do so at once."""
    name = urlsplit(url).path.lstrip("/") or "postgres"
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        maintenance = await asyncpg.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")))
        try:
            quoted = '"' + name.replace('"', '""') + '"'
            # template0, because only from it may the encoding differ from the cluster's.
            await maintenance.execute(f"CREATE DATABASE {quoted} ENCODING 'UTF8' TEMPLATE template0")
        except asyncpg.DuplicateDatabaseError:
            log.debug("database.was_made_meanwhile")
        finally:
            await maintenance.close()
    else:
        await connection.close()


async def _role(connection: asyncpg.Connection, name: str, options: str) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    await connection.execute(f"{'ALTER' if exists else 'CREATE'} ROLE {name} {options}")


def scram_verifier(password: str) -> str:
    """Return what Postgres stores of a password (RFC 5803), so that no log of statements ever holds it."""
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${rounds}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"
