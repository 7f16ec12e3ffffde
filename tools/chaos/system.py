"""One system under test in a folder of its own: started, seen through `run.json`, ended by its identifiers.

Only processes that this campaign's supervisor started are ever touched: their identifier is believed together
with the moment at which they began.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from chaos.record import FailpointReached
from chaos.runtime import OPTIONS_VARIABLE, RuntimeOptions
from events.settings import Settings
from gehoor.embedded.home import Home, ProcessRecord, RunRecord
from gehoor.embedded.processes import began

STARTS_WITHIN_S = 120.0
STOPS_WITHIN_S = 20.0
ROOT = Path(__file__).resolve().parents[2]
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM")
"""Whoever kills the campaign must not leave its system running."""


class SystemFailed(RuntimeError):
    """The system under test does not come up: see the log named in the message."""


@dataclass(slots=True)
class System:
    """The set-up in `home`; `log` is what its supervisor prints."""

    home: Path
    log: Path
    smtp_url: str
    clock_start: str
    clock_speed: float
    options: RuntimeOptions = field(default_factory=RuntimeOptions)
    process: asyncio.subprocess.Process | None = None
    last_intake_ports: list[int] = field(default_factory=list)

    @property
    def record(self) -> RunRecord:
        """What runs now, as the supervisor last wrote it."""
        return Home(self.home).read()

    @property
    def settings(self) -> Settings:
        """Settings with which the campaign itself looks into the databases, past every proxy."""
        record = self.record
        return Settings(
            home=self.home,
            database_url=record.database_url,
            keys_url=record.keys_url,
            nats_url=record.nats_url,
        )

    @property
    def names(self) -> list[str]:
        """Every process that may be broken: servers too."""
        return sorted(self.record.processes)

    @property
    def service_names(self) -> list[str]:
        return [name for name in self.names if name not in ("postgres", "keys", "nats")]

    def intake_ports(self) -> list[int]:
        """Where complaints are taken; the last known ports while the supervisor itself is away."""
        found = [port for name, port in self.record.ports.items() if name.startswith("intake")]
        self.last_intake_ports = found or self.last_intake_ports
        return self.last_intake_ports

    async def start(self) -> None:
        """Start everything and wait until all of it is ready."""
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = await asyncio.create_subprocess_exec(
                *ENDS_WITH_US, sys.executable, "-m", "chaos.runtime", stdin=asyncio.subprocess.DEVNULL,
                stdout=handle, stderr=handle, env=self.environment(), cwd=ROOT, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(handle)
        await self.until_ready(STARTS_WITHIN_S)

    async def until_ready(self, within_s: float) -> float:
        """Wait until every process is ready; return how long that took."""
        since_s = monotonic()
        try:
            async with asyncio.timeout(within_s):
                while not self.is_ready():
                    if self.process is None or self.process.returncode is not None:
                        raise SystemFailed(f"the supervisor ended; see {self.log}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise SystemFailed(
                f"not ready within {within_s:.0f} s: {self.late()}; see {self.home}/log"
            ) from None
        return monotonic() - since_s

    def is_ready(self) -> bool:
        """Return whether everything that should run is ready."""
        return not self.late()

    def late(self) -> list[str]:
        """Name what should run and is not ready."""
        record = self.record
        if not record.running or record.pid != getattr(self.process, "pid", None):
            return ["the supervisor"]
        expected = {"postgres", "keys", "nats", *self._expected_services(record)}
        ready = {name for name, one in record.processes.items() if one.ready and began(one.pid) == one.began}
        return sorted(expected - ready)

    def send(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to a process of this system; return whether it was there."""
        one = self.record.processes.get(name)
        if one is None or began(one.pid) != one.began:
            return False
        try:
            os.kill(one.pid, number)
        except ProcessLookupError:
            return False
        return True

    def processes(self) -> Mapping[str, ProcessRecord]:
        """The processes that live, by name."""
        return {name: one for name, one in self.record.processes.items() if began(one.pid) == one.began}

    async def stop(self) -> None:
        """Stop in order, or kill what does not stop; the data stays."""
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOPS_WITHIN_S)
        except TimeoutError:
            await self.kill()
        self.process = None

    async def kill(self) -> None:
        """Kill supervisor and children, as when the machine loses its power."""
        children = [(name, one) for name, one in self.processes().items()]
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        for _, one in children:
            for pid in _with_descendants(one.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        async with asyncio.timeout(10):
            while any(began(one.pid) == one.began for _, one in children):  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.02)
        self.process = None

    def failpoint(self, name: str, setting: str) -> None:
        """Arm a failpoint in the process of this name, at its next passing of any point."""
        folder = self.home / "failpoints"
        draft, file = folder / f".{name}", folder / name
        waiting = [file.read_text()] if file.exists() else []
        draft.write_text(",".join([*waiting, setting]))
        draft.rename(file)

    def passed(self, name: str) -> list[tuple[str, str]]:
        """List the failpoints and actions that this process has passed, by its own notes."""
        return [(one.name, one.action) for one in self._notes(self.home / "failpoints" / f"{name}.fired")]

    def reached(self) -> list[FailpointReached]:
        """List what every process has passed."""
        notes = sorted((self.home / "failpoints").glob("*.fired"))
        return [one for note in notes for one in self._notes(note)]

    @staticmethod
    def _notes(note: Path) -> list[FailpointReached]:
        if not note.exists():
            return []
        lines = map(json.loads, note.read_text().splitlines())
        return [
            FailpointReached(
                name=one["name"], action=one["action"], process=note.stem, mono_s=one["monotonic_s"]
            )
            for one in lines
        ]

    def disarm(self, name: str = "") -> None:
        """Take back what was armed and not taken up yet, in one process or in all."""
        for path in (self.home / "failpoints").iterdir():
            if path.suffix != ".fired" and name in ("", path.name):
                path.unlink(missing_ok=True)

    def _expected_services(self, record: RunRecord) -> list[str]:
        twins = [f"{name}-2" for name in self.options.twice]
        return ["relay", "intake", "workflow", "deadlines", "notifier", *twins] if record.ports else ["all"]

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a process that belongs to this system."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("GEHOOR_")},
            "GEHOOR_HOME": str(self.home),
            "GEHOOR_SMTP_URL": self.smtp_url,
            "GEHOOR_CLOCK_START": self.clock_start,
            "GEHOOR_CLOCK_SPEED": str(self.clock_speed),
            "GEHOOR_INTAKE_PORT": "0",
            "GEHOOR_WORKFLOW_PORT": "0",
            "GEHOOR_LOG_LEVEL": self.options.log_level,
            "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("libs", "services", "tools")),
            OPTIONS_VARIABLE: self.options.to_json(),
        }


def _with_descendants(pid: int) -> list[int]:
    """List a process and those it started, such as the backends of Postgres."""
    found = [pid]
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    for child in children:
        found += _with_descendants(int(child))
    return found
