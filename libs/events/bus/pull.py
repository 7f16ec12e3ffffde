"""Our own pull loop, one per partition, because FastStream's loses batches (README, "Why it is so").

Exactly one pull is outstanding per partition. Silence longer than the heartbeat allows means that the pull is
lost, and it is asked again. A status other than "nothing there" is counted, remembered for health, and
answered with a growing pause, so that a deleted durable costs nothing. Messages are handed on at once, never
held back.

There are two shortcuts past the client. It starts a task for every message that is taken from a subscription,
and it reads headers in ten times the time. Both were measured: a tenth of a service's processor time.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from time import monotonic

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from events.bus.topology import STREAM, durable_name

log = structlog.get_logger()

BATCH = 200
"""Messages per pull, and how many may wait here before the next pull is asked for."""

EXPIRES_S = 30.0
HEARTBEAT_S = 3.0
"""How often the server reports that a pull is still open; without it a lost pull looks like a quiet bus."""

PAUSE_FIRST_S, PAUSE_LONGEST_S = 0.1, 5.0
_NOTHING_THERE = ("404", "408")
"""No messages, and the pull expired: both end a pull in good order."""


@dataclass(slots=True)
class PullHealth:
    """What the loop of one partition has seen; `good_at_s` is monotonic."""

    pulls: int = 0
    errors: int = 0
    good_at_s: float = 0.0
    last_error: str = ""

    def well(self) -> None:
        """Record a good sign: whatever was wrong is over."""
        self.good_at_s, self.last_error = monotonic(), ""


class PartitionPull:
    """Pulls the messages of one durable into `arrived`, which `take` empties."""

    def __init__(self, client: Client, consumer: str, partition: int, arrival: asyncio.Event) -> None:
        self.partition = partition
        self.durable = durable_name(consumer, partition)
        self.health = PullHealth(good_at_s=monotonic())
        self.arrived: deque[Msg] = deque()
        self._client = client
        self._arrival = arrival
        self._space = asyncio.Event()

    def take(self, limit: int) -> list[Msg]:
        """Return what has arrived, up to `limit`, without waiting."""
        taken = [self.arrived.popleft() for _ in range(min(limit, len(self.arrived)))]
        if not self.arrived:
            self._space.set()
        return taken

    async def run(self) -> None:
        """Pull until cancelled; what was not handed on is read from the store by the partition's next owner.

        Raises what the client raises when the connection is closed; the task then ends and is started anew.
        """
        inbox = self._client.new_inbox()
        read_headers_quickly(self._client)
        subscription = await self._client.subscribe(inbox)
        pause_s = PAUSE_FIRST_S
        try:
            while True:
                ended = await self._one_pull(inbox, subscription)
                if ended is None:
                    pause_s = PAUSE_FIRST_S
                    continue
                self.health.errors += 1
                if ended != self.health.last_error:
                    log.warning("pull.refused", durable=self.durable, reason=ended)
                self.health.last_error = ended
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, PAUSE_LONGEST_S)
        finally:
            self.arrived.clear()
            # While it is away, the client would queue this for a server that no longer knows the
            # subscription.
            if self._client.is_connected:
                await subscription.unsubscribe()

    async def _one_pull(self, inbox: str, subscription: Subscription) -> str | None:
        """Ask once and take what comes; returns None when all is well, else why the pull ended."""
        # Back pressure: a busy consumer asks for no more than it can hold. What falls out of the stream
        # meanwhile is read from the store.
        while len(self.arrived) >= BATCH:
            self._space.clear()
            await self._space.wait()
        await self._ask(inbox)
        self.health.pulls += 1
        left = BATCH
        while left:
            try:
                # Two missed heartbeats; one alone may be late on a busy machine.
                message = await next_message(subscription, 2.5 * HEARTBEAT_S)
            except TimeoutError:
                return "no heartbeat"
            status = (message.headers or {}).get("Status")
            # An event comes without payload (`headers_only`), and so does a status of the server. They
            # differ by the header Status, which no event has.
            if status is None or message.data:
                left -= 1
                self.arrived.append(message)
                self._arrival.set()
                self.health.well()
            elif status == "100":
                self.health.well()
            elif status in _NOTHING_THERE:
                self.health.well()
                return None
            else:
                return f"{status} {(message.headers or {}).get('Description', '')}".strip()
        return None

    async def _ask(self, inbox: str) -> None:
        await self._client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self.durable}",
            json.dumps(
                {"batch": BATCH, "expires": int(EXPIRES_S * 1e9), "idle_heartbeat": int(HEARTBEAT_S * 1e9)}
            ).encode(),
            reply=inbox,
        )


async def next_message(subscription: Subscription, within_s: float) -> Msg:
    """Return the next message as the client's `next_msg` does, but without making a task.

    Raises TimeoutError when none comes `within_s`. It uses the client's private queue: see the module's text.
    """
    queue = subscription._pending_queue
    if queue.empty():
        async with asyncio.timeout(within_s):
            message: Msg = await queue.get()
    else:
        message = queue.get_nowait()
    # Both as `next_msg` does: without the first line the client believes that we are a slow consumer and
    # drops messages; without the second one `drain` waits for this message for ever.
    subscription._pending_size -= len(message.data)
    queue.task_done()
    return message


def read_headers_quickly(client: Client) -> None:
    """Let a client read headers as our relay writes them in one go, and all others as before."""
    before = Client._parse_header_lines

    def read(raw: bytes) -> dict[str, str]:
        # A status line ("NATS/1.0 404 …"), a value over several lines or a letter that is not ASCII ends in a
        # ValueError here, and the client's own reader takes over.
        try:
            return dict([line.split(": ", 1) for line in raw.decode("ascii").split("\r\n") if line])
        except ValueError:
            return before(raw)

    client._parse_header_lines = read  # type: ignore[method-assign]
