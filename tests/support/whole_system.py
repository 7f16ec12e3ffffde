"""The whole system as its users start it: `gehoor up` in a home of its own, seen only from outside.

Every wait is for a condition and has a bound; every process that was started is gone after `stop`.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import httpx2

from events.record.envelope import History
from events.settings import Settings
from events.store.streams import STREAM, recorded
from gehoor.embedded.home import Home, RunRecord
from gehoor.embedded.ports import choose
from gehoor.embedded.processes import began
from gehoor.embedded.state import EXPECTED, look

ROOT = Path(__file__).resolve().parents[2]

STARTS_WITHIN_S = 120.0
STOPS_WITHIN_S = 10.0
"""What `make run` promises about Ctrl-C."""
HAPPENS_WITHIN_S = 90.0
ASK_EVERY_S = 0.1

CONSUMERS = ("workflow", "deadlines", "notifier")
BEHIND = """
SELECT EXISTS (
    SELECT FROM {schema}.checkpoint c JOIN gehoor.event e
      ON gehoor.partition_of(e.case_id) = c.partition
    WHERE (e.epoch, e.xid, e.position) > (c.epoch, c.xid, c.position))
"""
LETTERS_IN_HAND = "SELECT EXISTS (SELECT FROM notifier.letter WHERE state IN ('due', 'sending'))"

Seen = TypeVar("Seen")


async def until(
    look_again: Callable[[], Awaitable[Seen]], what: str, *, within_s: float = HAPPENS_WITHIN_S
) -> Seen:
    """Look until there is something to see, and give it; fails naming `what` when it never comes."""
    try:
        async with asyncio.timeout(within_s):
            while not (seen := await look_again()):  # noqa: ASYNC110 - from outside nothing tells it
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError:
        raise AssertionError(f"not within {within_s:.0f} s: {what}") from None
    return seen


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return the objects of a command that was asked for JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class WholeSystem:
    """One home with everything in it; `settings` are further variables, such as the clock's."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        ports: list[int] = []
        for _ in range(4):
            ports.append(choose(avoid=frozenset(ports)))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GEHOOR_")},
            "PYTHONPATH": f"{ROOT / 'libs'}:{ROOT / 'services'}:{ROOT / 'tools'}",
            "GEHOOR_HOME": str(home),
            "GEHOOR_INTAKE_PORT": str(ports[0]),
            "GEHOOR_WORKFLOW_PORT": str(ports[1]),
            "GEHOOR_MAILBOX_PORT": str(ports[2]),
            "GEHOOR_MAILBOX_SMTP_PORT": str(ports[3]),
            **settings,
        }
        self.intake = f"http://127.0.0.1:{ports[0]}"
        self.workflow = f"http://127.0.0.1:{ports[1]}"
        self.mailbox = f"http://127.0.0.1:{ports[2]}"
        self.screen = home.with_name(home.name + ".screen")
        self._process: asyncio.subprocess.Process | None = None

    # --- running it -------------------------------------------------------------------------------------

    async def start(self) -> float:
        """Start it and wait until every part answers; return the seconds that took."""
        began_s = monotonic()
        with self.screen.open("ab") as screen:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gehoor", "up", env=self.environment, cwd=self.home.parent,
                stdin=asyncio.subprocess.DEVNULL, stdout=screen, stderr=screen, start_new_session=True,
            )  # fmt: skip
        await self.until_ready()
        return monotonic() - began_s

    async def until_ready(self, within_s: float = STARTS_WITHIN_S) -> None:
        """Wait until every part answers; fails at once with the screen when the supervisor has ended."""

        async def ready() -> bool:
            assert self._process is not None
            assert self._process.returncode is None, self.screen.read_text()
            states = await look(Settings(home=self.home))
            return {one.name for one in states if one.well} >= set(EXPECTED)

        await until(ready, f"every part is ready; see {self.screen} and {self.home}/log", within_s=within_s)

    async def stop(self) -> float:
        """Press Ctrl-C; fails unless all is over in time and no process is left. Gives the seconds."""
        process, self._process = self._process, None
        if process is None:
            return 0.0
        started = processes_under(process.pid)
        began_s = monotonic()
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), STOPS_WITHIN_S)
        except TimeoutError:
            raise AssertionError(f"still running {STOPS_WITHIN_S} s after Ctrl-C") from None
        finally:
            took_s = monotonic() - began_s
            left = [pid for pid, moment in started.items() if began(pid) == moment]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        assert [] == left, "these processes outlived the supervisor"
        assert process.returncode == 0, self.screen.read_text()[-2000:]
        return took_s

    @property
    def record(self) -> RunRecord:
        return Home(self.home).read()

    def kill(self, name: str) -> int:
        """Kill one part as a crash would; return the process that is no more."""
        pid = self.record.processes[name].pid
        os.kill(pid, signal.SIGKILL)
        return pid

    async def until_back(self, name: str, killed: int) -> None:
        """Wait until a killed part runs again and answers."""

        async def back() -> bool:
            states = {one.name: one for one in await look(Settings(home=self.home))}
            return name in states and states[name].well and states[name].pid != killed

        await until(back, f"{name} is back")

    # --- asking it --------------------------------------------------------------------------------------

    async def gehoor(self, *arguments: str, within_s: float = HAPPENS_WITHIN_S, **settings: str) -> Answer:
        """Run a command of the command line to its end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gehoor", *arguments, env={**self.environment, **settings},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = await asyncio.wait_for(process.communicate(), within_s)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"gehoor {' '.join(arguments)} took more than {within_s} s") from None
        assert process.returncode is not None
        return Answer(process.returncode, out.decode(), err.decode())

    async def file(
        self, complaint: Mapping[str, Any], key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """File a complaint over HTTP, once."""
        sent = {**(headers or {}), **({"Idempotency-Key": key} if key is not None else {})}
        async with httpx2.AsyncClient(base_url=self.intake, timeout=HAPPENS_WITHIN_S) as client:
            return await client.post("/v1/complaints", json=dict(complaint), headers=sent)

    async def file_until_answered(self, complaint: Mapping[str, Any], key: str) -> str:
        """File a complaint as a careful client does: again with the same key until there is an answer."""

        async def answered() -> str | None:
            try:
                answer = await self.file(complaint, key)
            except httpx2.TransportError:
                return None
            assert answer.status_code in (201, 503), answer.text
            return str(answer.json()["reference"]) if answer.status_code == 201 else None

        return await until(answered, f"an answer to {key}") or ""

    async def case(self, reference: str, role: str = "handler") -> httpx2.Response:
        """Read a case over workflow's HTTP with the token of a role."""
        token = (self.home / "tokens" / role).read_text().strip()
        async with httpx2.AsyncClient(base_url=self.workflow, timeout=HAPPENS_WITHIN_S) as client:
            return await client.get(f"/v1/cases/{reference}", headers={"Authorization": f"Bearer {token}"})

    async def until_told(self, reference: str, *types: str) -> list[dict[str, Any]]:
        """Wait until the history of a case holds these types of events, and give it."""

        async def told() -> list[dict[str, Any]]:
            history = await self.history(reference)
            seen = {event.type for event in history.events}
            return [{"type": event.type} for event in history.events] if seen >= set(types) else []

        return await until(told, f"{reference} has {', '.join(types)}")

    async def mails_of(self, reference: str) -> list[dict[str, Any]]:
        """Return the mails about a case as the mailbox shows them, with their text."""
        async with httpx2.AsyncClient(base_url=self.mailbox, timeout=HAPPENS_WITHIN_S) as client:
            listed = (await client.get("/api/v1/messages", params={"limit": 1000})).json()["messages"]
            return [
                (await client.get(f"/api/v1/message/{mail['ID']}")).json()
                for mail in listed
                if reference in mail["Subject"]
            ]

    # --- looking behind it ------------------------------------------------------------------------------

    @asynccontextmanager
    async def database(self, name: str = "gehoor") -> AsyncIterator[asyncpg.Connection]:
        """Connect as the superuser of the event store, or of the key store for `gehoor_keys`."""
        record = self.record
        parts = urlsplit((record.keys_url if name == "gehoor_keys" else record.database_url) or "")
        password = (self.home / "secrets" / "postgres-admin").read_text().strip()
        connection = await asyncpg.connect(
            urlunsplit(parts._replace(netloc=f"postgres:{password}@{parts.hostname}:{parts.port}"))
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def history(self, reference: str) -> History:
        """Read the stream of a case as it is stored; empty when there is none yet."""
        async with self.database() as connection:
            case_id: UUID | None = await connection.fetchval(
                "SELECT case_id FROM gehoor.case_reference WHERE reference = $1", reference
            )
            rows = await connection.fetch(STREAM, case_id) if case_id else []
        return History(case_id or UUID(int=0), tuple(recorded(row) for row in rows))

    async def events_stored(self) -> int:
        """Count all events."""
        async with self.database() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM gehoor.event"))

    async def until_at_rest(self, within_s: float = HAPPENS_WITHIN_S) -> None:
        """Wait until every event is taken and every letter settled: nothing follows from them any more."""

        async def at_rest() -> bool:
            async with self.database() as connection:
                going = [await connection.fetchval(BEHIND.format(schema=name)) for name in CONSUMERS]
                going.append(await connection.fetchval(LETTERS_IN_HAND))
            return not any(going)

        await until(at_rest, "every consumer has taken everything and no letter waits", within_s=within_s)


def processes_under(pid: int) -> dict[int, int]:
    """Return a process and all its descendants, each with the moment it began."""
    parents = dict(_all_parents())
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {one: moment for one in found if (moment := began(one)) is not None}


def follows_in_order(wanted: Sequence[str], seen: Iterable[str]) -> bool:
    """Return whether the wanted words come in this order, whatever stands between them."""
    going = iter(seen)
    return all(word in going for word in wanted)


def _all_parents() -> Iterable[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue  # it ended while we looked
            yield int(folder.name), int(stat.rpartition(")")[2].split()[1])
