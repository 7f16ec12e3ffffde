"""The loops that every consumer has: measure the clock, share the partitions, read on from the store."""

import asyncio
from collections.abc import Callable

from events.consumer.loop import SWEEP_WITHOUT_BUS_S, ConsumerLoop
from events.failpoints import failpoint
from events.partitions.ownership import BEAT_EVERY_S
from events.platform import Platform
from events.store.store_clock import MEASURE_CHOSEN_EVERY_S, MEASURE_EVERY_S, StoreClock


class ClockLoop:
    """Measures the offset to the database's clock again and again, because two machines drift apart."""

    name = "clock"
    interval_s = MEASURE_EVERY_S
    wake: asyncio.Event | None = None

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run_once(self) -> int:
        """Measure once; returns 0, so that the next measurement waits for `interval_s`.

        Raises the errors of the database; the loop that runs this logs them and tries again.
        """
        await self._platform.store.measure_clock()
        clock = self._platform.clock
        # A chosen clock may be moved or sped up by a command at any moment, so it is looked at far more
        # often.
        is_chosen = isinstance(clock, StoreClock) and clock.is_chosen
        self.interval_s = MEASURE_CHOSEN_EVERY_S if is_chosen else MEASURE_EVERY_S
        return 0


class OwnershipLoop:
    """Records that this replica lives, and takes its share of the partitions."""

    name = "ownership"
    interval_s = BEAT_EVERY_S
    wake: asyncio.Event | None = None

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run_once(self) -> int:
        """Beat once; the pull loops follow what this replica owns by themselves. Returns 0.

        Raises the errors of the database; a replica that cannot beat loses its partitions to the others.
        """
        await self._platform.ownership.beat(self._platform.pool)
        await failpoint("consumer.owned")
        return 0

    async def close(self) -> None:
        """Give the partitions up, so that others need not wait until the last beat has become too old."""
        await self._platform.ownership.leave(self._platform.pool)


class SweepLoop:
    """Reads on from the store: at start, when the bus came back, every 30 s, and steadily without a bus.

    The bus may lose everything at any moment. This loop is why nothing is lost with it.
    """

    name = "sweep"
    interval_s = SWEEP_WITHOUT_BUS_S
    wake: asyncio.Event | None = None

    def __init__(self, consumer: ConsumerLoop, bus_is_up: Callable[[], bool]) -> None:
        self._consumer = consumer
        self._bus_is_up = bus_is_up

    @property
    def stepped_at_s(self) -> float:
        """When the last round began, in monotonic seconds; reading on after a long time takes many rounds."""
        return self._consumer.last_round_at_s

    async def run_once(self) -> int:
        """Sweep when it is due or the bus came back; returns how many events were handled.

        Raises the errors of the database; the loop that runs this logs them and tries again.
        """
        was_up, self._consumer.bus_is_up = self._consumer.bus_is_up, self._bus_is_up()
        came_back = self._consumer.bus_is_up and not was_up
        # At once when the bus came back: what was published while this replica was cut off may never be sent
        # again.
        if came_back or self._consumer.sweep_is_due():
            return await self._consumer.sweep()
        return 0
