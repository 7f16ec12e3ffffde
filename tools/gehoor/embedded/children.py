"""All children of one set-up: servers, bus, services; each kept running, its warnings on the screen.

Always holds: `changed` is called when a child starts, is ready or ends, so that `run.json` has it; stopping
is bounded, services first, so that they finish what they do, then NATS, then Postgres.
"""

import asyncio
from collections.abc import Callable

from events.errors import Misconfigured
from gehoor.embedded.fork_client import ForkClient
from gehoor.embedded.home import Home, ProcessRecord
from gehoor.embedded.logs import LogWatch
from gehoor.embedded.processes import Launch, began
from gehoor.embedded.restarter import Ready, Restarter
from gehoor.embedded.screen import Screen

SERVICES_STOP_WITHIN_S = 4.5
NATS_STOPS_WITHIN_S = 1.5
POSTGRES_STOPS_WITHIN_S = 3.0
READY_WITHIN_S = 60.0
"""After this a service that is not ready is reported; it goes on being tried."""
_LOOK_EVERY_S = 0.5


class Children:
    """The children of one home, in the order in which they depend on each other."""

    def __init__(self, home: Home, screen: Screen, changed: Callable[[], None]) -> None:
        self.screen = screen
        self.servers: list[Restarter] = []
        self.bus: list[Restarter] = []
        self.services: list[Restarter] = []
        self.changed = changed
        self.watches: list[LogWatch] = []
        self.fork_client = ForkClient(home.folder, home.log / "fork-server.log")

    async def open(self) -> None:
        """Start the fork server, of which services are forks."""
        await self.fork_client.open()

    def keep(
        self,
        group: list[Restarter],
        launch: Launch,
        until_ready: Ready,
        port: int,
        *,
        must_start: bool = False,
    ) -> Restarter:
        """Start a child and keep it running from now on."""
        self.watches.append(LogWatch(launch.name, launch.log, self.screen.problem))
        restarter = Restarter(
            launch,
            until_ready,
            self.screen.problem,
            changed=self.changed,
            port=port,
            must_start=must_start,
            start=self.fork_client.start,
        )
        group.append(restarter)
        restarter.start()
        return restarter

    async def keep_server(
        self, group: list[Restarter], launch: Launch, until_ready: Ready, port: int
    ) -> None:
        """Start a server and wait for it; a first start that fails is final, with the reason from its log."""
        restarter = self.keep(group, launch, until_ready, port, must_start=True)
        ready = asyncio.create_task(restarter.ready.wait())
        failed = asyncio.create_task(restarter.failed.wait())
        await asyncio.wait([ready, failed], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        failed.cancel()
        if restarter.failed.is_set():
            raise Misconfigured(restarter.problem)

    async def until_services_are_ready(self) -> None:
        """Wait for all services, not for ever; who is late is reported by name."""
        waits = [asyncio.create_task(restarter.ready.wait()) for restarter in self.services]
        _, late = await asyncio.wait(waits, timeout=READY_WITHIN_S)
        names = " ".join(restarter.name for restarter in self.services if restarter.ready.is_set())
        self.screen.step("services", f"{names} ready")
        for wait in late:
            wait.cancel()
        for restarter in self.services:
            if not restarter.ready.is_set():
                self.screen.problem(
                    f"{restarter.name} is not ready after {READY_WITHIN_S:.0f} s, see {restarter.launch.log}"
                )

    async def watch_logs(self) -> None:
        """Show the warnings in the children's logs on the screen, until cancelled."""
        while True:
            for watch in self.watches:
                watch.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    def records(self) -> dict[str, ProcessRecord]:
        """Give the record of every running child, by name."""
        return {
            restarter.name: ProcessRecord(
                pid=restarter.child.pid,
                began=began(restarter.child.pid),
                port=restarter.port,
                log=str(restarter.launch.log),
                ready=restarter.ready.is_set(),
            )
            for restarter in (*self.servers, *self.bus, *self.services)
            if restarter.child is not None and restarter.child.running
        }

    @property
    def any(self) -> bool:
        return bool(self.services or self.bus or self.servers)

    async def stop(self) -> None:
        """Stop all of them, those that depend on others first."""
        await asyncio.gather(*(restarter.stop(SERVICES_STOP_WITHIN_S) for restarter in self.services))
        await self.fork_client.close()
        for group, within_s in ((self.bus, NATS_STOPS_WITHIN_S), (self.servers, POSTGRES_STOPS_WITHIN_S)):
            await asyncio.gather(*(restarter.stop(within_s) for restarter in group))
