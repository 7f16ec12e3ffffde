"""The small supervisor behind `make run`: servers first, then services, and the same in reverse.

It holds no state of the platform. Children are kept running (`keeper.py`), their warnings come to the screen,
and `run.json` says where everything is. Stopping takes less than ten seconds and leaves all data: services
first, so that they finish what they do, then NATS, then Postgres.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

import asyncpg

from events import secrets
from events.errors import GehoorError, Misconfigured
from events.settings import Settings
from gehoor.embedded import http_probe, nats, outside, postgres
from gehoor.embedded.forking import Nursery
from gehoor.embedded.home import Home, ProcessRecord, RunRecord
from gehoor.embedded.keeper import Keeper, Ready
from gehoor.embedded.logs import LogWatch
from gehoor.embedded.notable import follow_notable
from gehoor.embedded.plan import Plan, ServicePlan, make_plan
from gehoor.embedded.ports import HOST
from gehoor.embedded.processes import Child, Launch, began, end_leftover
from gehoor.embedded.screen import Screen

DATABASE = "gehoor"
KEYS_DATABASE = "gehoor_keys"
SERVICES_STOP_WITHIN_S = 4.5
NATS_STOPS_WITHIN_S = 1.5
POSTGRES_STOPS_WITHIN_S = 3.0
LEFTOVERS_STOP_WITHIN_S = 5.0
READY_WITHIN_S = 60.0
"""After this a service that is not ready is reported; it goes on being tried."""
_ASK_EVERY_S = 0.05
_LOOK_EVERY_S = 0.5

WhenUp = Callable[["Supervisor"], Awaitable[None]]


class Supervisor:
    """One running set-up in one home."""

    def __init__(self, settings: Settings, screen: Screen) -> None:
        self.home = Home(settings.home)
        self.settings = settings.model_copy(update={"home": self.home.folder})
        self.screen = screen
        self.record = RunRecord()
        self.admin_database_url = ""
        self._servers: list[Keeper] = []
        self._nats: list[Keeper] = []
        self._services: list[Keeper] = []
        self._watches: list[LogWatch] = []
        self._nursery = Nursery(self.home.folder, self.home.log / "nursery.log")
        self._told_to_stop = asyncio.Event()

    async def run(self, when_up: WhenUp | None = None) -> None:
        """Start everything, stay until told to stop, stop everything.

        Raises `Misconfigured` with one line for whatever a person must change first.
        """
        self.home.open()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_stop.set)
        try:
            await self._unless_stopped(self._start())
            if not self._told_to_stop.is_set():
                await self._stay(when_up)
        finally:
            await self._stop()
            self.home.close()

    async def _start(self) -> None:
        last = self.home.read()
        await self._end_leftovers(last)
        plan = make_plan(self.settings, last)
        self.record = RunRecord(running=True, pid=os.getpid(), began=began(os.getpid()), ports=plan.ports)
        await self._nursery.open()
        secrets.ensure(self.home.folder, self.settings.reader_names)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = (
                    group.create_task(self._database(plan)),
                    group.create_task(self._keys(plan)),
                    group.create_task(self._bus(plan)),
                )
        except* GehoorError as several:
            raise _first(several) from None
        database, keys, bus = (task.result() for task in tasks)
        self.admin_database_url, admin_keys_url = database[0], keys[0]
        self.settings = self.settings.model_copy(
            update={
                "database_url": outside.without_password(database[0]),
                "keys_url": outside.without_password(keys[0]),
                "nats_url": bus[0],
                "smtp_url": self.settings.smtp_url or f"smtp://{HOST}:{plan.mailbox_smtp_port}",
            }
        )
        self.screen.step("servers", f"Postgres {database[1]}, keys {keys[1]}, NATS {bus[1]}")
        await self._provision(admin_keys_url)
        self.screen.step("provision", "roles, schemas, secrets")
        self._start_services(plan)
        self._note()
        await self._until_services_are_ready()
        self._note()

    async def _database(self, plan: Plan) -> tuple[str, str]:
        if plan.database_port is None:
            url = self.settings.database_url or ""
            return url, await outside.check_postgres("GEHOOR_DATABASE_URL", url)
        return await self._cluster("postgres", plan.database_port, postgres.EVENT_STORE, DATABASE)

    async def _keys(self, plan: Plan) -> tuple[str, str]:
        if plan.keys_port is None:
            url = self.settings.keys_url or ""
            return url, await outside.check_postgres("GEHOOR_KEYS_URL", url)
        return await self._cluster("keys", plan.keys_port, postgres.KEY_STORE, KEYS_DATABASE)

    async def _cluster(
        self, name: str, port: int, chosen: Mapping[str, str], database: str
    ) -> tuple[str, str]:
        cluster = postgres.Cluster(
            name=name,
            data_folder=self.home.folder / name,
            port=port,
            password_file=self.home.secrets / "postgres-admin",
            log=self.home.log / f"{name}.log",
            settings=chosen,
        )
        if await postgres.end_leftover_server(cluster):
            self.screen.problem(f"stopped a Postgres that an earlier run left on {cluster.data}")
        is_new = await postgres.make(cluster)
        await self._keep_server(
            self._servers, cluster.launch, lambda child: postgres.wait_until_ready(cluster, child), port
        )
        if is_new:
            await _make_database(cluster.url(), database)
        return cluster.url(database), postgres.version(cluster.arrangement.binaries)

    async def _bus(self, plan: Plan) -> tuple[str, str]:
        if plan.nats_port is None or plan.nats_monitor_port is None:
            url = self.settings.nats_url or ""
            return url, await outside.check_nats(url)
        from events.topology import server_config

        server = nats.NatsServer(
            configuration=self.home.folder / "nats.conf",
            store=self.home.folder / "nats",
            log=self.home.log / "nats.log",
            port=plan.nats_port,
            monitor_port=plan.nats_monitor_port,
        )
        server.configure(
            server_config(
                self.home.secrets,
                port=plan.nats_port,
                store_dir=server.store,
                monitor_port=plan.nats_monitor_port,
                readers=self.settings.reader_names,
            )
        )
        versions: list[str] = []

        async def until_ready(child: Child) -> None:
            versions.append(await nats.wait_until_ready(server, child))

        await self._keep_server(self._nats, server.launch, until_ready, plan.nats_port)
        outside.require_nats_version(str(nats.binary()), versions[0])
        return server.url, versions[0]

    async def _provision(self, admin_keys_url: str) -> None:
        """Make what is missing in the databases; the relay makes stream and durables as its first act."""
        from events.provision import provision
        from events.store_clock import prepare_anchor

        await provision(self.settings, self.admin_database_url, admin_keys_url)
        connection = await asyncpg.connect(self.admin_database_url)
        try:
            await prepare_anchor(connection, self.settings.clock_start, self.settings.clock_speed)
        finally:
            await connection.close()

    def _start_services(self, plan: Plan) -> None:
        if plan.mailbox_port is not None:
            mailbox = ServicePlan("mailbox", "notifier.mailbox", plan.mailbox_port)
            self._start_service(mailbox, path="/api/v1/messages")
            self.record.urls["mailbox"] = f"http://{HOST}:{plan.mailbox_port}/"
        for service in plan.services:
            self._start_service(service)
            if service.name in ("intake", "workflow"):
                self.record.urls[service.name] = f"http://{HOST}:{service.port}/"

    def _start_service(self, service: ServicePlan, path: str = "/readyz") -> None:
        launch = Launch(
            name=service.name,
            command=(sys.executable, "-m", service.module),
            module=service.module,
            log=self.home.log / f"{service.name}.log",
            folder=self.home.folder,
            environment=service_environment(self.settings, service, self.record.ports),
        )
        self._keep(
            self._services, launch, lambda child: _until_http_ready(child, service.port, path), service.port
        )

    async def _keep_server(self, group: list[Keeper], launch: Launch, until_ready: Ready, port: int) -> None:
        """Start a server and wait for it; a first start that fails is final, with the reason from its log."""
        keeper = self._keep(group, launch, until_ready, port, must_start=True)
        ready = asyncio.create_task(keeper.ready.wait())
        failed = asyncio.create_task(keeper.failed.wait())
        await asyncio.wait([ready, failed], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        failed.cancel()
        if keeper.failed.is_set():
            raise Misconfigured(keeper.problem)

    def _keep(
        self, group: list[Keeper], launch: Launch, until_ready: Ready, port: int, *, must_start: bool = False
    ) -> Keeper:
        self._watches.append(LogWatch(launch.name, launch.log, self.screen.problem))
        keeper = Keeper(
            launch,
            until_ready,
            self.screen.problem,
            changed=self._note,
            port=port,
            must_start=must_start,
            start=self._nursery.start,
        )
        group.append(keeper)
        keeper.start()
        return keeper

    async def _until_services_are_ready(self) -> None:
        waits = [asyncio.create_task(keeper.ready.wait()) for keeper in self._services]
        _, late = await asyncio.wait(waits, timeout=READY_WITHIN_S)
        names = " ".join(keeper.name for keeper in self._services if keeper.ready.is_set())
        self.screen.step("services", f"{names} ready")
        for wait in late:
            wait.cancel()
        for keeper in self._services:
            if not keeper.ready.is_set():
                self.screen.problem(
                    f"{keeper.name} is not ready after {READY_WITHIN_S:.0f} s, see {keeper.launch.log}"
                )

    async def _stay(self, when_up: WhenUp | None) -> None:
        tasks = [
            asyncio.create_task(self._watch_logs(), name="logs"),
            asyncio.create_task(follow_notable(self.settings, self.screen.line), name="notable"),
        ]
        if self.settings.clock_start is not None or self.settings.clock_speed is not None:
            tasks.append(asyncio.create_task(self._keep_clock(), name="clock"))
        if when_up is not None:
            tasks.append(asyncio.create_task(_report_failure(when_up, self), name="when up"))
        try:
            await self._told_to_stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _watch_logs(self) -> None:
        while True:
            for watch in self._watches:
                watch.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _keep_clock(self) -> None:
        from events.store_clock import keep_anchor

        while True:
            try:
                connection = await asyncpg.connect(self.admin_database_url)
                try:
                    while True:
                        await asyncio.sleep(1.0)
                        await keep_anchor(connection)
                finally:
                    connection.terminate()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(1.0)  # Postgres is away; its keeper tells so and brings it back

    async def _stop(self) -> None:
        if not (self._services or self._nats or self._servers):
            await self._nursery.close()
            return
        self.screen.line("\nstopping…")
        if self.admin_database_url and (self.settings.clock_start or self.settings.clock_speed):
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._note_clock()
        await asyncio.gather(*(keeper.stop(SERVICES_STOP_WITHIN_S) for keeper in self._services))
        await self._nursery.close()
        for group, within_s in (
            (self._nats, NATS_STOPS_WITHIN_S),
            (self._servers, POSTGRES_STOPS_WITHIN_S),
        ):
            await asyncio.gather(*(keeper.stop(within_s) for keeper in group))
        self.record.running = False
        self.record.processes.clear()
        self.home.write(self.record)
        self.screen.line(f"stopped; the data is in {self.home.folder}")

    async def _note_clock(self) -> None:
        from events.store_clock import keep_anchor

        connection = await asyncpg.connect(self.admin_database_url, timeout=1.0)
        await keep_anchor(connection)
        await connection.close(timeout=1.0)

    async def _unless_stopped(self, work: Awaitable[None]) -> None:
        """Do the work, or give up on it as soon as the person presses Ctrl-C."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self._told_to_stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait([working])
            return
        working.result()

    async def _end_leftovers(self, last: RunRecord) -> None:
        """Stop what an earlier supervisor left when it was killed; their identity is pid and start moment."""
        left = [
            (name, one)
            for name, one in last.processes.items()
            if one.began is not None and began(one.pid) == one.began
        ]
        gone = await asyncio.gather(
            *(
                end_leftover(
                    one.pid,
                    signal.SIGINT if name in ("postgres", "keys") else signal.SIGTERM,
                    LEFTOVERS_STOP_WITHIN_S,
                )
                for name, one in left
            )
        )
        for (name, one), is_gone in zip(left, gone, strict=True):
            if not is_gone:
                raise Misconfigured(
                    f"{name} (process {one.pid}) of an earlier run still runs; stop it: kill {one.pid}"
                )
        if left:
            self.screen.problem(f"stopped what an earlier run left: {', '.join(name for name, _ in left)}")

    def _note(self) -> None:
        self.record.database_url = self.settings.database_url
        self.record.keys_url = self.settings.keys_url
        self.record.nats_url = self.settings.nats_url
        self.record.smtp_url = outside.without_password(self.settings.smtp_url or "") or None
        self.record.processes = {
            keeper.name: ProcessRecord(
                pid=keeper.child.pid,
                began=began(keeper.child.pid),
                port=keeper.port,
                log=str(keeper.launch.log),
                ready=keeper.ready.is_set(),
            )
            for keeper in (*self._servers, *self._nats, *self._services)
            if keeper.child is not None and keeper.child.running
        }
        self.home.write(self.record)


def service_environment(settings: Settings, service: ServicePlan, ports: dict[str, int]) -> dict[str, str]:
    """Give a child its addresses, without any administrator's password and without the clock's settings."""
    own_port = {
        "intake": "GEHOOR_INTAKE_PORT",
        "workflow": "GEHOOR_WORKFLOW_PORT",
        "mailbox": "GEHOOR_MAILBOX_PORT",
    }.get(service.name, "GEHOOR_HEALTH_PORT")
    given = {
        "GEHOOR_HOME": str(settings.home),
        "GEHOOR_DATABASE_URL": settings.database_url,
        "GEHOOR_KEYS_URL": settings.keys_url,
        "GEHOOR_NATS_URL": settings.nats_url,
        "GEHOOR_SMTP_URL": settings.smtp_url,
        "GEHOOR_PUBLIC_URL": settings.public_url or f"http://{HOST}:{ports['intake']}",
        "GEHOOR_LOG_LEVEL": settings.log_level,
        "GEHOOR_REPLICA": f"{service.name}-1",
        "GEHOOR_MAILBOX_SMTP_PORT": str(ports["mailbox-smtp"]) if "mailbox-smtp" in ports else None,
        own_port: str(service.port),
    }
    return {name: value for name, value in given.items() if value is not None}


async def _make_database(url: str, name: str) -> None:
    """Make the database of a new cluster, so that its log does not begin with a failed login."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    finally:
        await connection.close()


def _first(several: BaseExceptionGroup[GehoorError]) -> BaseException:
    """Give the first of what went wrong at once: one line is enough to begin with."""
    first = several.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _until_http_ready(child: Child, port: int, path: str) -> None:
    while child.running:
        status, _ = await http_probe.ask(port, path)
        if status == 200:
            return
        await asyncio.sleep(_ASK_EVERY_S)


async def _report_failure(when_up: WhenUp, supervisor: Supervisor) -> None:
    try:
        await when_up(supervisor)
    except Exception as error:  # noqa: BLE001 - what comes after the start must not take the system down
        supervisor.screen.problem(f"{type(error).__name__}: {error}")
