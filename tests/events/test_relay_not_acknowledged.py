"""The relay and a stream that does not answer; found by a campaign that filled the bus's disk."""

from uuid import uuid4

from events.envelope import START, NewEvent
from events.relay import RelayLoop
from events.testing import A_MORNING, history_of, received


class SilentBus:
    """A client whose stream acknowledges nothing."""

    def jetstream(self, **_: object) -> "SilentBus":
        return self

    async def publish(self, *_: object, **__: object) -> None:
        raise TimeoutError


async def test_what_the_stream_does_not_acknowledge_is_reported_and_published_again() -> None:
    """Telling about it failed and hid it: the relay waited ever longer and looked at nothing."""
    loop = RelayLoop(None, lambda: None)  # type: ignore[arg-type]  # neither store nor bus is reached
    loop._generation = uuid4()
    window = history_of(NewEvent(received(), A_MORNING)).events

    sent = await loop._publish(SilentBus(), window, [START])  # type: ignore[arg-type]

    assert 0 == sent
