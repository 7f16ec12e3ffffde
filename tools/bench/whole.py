"""The whole system as `make run` starts it, in a home of its own, for cells that measure it from outside."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from bench.machine import cpu_seconds, processes
from gehoor.embedded.ports import choose
from gehoor.embedded.processes import Child, Launch, start

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 60.0
STOPS_WITHIN_S = 20.0
COMPLAINT = {
    "organisation": "preact",
    "channel": "portal",
    "description": "De monteur is twee keer niet gekomen, en aan de telefoon wist niemand ervan. " * 9,
    "complainant": {
        "name": "Sanne de Wit",
        "company": "Voorbeeld BV",
        "email": "sanne.dewit@klant.example",
        "phone": "+31 20 555 0101",
    },
    "references": ["ORDER-4711"],
    "nature": "service",
}


class WholeSystem:
    """`gehoor up` in a process of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = choose()
        ports = {
            "GEHOOR_INTAKE_PORT": str(self.port),
            **{f"GEHOOR_{name}_PORT": str(choose()) for name in ("WORKFLOW", "CONSOLE", "MAILBOX")},
            "GEHOOR_MAILBOX_SMTP_PORT": str(choose()),
        }
        self._environment = {**ports, **environment, "GEHOOR_HOME": str(home)}
        self._child: Child | None = None

    async def start(self) -> float:
        """Start it and file a first complaint as soon as that is taken; return the seconds to its 201."""
        self.home.mkdir(parents=True, exist_ok=True)
        began_s = monotonic()
        self._child = await start(
            Launch(
                name="up",
                command=(sys.executable, "-m", "gehoor", "up"),
                log=self.home / "up.log",
                folder=ROOT,
                environment=self._environment,
                stop_signal=signal.SIGINT,
            )
        )
        while not await self._filed():
            if not self._child.running or monotonic() - began_s > STARTS_WITHIN_S:
                raise RuntimeError(f"gehoor up did not come up; see {self.home / 'up.log'}")
            await asyncio.sleep(0.02)
        return monotonic() - began_s

    async def wait_until_ready(self) -> None:
        """Wait until every service says that it is ready."""
        ends_s = monotonic() + STARTS_WITHIN_S
        while monotonic() < ends_s:
            found = self.run_record().get("processes", {})
            if found and all(process["ready"] for process in found.values()):
                return
            await asyncio.sleep(0.1)
        raise RuntimeError("not every service became ready")

    async def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does."""
        if self._child is not None:
            await self._child.stop(STOPS_WITHIN_S)

    def run_record(self) -> dict[str, Any]:
        """Read what it tells about itself."""
        path = self.home / "run.json"
        record: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return record

    def cpu_by_part(self) -> dict[str, float]:
        """Return the processor time so far: each service, and every server with its helpers."""
        record = self.run_record()
        parts: dict[str, float] = {}
        for name, process in record.get("processes", {}).items():
            pid = process["pid"]
            family = [pid, *_children(pid)] if name in ("postgres", "keys") else [pid]
            parts[name] = sum(_cpu(member) for member in family)
        return parts

    async def _filed(self) -> bool:
        try:
            status, _ = await post(self.port, json.dumps(COMPLAINT).encode())
        except OSError:
            return False
        return status == 201


async def post(port: int, body: bytes) -> tuple[int, bytes]:
    """File one complaint on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request(body) + body)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        return int(head.split(b" ", 2)[1]), b""
    except asyncio.IncompleteReadError:
        return 0, b""
    finally:
        writer.close()


def request(body: bytes) -> bytes:
    """Write the head of a request that files a complaint."""
    return (
        b"POST /v1/complaints HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )


def _children(pid: int) -> list[int]:
    found = []
    for child in processes():
        try:
            parent = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(child)
    return found


def _cpu(pid: int) -> float:
    try:
        return cpu_seconds(pid)
    except OSError:
        return 0.0
