"""The notifier's own table `letter`: what is owed, who is trying, when to try again. Nothing personal.

Always holds: the number and the start of an attempt are committed before the attempt; a row is changed after
it only by whoever made that attempt (`attempts` is compared), so a late answer cannot undo a later one. It is
struck off by whoever recorded an outcome in the case, which is final whichever attempt it was.
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
    """One committed try to send a letter; `written_at` gives its date, `age_s` is real seconds owed."""

    letter_id: UUID
    case_id: UUID
    letter: str
    number: int
    written_at: datetime
    age_s: float


@dataclass(frozen=True, slots=True)
class Postponed:
    """A letter that goes back to wait, with why."""

    attempt: ClaimedLetter
    wait_s: float
    state: str = "due"
    reason: str | None = None
    code: int | None = None
    stage: str | None = None
    may_have_left: bool = False


_INSERT = """
INSERT INTO letter (letter_id, case_id, letter, occurrence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[])
ON CONFLICT (letter_id) DO UPDATE SET state = 'due', reason = NULL, next_attempt_at = clock_timestamp()
WHERE letter.state = 'closed'
"""


async def owe(connection: Connection, letters: Sequence[OwedLetter]) -> None:
    """Write down letters that are owed; one that is there already stays as it is, unless it was closed."""
    await connection.execute(
        _INSERT,
        [letter.letter_id for letter in letters],
        [letter.case_id for letter in letters],
        [letter.letter for letter in letters],
        [letter.occurrence for letter in letters],
    )


_AGE_S = "extract(epoch FROM clock_timestamp() - owed_at)::float8"
_ATTEMPT = f"letter_id, case_id, letter, attempts, written_at, {_AGE_S}"

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
RETURNING {_ATTEMPT}
"""


async def claim(pool: asyncpg.Pool, lanes: Collection[int], limit: int, member: UUID) -> list[ClaimedLetter]:
    """Begin attempts on due letters of these lanes, and commit that before anything leaves.

    A letter that may have left keeps the date it was written with: a second copy is the same letter.
    """
    return [ClaimedLetter(*row) for row in await pool.fetch(_CLAIM, list(lanes), limit, member)]


_ABANDONED = f"""
SELECT {_ATTEMPT} FROM letter
WHERE state = 'sending' AND gehoor.partition_of(case_id) = ANY($1::integer[])
  AND letter_id <> ALL($3::uuid[])
  AND (claimed_by = $2 OR NOT EXISTS (SELECT FROM member WHERE member_id = claimed_by)
       OR attempt_started_at < clock_timestamp() - make_interval(secs => $4))
ORDER BY attempt_started_at LIMIT $5
"""


async def abandoned(
    pool: asyncpg.Pool,
    lanes: Collection[int],
    member: UUID,
    besides: Collection[UUID],
    lease_s: float,
    limit: int,
) -> list[ClaimedLetter]:
    """Find other attempts nobody will report on: their process is gone, has lost them, or took too long."""
    rows = await pool.fetch(_ABANDONED, list(lanes), member, list(besides), lease_s, limit)
    return [ClaimedLetter(*row) for row in rows]


_SETTLE = "DELETE FROM letter WHERE letter_id = ANY($1)"


async def settle(connection: Connection, letters: Sequence[UUID]) -> None:
    """Strike off letters whose outcome stands in their case."""
    if letters:
        await connection.execute(_SETTLE, letters)


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
    """Put letters back, held or closed, unless somebody else has begun another attempt since."""
    if not postponed:
        return
    columns: list[list[Any]] = [
        [p.attempt.letter_id for p in postponed],
        [p.attempt.number for p in postponed],
        [p.state for p in postponed],
        [p.reason for p in postponed],
        [p.code for p in postponed],
        [p.stage for p in postponed],
        [p.wait_s for p in postponed],
        [p.may_have_left for p in postponed],
    ]
    await connection.execute(_POSTPONE, *columns)


_RELEASE = """
UPDATE letter SET next_attempt_at = clock_timestamp()
WHERE state = 'due' AND last_stage = 'connect' AND next_attempt_at > clock_timestamp()
  AND gehoor.partition_of(case_id) = ANY($1::integer[])
"""


async def release(pool: asyncpg.Pool, lanes: Collection[int]) -> None:
    """Make letters due at once that only waited for the mail server to come back."""
    await pool.execute(_RELEASE, list(lanes))
