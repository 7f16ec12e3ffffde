"""How the processes of a running set-up are doing, as seen from another terminal."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from events.settings import Settings
from gehoor.embedded import http_probe, nats
from gehoor.embedded.home import Home, ProcessRecord
from gehoor.embedded.ports import HOST
from gehoor.embedded.processes import began

EXPECTED = ("postgres", "keys", "nats", "mailbox", "relay", "intake", "workflow", "deadlines", "notifier")
_SERVERS = ("postgres", "keys")


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process: `state` is ready, not ready or down; `detail` has the reason why it is not ready."""

    name: str
    state: str
    pid: int | None
    port: int | None
    detail: str

    @property
    def well(self) -> bool:
        return self.state == "ready"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def look(settings: Settings) -> list[ProcessState]:
    """Ask every process; an empty list when nothing runs in this home."""
    run = Home(settings.home).read()
    if not run.running or run.pid is None or began(run.pid) != run.began:
        return []
    supervisor = ProcessState("supervisor", "ready", run.pid, None, "")
    names = [
        name
        for name in EXPECTED
        if name in run.ports or name in run.processes or _port_name(name) in run.ports
    ]
    states = await asyncio.gather(
        *(_look_at(name, run.processes.get(name), run.ports.get(_port_name(name))) for name in names)
    )
    return [supervisor, *states]


async def _look_at(name: str, process: ProcessRecord | None, port: int | None) -> ProcessState:
    if process is None or began(process.pid) != process.began:
        return ProcessState(name, "down", None, port, "it is being started again; see its log")
    ready, detail = await _answers(name, process)
    return ProcessState(name, "ready" if ready else "not ready", process.pid, process.port, detail)


async def _answers(name: str, process: ProcessRecord) -> tuple[bool, str]:
    port = process.port or 0
    if name in _SERVERS:
        return process.ready, "" if process.ready else f"see {process.log}"
    if name == "nats":
        try:
            return bool((await nats.greeting(HOST, port)).get("jetstream")), ""
        except (OSError, TimeoutError, ValueError) as error:
            return False, str(error)
    status, body = await http_probe.ask(port, "/api/v1/messages" if name == "mailbox" else "/readyz")
    return status == 200, "" if status == 200 else f"{status or 'no answer'} {body}".strip()[:120]


def _port_name(name: str) -> str:
    return "database" if name == "postgres" else name
