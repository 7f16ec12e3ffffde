"""`transact_batch`: the one way a consumer writes.

(a) lock the cases, sorted; (b) load them; (c) decide everything in Python: an exception parks that event and
blocks that case for this consumer; (d) compare-and-set the checkpoint, one grouped append, set-based effects,
parked rows; (e) commit. Effects and checkpoint stand or fall together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import structlog

from events.catalogue import CATALOGUE
from events.errors import Fenced, StreamConflict
from events.failpoints import failpoint
from events.identity import reaction_id
from events.platform import Platform
from events.record.envelope import Cause, FeedPosition, History, NewEvent, Recorded, follow
from events.record.sealing import foreseen
from events.store.database import transaction
from events.store.feed import EventRef
from events.store.streams import StreamAppend, lock_cases
from events.transact import rows_after

log = structlog.get_logger()

CASES_LIMIT = 200
"""Cases that one transaction locks at most."""

EVENTS_LIMIT = 20_000
"""Events that one transaction loads at most, unless a single case has more."""

REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a consumer does about an event: facts to append, and values for its own tables."""

    events: tuple[NewEvent, ...] = ()
    effects: tuple[Any, ...] = ()


class Consumer(Protocol):
    """A service's answer to events; `react` is pure, `apply` writes the service's own tables.

    `react` gets an event and the whole history, and says what is still owed; it appends nothing personal.
    With `reconciles` it is asked once per case and batch, with the newest event, because the answer does not
    depend on which one it was: a case with thousands of events then costs one fold, not thousands.
    """

    @property
    def name(self) -> str: ...

    @property
    def reacts_to(self) -> frozenset[str]: ...

    @property
    def reconciles(self) -> bool: ...

    def react(self, history: History, event: Recorded, now: datetime) -> Reaction: ...

    async def apply(self, connection: asyncpg.Connection, effects: Sequence[tuple[History, Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class CheckpointMove:
    """A checkpoint of one lane that goes from where it was read to where the batch ends."""

    partition: int
    before: FeedPosition
    after: FeedPosition


@dataclass(slots=True)
class _Decided:
    """What the batch will write."""

    events: dict[UUID, list[tuple[Cause, Sequence[NewEvent]]]] = field(default_factory=dict)
    stored: dict[UUID, History] = field(default_factory=dict)
    effects: list[tuple[UUID, Any]] = field(default_factory=list)
    parked: dict[UUID, tuple[EventRef, str]] = field(default_factory=dict)


_MOVE = """
UPDATE checkpoint c SET epoch = n.epoch, xid = n.xid, position = n.position
FROM unnest(
    $1::smallint[], $2::smallint[], $3::xid8[], $4::bigint[], $5::smallint[], $6::xid8[], $7::bigint[])
    AS n(partition, old_epoch, old_xid, old_position, epoch, xid, position)
WHERE c.partition = n.partition AND (c.epoch, c.xid, c.position) = (n.old_epoch, n.old_xid, n.old_position)
"""

_PARKED = "SELECT case_id FROM parked WHERE case_id = ANY($1)"

_PARK = """
INSERT INTO parked (case_id, version, type, reason)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[])
ON CONFLICT (case_id) DO UPDATE SET
    version = excluded.version, type = excluded.type, reason = excluded.reason, parked_at = clock_timestamp(),
    retries = parked.retries + 1, retry_at = NULL
"""

_UNPARK = "DELETE FROM parked WHERE case_id = $1"


async def transact_batch(
    platform: Platform,
    consumer: Consumer,
    moves: Sequence[CheckpointMove],
    notices: Sequence[EventRef],
    *,
    unpark: UUID | None = None,
    refuse: Mapping[UUID, str] | None = None,
) -> int:
    """React to notices, in feed order, and move the checkpoints; gives the number of events appended.

    `unpark` is the one case whose earlier block is lifted by this very transaction; `refuse` names cases to
    park at their first notice with a reason. Raises `Fenced` when another replica moved a checkpoint and
    `StreamConflict` when a case was appended to without its lock: nothing stands then.
    """
    relevant = [n for n in notices if n.type in consumer.reacts_to or n.type not in CATALOGUE]
    async with transaction(platform.pool) as connection:
        cases = {notice.case_id for notice in relevant}
        decided, histories = _Decided(), dict[UUID, History]()
        if cases:
            await lock_cases(connection, cases)
            blocked = {row["case_id"] for row in await connection.fetch(_PARKED, list(cases))} - {unpark}
            histories = await platform.store.histories(cases - blocked, connection)
            _decide_all(platform, consumer, relevant, blocked, histories, decided, refuse or {})
        await failpoint("consumer.decided")
        entries = _entries(platform, decided, histories)
        await _move(connection, moves)
        statuses = await platform.store.append(connection, entries)
        if any(status != "ok" for status in statuses.values()):
            raise StreamConflict(f"{consumer.name}: a case was appended to while it was locked")
        if decided.effects:
            await consumer.apply(connection, [(histories[case], effect) for case, effect in decided.effects])
        if unpark is not None:
            await _unpark(connection, unpark, decided)
        if decided.parked:
            await _park(connection, consumer, decided)
            await failpoint("consumer.parked")
        await failpoint("consumer.before_commit")
    appended = sum(len(entry.rows) for entry in entries)
    if appended:
        platform.doorbell.ring()
    return appended


def _decide_all(
    platform: Platform,
    consumer: Consumer,
    notices: Sequence[EventRef],
    blocked: set[UUID],
    histories: dict[UUID, History],
    decided: _Decided,
    refuse: Mapping[UUID, str],
) -> None:
    """Decide turn by turn; what an earlier one appends is history for the later ones of its case."""
    decided.stored = dict(histories)
    for first, notice in _turns(consumer, notices):
        case_id = notice.case_id
        if case_id in blocked or case_id in decided.parked:
            continue
        if case_id in refuse:
            decided.parked[case_id] = (first, refuse[case_id])
            continue
        history = histories[case_id]
        try:
            event = history.events[notice.version - 1]
            for recorded in history.events[first.version - 1 : notice.version]:
                _ = recorded.event  # one that cannot be read is parked even by who would not look inside
            now = platform.clock.now()
            reaction = consumer.react(history, event, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, only this case waits for somebody to look
            decided.parked[case_id] = (first, reason_of(error))
            continue
        decided.effects.extend((case_id, effect) for effect in reaction.effects)
        command_id = reaction_id(consumer.name, case_id, event.version)
        if reaction.events and not history.has_command(command_id):
            cause = follow(event, f"service:{consumer.name}", command_id)
            decided.events.setdefault(case_id, []).append((cause, reaction.events))
            rows = foreseen(history.events[-1], reaction.events, cause, now)
            histories[case_id] = History(case_id, (*history.events, *rows))


def _turns(consumer: Consumer, notices: Sequence[EventRef]) -> Iterable[tuple[EventRef, EventRef]]:
    """Give, per turn, the first and the last notice it answers: one each, or a case's all together."""
    if not consumer.reconciles:
        return [(notice, notice) for notice in notices]
    first: dict[UUID, EventRef] = {}
    last: dict[UUID, EventRef] = {}
    for notice in notices:
        first.setdefault(notice.case_id, notice)
        last[notice.case_id] = notice
    return [(first[case_id], notice) for case_id, notice in last.items()]


def _entries(platform: Platform, decided: _Decided, histories: dict[UUID, History]) -> list[StreamAppend]:
    """Seal and chain what was decided, stamped with the moment just before it is appended."""
    now = platform.clock.now()
    entries = []
    for case_id, decisions in decided.events.items():
        history = decided.stored[case_id]
        rows: list[Recorded] = []
        for cause, events in decisions:
            so_far = History(case_id, (*history.events, *rows))
            rows += rows_after(platform, so_far, events, cause, now)
        entries.append(StreamAppend(rows, history.last_hash))
        histories[case_id] = History(case_id, (*history.events, *rows))
    return entries


def reason_of(error: BaseException) -> str:
    """Say why an event was parked, without the values that an exception may quote."""
    own = type(error).__module__.split(".")[0] in ("events", "procedures")
    return (f"{type(error).__name__}: {error}" if own else type(error).__qualname__)[:REASON_LIMIT]


async def _move(connection: asyncpg.Connection, moves: Sequence[CheckpointMove]) -> None:
    if not moves:
        return
    status = await connection.execute(
        _MOVE,
        [move.partition for move in moves],
        *([move.before[i] for move in moves] for i in range(3)),
        *([move.after[i] for move in moves] for i in range(3)),
    )
    if status != f"UPDATE {len(moves)}":
        raise Fenced(
            f"another replica moved a checkpoint of lanes {sorted(move.partition for move in moves)}"
        )


async def _park(connection: asyncpg.Connection, consumer: Consumer, decided: _Decided) -> None:
    parked = [(notice, reason) for notice, reason in decided.parked.values()]
    await connection.execute(
        _PARK,
        [notice.case_id for notice, _ in parked],
        [notice.version for notice, _ in parked],
        [notice.type for notice, _ in parked],
        [reason for _, reason in parked],
    )
    for notice, reason in parked:
        log.error(
            "event.parked", consumer=consumer.name, case=str(notice.case_id), version=notice.version,
            type=notice.type, reason=reason,
        )  # fmt: skip


async def _unpark(connection: asyncpg.Connection, case_id: UUID, decided: _Decided) -> None:
    if case_id not in decided.parked:
        await connection.execute(_UNPARK, case_id)
