"""Receives the events of the partitions this process owns: FastStream's subscriber with our own pull loop.

A subscriber pulls the partitions that are owned now, and hands their messages over as one batch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.msg import Msg

from events.bus.pull import BATCH, PartitionPull
from events.bus.topology import STREAM
from events.bus.wire import read
from events.errors import MalformedEvent
from events.partitions.ownership import Ownership
from events.partitions.partition import Message

log = structlog.get_logger()

HAND_OVER_PER_PARTITION = 60
"""Messages of one partition in one batch: 16 partitions make about a thousand."""


class PartitionSubscriber(BatchPullStreamSubscriber):
    """FastStream's batch subscriber with our pull loop over the partitions that are owned now."""

    consumer: str
    ownership: Ownership
    pulls: dict[int, PartitionPull]

    async def _create_subscription(self) -> None:
        # The stock method binds to a single durable. Ours are 16, one per partition, and change hands.
        self.pulls = {}
        self.add_task(self._consume_pull, func_kwargs={"cb": self.consume})

    async def _consume_pull(self, cb: Any) -> None:  # type: ignore[override]
        """Keep one pull per owned partition and hand over what arrives, in the order of each partition."""
        arrival = asyncio.Event()
        tasks: dict[int, asyncio.Task[None]] = {}
        try:
            while self.running:  # a partition newly owned is pulled at once, however busy the others are
                self._follow_ownership(tasks, arrival)
                # Cleared before taking. The other way round, a message that arrives in between would lie here
                # until the next one comes.
                arrival.clear()
                if batch := [m for pull in self.pulls.values() for m in pull.take(HAND_OVER_PER_PARTITION)]:
                    await cb(batch)
                    continue
                with suppress(TimeoutError):
                    # Ownership changes without a word to us, so look at it twice a second on a quiet bus too.
                    async with asyncio.timeout(0.5):
                        await arrival.wait()
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    def _follow_ownership(self, tasks: dict[int, asyncio.Task[None]], arrival: asyncio.Event) -> None:
        """End the pulls of partitions that are lost or broken, and start those that are missing."""
        owned = self.ownership.owned
        for partition in [p for p in tasks if p not in owned or tasks[p].done()]:
            if tasks[partition].done() and not tasks[partition].cancelled():
                log.warning("pull.ended", partition=partition, error=repr(tasks[partition].exception()))
            tasks.pop(partition).cancel()
            self.pulls.pop(partition, None)
        for partition in owned - set(tasks):
            pull = PartitionPull(self.connection, self.consumer, partition, arrival)
            self.pulls[partition] = pull
            tasks[partition] = asyncio.create_task(pull.run(), name=f"pull-{pull.durable}")


Receive = Callable[[Sequence[Message]], Awaitable[None]]


def subscribe(
    broker: NatsBroker, consumer: str, receive: Receive, ownership: Ownership
) -> PartitionSubscriber:
    """Let `receive` get the events of the partitions that this process owns."""

    # Without it FastStream decodes the payload of each message, and ours come without one.
    async def keep_raw(message: StreamMessage[Any]) -> Any:
        return message.raw_message

    subscriber = broker.subscriber(
        "gehoor.event.*.*.*.*",
        stream=JStream(STREAM, declare=False),
        durable=consumer,
        pull_sub=PullSub(batch_size=BATCH, batch=True),
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        decoder=keep_raw,
        title=f"{consumer}:events",
        description="Every event of the partitions this replica owns, without personal data, in feed order.",
    )
    # FastStream makes the object itself and takes no class for it. Both classes have the same layout.
    subscriber.__class__ = PartitionSubscriber
    assert isinstance(subscriber, PartitionSubscriber)  # noqa: S101 - for the type checker
    subscriber.consumer, subscriber.ownership, subscriber.pulls = consumer, ownership, {}

    @subscriber
    async def on_events(messages: list[Any]) -> None:
        await receive(understand(messages))

    return subscriber


def understand(messages: Sequence[Msg]) -> list[Message]:
    """Read raw messages; one that is not an event of ours is logged and left out."""
    understood: list[Message] = []
    for message in messages:
        try:
            ref, after = read(message)
        except MalformedEvent as error:
            log.error("message.foreign", reason=str(error))  # noqa: TRY400 - the reason is all there is
            continue
        understood.append(Message(ref, after))
    return understood
