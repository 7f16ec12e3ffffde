"""Which replica works on which of the 16 partitions: heartbeats, fair shares, nothing more.

This only spreads the work. What keeps two replicas from doing the same thing is the comparison of the
checkpoint in the transaction of the effects, so a late or paused replica does no harm. A replica with a name
(GEHOOR_REPLICA) that starts again takes the place of its former self at once. Times here are real.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID, uuid4

import asyncpg

from events.identity import PARTITIONS
from events.store.database import transaction

BEAT_EVERY_S = 2.0
DEAD_AFTER_S = 8.0
"""Four missed heartbeats: a long collection of garbage or a slow commit must not move partitions around."""

WATCHED_WITHOUT_BREAK_S = 3 * BEAT_EVERY_S
"""A watcher whose own last beat is longer ago than this has seen nothing, and begins to watch anew."""

_BEAT = """
INSERT INTO member (member_id, name) VALUES ($1, $2)
ON CONFLICT (member_id) DO UPDATE SET seen_at = clock_timestamp()
"""
_SUCCEED = "DELETE FROM member WHERE name = $2 AND member_id <> $1"
_MEMBERS = "SELECT member_id, seen_at FROM member WHERE member_id <> $1"
# Only at the heartbeat that was seen to stand still: a replica that has beaten since is alive. SKIP LOCKED,
# because several replicas bury at once, and they must not wait for each other.
_BURY = """
DELETE FROM member WHERE member_id IN (
    SELECT m.member_id FROM member m
    JOIN unnest($1::uuid[], $2::timestamptz[]) AS dead(member_id, seen_at)
        ON m.member_id = dead.member_id AND m.seen_at = dead.seen_at
    FOR UPDATE OF m SKIP LOCKED)
"""
_ALIVE = "SELECT count(*) FROM member"
# FOR UPDATE in one order: two replicas share out one after the other, and never take the same partition.
_OWNERS = """
SELECT o.partition, o.member_id, m.member_id IS NOT NULL AS alive
FROM partition_owner o LEFT JOIN member m USING (member_id) ORDER BY o.partition FOR UPDATE OF o
"""
_TAKE = "UPDATE partition_owner SET member_id = $1 WHERE partition = ANY($2)"
_LEAVE = "UPDATE partition_owner SET member_id = NULL WHERE member_id = $1"
_GONE = "DELETE FROM member WHERE member_id = $1"


@dataclass(slots=True)
class Ownership:
    """The partitions this process works on now; `owned` changes only in `beat` and `leave`."""

    name: str | None = None
    member_id: UUID = field(default_factory=uuid4)
    owned: frozenset[int] = frozenset()
    _others: dict[UUID, tuple[datetime, float]] = field(default_factory=dict)
    _beat_at_s: float = float("-inf")

    async def beat(self, pool: asyncpg.Pool) -> frozenset[int]:
        """Record that this process lives, take its fair share of the partitions, release what is over it.

        Returns the partitions it owns. Raises asyncpg's errors when the database is away: it then keeps
        working on what it has, and the next beat tries again.
        """
        dead = self._dead(await pool.fetch(_MEMBERS, self.member_id))
        async with transaction(pool) as connection:
            if self.name is not None:  # first: its former self would count as alive, and halve its share
                await connection.execute(_SUCCEED, self.member_id, self.name)
            await connection.execute(_BEAT, self.member_id, self.name)
            if dead:
                await connection.execute(_BURY, list(dead), list(dead.values()))
            owners = await connection.fetch(_OWNERS)
            # Rounded up: rounded down, 16 partitions among three replicas would leave one without an owner.
            share = math.ceil(PARTITIONS / await connection.fetchval(_ALIVE))
            mine = [row["partition"] for row in owners if row["member_id"] == self.member_id]
            free = [row["partition"] for row in owners if not row["alive"]]
            surplus, wanted = mine[share:], free[: max(0, share - len(mine))]
            if surplus:
                await connection.execute(_TAKE, None, surplus)
            if wanted:
                await connection.execute(_TAKE, self.member_id, wanted)
        # After the commit: what was rolled back is not ours.
        self.owned = frozenset(mine[:share]) | frozenset(wanted)
        return self.owned

    async def leave(self, pool: asyncpg.Pool) -> None:
        """Give up every partition at once, so that another replica need not wait until this one is dead."""
        async with transaction(pool) as connection:
            await connection.execute(_LEAVE, self.member_id)
            await connection.execute(_GONE, self.member_id)
        self.owned = frozenset()

    def _dead(self, members: list[asyncpg.Record]) -> dict[UUID, datetime]:
        """Return whose heartbeat has stood still while this process watched without a break."""
        now_s = monotonic()
        # After an outage of the database, or a pause of this process, every heartbeat looks old although its
        # replica lives. Whoever has not watched all the while forgets what it saw, and watches from now on.
        # Without this the first replica back would bury all others and take everything.
        if now_s - self._beat_at_s > WATCHED_WITHOUT_BREAK_S:
            self._others.clear()
        self._beat_at_s = now_s
        watched: dict[UUID, tuple[datetime, float]] = {}
        for row in members:
            # Compared, not subtracted: `seen_at` is the database's clock and may jump; how long a heartbeat
            # has stood still is measured by our own monotonic clock.
            before = self._others.get(row["member_id"])
            still = before is not None and before[0] == row["seen_at"]
            watched[row["member_id"]] = (row["seen_at"], before[1] if still and before else now_s)
        self._others = watched
        return {
            member: seen_at
            for member, (seen_at, since_s) in watched.items()
            if now_s - since_s >= DEAD_AFTER_S
        }
