"""Planted bugs of the bus and of the relay: lost messages, a stream that is not made again."""

import asyncio
from typing import Any

from chaos.planted_patches.replacing import attribute_of, replace_attribute


def never_pulls() -> None:
    from events.bus import pull

    async def nothing(*_: Any) -> None:
        await asyncio.sleep(3600)

    replace_attribute(pull.PartitionPull, "_one_pull", nothing)


def loses_messages() -> None:
    from events.bus import subscriber

    real = subscriber.understand

    def understand(messages: Any) -> Any:
        return [message for message in real(messages) if message.ref.place.position % 3]

    replace_attribute(subscriber, "understand", understand)


def never_makes_stream_again() -> None:
    from events.bus import relay

    real, calls = attribute_of(relay, "reconcile"), []

    async def reconcile(*arguments: Any) -> list[str]:
        calls.append(1)
        return await real(*arguments) if len(calls) == 1 else []

    replace_attribute(relay, "reconcile", reconcile)


def moves_cursor_without_acks() -> None:
    from events.bus import relay

    real = relay.RelayLoop._publish

    async def publish(self: Any, client: Any, window: Any, afters: Any) -> int:
        await real(self, client, window, afters)
        return len(window)

    replace_attribute(relay.RelayLoop, "_publish", publish)
