"""Starts the service: `python -m deadlines`. It has no HTTP of its own beyond health and metrics."""

import asyncio

from deadlines.consumer import DeadlinesConsumer
from deadlines.firing import Firing
from events.service import Service, run


def main() -> None:
    wake = asyncio.Event()
    run(
        Service(
            name="deadlines",
            consumer=lambda _platform: DeadlinesConsumer(wake),
            loops=(lambda platform: Firing(platform, wake),),
        )
    )


if __name__ == "__main__":
    main()
