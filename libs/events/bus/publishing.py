"""Publishing many messages to JetStream at once, with one inbox for all acknowledgements.

The client's own `publish` makes a future, a timer and a task per message and checks every header by itself;
that was half of the relay's processor time. Here one loop writes messages while fewer than `IN_FLIGHT` are
unanswered and takes the answers as they come. A message counts only when its own positive answer arrived.
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
        """Publish in order; gives how many from the start were acknowledged without a hole."""
        if self._subscription is None:
            self._subscription = await self.client.subscribe(f"{self._inbox}.>")
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
            answered += 1
            good[number] = _is_positive(answer)
            if not good[number]:
                name, reason = messages[number].name, _reason_of(answer)
                log.warning("relay.not_acknowledged", case_event=name, reason=reason)
            await failpoint("relay.published")
        return next((i for i, ok in enumerate(good) if not ok), len(messages))

    async def _send(self, messages: Sequence[Outgoing], first: int) -> None:
        """Write messages to the connection, each with an answer address that names round and number."""
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
        if not self.client.is_connected:
            raise ConnectionError("the bus went away")
        await self.client._send_command(b"".join(parts))
        await self.client._flush_pending()

    def _number_of(self, answer: Msg) -> int | None:
        """Tell which message of this round an answer is about; one that comes too late is about none."""
        _, round_, number = answer.subject.rsplit(".", 2)
        return int(number) if int(round_) == self._round else None


def _is_positive(answer: Msg) -> bool:
    return b'"error"' not in answer.data and b'"seq"' in answer.data


def _reason_of(answer: Msg) -> str:
    """Say why a message was not taken, in the server's code."""
    return (answer.headers or {}).get("Status") or answer.data[:200].decode(errors="replace")
