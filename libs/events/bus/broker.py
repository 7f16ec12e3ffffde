"""FastStream on NATS, set up so that nothing is lost: manual acks, own pull loop, endless reconnects.

FastStream carries the application, its middleware, injection and documents. Its pull loop is replaced by
`pull.py`: a subscriber pulls the partitions that this process owns now, and hands their messages over as one
batch.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import structlog
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.security import NatsUserPassword
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import REGISTRY

from events.bus.metrics import metrics_middleware
from events.bus.pull import BATCH, PartitionPull
from events.bus.topology import STREAM
from events.bus.wire import read
from events.doorbell import SUBJECT as DOORBELL_SUBJECT
from events.errors import MalformedEvent
from events.partitions.ownership import Ownership
from events.partitions.partition import Message

log = structlog.get_logger()

EXIT_CLOSED = 70
"""Exit status when the connection is closed for good: the supervisor starts the process again."""

DRAINS_WITHIN_S = 5
"""nats-py waits for messages that our pulls never take; the store has them anyway."""

HAND_OVER_PER_PARTITION = 60
"""Messages of one partition in one batch: 16 partitions make about a thousand."""


@cache
def _metrics() -> Any:
    """Count messages in the process's registry; once, because a metric has one owner."""
    return metrics_middleware(REGISTRY)


class Broker(NatsBroker):
    """A broker that also stops while its server is away, when there is nothing to drain to."""

    stopping = False

    async def stop(self, *arguments: Any) -> None:
        # `on_closed` below ends the process when the connection is closed for good, but not in this case.
        self.stopping = True
        client: Client | None = self._connection
        if client is not None and not client.is_connected:
            # `super().stop()` would drain, and draining waits for a server that is away.
            self._connection = None
            with suppress(ConnectionError):  # it tries to send what is left, to a server that is gone
                await client.close()
        await super().stop(*arguments)


def make_broker(url: str, user: str) -> Broker:
    """Make a broker that never gives up reconnecting, and notices a silent network within 15 s.

    Name and password of `url` are passed apart from the address: the other servers of a cluster, which the
    client learns of later, have addresses without a password.
    """
    parts = urlsplit(url)
    server = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    last_error = {"text": ""}

    async def on_error(error: Exception) -> None:
        text = f"{type(error).__name__}: {error!s}"
        if text != last_error["text"]:  # once per kind, not once per attempt to reconnect
            log.warning("bus.error", user=user, detail=text)
        last_error["text"] = text

    async def on_reconnected() -> None:
        last_error["text"] = ""
        log.info("bus.reconnected", user=user)

    async def on_closed() -> None:
        if not broker.stopping:
            log.critical("bus.closed", user=user)
            # Nothing opens this connection again. The process would look alive and receive nothing.
            os._exit(EXIT_CLOSED)

    broker = Broker(
        server,
        security=NatsUserPassword(unquote(parts.username or ""), unquote(parts.password or "")),
        name=f"gehoor-{user}",
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        connect_timeout=2,
        ping_interval=5,
        max_outstanding_pings=2,
        drain_timeout=DRAINS_WITHIN_S,
        inbox_prefix=f"_INBOX_{user}",
        error_cb=on_error,
        closed_cb=on_closed,
        reconnected_cb=on_reconnected,
        graceful_timeout=10.0,
        ack_policy=AckPolicy.MANUAL,
        middlewares=[_metrics()],
        specification_url="nats://localhost:4222",  # the real one holds a password
        logger=None,
    )
    return broker


class BusDoorbell:
    """Rings over the broker's connection when there is one."""

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker
        # The event loop holds tasks only weakly: one that nobody else holds may vanish before it has run.
        self._ringing: set[asyncio.Task[None]] = set()

    def ring(self) -> None:
        """Start a ping and return at once; while one is under way a second one is of no use."""
        client: Client | None = self._broker._connection
        if client is None or not client.is_connected or self._ringing:
            return
        task = asyncio.get_running_loop().create_task(self._publish(client))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def _publish(self, client: Client) -> None:
        try:
            await client.publish(DOORBELL_SUBJECT, b"")
        except Exception as error:  # noqa: BLE001 - a courtesy: the relay looks by itself anyway
            log.debug("doorbell.silent", error=type(error).__name__)


class PartitionSubscriber(BatchPullStreamSubscriber):
    """FastStream's batch subscriber with our pull loop over the partitions that are owned now."""

    consumer: str
    ownership: Ownership
    pulls: dict[int, PartitionPull]

    async def _create_subscription(self) -> None:
        # The stock method subscribes to one durable that FastStream would make; ours are 16 and only bound
        # to.
        self.pulls = {}
        self.add_task(self._consume_pull, func_kwargs={"cb": self.consume})

    async def _consume_pull(self, cb: Any) -> None:  # type: ignore[override]
        """Keep one pull per owned partition and hand over what arrives, in the order of each partition."""
        arrival = asyncio.Event()
        tasks: dict[int, asyncio.Task[None]] = {}
        try:
            while self.running:  # a partition newly owned is pulled at once, however busy the others are
                self._follow_ownership(tasks, arrival)
                # Cleared before taking: a message that arrives in between sets it again, and is not waited
                # for.
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
