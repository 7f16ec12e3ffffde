"""The notifier's table `letter`: what is owed, who is sending it, and when to try again. Nothing personal.

Always holds: the number and the start of an attempt are committed before the attempt is made. Only whoever
made an attempt changes the row after it (`attempts` is compared), so a late answer cannot undo a later
attempt. Whoever has recorded an outcome in the case deletes the row, whichever attempt the outcome is of.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from notifier.owed_letters import OwedLetter

Connection = asyncpg.Connection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    """A letter and one committed attempt to send it.

    `number` counts the attempts at this letter from 1. `written_at` gives the letter its date. `age_s` is the
    real time in seconds since the letter became owed.
    """

    letter_id: UUID
    case_id: UUID
    letter: str
    number: int
    written_at: datetime
    age_s: float


@dataclass(frozen=True, slots=True)
class Postponed:
    """The new state of a letter's row after an attempt that settled nothing, with the reason."""

    claimed: ClaimedLetter
    wait_s: float
    state: str = "due"
    reason: str | None = None
    code: int | None = None
    stage: str | None = None
    may_have_left: bool = False


# A row that is there stays as it is: an event that is read twice must not start a letter again that is being
# sent. Only a closed one becomes due: its letter was overtaken, and the reason may have gone (an undone
# merge).
_INSERT = """
INSERT INTO letter (letter_id, case_id, letter, occurrence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[])
ON CONFLICT (letter_id) DO UPDATE SET state = 'due', reason = NULL, next_attempt_at = clock_timestamp()
WHERE letter.state = 'closed'
"""


async def add_owed(connection: Connection, letters: Sequence[OwedLetter]) -> None:
    """Insert letters that are owed; one that is there already changes only if it was closed."""
    await connection.execute(
        _INSERT,
        [letter.letter_id for letter in letters],
        [letter.case_id for letter in letters],
        [letter.letter for letter in letters],
        [letter.occurrence for letter in letters],
    )


_AGE_S = "extract(epoch FROM clock_timestamp() - owed_at)::float8"
_CLAIMED_COLUMNS = f"letter_id, case_id, letter, attempts, written_at, {_AGE_S}"

# SKIP LOCKED: while partitions change hands two replicas may claim at once. Each takes other rows and neither
# waits; without it both would choose the same letters, and the second would wait for the first one's commit.
# `written_at` stays once the letter may have left, so that a second copy is the same letter with the same
# date.
_CLAIM = f"""
WITH chosen AS (
    SELECT letter_id AS id FROM letter
    WHERE state IN ('due', 'held') AND next_attempt_at <= clock_timestamp()
      AND gehoor.partition_of(case_id) = ANY($1::integer[])
    ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE letter SET
    state = 'sending', attempts = attempts + 1, attempt_started_at = clock_timestamp(), claimed_by = $3,
    written_at = CASE WHEN may_have_left THEN written_at ELSE gehoor.clock_now() END
FROM chosen WHERE letter_id = chosen.id
RETURNING {_CLAIMED_COLUMNS}
"""


async def claim(
    pool: asyncpg.Pool, partitions: Collection[int], limit: int, member: UUID
) -> list[ClaimedLetter]:
    """Claim due letters of these partitions for this process, and commit their attempts before sending."""
    # On the pool, so that the statement commits by itself. Inside a transaction that is still open while the
    # mail leaves, a crash would undo the attempt, and the copy that left would stay unrecorded.
    return [ClaimedLetter(*row) for row in await pool.fetch(_CLAIM, list(partitions), limit, member)]


# Three ways to lose an attempt: this process claimed it and never got the row, because the answer of the
# claim was lost ($3 are those it holds); its process left the table `member`; or its lease is over.
_ABANDONED = f"""
SELECT {_CLAIMED_COLUMNS} FROM letter
WHERE state = 'sending' AND gehoor.partition_of(case_id) = ANY($1::integer[])
  AND letter_id <> ALL($3::uuid[])
  AND (claimed_by = $2 OR NOT EXISTS (SELECT FROM member WHERE member_id = claimed_by)
       OR attempt_started_at < clock_timestamp() - make_interval(secs => $4))
ORDER BY attempt_started_at LIMIT $5
"""


async def abandoned(
    pool: asyncpg.Pool,
    partitions: Collection[int],
    member: UUID,
    except_letters: Collection[UUID],
    lease_s: float,
    limit: int,
) -> list[ClaimedLetter]:
    """Return attempts whose result nobody will record: their process is gone, lost them, or took too long.

    `except_letters` are left out: this process holds them or has looked at them already.
    """
    rows = await pool.fetch(_ABANDONED, list(partitions), member, list(except_letters), lease_s, limit)
    return [ClaimedLetter(*row) for row in rows]


_DELETE = "DELETE FROM letter WHERE letter_id = ANY($1)"


async def remove_settled(connection: Connection, letters: Sequence[UUID]) -> None:
    """Delete letters whose outcome is recorded in their case."""
    if letters:
        await connection.execute(_DELETE, letters)


# `attempts` is compared: if another process has begun a later attempt, this answer is too old to change the
# row. `may_have_left` never goes back to false: one uncertain attempt is enough to keep the date for ever.
_POSTPONE = """
UPDATE letter SET
    state = n.state, reason = n.reason, claimed_by = NULL, last_code = n.code, last_stage = n.stage,
    next_attempt_at = clock_timestamp() + make_interval(secs => n.wait_s),
    may_have_left = letter.may_have_left OR n.may_have_left
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::float8[],
        $8::boolean[])
    AS n(letter_id, attempts, state, reason, code, stage, wait_s, may_have_left)
WHERE letter.letter_id = n.letter_id AND letter.attempts = n.attempts AND letter.state = 'sending'
"""


async def postpone(connection: Connection, postponed: Sequence[Postponed]) -> None:
    """Put letters back as due, held or closed, unless another attempt has begun since."""
    if not postponed:
        return
    columns: list[list[Any]] = [
        [p.claimed.letter_id for p in postponed],
        [p.claimed.number for p in postponed],
        [p.state for p in postponed],
        [p.reason for p in postponed],
        [p.code for p in postponed],
        [p.stage for p in postponed],
        [p.wait_s for p in postponed],
        [p.may_have_left for p in postponed],
    ]
    await connection.execute(_POSTPONE, *columns)


_MAKE_DUE = """
UPDATE letter SET next_attempt_at = clock_timestamp()
WHERE state = 'due' AND last_stage = 'connect' AND next_attempt_at > clock_timestamp()
  AND gehoor.partition_of(case_id) = ANY($1::integer[])
"""


async def make_due_after_outage(pool: asyncpg.Pool, partitions: Collection[int]) -> None:
    """Make letters due now that wait only because the mail server was away."""
    await pool.execute(_MAKE_DUE, list(partitions))
