"""What the processes and the bus look like from outside: memory, open files, durables."""

import asyncio
import json
from pathlib import Path
from typing import Any

from chaos.record import DurableState, ProcessUsage
from chaos.system import System
from gehoor.embedded import http_probe


async def durables_of(system: System) -> list[DurableState]:
    """Ask the bus's monitor for every durable; none while it is away."""
    return await durables_at(system.record.ports["nats-monitor"])


async def durables_at(port: int) -> list[DurableState]:
    """Ask the monitor at this port."""
    answer = await _whole_answer(port, "/jsz?streams=1&consumers=1&accounts=1")
    return [
        DurableState(name=one["name"], ack_pending=one["num_ack_pending"], pending=one["num_pending"])
        for account in answer.get("account_details") or []
        for stream in account.get("stream_detail") or []
        for one in stream.get("consumer_detail") or []
    ]


def process_usage(system: System, at: Any) -> list[ProcessUsage]:
    """Look at memory and open files of every service."""
    found = []
    for name, one in system.processes().items():
        if name in ("postgres", "keys", "nats"):
            continue
        try:
            pages = int(Path(f"/proc/{one.pid}/statm").read_text().split()[1])
            descriptors = len(list(Path(f"/proc/{one.pid}/fd").iterdir()))
        except OSError:
            continue
        found.append(
            ProcessUsage(
                name=name, at=at, rss_mb=round(pages * 4096 / 1e6, 1), descriptors=descriptors, pid=one.pid
            )
        )  # fmt: skip
    return found


async def _whole_answer(port: int, path: str) -> dict[str, Any]:
    try:
        async with asyncio.timeout(http_probe.ANSWERS_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return {}
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2] or b"{}")
    return found
