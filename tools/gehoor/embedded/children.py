"""All children of one set-up: servers, bus, services; each kept running, its warnings on the screen.

Always holds: `changed` is called at each turn of a child, so that `run.json` says who runs where; stopping
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
        self.nursery = ForkClient(home.folder, home.log / "nursery.log")

    async def open(self) -> None:
        """Get ready to have children: services are forks of one process that has loaded everything."""
        await self.nursery.open()

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
        keeper = Restarter(
            launch,
            until_ready,
            self.screen.problem,
            changed=self.changed,
            port=port,
            must_start=must_start,
            start=self.nursery.start,
        )
        group.append(keeper)
        keeper.start()
        return keeper

    async def keep_server(
        self, group: list[Restarter], launch: Launch, until_ready: Ready, port: int
    ) -> None:
        """Start a server and wait for it; a first start that fails is final, with the reason from its log."""
        keeper = self.keep(group, launch, until_ready, port, must_start=True)
        ready = asyncio.create_task(keeper.ready.wait())
        failed = asyncio.create_task(keeper.failed.wait())
        await asyncio.wait([ready, failed], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        failed.cancel()
        if keeper.failed.is_set():
            raise Misconfigured(keeper.problem)

    async def until_services_are_ready(self) -> None:
        """Wait for all services, not for ever; who is late is reported by name."""
        waits = [asyncio.create_task(keeper.ready.wait()) for keeper in self.services]
        _, late = await asyncio.wait(waits, timeout=READY_WITHIN_S)
        names = " ".join(keeper.name for keeper in self.services if keeper.ready.is_set())
        self.screen.step("services", f"{names} ready")
        for wait in late:
            wait.cancel()
        for keeper in self.services:
            if not keeper.ready.is_set():
                self.screen.problem(
                    f"{keeper.name} is not ready after {READY_WITHIN_S:.0f} s, see {keeper.launch.log}"
                )

    async def watch_logs(self) -> None:
        """Bring what the children warn of to the screen, until cancelled."""
        while True:
            for watch in self.watches:
                watch.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    def records(self) -> dict[str, ProcessRecord]:
        """Say of every running child who and where it is."""
        return {
            keeper.name: ProcessRecord(
                pid=keeper.child.pid,
                began=began(keeper.child.pid),
                port=keeper.port,
                log=str(keeper.launch.log),
                ready=keeper.ready.is_set(),
            )
            for keeper in (*self.servers, *self.bus, *self.services)
            if keeper.child is not None and keeper.child.running
        }

    @property
    def any(self) -> bool:
        return bool(self.services or self.bus or self.servers)

    async def stop(self) -> None:
        """Stop all of them, those that depend on others first."""
        await asyncio.gather(*(keeper.stop(SERVICES_STOP_WITHIN_S) for keeper in self.services))
        await self.nursery.close()
        for group, within_s in ((self.bus, NATS_STOPS_WITHIN_S), (self.servers, POSTGRES_STOPS_WITHIN_S)):
            await asyncio.gather(*(keeper.stop(within_s) for keeper in group))
