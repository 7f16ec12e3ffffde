"""What a hostile sender finds: where the services listen, and what is known of their cases."""

from dataclasses import dataclass

import asyncpg

from hostile.twisting import World


@dataclass(frozen=True)
class Attacked:
    """Where the services listen, what is known of their cases, and a way to look into the store."""

    world: World
    ports: dict[str, int]
    admin: asyncpg.Connection
