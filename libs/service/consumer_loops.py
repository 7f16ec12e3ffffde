"""The loops every consumer has: measure the clock, share out the lanes, sweep the store."""

import asyncio
from collections.abc import Callable

from events.consumer.loop import SWEEP_WITHOUT_BUS_S, ConsumerLoop
from events.failpoints import failpoint
from events.partitions.ownership import BEAT_EVERY_S
from events.platform import Platform
from events.store.store_clock import MEASURE_CHOSEN_EVERY_S, MEASURE_EVERY_S, StoreClock


class ClockLoop:
    """Keeps the measured offset to the database's clock fresh."""

    name = "clock"
    interval_s = MEASURE_EVERY_S
    wake: asyncio.Event | None = None

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run_once(self) -> int:
        await self._platform.store.measure_clock()
        clock = self._platform.clock
        is_chosen = isinstance(clock, StoreClock) and clock.is_chosen
        self.interval_s = MEASURE_CHOSEN_EVERY_S if is_chosen else MEASURE_EVERY_S
        return 0


class OwnershipLoop:
    """Says that this replica lives and takes its share of the lanes."""

    name = "ownership"
    interval_s = BEAT_EVERY_S
    wake: asyncio.Event | None = None

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run_once(self) -> int:
        await self._platform.ownership.beat(self._platform.pool)  # the consumer follows it by itself
        await failpoint("consumer.owned")
        return 0

    async def close(self) -> None:
        """Give the lanes up when the process stops in order."""
        await self._platform.ownership.leave(self._platform.pool)


class SweepLoop:
    """Reads on from the store: at start, when the bus came back, every 30 s, and steadily without a bus."""

    name = "sweep"
    interval_s = SWEEP_WITHOUT_BUS_S
    wake: asyncio.Event | None = None

    def __init__(self, consumer: ConsumerLoop, bus_is_up: Callable[[], bool]) -> None:
        self._consumer = consumer
        self._bus_is_up = bus_is_up

    @property
    def stepped_at_s(self) -> float:
        """Tell when the last round was begun: reading on after a long time away takes many."""
        return self._consumer.last_round_at_s

    async def run_once(self) -> int:
        was_up, self._consumer.bus_is_up = self._consumer.bus_is_up, self._bus_is_up()
        came_back = self._consumer.bus_is_up and not was_up
        if came_back or self._consumer.sweep_is_due():
            return await self._consumer.sweep()
        return 0
