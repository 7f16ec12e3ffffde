"""Servers that somebody else runs: reachable, new enough, and named in one line when they are not."""

import re
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from events.errors import Misconfigured
from gehoor.embedded import nats

OLDEST_NATS = (2, 12)
OLDEST_POSTGRES = 15
_CONNECTS_WITHIN_S = 10.0


async def check_postgres(variable: str, url: str) -> str:
    """Give the server's version; raises `Misconfigured` when it is away, too old or does not let us in."""
    parts = urlsplit(url)
    maintenance = urlunsplit(parts._replace(path="/postgres"))
    where = f"{variable}: {parts.hostname}:{parts.port or 5432}"
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECTS_WITHIN_S)
    except asyncpg.InvalidCatalogNameError:
        try:
            connection = await asyncpg.connect(maintenance, timeout=_CONNECTS_WITHIN_S)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Misconfigured(
                f"{where} has no database {parts.path[1:]!r} and no way to make it: {error}"
            ) from error
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Misconfigured(
            f"{where} cannot be used ({error or 'no answer'}); start that server, check user and password, "
            f"or unset {variable} to use the embedded one"
        ) from error
    try:
        version = connection.get_server_version()
    finally:
        await connection.close()
    if version.major < OLDEST_POSTGRES:
        raise Misconfigured(
            f"{where} is Postgres {version.major}, too old: {OLDEST_POSTGRES} or newer is needed"
        )
    return f"{version.major}.{version.micro}"


async def check_nats(url: str) -> str:
    """Give the server's version; raises `Misconfigured` when it is away, too old or without JetStream."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 4222
    where = f"GEHOOR_NATS_URL: {host}:{port}"
    try:
        greeting = await nats.greeting(host, port)
    except (OSError, TimeoutError, ValueError) as error:
        raise Misconfigured(
            f"{where} does not answer ({error or 'no answer'}); start that server, or unset GEHOOR_NATS_URL "
            "to use the embedded one"
        ) from error
    version = str(greeting.get("version", "0"))
    require_nats_version(where, version)
    if not greeting.get("jetstream"):
        raise Misconfigured(f"{where} runs without JetStream; start it with: nats-server -js")
    return version


def require_nats_version(where: str, version: str) -> None:
    """Raise `Misconfigured` when a NATS server is older than what the streams need."""
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if found < OLDEST_NATS:
        needed = ".".join(map(str, OLDEST_NATS))
        raise Misconfigured(f"{where} is NATS {version}, too old: {needed} or newer is needed")


def without_password(url: str) -> str:
    """Give an address without user and password, as services and `run.json` see it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
