"""Carries out a plan: transactions of bounded size, attempts, a batch cut in two, and the parking of a case.

There are three kinds of failures (`events.transient`). Retryable: the batch is tried again at once.
Transient: raised to the loop, which comes back later for the same work. All others: the batch is cut in two
until the one event is found, and its case is parked with the reason.
"""

from collections.abc import Mapping, Sequence
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
from events.consumer.planning import read_checkpoints
from events.errors import ClockDisagrees, Fenced
from events.failpoints import failpoint
from events.identity import partition_of
from events.logs import describe
from events.partitions.partition import Partition
from events.platform import Platform
from events.record.envelope import FeedPosition
from events.store.feed import EventRef
from events.transient import POISON, RETRYABLE, STALE_CONNECTION, TRANSIENT_ERRORS

log = structlog.get_logger()

ATTEMPTS = 3
"""Of one batch before it is cut in two; of one event before its case is parked."""

_TO_RETRY = """
SELECT case_id, version FROM parked
WHERE retry_at <= (SELECT clock_timestamp()) AND gehoor.partition_of(case_id) = ANY($1::integer[])
ORDER BY parked_at LIMIT 50
"""

_PARKED_EVENTS = """
SELECT case_id, version, type, epoch, xid, position FROM gehoor.event
WHERE case_id = $1 AND version >= $2 AND (epoch, xid, position) <= ($3::smallint, $4::xid8, $5::bigint)
ORDER BY version
"""


class Applier:
    """Applies events of the partitions this process owns; `partitions` belongs to the loop and is shared."""

    def __init__(self, platform: Platform, consumer: Consumer, partitions: dict[int, Partition]) -> None:
        self.applied = 0
        self._platform = platform
        self._consumer = consumer
        self._partitions = partitions

    async def apply(self, planned: Sequence[EventRef], goals: dict[int, FeedPosition]) -> None:
        """Apply events, in feed order, in transactions of at most 200 cases.

        Raises `Fenced` when another replica moved a checkpoint (read the checkpoints again), and transient
        errors (come back later for the same work).
        """
        start = 0
        while start < len(planned):
            end, sizes = start, dict[UUID, int]()
            while end < len(planned) and _fits(sizes, planned[end]):
                # A version is also the number of events that the transaction has to load for this case.
                sizes[planned[end].case_id] = planned[end].version
                end += 1
            chunk = planned[start:end]
            # Only the last chunk may move every checkpoint to its goal: before it, events still wait.
            await self._persistently(chunk, _goals_of(chunk) if end < len(planned) else goals)
            start = end
        if not planned and goals:
            await self._persistently((), goals)

    async def retry_parked(self) -> None:
        """Retry the cases that somebody asked to retry, from the parked event up to the checkpoint."""
        if not self._partitions:
            return
        for row in await self._platform.pool.fetch(_TO_RETRY, list(self._partitions)):
            partition = self._partitions[partition_of(row["case_id"])]
            # Up to the checkpoint and no further: what lies beyond comes as usual, and would come twice.
            found = await self._platform.pool.fetch(
                _PARKED_EVENTS, row["case_id"], row["version"], *partition.checkpoint
            )
            backlog = [
                EventRef(
                    r["case_id"], r["version"], r["type"], FeedPosition(r["epoch"], r["xid"], r["position"])
                )
                for r in found
            ]
            await self._retry(row["case_id"], partition, backlog)

    async def _persistently(self, chunk: Sequence[EventRef], goals: dict[int, FeedPosition]) -> None:
        """Try a batch several times, then cut it in two, then park the one event that cannot be applied."""
        for _ in range(ATTEMPTS):
            try:
                await self._transact(chunk, goals)
                return  # noqa: TRY300 - the way out of the attempts
            except RETRYABLE as error:
                failure: Exception = error
                if isinstance(error, ClockDisagrees):
                    await self._platform.store.measure_clock()  # or each attempt stamps the same wrong moment
            except POISON as error:
                # Before TRANSIENT_ERRORS, because a cancelled query is a subclass of one of those. A batch
                # too large for the statement timeout fails each time: without the cut it would block for
                # ever.
                failure = error
                break
            except TRANSIENT_ERRORS as error:
                # Not the event's fault: parking here would set every case aside during an outage.
                if isinstance(error, STALE_CONNECTION):
                    await self._platform.pool.expire_connections()
                raise
            except Exception as error:  # noqa: BLE001 - a fault of one event must not stop the others
                failure = error
                log.warning(
                    "batch.failed", consumer=self._consumer.name, events=len(chunk), **describe(error)
                )
                break
        if len(chunk) > 1:
            middle = len(chunk) // 2
            # The first half moves checkpoints to its own events only; the goals hold after the second half.
            await self._persistently(chunk[:middle], _goals_of(chunk[:middle]))
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
        # Sorted, so that two replicas that both believe they own a partition lock the rows in one order.
        moves = [
            CheckpointMove(partition, self._partitions[partition].checkpoint, goal)
            for partition, goal in sorted(goals.items())
        ]
        await failpoint("consumer.before_transaction")
        appended = await transact_batch(
            self._platform, self._consumer, moves, chunk, refuse=refuse, unpark=unpark
        )
        # Only after the commit: a checkpoint remembered here that Postgres does not hold would fence us.
        for partition, goal in goals.items():
            self._partitions[partition].checkpoint = goal
        self.applied += len(chunk)
        await failpoint("consumer.committed")
        if chunk:
            log.info(
                "batch.applied", consumer=self._consumer.name, events=len(chunk),
                cases=len({ref.case_id for ref in chunk}), appended=appended, lanes=len(goals),
            )  # fmt: skip

    async def _retry(self, case_id: UUID, partition: Partition, backlog: Sequence[EventRef]) -> None:
        """Retry one case; if it fails again it is parked again, and no other case waits for it."""
        # The checkpoint "moves" to where it is. Without that comparison a replica that lost this partition
        # would apply the backlog a second time.
        goals = {partition.number: partition.checkpoint}
        try:
            await self._transact(backlog, goals, unpark=case_id)
        except Fenced:
            await read_checkpoints(self._platform.pool, self._partitions, {partition.number})
            return
        except POISON as error:
            await self._transact(backlog[:1], goals, unpark=case_id, refuse={case_id: reason_of(error)})
        except (*TRANSIENT_ERRORS, *RETRYABLE):
            raise
        except Exception as error:  # noqa: BLE001 - as in `_persistently`: this case alone
            await self._transact(backlog[:1], goals, unpark=case_id, refuse={case_id: reason_of(error)})
        log.info("parked.retried", consumer=self._consumer.name, case=str(case_id))


def _goals_of(chunk: Sequence[EventRef]) -> dict[int, FeedPosition]:
    """Return the place of the last event of each partition."""
    return {ref.partition: ref.place for ref in chunk}


def _fits(sizes: Mapping[UUID, int], ref: EventRef) -> bool:
    """Return whether an event may join a transaction: by its cases, and by the events they make it load."""
    after = {**sizes, ref.case_id: ref.version} if ref.case_id not in sizes else sizes
    # The first one always fits: a case longer than the limit would otherwise never be applied.
    return not sizes or (len(after) <= CASES_LIMIT and sum(after.values()) <= EVENTS_LIMIT)
