"""`transact_batch`: the one way a consumer writes.

One transaction: lock the cases, read them, decide everything in Python, move the checkpoints, append, write
effects and parked cases, commit. Effects and checkpoint stand or fall together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from events.catalogue import CATALOGUE
from events.consumer import parking
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

CASES_LIMIT = 200
"""Cases that one transaction locks at most."""

EVENTS_LIMIT = 20_000
"""Events that one transaction loads at most, unless a single case has more."""

REASON_LIMIT = 500
"""Characters of the reason of a parked case."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a consumer does about an event: facts to append, and values for its own tables."""

    events: tuple[NewEvent, ...] = ()
    effects: tuple[Any, ...] = ()


class Consumer(Protocol):
    """A service's answer to events; `react` is pure, `apply` writes the service's own tables.

    `react` gets an event and the whole history, and returns what is still owed; it appends nothing personal.
    With `reconciles` it is called once per case and batch, with the newest event, because the answer does not
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
    """A checkpoint of one partition that goes from where it was read to where the batch ends."""

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


# The last line is the fence: a checkpoint moves only from the value this replica read. A replica that lost
# its partition without noticing (paused, cut off) updates fewer rows than it sent, and its transaction is
# rolled back with everything in it.
_MOVE = """
UPDATE checkpoint c SET epoch = n.epoch, xid = n.xid, position = n.position
FROM unnest(
    $1::smallint[], $2::smallint[], $3::xid8[], $4::bigint[], $5::smallint[], $6::xid8[], $7::bigint[])
    AS n(partition, old_epoch, old_xid, old_position, epoch, xid, position)
WHERE c.partition = n.partition AND (c.epoch, c.xid, c.position) = (n.old_epoch, n.old_xid, n.old_position)
"""


async def transact_batch(
    platform: Platform,
    consumer: Consumer,
    moves: Sequence[CheckpointMove],
    refs: Sequence[EventRef],
    *,
    unpark: UUID | None = None,
    refuse: Mapping[UUID, str] | None = None,
) -> int:
    """React to events, in feed order, and move the checkpoints; returns the number of events appended.

    `unpark` is the one case whose earlier block is lifted by this very transaction; `refuse` names cases to
    park at their first event with a reason. Raises `Fenced` when another replica moved a checkpoint (read the
    checkpoints again) and `StreamConflict` when a case was appended to without its lock (try again): nothing
    stands then.
    """
    # An event of an unknown type is of a newer version: it has to be parked, so it counts as relevant.
    relevant = [ref for ref in refs if ref.type in consumer.reacts_to or ref.type not in CATALOGUE]
    async with transaction(platform.pool) as connection:
        cases = {ref.case_id for ref in relevant}
        decided, histories = _Decided(), dict[UUID, History]()
        if cases:
            # Lock before reading: otherwise somebody appends between the two, and the decision is about a
            # history that is no longer the whole one.
            await lock_cases(connection, cases)
            blocked = await parking.parked_among(connection, cases) - {unpark}
            histories = await platform.store.histories(cases - blocked, connection)
            _decide_all(platform, consumer, relevant, blocked, histories, decided, refuse or {})
        await failpoint("consumer.decided")
        # Up to here nothing is written, so this transaction has no number yet and holds back no reader of the
        # feed (`feed.VISIBLE`), however long deciding took.
        entries = _entries(platform, decided, histories)
        # The fence first: a replica that lost its partition stops here, before it writes anything else.
        await _move(connection, moves)
        statuses = await platform.store.append(connection, entries)
        # The caller of `append` may commit what did well. A batch may not: the checkpoint would pass an event
        # whose reaction was never appended. A duplicate counts as well, because its effects may be missing.
        if any(status != "ok" for status in statuses.values()):
            raise StreamConflict(f"{consumer.name}: a case was appended to while it was locked")
        if decided.effects:
            await consumer.apply(connection, [(histories[case], effect) for case, effect in decided.effects])
        if unpark is not None and unpark not in decided.parked:
            await parking.unpark(connection, unpark)
        if decided.parked:
            await parking.park(connection, consumer.name, decided.parked)
            await failpoint("consumer.parked")
        await failpoint("consumer.before_commit")
    appended = sum(len(entry.rows) for entry in entries)
    if appended:
        platform.doorbell.ring()  # after the commit: before it the relay would look and find nothing
    return appended


def _decide_all(
    platform: Platform,
    consumer: Consumer,
    refs: Sequence[EventRef],
    blocked: set[UUID],
    histories: dict[UUID, History],
    decided: _Decided,
    refuse: Mapping[UUID, str],
) -> None:
    """Decide turn by turn; what an earlier one appends is history for the later ones of its case."""
    decided.stored = dict(histories)
    for first, ref in _turns(consumer, refs):
        case_id = ref.case_id
        if case_id in blocked or case_id in decided.parked:
            continue  # the checkpoint passes it: when the case is retried, its events are read from the store
        if case_id in refuse:
            decided.parked[case_id] = (first, refuse[case_id])
            continue
        history = histories[case_id]
        try:
            event = _decoded(history, first, ref)
            now = platform.clock.now()
            reaction = consumer.react(history, event, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, only this case waits for somebody to look
            decided.parked[case_id] = (first, reason_of(error))
            continue
        decided.effects.extend((case_id, effect) for effect in reaction.effects)
        command_id = reaction_id(consumer.name, case_id, event.version)
        # The same event may come a second time (a rebuilt checkpoint, a retried case). Its reaction has the
        # same identifier, so it is not appended twice.
        if reaction.events and not history.has_command(command_id):
            cause = follow(event, f"service:{consumer.name}", command_id)
            decided.events.setdefault(case_id, []).append((cause, reaction.events))
            rows = foreseen(history.events[-1], reaction.events, cause, now)
            histories[case_id] = History(case_id, (*history.events, *rows))


def _decoded(history: History, first: EventRef, ref: EventRef) -> Recorded:
    """Return the event to react to, decoded; raises `MalformedEvent` when one of its turn is unreadable."""
    event = history.events[ref.version - 1]
    # Every event of the turn, also those that `react` would not look at. An event that this version of the
    # code cannot read must be parked, never passed over.
    for recorded in history.events[first.version - 1 : ref.version]:
        _ = recorded.event
    return event


def _turns(consumer: Consumer, refs: Sequence[EventRef]) -> Iterable[tuple[EventRef, EventRef]]:
    """Return per turn the first and the last event it answers: one each, or all of a case together."""
    if not consumer.reconciles:
        return [(ref, ref) for ref in refs]
    first: dict[UUID, EventRef] = {}
    last: dict[UUID, EventRef] = {}
    for ref in refs:
        first.setdefault(ref.case_id, ref)
        last[ref.case_id] = ref
    return [(first[case_id], ref) for case_id, ref in last.items()]


def _entries(platform: Platform, decided: _Decided, histories: dict[UUID, History]) -> list[StreamAppend]:
    """Seal and chain what was decided, stamped with the moment just before it is appended."""
    # Restamped, because deciding a large batch may take seconds, and the store refuses a `recorded_at` that
    # is more than 2 s off its clock. So the foreseen rows are thrown away and made again from the stored
    # history.
    now = platform.clock.now()
    entries = []
    for case_id, decisions in decided.events.items():
        history = decided.stored[case_id]
        rows: list[Recorded] = []
        for cause, events in decisions:
            so_far = History(case_id, (*history.events, *rows))
            rows += rows_after(platform, so_far, events, cause, now)
        entries.append(StreamAppend(rows, history.last_hash))
        histories[case_id] = History(case_id, (*history.events, *rows))  # what `apply` gets: the real rows
    return entries


def reason_of(error: BaseException) -> str:
    """Return why an event was parked, without the values that an exception may quote.

    Only the texts of our own exceptions are kept: they never hold personal data.
    """
    own = type(error).__module__.split(".")[0] in ("events", "procedures")
    return (f"{type(error).__name__}: {error}" if own else type(error).__qualname__)[:REASON_LIMIT]


async def _move(connection: asyncpg.Connection, moves: Sequence[CheckpointMove]) -> None:
    """Move the checkpoints; raises `Fenced` when one is no longer where it was read."""
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
            f"another replica moved a checkpoint of partitions {sorted(move.partition for move in moves)}"
        )
