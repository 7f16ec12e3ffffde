"""The relay: publishes committed events to JetStream in feed order, whatever happens to JetStream.

One leader by advisory lock, any number of standbys. A window of the feed is published with many messages in
flight; the checkpoint follows the acknowledgements without a hole, in the same Postgres that holds the
events. An unacknowledged message is published again with the same id, for ever. When the stream is gone or
another one, the leader makes it anew and goes on from its checkpoint. It never goes back: what was lost
there, our consumers read from the store.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import cast
from uuid import UUID

import asyncpg
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from prometheus_client import Gauge

from events.bus.leadership import Leadership
from events.bus.publishing import Outgoing, Publisher
from events.bus.reconcile import ensure_generation, reconcile
from events.bus.wire import header_block, headers_of, subject_of
from events.doorbell import SUBJECT as DOORBELL
from events.errors import Fenced
from events.failpoints import failpoint
from events.identity import partition_of
from events.platform import Platform
from events.record.envelope import FeedPosition, Recorded
from events.store import feed

log = structlog.get_logger()

WINDOW = 1000
"""Events published before the checkpoint moves: at most so many are published twice after a crash."""

ACK_WITHIN_S = 5.0
CHECK_STREAM_EVERY_S = 5.0
RECONCILE_EVERY_S = 300.0
LOOK_FIRST_S, LOOK_LONGEST_S = 0.005, 0.25
PAUSE_AFTER_FAILURE_S = 0.5
_READ = "SELECT epoch, xid, position, tails FROM gehoor.relay_checkpoint"
_MOVE = """
UPDATE gehoor.relay_checkpoint SET epoch = $1, xid = $2, position = $3, tails = $4
WHERE (epoch, xid, position) = ($5::smallint, $6::xid8, $7::bigint)
"""
"""The comparison is a second fence behind the lock: only from where this relay read may it move."""

LAG = Gauge(
    "gehoor_relay_watermark_age_seconds", "Age of the oldest writing transaction, which holds readers back"
)


class RelayLoop:
    """Leads when it can, publishes while it leads; `run_once` returns the number of events published."""

    name = "relay"
    interval_s = LOOK_LONGEST_S

    def __init__(self, platform: Platform, client: "ClientSource") -> None:
        self.platform = platform
        self.wake: asyncio.Event | None = asyncio.Event()
        self.leadership = Leadership(platform.pool)
        self._client_source = client
        self._bell: Client | None = None
        self._checked_stream_at_s = float("-inf")
        self._reconciled_at_s = float("-inf")
        self._generation: UUID | None = None
        self._publisher: Publisher | None = None
        self._look_after_s = LOOK_FIRST_S
        self._connected: tuple[int, int] | None = None

    async def run_once(self) -> int:
        """Publish the next window, if this process leads and the bus is there.

        Raises `Fenced` when another relay moved the checkpoint, and what Postgres or the bus raise; the loop
        that calls it logs that and comes back.
        """
        client = self._client_source()
        if client is None or not client.is_connected:
            await self.close()  # a standby that reaches the bus should lead
            return 0
        await self._listen(client)
        connected = (id(client), client.stats["reconnects"])
        if connected != self._connected:
            # Behind a new connection may be another server, or one that forgot our durables, which lie in
            # memory. Without this look they would be missing until the next reconcile, five minutes later.
            self._connected = connected
            self._checked_stream_at_s = self._reconciled_at_s = float("-inf")
        connection = await self.leadership.take()
        if connection is None:
            return 0
        if monotonic() - self._checked_stream_at_s >= CHECK_STREAM_EVERY_S:
            await self._check_stream(client, connection)
            LAG.set(await feed.watermark_age_s(self.platform.pool))
        published = await self._publish_window(client, connection)
        self._look_after_s = LOOK_FIRST_S if published else min(2 * self._look_after_s, LOOK_LONGEST_S)
        self.interval_s = self._look_after_s
        return published

    async def close(self) -> None:
        """Let a standby lead."""
        await self.leadership.release()

    async def _listen(self, client: Client) -> None:
        if self._bell is client:
            return

        async def rung(_: object) -> None:
            if self.wake is not None:
                self.wake.set()

        await client.subscribe(DOORBELL, cb=rung)
        self._bell = client

    async def _check_stream(self, client: Client, connection: asyncpg.Connection) -> None:
        """Check whether the stream is the one we know; make it and its durables anew where it is not."""
        settings = self.platform.settings
        # The checkpoint stays where it is, whatever is found. Our consumers read from the store what the
        # stream lost; publishing the past again would only delay what is new.
        generation = await ensure_generation(client, connection)
        if generation != self._generation or monotonic() - self._reconciled_at_s >= RECONCILE_EVERY_S:
            for line in await reconcile(
                client,
                generation,
                settings.nats_replicas,
                settings.reader_scopes,
                settings.nats_stream_mib,
            ):
                log.info("topology.reconciled", change=line)
            self._reconciled_at_s = monotonic()
        self._generation = generation
        self._checked_stream_at_s = monotonic()

    async def _publish_window(self, client: Client, connection: asyncpg.Connection) -> int:
        (row,) = await connection.fetch(_READ)
        # Read each time and never remembered: another relay may have led since.
        start = FeedPosition(row["epoch"], row["xid"], row["position"])
        tails = [FeedPosition.parse(tail) for tail in row["tails"]]
        window = await feed.public_page(connection, start, WINDOW)
        if not window:
            return 0
        await failpoint("relay.read")
        # For the header Gehoor-After: the event before each one in its partition. It is computed for the
        # whole window, but only what was acknowledged becomes the stored tail (`_move`).
        afters = []
        for event in window:
            partition = partition_of(event.case_id)
            afters.append(tails[partition])
            tails[partition] = event.place
        sent = await self._publish(client, window, afters)
        if sent:
            await failpoint("relay.before_move")
            await self._move(connection, start, window[:sent], row["tails"])
            await failpoint("relay.moved")
            log.info("relay.published", events=sent)
        if sent < len(window):
            # The rest is published again, also what was acknowledged behind the hole: the stream drops it by
            # its id. Perhaps the stream itself is gone, so look before the next try.
            self._checked_stream_at_s = float("-inf")
            await asyncio.sleep(PAUSE_AFTER_FAILURE_S)
        return sent

    async def _publish(
        self, client: Client, window: Sequence[Recorded], afters: Sequence[FeedPosition]
    ) -> int:
        """Publish with many in flight; returns how many from the start were acknowledged without a hole."""
        generation = self._generation
        if generation is None:
            return 0
        if self._publisher is None or self._publisher.client is not client:
            self._publisher = Publisher(client, ACK_WITHIN_S)
        try:
            return await self._publisher.publish(
                [
                    Outgoing(
                        event.id,
                        subject_of(event),
                        header_block(headers_of(event, after, generation)),
                        event.data,
                    )
                    for event, after in zip(window, afters, strict=True)
                ]
            )
        except (OSError, NatsError) as error:
            log.warning("relay.not_acknowledged", events=len(window), reason=type(error).__name__)
            return 0

    async def _move(
        self,
        connection: asyncpg.Connection,
        start: FeedPosition,
        sent: Sequence[Recorded],
        tails: list[str],
    ) -> None:
        """Move the checkpoint behind what was acknowledged; raises `Fenced` and stands by when it moved."""
        for event in sent:
            tails[partition_of(event.case_id)] = str(event.place)
        moved = await connection.execute(_MOVE, *sent[-1].place, tails, *start)
        if moved != "UPDATE 1":
            await self.close()
            raise Fenced("another relay moved the checkpoint: this one stands by")


class ClientSource:
    """Returns the connection to the bus, once there is one."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def __call__(self) -> Client | None:
        broker = self._platform.broker
        return cast("Client | None", broker._connection) if broker is not None else None
