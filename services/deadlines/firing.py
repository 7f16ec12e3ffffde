"""Fires what time has made due: warnings, breaches and missed targets, each once and never early.

A due row is only a hint. The case is locked and its stream folded up to its last row before anything is
decided, so a duty that was met a moment ago cannot breach, and two processes that work on the same row give
one breach. The row is replaced or removed in the transaction of the append, and only where that was ok.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
import structlog
from prometheus_client import Histogram

from deadlines import due_table
from deadlines.consumer import CLOCKS_AGREE_WITHIN_S
from deadlines.look import Look, look
from events.catalogue import DeadlineBreached, TargetMissed
from events.consumer.batch import reason_of
from events.errors import CommandRefused
from events.failpoints import failpoint
from events.platform import Platform
from events.record.envelope import History, NewEvent, Recorded
from events.store.database import connection_of
from events.transact import Command, CommandOutcome, transact_many

log = structlog.get_logger()

BATCH = 200
"""Cases per transaction: enough to pay for the commit, few enough to hold the feed back for a moment only."""

ACTOR = "service:deadlines"
LONGEST_SLEEP_S = 1.0
SHORTEST_SLEEP_S = 0.01
LATENESS = Histogram(
    "gehoor_deadline_firing_lateness_seconds",
    "From the due instant to the recording of its breach or missed target, on the system's clock",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 300, 3600, 86_400),
)


class Firing:
    """The loop that looks at due cases of the lanes that this process owns."""

    name = "firing"

    def __init__(self, platform: Platform, wake: asyncio.Event | None = None) -> None:
        self.platform = platform
        self.wake = wake
        self.interval_s = LONGEST_SLEEP_S
        self._tried_again: frozenset[int] = frozenset()

    async def run_once(self) -> int:
        """Fire one batch and give how many cases it settled; 0 means sleep for `interval_s`."""
        self.interval_s = LONGEST_SLEEP_S
        lanes = sorted(self.platform.ownership.owned)
        if not lanes:
            return 0
        async with connection_of(self.platform.pool) as connection:
            await self._try_blocked_again(connection, frozenset(lanes))
            queue = await due_table.queue(connection, lanes)
            await failpoint("firing.looked")
            if not await self._clocks_agree(queue.now) or queue.earliest_at is None:
                return 0
            if queue.earliest_at > queue.now:
                self.interval_s = self._until(queue.earliest_at, queue.now)
                return 0
            case_ids = await due_table.claim(connection, lanes, queue.now, BATCH)
        await failpoint("firing.claimed")
        return await self._fire(case_ids, queue.now)

    async def _fire(self, case_ids: Sequence[UUID], reached_at: datetime) -> int:
        """Settle these cases in one transaction; `reached_at` is what the database's clock has shown."""
        looks: dict[UUID, Look] = {}
        commands = [
            Command(
                case_id=case_id,
                command_id=uuid4(),  # the fold makes it happen once: a case may be due twice at one moment
                actor=ACTOR,
                decide=_decide(looks, reached_at),
            )
            for case_id in case_ids
        ]

        async def apply(
            connection: asyncpg.Connection, fared_well: Sequence[tuple[Command, CommandOutcome]]
        ) -> None:
            settled = [command.case_id for command, _ in fared_well]
            await due_table.write(
                connection, [due_table.NextLook(each, looks[each].next_at) for each in settled]
            )
            await failpoint("firing.before_commit")

        try:
            outcomes = await transact_many(self.platform, commands, apply)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            return await self._fire_apart(case_ids, reached_at, error)
        refused = [
            (command.case_id, str(outcome.refused))
            for command, outcome in zip(commands, outcomes, strict=True)
            if outcome.refused is not None
        ]
        if refused:
            await self._block(refused)
        _tell([event for outcome in outcomes for event in outcome.events])
        progressed = [
            command
            for command, outcome in zip(commands, outcomes, strict=True)
            if outcome.status == "ok" and _is_over(looks[command.case_id].next_at, reached_at)
        ]
        await failpoint("firing.committed")
        self.interval_s = SHORTEST_SLEEP_S
        return len(progressed) + len(refused)

    async def _fire_apart(self, case_ids: Sequence[UUID], reached_at: datetime, error: Exception) -> int:
        """Cut a batch that the database refuses in two, down to the one case that it is about."""
        middle = len(case_ids) // 2
        if middle == 0:
            await self._block([(case_ids[0], reason_of(error))])
            return 1
        first, second = case_ids[:middle], case_ids[middle:]
        return await self._fire(first, reached_at) + await self._fire(second, reached_at)

    async def _clocks_agree(self, database_now: datetime) -> bool:
        """Compare our estimate with the database's clock; while they differ too much nothing fires."""
        clock = self.platform.clock
        off_s = abs((clock.now() - database_now).total_seconds()) / clock.speed
        if off_s <= CLOCKS_AGREE_WITHIN_S:
            return True
        log.warning("firing.held", off_s=round(off_s, 3), remedy="our clock is being measured again")
        await self.platform.store.measure_clock()
        return False

    async def _try_blocked_again(self, connection: asyncpg.Connection, lanes: frozenset[int]) -> None:
        """Give cases that were set aside one new try per start, which may have brought newer code."""
        gained = lanes - self._tried_again
        if gained:
            await due_table.unblock(connection, sorted(gained))
        self._tried_again = lanes

    async def _block(self, refused: Sequence[tuple[UUID, str]]) -> None:
        for case_id, reason in refused:
            log.error("firing.blocked", case=str(case_id), reason=reason)
        async with connection_of(self.platform.pool) as connection:
            await due_table.block(connection, refused)

    def _until(self, earliest_at: datetime, now: datetime) -> float:
        wait_s = (earliest_at - now).total_seconds() / self.platform.clock.speed
        return min(max(wait_s, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)


def _decide(
    looks: dict[UUID, Look], reached_at: datetime
) -> Callable[[History, datetime], Sequence[NewEvent]]:
    """Make the decision of one case: both clocks must have reached a moment before it counts as passed."""

    def decide(history: History, now: datetime) -> Sequence[NewEvent]:
        try:
            looks[history.case_id] = look(history, now, passed=min(now, reached_at))
        except Exception as error:
            # One unreadable stream must not keep the other cases of the batch from firing: it is set aside.
            raise CommandRefused("unreadable", reason_of(error)) from error
        return looks[history.case_id].events

    return decide


def _is_over(next_at: datetime | None, reached_at: datetime) -> bool:
    """Tell whether a case has left the due rows; it stays when our clock lags behind the database's."""
    return next_at is None or next_at > reached_at


def _tell(events: Sequence[Recorded]) -> None:
    broken = [event for event in events if isinstance(event.event, DeadlineBreached | TargetMissed)]
    for recorded in broken:
        LATENESS.observe(max((recorded.recorded_at - recorded.happened_at).total_seconds(), 0))
    if events:
        log.info("deadlines.fired", events=len(events), broken=len(broken))
