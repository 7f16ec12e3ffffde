"""What a hostile sender finds: where the services listen, and what is known of their cases."""

from dataclasses import dataclass

import asyncpg

from hostile.mutations import KnownCases


@dataclass(frozen=True)
class Target:
    """Where the services listen, what is known of their cases, and a way to look into the store."""

    known_cases: KnownCases
    ports: dict[str, int]
    admin: asyncpg.Connection
