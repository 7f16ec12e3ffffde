"""A consumer's loop: from messages and from the store, in order, each event's effects once.

Every partition has a checkpoint in Postgres. A message carries its own feed position and that of the event
before it in its partition. So the loop sees at once whether it is old (drop), next (apply) or beyond a gap
(read the missing events from the store). JetStream only shortens the wait: what it loses, repeats or
reorders, the store makes good. `planning.py` finds what is next, `applier.py` applies it.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic

import structlog

from events.consumer.applier import Applier
from events.consumer.batch import Consumer
from events.consumer.planning import add_from_store, plan_from_messages, read_checkpoints, stored_only
from events.errors import Fenced
from events.failpoints import failpoint
from events.partitions.partition import Message, Partition
from events.platform import Platform

log = structlog.get_logger()

SWEEP_EVERY_S = 30.0
"""Also while the bus is well: a message that was the last of its partition leaves no gap when it is lost."""

SWEEP_WITHOUT_BUS_S = 0.25


class ConsumerLoop:
    """Runs one service's consumer over the partitions this process owns."""

    def __init__(self, platform: Platform, consumer: Consumer) -> None:
        self.platform = platform
        self.consumer = consumer
        self.partitions: dict[int, Partition] = {}
        self.bus_is_up = False
        # One sweep after a long absence takes many rounds. By this moment health knows a sweep that advances
        # from one that hangs; by the end of the sweep alone a process that works would count as dead.
        self.last_round_at_s = monotonic()
        self._applier = Applier(platform, consumer, self.partitions)
        # The bus and the sweep run in two tasks. Both plan from the same checkpoints, so without the lock
        # the slower one would fence itself on each batch.
        self._one_at_a_time = asyncio.Lock()
        self._swept_at_s = 0.0

    @property
    def applied(self) -> int:
        """Events applied since the start of this process."""
        return self._applier.applied

    async def own(self, owned: frozenset[int]) -> None:
        """Take up newly owned partitions from their checkpoints and let go of the others."""
        self.platform.ownership.owned = owned
        async with self._one_at_a_time:
            await self._own(owned)

    async def receive(self, messages: Sequence[Message]) -> None:
        """Apply messages from the bus; returns when each is applied or waits for its gap to close.

        Raises whatever kept them from being applied; the caller only logs it. The messages do not come again,
        so the store is read as soon as it can be.
        """
        try:
            await failpoint("consumer.received")
            # Outside the lock: it only reads, and the sweep need not wait for it.
            stored = await stored_only(self.platform.pool, self.consumer.name, messages)
            async with self._one_at_a_time:
                await self._own(self.platform.ownership.owned)
                for message in stored:
                    partition = self.partitions.get(message.ref.partition)
                    if partition is not None:
                        partition.wait(message)
                while await self._round():
                    pass
        except Exception:
            # Nobody acknowledges, so the bus does not send these messages again. Without the sweep their
            # events would wait until the next one is due.
            self._sweep_everything()
            raise

    async def sweep(self) -> int:
        """Read on from the store in every partition; returns the number of events applied.

        Raises whatever broke it off; the sweep is then due again at once.
        """
        async with self._one_at_a_time:
            before = self.applied
            self._swept_at_s = monotonic()
            try:
                await self._own(self.platform.ownership.owned)
                self._sweep_everything()
                while await self._round():
                    pass
                await self._applier.retry_parked()
            except Exception:
                # A round resets `sweep` before its work is done, and this work was not done.
                self._sweep_everything()
                raise
            return self.applied - before

    def sweep_is_due(self) -> bool:
        """Return whether a partition asks for the store, ownership has changed, or the interval is over."""
        if (
            any(partition.sweep for partition in self.partitions.values())
            or set(self.partitions) != self.platform.ownership.owned
        ):
            return True
        every_s = SWEEP_EVERY_S if self.bus_is_up else SWEEP_WITHOUT_BUS_S
        return monotonic() - self._swept_at_s >= every_s

    async def _own(self, owned: frozenset[int]) -> None:
        for number in set(self.partitions) - owned:
            del self.partitions[number]
        await read_checkpoints(self.platform.pool, self.partitions, owned - set(self.partitions))

    def _sweep_everything(self) -> None:
        for partition in self.partitions.values():
            partition.sweep = True

    async def _round(self) -> bool:
        """Take what is next in every partition and apply it; returns whether there may be more."""
        self.last_round_at_s = monotonic()
        plan = plan_from_messages(self.consumer.name, self.partitions.values())
        more = False
        to_sweep = [partition for partition in self.partitions.values() if partition.sweep]
        if to_sweep:
            more = await add_from_store(self.platform.pool, to_sweep, plan)
        try:
            # Sorted: a plan lists one partition after the other, and effects are written in feed order.
            await self._applier.apply(sorted(plan.refs, key=lambda ref: ref.place), plan.goals)
        except Fenced as fenced:
            # Another replica owns a partition by now and moved its checkpoint. Our work was rolled back;
            # from the new checkpoint there is either nothing to do, or the rest of it.
            log.warning("consumer.fenced", consumer=self.consumer.name, reason=str(fenced))
            await read_checkpoints(self.platform.pool, self.partitions, set(self.partitions))
            return False
        for partition in self.partitions.values():
            partition.let_go()
        return more or any(partition.sweep for partition in self.partitions.values())
