"""Publishing many messages to JetStream at once, with one inbox for all acknowledgements.

The client's own `publish` makes a future, a timer and a task per message and checks each header one by one;
that was half of the relay's processor time. Here one loop writes messages while fewer than `IN_FLIGHT` are
unanswered, and takes the answers as they come. A message counts only when its own positive answer arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from events.bus.pull import next_message
from events.failpoints import failpoint

log = structlog.get_logger()

IN_FLIGHT = 200
"""Unanswered messages at most: more would only wait in the server, which syncs each one to disk."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, its headers written out by `wire.header_block`."""

    name: str
    subject: str
    headers: bytes
    payload: bytes


class Publisher:
    """Publishes over one connection; make another one for another connection."""

    def __init__(self, client: Client, within_s: float) -> None:
        self.client = client
        self._within_s = within_s
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._round = 0

    async def publish(self, messages: Sequence[Outgoing]) -> int:
        """Publish in order; returns how many from the start were acknowledged without a hole.

        Raises ConnectionError and errors of the client when the bus is gone: nothing counts as published.
        """
        if self._subscription is None:
            # One subscription for ever, and each message its own answer address below it. A subscription per
            # call would cost a round trip to the server for each window.
            self._subscription = await self.client.subscribe(f"{self._inbox}.>")
        # An answer that arrives after its time-out must not acknowledge a message of a later call.
        self._round += 1
        good, answered, sent = [False] * len(messages), 0, 0
        while answered < len(messages):
            until = min(len(messages), answered + IN_FLIGHT)
            if sent < until:
                await self._send(messages[sent:until], sent)
                sent = until
            try:
                answer = await next_message(self._subscription, self._within_s)
            except TimeoutError:
                log.warning("relay.not_acknowledged", events=sent - answered, reason="no answer")
                break
            number = self._number_of(answer)
            if number is None:
                continue
            # A refusal is an answer too: it makes room for the next message, but not for the checkpoint.
            answered += 1
            good[number] = _is_positive(answer)
            if not good[number]:
                name, reason = messages[number].name, _reason_of(answer)
                log.warning("relay.not_acknowledged", case_event=name, reason=reason)
            await failpoint("relay.published")
        return next((i for i, ok in enumerate(good) if not ok), len(messages))

    async def _send(self, messages: Sequence[Outgoing], first: int) -> None:
        """Write messages to the connection, each with an answer address that names round and number.

        Raises ConnectionError when the bus is away.
        """
        parts: list[bytes] = []
        for number, message in enumerate(messages, first):
            head = len(message.headers)
            parts += (
                f"HPUB {message.subject} {self._inbox}.{self._round}.{number} {head} "
                f"{head + len(message.payload)}\r\n".encode(),
                message.headers,
                message.payload,
                b"\r\n",
            )
        # A client that reconnects keeps what it is given and sends it later. Then these messages would arrive
        # behind newer ones, and nobody would wait for their answers any more.
        if not self.client.is_connected:
            raise ConnectionError("the bus went away")
        # Private, because the client has no public way to write several messages at once. The version is
        # pinned, and `tests/events/test_bus.py` shows when an upgrade breaks this.
        await self.client._send_command(b"".join(parts))
        await self.client._flush_pending()

    def _number_of(self, answer: Msg) -> int | None:
        """Return which message of this round an answer is about; None for an answer of an earlier round."""
        _, round_, number = answer.subject.rsplit(".", 2)
        return int(number) if int(round_) == self._round else None


def _is_positive(answer: Msg) -> bool:
    """Return whether the stream holds the message, now or already ("duplicate" has a "seq" as well)."""
    # Looked at as bytes: decoding the JSON of each answer costs more than all the rest of this loop.
    return b'"error"' not in answer.data and b'"seq"' in answer.data


def _reason_of(answer: Msg) -> str:
    """Return why a message was not taken, in the server's code or words."""
    return (answer.headers or {}).get("Status") or answer.data[:200].decode(errors="replace")
