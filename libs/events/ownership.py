"""Which replica works on which of the 16 lanes: heartbeats, fair shares, nothing more.

This only spreads the work. What keeps two replicas from doing the same thing is the comparison of the
checkpoint in the transaction of the effects, so a late or paused replica does no harm. Times here are real.
"""

import math
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg

from events.database import transaction
from events.identity import PARTITIONS

BEAT_EVERY_S = 2.0
DEAD_AFTER_S = 10.0

_BEAT = """
INSERT INTO member (member_id) VALUES ($1)
ON CONFLICT (member_id) DO UPDATE SET seen_at = clock_timestamp()
"""
_BURY = "DELETE FROM member WHERE seen_at < clock_timestamp() - make_interval(secs => $1)"
_ALIVE = "SELECT count(*) FROM member"
_OWNERS = """
SELECT o.partition, o.member_id, m.member_id IS NOT NULL AS alive
FROM partition_owner o LEFT JOIN member m USING (member_id) ORDER BY o.partition FOR UPDATE OF o
"""
_TAKE = "UPDATE partition_owner SET member_id = $1 WHERE partition = ANY($2)"
_LEAVE = "UPDATE partition_owner SET member_id = NULL WHERE member_id = $1"
_GONE = "DELETE FROM member WHERE member_id = $1"


@dataclass(slots=True)
class Ownership:
    """The lanes this process works on now; `owned` changes only in `beat` and `leave`."""

    member_id: UUID = field(default_factory=uuid4)
    owned: frozenset[int] = frozenset()

    async def beat(self, pool: asyncpg.Pool) -> frozenset[int]:
        """Say that this process lives, take its fair share of the lanes and release what is over it."""
        async with transaction(pool) as connection:
            await connection.execute(_BEAT, self.member_id)
            await connection.execute(_BURY, DEAD_AFTER_S)
            owners = await connection.fetch(_OWNERS)
            share = math.ceil(PARTITIONS / await connection.fetchval(_ALIVE))
            mine = [row["partition"] for row in owners if row["member_id"] == self.member_id]
            free = [row["partition"] for row in owners if not row["alive"]]
            surplus, wanted = mine[share:], free[: max(0, share - len(mine))]
            if surplus:
                await connection.execute(_TAKE, None, surplus)
            if wanted:
                await connection.execute(_TAKE, self.member_id, wanted)
        self.owned = frozenset(mine[:share]) | frozenset(wanted)
        return self.owned

    async def leave(self, pool: asyncpg.Pool) -> None:
        """Give up every lane at once, so that another replica need not wait for the silence."""
        async with transaction(pool) as connection:
            await connection.execute(_LEAVE, self.member_id)
            await connection.execute(_GONE, self.member_id)
        self.owned = frozenset()
