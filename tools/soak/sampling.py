"""What a running system uses, seen from outside: every process, both databases, the bus, every queue.

A server counts with the helpers it started. RSS is what a process holds, PSS its fair share where it shares
with others; of Postgres the private memory is what counts, because its shared buffers fill once by design.
"""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import asyncpg
import httpx2

from bench.machine import cpu_seconds, rollup_mb
from chaos.processes_and_bus import durables_at
from chaos.sorted_history import CONSUMERS
from whole_system import WholeSystem, processes_under

MOST_MISSED = 5
"""Looks in a row that may fail, on a machine that does much else; beyond it the run ends."""

SERVERS = ("postgres", "keys")
SERVICES = ("relay", "intake", "workflow", "deadlines", "notifier")
_TASKS = re.compile(r"^gehoor_asyncio_tasks (\d+)", re.MULTILINE)
_CONNECTIONS = """
SELECT coalesce(usename, 'none'), count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'
    AND pid <> pg_backend_pid() GROUP BY 1
"""
_QUEUES = """
SELECT 'relay', count(*) FROM gehoor.event e, gehoor.relay_checkpoint r
    WHERE (e.epoch, e.xid, e.position) > (r.epoch, r.xid, r.position)
UNION ALL SELECT 'letters', count(*) FROM notifier.letter WHERE state IN ('due', 'sending')
UNION ALL SELECT 'due clocks', count(*) FROM deadlines.due WHERE fire_at <= gehoor.clock_now()
    AND blocked IS NULL
"""
_PARKED = "SELECT 'parked by {name}', count(*) FROM {name}.parked"


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """What one process uses, its helpers included."""

    rss_mb: float
    pss_mb: float
    private_mb: float
    descriptors: int
    threads: int
    processes: int
    tasks: int | None
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at everything; `at_s` counts from the first."""

    at_s: float
    phase: str
    processes: dict[str, ProcessSample]
    connections: dict[str, int] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)


class Sampler:
    """Looks again and again; `phase` names what is going on meanwhile."""

    def __init__(self, system: WholeSystem, every_s: float) -> None:
        self._system = system
        self._every_s = every_s
        self._began_s = monotonic()
        self.phase = "warming up"
        self.samples: list[Sample] = []
        self.missed: list[str] = []
        self.restarted: list[str] = []
        self._pids: dict[str, int] = {}

    async def run(self) -> None:
        """Look until cancelled; a look that fails is noted, and only many in a row end the run."""
        in_a_row = 0
        while True:
            try:
                self.samples.append(await self.look())
                in_a_row = 0
            except (OSError, TimeoutError, KeyError, httpx2.TransportError, asyncpg.PostgresError) as error:
                in_a_row += 1
                self.missed.append(type(error).__qualname__)
                if in_a_row > MOST_MISSED:
                    raise
            await asyncio.sleep(self._every_s)

    async def look(self) -> Sample:
        """Look once; raises when a process is not where it was."""
        record = self._system.record
        pids = {"supervisor": record.pid or 0} | {name: one.pid for name, one in record.processes.items()}
        self.restarted += [name for name, pid in pids.items() if self._pids.get(name, pid) != pid]
        self._pids = pids
        tasks = await self._tasks({name: record.ports[name] for name in SERVICES})
        processes = {name: _use(name, pid, tasks.get(name)) for name, pid in pids.items()}
        async with self._system.database() as connection:
            connections = {row[0]: row[1] for row in await connection.fetch(_CONNECTIONS)}
            asked = " UNION ALL ".join([_QUEUES, *(_PARKED.format(name=name) for name in CONSUMERS)])
            queues = {row[0]: row[1] for row in await connection.fetch(asked)}
        durables = [
            one
            for one in await durables_at(record.ports["nats-monitor"])
            if one.name.rpartition("-")[0] in CONSUMERS  # others may be read by nobody here
        ]
        queues["bus pending"] = sum(one.pending for one in durables)
        queues["bus unacknowledged"] = sum(one.ack_pending for one in durables)
        return Sample(monotonic() - self._began_s, self.phase, processes, connections, queues)

    async def _tasks(self, ports: dict[str, int]) -> dict[str, int]:
        async with httpx2.AsyncClient(timeout=5) as client:
            urls = [f"http://127.0.0.1:{port}/metrics" for port in ports.values()]
            answers = await asyncio.gather(*(client.get(url) for url in urls))
        found = {name: _TASKS.search(answer.text) for name, answer in zip(ports, answers, strict=True)}
        return {name: int(one[1]) for name, one in found.items() if one is not None}


def _use(name: str, pid: int, tasks: int | None) -> ProcessSample:
    """Add up a process and, of a server, its helpers; one that has just ended counts no more."""
    rss_mb = pss_mb = private_mb = cpu_s = 0.0
    descriptors = threads = processes = 0
    for member in processes_under(pid) if name in SERVERS else [pid]:
        try:
            memory = rollup_mb(member)
            folder = Path(f"/proc/{member}")
            opened = sum(1 for _ in (folder / "fd").iterdir())
            tasks_of_kernel = sum(1 for _ in (folder / "task").iterdir())
            cpu_s += cpu_seconds(member)
        except OSError:
            if member == pid:
                raise
            continue
        rss_mb, pss_mb = rss_mb + memory["Rss"], pss_mb + memory["Pss"]
        private_mb += memory["Pss_Anon"]
        descriptors, threads, processes = descriptors + opened, threads + tasks_of_kernel, processes + 1
    return ProcessSample(
        round(rss_mb, 2), round(pss_mb, 2), round(private_mb, 2), descriptors, threads, processes, tasks,
        round(cpu_s, 2),
    )  # fmt: skip
