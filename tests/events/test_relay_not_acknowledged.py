"""Publishing to a stream that takes nothing; found by a campaign that filled the bus's disk."""

import asyncio
from types import SimpleNamespace

from events.bus.publishing import Outgoing, Publisher


class FullBus:
    """A client whose stream answers every message with a refusal."""

    is_connected = True

    def __init__(self) -> None:
        self._subscription = SimpleNamespace(_pending_queue=asyncio.Queue(), _pending_size=0)

    def new_inbox(self) -> str:
        return "_INBOX_relay.one"

    async def subscribe(self, _: str) -> SimpleNamespace:
        return self._subscription

    async def _send_command(self, _: bytes) -> None:
        refusal = b'{"error": {"code": 503, "description": "no space left on device"}}'
        answer = SimpleNamespace(subject="_INBOX_relay.one.1.0", data=refusal, headers=None)
        self._subscription._pending_queue.put_nowait(answer)

    async def _flush_pending(self) -> None: ...


async def test_what_the_stream_does_not_take_is_told_and_counts_as_not_published() -> None:
    """Telling about it failed and hid it: the relay waited ever longer and looked at nothing."""
    publisher = Publisher(FullBus(), within_s=5.0)  # type: ignore[arg-type]

    taken = await publisher.publish([Outgoing("a case/1", "gehoor.event.1", b"NATS/1.0\r\n\r\n", b"{}")])

    assert 0 == taken
