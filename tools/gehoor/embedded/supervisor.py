"""The small supervisor behind `make run`: servers first, then services, and the same in reverse.

It holds no state of the platform. Children are kept running (`children.py`), their warnings come to the
screen, and `run.json` has where everything is. Stopping takes less than ten seconds and leaves all data.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import asyncpg

from events import secrets
from events.errors import GehoorError
from events.settings import Settings
from gehoor.embedded import accelerated_clock, outside, servers
from gehoor.embedded.children import Children
from gehoor.embedded.event_ticker import follow_events
from gehoor.embedded.home import Home, RunRecord
from gehoor.embedded.orphans import end_orphans
from gehoor.embedded.plan import RunPlan, make_plan
from gehoor.embedded.ports import HOST
from gehoor.embedded.processes import began
from gehoor.embedded.screen import Screen
from gehoor.embedded.services import start_services

NOTES_AGAIN_AFTER_S = 1.0
WhenUp = Callable[["Supervisor"], Awaitable[None]]


class Supervisor:
    """One running set-up in one home."""

    def __init__(self, settings: Settings, screen: Screen) -> None:
        self.home = Home(settings.home)
        self.settings = settings.model_copy(update={"home": self.home.folder})
        self.screen = screen
        self.record = RunRecord()
        self.admin_database_url = ""
        self.children = Children(self.home, screen, self.note)
        self._asked_to_stop = asyncio.Event()
        self._is_behind = False

    async def run(self, when_up: WhenUp | None = None) -> None:
        """Start everything, stay until a signal asks to stop, stop everything.

        Raises `Misconfigured` with one line for whatever a person must change first.
        """
        self.home.open()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop.set)
        try:
            await self._unless_stopped(self._start())
            if not self._asked_to_stop.is_set():
                await self._stay(when_up)
        finally:
            await self._stop()
            self.home.close()

    async def _start(self) -> None:
        last = self.home.read()
        await end_orphans(last, self.screen)
        plan = make_plan(self.settings, last)
        self.record = RunRecord(running=True, pid=os.getpid(), began=began(os.getpid()), ports=plan.ports)
        await self.children.open()
        secrets.ensure(self.home.folder, self.settings.reader_names)
        given = (self.home, self.settings, plan, self.children)
        try:
            async with asyncio.TaskGroup() as group:
                database_task = group.create_task(servers.database(*given))
                keys_task = group.create_task(servers.keys(*given))
                bus_task = group.create_task(servers.bus(*given))
        except* GehoorError as several:
            raise _first(several) from None
        database, keys, bus = database_task.result(), keys_task.result(), bus_task.result()
        self.admin_database_url = database[0]
        self.settings = self.settings.model_copy(
            update={
                "database_url": outside.without_password(database[0]),
                "keys_url": outside.without_password(keys[0]),
                "nats_url": bus[0],
                "smtp_url": self.settings.smtp_url or f"smtp://{HOST}:{plan.mailbox_smtp_port}",
            }
        )
        self.screen.step("servers", f"Postgres {database[1]}, keys {keys[1]}, NATS {bus[1]}")
        await self._provision(keys[0])
        self.screen.step("provision", "roles, schemas, secrets")
        self.start_services(plan)
        self.note()
        await self.children.until_services_are_ready()
        self.note()

    def start_services(self, plan: RunPlan) -> None:
        """Start what the plan names; a campaign that breaks things starts more."""
        start_services(self.home, self.settings, plan, self.children, self.record)

    async def _provision(self, admin_keys_url: str) -> None:
        """Make what is missing in the databases; the relay makes stream and durables as its first act."""
        from events.provision.provision import provision
        from events.store.store_clock import prepare_anchor

        for line in await provision(self.settings, self.admin_database_url, admin_keys_url):
            self.screen.problem(line)
        connection = await asyncpg.connect(self.admin_database_url)
        try:
            await prepare_anchor(connection, self.settings.clock_start, self.settings.clock_speed)
        finally:
            await connection.close()

    async def _stay(self, when_up: WhenUp | None) -> None:
        tasks = [
            asyncio.create_task(self._write_record_again(), name="notes"),
            asyncio.create_task(self.children.watch_logs(), name="logs"),
            asyncio.create_task(follow_events(self.settings, self.screen.line), name="event ticker"),
        ]
        if accelerated_clock.is_chosen(self.settings):
            tasks.append(
                asyncio.create_task(accelerated_clock.keep_going(self.admin_database_url), name="clock")
            )
        if when_up is not None:
            tasks.append(asyncio.create_task(_report_failure(when_up, self), name="when up"))
        try:
            await self._asked_to_stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _stop(self) -> None:
        had_children = self.children.any
        if had_children:
            self.screen.line("\nstopping…")
            if self.admin_database_url and accelerated_clock.is_chosen(self.settings):
                await accelerated_clock.note_where_it_stands(self.admin_database_url)
        await self.children.stop()
        if had_children:
            self.record.running = False
            self.record.processes.clear()
            self.home.write(self.record)
            self.screen.line(f"stopped; the data is in {self.home.folder}")

    async def _unless_stopped(self, work: Awaitable[None]) -> None:
        """Do the work, or give up on it as soon as the person presses Ctrl-C."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self._asked_to_stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait([working])
            return
        working.result()

    def note(self) -> None:
        """Write `run.json`, so that commands find addresses and processes."""
        self.record.database_url = self.settings.database_url
        self.record.keys_url = self.settings.keys_url
        self.record.nats_url = self.settings.nats_url
        self.record.smtp_url = outside.without_password(self.settings.smtp_url or "") or None
        self.record.processes = self.children.records()
        try:
            self.home.write(self.record)
        except OSError as problem:  # whoever called has a child to look after, and must not stumble over this
            if not self._is_behind:
                self.screen.problem(f"run.json cannot be written ({problem.strerror}); trying again")
            self._is_behind = True
        else:
            self._is_behind = False

    async def _write_record_again(self) -> None:
        """Write `run.json` once more after it could not be written, for example on a full disk."""
        while True:
            await asyncio.sleep(NOTES_AGAIN_AFTER_S)
            if self._is_behind:
                self.note()


def _first(several: BaseExceptionGroup[GehoorError]) -> BaseException:
    """Give the first of what went wrong at once: one line is enough to begin with."""
    first = several.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _report_failure(when_up: WhenUp, supervisor: Supervisor) -> None:
    try:
        await when_up(supervisor)
    except Exception as error:  # noqa: BLE001 - what comes after the start must not take the system down
        supervisor.screen.problem(f"{type(error).__name__}: {error}")
