"""Starts the service: `python -m deadlines`. It has no HTTP of its own beyond health and metrics."""

import asyncio

from deadlines.consumer import DeadlinesConsumer
from deadlines.firing import Firing
from events.platform import Platform
from procedures.counting.calendars import CALENDARS, calendar
from service.host import run
from service.running import Service


def main() -> None:
    wake = asyncio.Event()

    def make_consumer(platform: Platform) -> DeadlinesConsumer:
        # Reading the calendars takes most of a second: not between the first decision and its append.
        for name in CALENDARS:
            calendar(name)
        return DeadlinesConsumer(wake, platform.clock.speed)

    run(
        Service(
            name="deadlines",
            consumer=make_consumer,
            loops=(lambda platform: Firing(platform, wake),),
        )
    )


if __name__ == "__main__":
    main()
