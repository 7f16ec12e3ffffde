"""A consumer's loop: from messages and from the store, in order, each event's effects once.

Every lane (one of the 16 partitions) has a checkpoint in Postgres. A message carries its own feed position
and that of the event before it in its lane, so the loop sees at once whether it is old (drop), next (apply)
or beyond a gap (read the missing ones from the store). JetStream only shortens the wait: what it loses,
repeats or reorders, the store makes good. A sweep of the store runs at start, on reconnect and every 30 s,
and all the time while the bus is away.
"""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from uuid import UUID

import structlog

from events.consumer.batch import (
    CASES_LIMIT,
    EVENTS_LIMIT,
    CheckpointMove,
    Consumer,
    reason_of,
    transact_batch,
)
from events.errors import ClockDisagrees, Fenced
from events.failpoints import failpoint
from events.identity import partition_of
from events.logs import describe
from events.partitions.partition import Message, Partition
from events.platform import Platform
from events.record.envelope import FeedPosition
from events.store.feed import EventRef, event_refs
from events.transient import POISON, RETRYABLE, STALE_CONNECTION, TRANSIENT_ERRORS

log = structlog.get_logger()

SWEEP_EVERY_S = 30.0
SWEEP_WITHOUT_BUS_S = 0.25
PAGE = 1000
ATTEMPTS = 3
"""Of one batch before it is cut; of one event before its case is parked."""


_CHECKPOINTS = "SELECT partition, epoch, xid, position FROM checkpoint WHERE partition = ANY($1::integer[])"

_KNOWN = """
SELECT asked.number
FROM unnest($1::integer[], $2::uuid[], $3::integer[], $4::smallint[], $5::xid8[], $6::bigint[])
    AS asked(number, case_id, version, epoch, xid, position)
JOIN gehoor.event e ON e.case_id = asked.case_id AND e.version = asked.version
    AND (e.epoch, e.xid, e.position) = (asked.epoch, asked.xid, asked.position)
"""

_TO_RETRY = """
SELECT case_id, version FROM parked
WHERE retry_at <= (SELECT clock_timestamp()) AND gehoor.partition_of(case_id) = ANY($1::integer[])
ORDER BY parked_at LIMIT 50
"""

_PARKED_NOTICES = """
SELECT case_id, version, type, epoch, xid, position FROM gehoor.event
WHERE case_id = $1 AND version >= $2 AND (epoch, xid, position) <= ($3::smallint, $4::xid8, $5::bigint)
ORDER BY version
"""


class ConsumerLoop:
    """Runs one service's consumer over the lanes this process owns."""

    def __init__(self, platform: Platform, consumer: Consumer) -> None:
        self.platform = platform
        self.consumer = consumer
        self.lanes: dict[int, Partition] = {}
        self.bus_is_up = False
        self.applied = 0
        self.last_round_at_s = monotonic()  # by this a long sweep that comes on is told from one that hangs
        self._one_at_a_time = asyncio.Lock()
        self._swept_at_s = 0.0

    async def own(self, owned: frozenset[int]) -> None:
        """Take up newly owned lanes from their checkpoints and let go of the others."""
        self.platform.ownership.owned = owned
        async with self._one_at_a_time:
            await self._own(owned)

    async def _own(self, owned: frozenset[int]) -> None:
        for partition in set(self.lanes) - owned:
            del self.lanes[partition]
        await self._read_checkpoints(owned - set(self.lanes))

    async def receive(self, messages: Sequence[Message]) -> None:
        """Apply messages from the bus; returns when each is applied or waits for its gap to close.

        They do not come again: where that fails, the store is read as soon as it can be.
        """
        try:
            await failpoint("consumer.received")
            known = await self._known(messages)
            async with self._one_at_a_time:
                await self._own(self.platform.ownership.owned)
                for message in known:
                    lane = self.lanes.get(message.notice.partition)
                    if lane is not None:
                        lane.wait(message)
                while await self._round():
                    pass
        except Exception:
            self._sweep_everything()
            raise

    async def sweep(self) -> int:
        """Read on from the store in every lane; gives the number of events applied.

        Whatever breaks it off, it is due again at once.
        """
        async with self._one_at_a_time:
            before = self.applied
            self._swept_at_s = monotonic()
            try:
                await self._own(self.platform.ownership.owned)
                self._sweep_everything()
                while await self._round():
                    pass
                await self._retry_parked()
            except Exception:
                self._sweep_everything()
                raise
            return self.applied - before

    def sweep_is_due(self) -> bool:
        if (
            any(lane.sweep for lane in self.lanes.values())
            or set(self.lanes) != self.platform.ownership.owned
        ):
            return True
        every_s = SWEEP_EVERY_S if self.bus_is_up else SWEEP_WITHOUT_BUS_S
        return monotonic() - self._swept_at_s >= every_s

    def _sweep_everything(self) -> None:
        for lane in self.lanes.values():
            lane.sweep = True

    async def _known(self, messages: Sequence[Message]) -> list[Message]:
        """Keep the messages about events that stand in the store at the place they name.

        Others come of a bus that remembers what the store lost (a failover, a restored backup), or of a
        forger: believing them would move a checkpoint past events that are yet to come.
        """
        asked = [message.notice for message in messages]
        rows = await self.platform.pool.fetch(
            _KNOWN,
            list(range(len(asked))),
            [notice.case_id for notice in asked],
            [notice.version for notice in asked],
            *([notice.place[i] for notice in asked] for i in range(3)),
        )
        known = {row["number"] for row in rows}
        for number in range(len(messages)):
            if number not in known:
                log.error("message.of_no_event", consumer=self.consumer.name, place=str(asked[number].place))
        return [message for number, message in enumerate(messages) if number in known]

    async def _read_checkpoints(self, partitions: frozenset[int] | set[int]) -> None:
        if not partitions:
            return
        for row in await self.platform.pool.fetch(_CHECKPOINTS, list(partitions)):
            place = FeedPosition(row["epoch"], row["xid"], row["position"])
            lane = self.lanes.get(row["partition"])
            if lane is None:
                self.lanes[row["partition"]] = Partition(row["partition"], place)
            else:
                lane.checkpoint, lane.sweep = place, True

    async def _round(self) -> bool:
        """Take what is next in every lane and react to it; tells whether there may be more."""
        self.last_round_at_s = monotonic()
        planned, goals = self._from_messages()
        more = False
        to_sweep = [lane for lane in self.lanes.values() if lane.sweep]
        if to_sweep:
            more = await self._from_store(to_sweep, planned, goals)
        try:
            await self._react(sorted(planned, key=lambda notice: notice.place), goals)
        except Fenced as fenced:
            log.warning("consumer.fenced", consumer=self.consumer.name, reason=str(fenced))
            await self._read_checkpoints(set(self.lanes))
            return False
        for lane in self.lanes.values():
            lane.let_go()
        return more or any(lane.sweep for lane in self.lanes.values())

    def _from_messages(self) -> tuple[list[EventRef], dict[int, FeedPosition]]:
        """Follow the chain of messages in each lane as far as it has no gap."""
        planned: list[EventRef] = []
        goals: dict[int, FeedPosition] = {}
        for lane in self.lanes.values():
            if lane.sweep:
                continue
            reached = lane.checkpoint
            for message in list(lane.waiting):
                if message.notice.place <= reached:
                    continue
                if message.after > reached:
                    self._fill_gap(lane, message)
                    break
                planned.append(message.notice)
                reached = message.notice.place
            if reached > lane.checkpoint:
                goals[lane.partition] = reached
        return planned, goals

    def _fill_gap(self, lane: Partition, message: Message) -> None:
        """Something is missing before this message: the store has it, or the message is of another world."""
        if lane.swept_for == message.notice.place:
            lane.waiting.remove(message)  # a later sweep goes on without it
            log.warning("message.out_of_place", consumer=self.consumer.name, place=str(message.notice.place))
        else:
            lane.sweep, lane.swept_for = True, message.notice.place

    async def _from_store(
        self, to_sweep: Sequence[Partition], planned: list[EventRef], goals: dict[int, FeedPosition]
    ) -> bool:
        """Read the next page of these lanes from the store; they all come as far as the page reaches."""
        reached = {lane.partition: goals.get(lane.partition, lane.checkpoint) for lane in to_sweep}
        page = await event_refs(self.platform.pool, min(reached.values()), PAGE, list(reached))
        planned.extend(notice for notice in page if notice.place > reached[notice.partition])
        full = len(page) == PAGE
        for lane in to_sweep:
            lane.sweep = full
            if page and page[-1].place > reached[lane.partition]:
                goals[lane.partition] = page[-1].place
        return full

    async def _react(self, planned: Sequence[EventRef], goals: dict[int, FeedPosition]) -> None:
        """React in transactions of at most 200 cases; checkpoints follow what was done."""
        start = 0
        while start < len(planned):
            end, sizes = start, dict[UUID, int]()
            while end < len(planned) and _fits(sizes, planned[end]):
                sizes[planned[end].case_id] = planned[end].version
                end += 1
            chunk = planned[start:end]
            await self._persistently(chunk, self._goals_of(chunk) if end < len(planned) else goals)
            start = end
        if not planned and goals:
            await self._persistently((), goals)

    @staticmethod
    def _goals_of(chunk: Sequence[EventRef]) -> dict[int, FeedPosition]:
        return {notice.partition: notice.place for notice in chunk}

    async def _persistently(self, chunk: Sequence[EventRef], goals: dict[int, FeedPosition]) -> None:
        """Try a batch again, then cut it in two, then park the single event that cannot be done.

        What is not the event's fault goes up, and the loop comes back for the same work.
        """
        for _ in range(ATTEMPTS):
            try:
                await self._transact(chunk, goals)
                return  # noqa: TRY300 - the way out of the attempts
            except RETRYABLE as error:
                failure: Exception = error
                if isinstance(error, ClockDisagrees):
                    await self.platform.store.measure_clock()
            except POISON as error:
                failure = error
                break
            except TRANSIENT_ERRORS as error:
                if isinstance(error, STALE_CONNECTION):
                    await self.platform.pool.expire_connections()
                raise
            except Exception as error:  # noqa: BLE001 - a fault of one event must not stop the others
                failure = error
                log.warning("batch.failed", consumer=self.consumer.name, events=len(chunk), **describe(error))
                break
        if len(chunk) > 1:
            middle = len(chunk) // 2
            await self._persistently(chunk[:middle], self._goals_of(chunk[:middle]))
            await self._persistently(chunk[middle:], goals)
        elif chunk and not isinstance(failure, RETRYABLE):
            await self._transact(chunk, goals, refuse={chunk[0].case_id: reason_of(failure)})
        else:
            raise failure

    async def _transact(
        self,
        chunk: Sequence[EventRef],
        goals: dict[int, FeedPosition],
        refuse: dict[UUID, str] | None = None,
        unpark: UUID | None = None,
    ) -> None:
        moves = [
            CheckpointMove(partition, self.lanes[partition].checkpoint, goal)
            for partition, goal in sorted(goals.items())
        ]
        await failpoint("consumer.before_transaction")
        appended = await transact_batch(
            self.platform, self.consumer, moves, chunk, refuse=refuse, unpark=unpark
        )
        for partition, goal in goals.items():
            self.lanes[partition].checkpoint = goal
        self.applied += len(chunk)
        await failpoint("consumer.committed")
        if chunk:
            log.info(
                "batch.applied", consumer=self.consumer.name, events=len(chunk),
                cases=len({notice.case_id for notice in chunk}), appended=appended, lanes=len(goals),
            )  # fmt: skip

    async def _retry_parked(self) -> None:
        """Give cases that somebody asked to retry another go: from the parked event up to the checkpoint."""
        if not self.lanes:
            return
        for row in await self.platform.pool.fetch(_TO_RETRY, list(self.lanes)):
            lane = self.lanes[partition_of(row["case_id"])]
            found = await self.platform.pool.fetch(
                _PARKED_NOTICES, row["case_id"], row["version"], *lane.checkpoint
            )
            backlog = [
                EventRef(
                    r["case_id"], r["version"], r["type"], FeedPosition(r["epoch"], r["xid"], r["position"])
                )
                for r in found
            ]
            await self._retry(row["case_id"], lane, backlog)

    async def _retry(self, case_id: UUID, lane: Partition, backlog: Sequence[EventRef]) -> None:
        """Retry one case; if it fails again it is parked again, and no other one waits for it.

        The checkpoint "moves" to where it is: the comparison still fences a replica that lost the lane.
        """
        goals = {lane.partition: lane.checkpoint}
        try:
            await self._transact(backlog, goals, unpark=case_id)
        except Fenced:
            await self._read_checkpoints({lane.partition})
            return
        except POISON as error:
            await self._transact(backlog[:1], goals, unpark=case_id, refuse={case_id: reason_of(error)})
        except (*TRANSIENT_ERRORS, *RETRYABLE):
            raise
        except Exception as error:  # noqa: BLE001 - as above: this case alone
            await self._transact(backlog[:1], goals, unpark=case_id, refuse={case_id: reason_of(error)})
        log.info("parked.retried", consumer=self.consumer.name, case=str(case_id))


def _fits(sizes: Mapping[UUID, int], notice: EventRef) -> bool:
    """Tell whether a notice may join a transaction: by its cases, and by the events they make it load."""
    after = {**sizes, notice.case_id: notice.version} if notice.case_id not in sizes else sizes
    return not sizes or (len(after) <= CASES_LIMIT and sum(after.values()) <= EVENTS_LIMIT)
