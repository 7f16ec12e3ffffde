"""How a replica takes up partitions that become its own, while messages keep coming."""

import asyncio
from typing import Any

import pytest

from events.bus import subscriber as subscriber_file
from events.bus.subscriber import PartitionSubscriber
from events.identity import PARTITIONS
from events.partitions.ownership import Ownership

ALL_PARTITIONS = frozenset(range(PARTITIONS))


class EndlessPull:
    """A partition in which the next message is always there already."""

    durable = "endless"

    def __init__(self, client: Any, consumer: str, partition: int, arrival: asyncio.Event) -> None:
        self.partition = partition
        self._arrival = arrival

    async def run(self) -> None:
        self._arrival.set()
        await asyncio.Event().wait()

    def take(self, limit: int) -> list[int]:
        return [self.partition]


async def test_a_busy_replica_takes_up_the_partitions_of_one_that_died(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Messages never stop coming in the first partition: the others are pulled when they are owned."""
    monkeypatch.setattr(subscriber_file, "PartitionPull", EndlessPull)
    subscriber = PartitionSubscriber.__new__(PartitionSubscriber)
    subscriber.consumer, subscriber.ownership, subscriber.pulls = "workflow", Ownership(), {}
    subscriber.ownership.owned = frozenset({0})
    subscriber.running = True
    monkeypatch.setattr(PartitionSubscriber, "connection", None)

    async def receive(partitions: list[int]) -> None:
        subscriber.ownership.owned = ALL_PARTITIONS
        subscriber.running = set(partitions) != ALL_PARTITIONS
        await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await subscriber._consume_pull(receive)

    assert ALL_PARTITIONS == set(subscriber.pulls)
