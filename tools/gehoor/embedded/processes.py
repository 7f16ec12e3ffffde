"""Child processes: started so that nothing outlives the supervisor, and stopped in a bounded time.

Every child runs in a session of its own, so that Ctrl-C in a terminal reaches the supervisor alone, and asks
the kernel for a signal when its parent dies (`setpriv --pdeathsig`, from util-linux), so that even a
`kill -9` of the supervisor takes it down. A pid is only trusted together with the moment its process
began: the kernel uses pids again.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LOG_LIMIT_BYTES = 20 * 1024 * 1024
"""A log is moved aside beyond this size; one older file is kept, so a child's logs stay below twice this."""

WITHHELD = ("GEHOOR_CLOCK_START", "GEHOOR_CLOCK_SPEED", "GEHOOR_DEMONSTRATIONS")
"""Settings of the supervisor alone: a child that reads the database's clock must not get another."""

KILLED_WITHIN_S = 5.0
"""How long the kernel may take to collect a process after SIGKILL."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start one child: `unprivileged` is put in front of the command (see `postgres.py`)."""

    name: str
    command: tuple[str, ...]
    log: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    unprivileged: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    module: str | None = None
    """The Python module that the command runs, for whoever can start it without a new interpreter."""

    @property
    def argv(self) -> tuple[str, ...]:
        """The whole command line, the parent-death signal included where the system can do that."""
        if shutil.which("setpriv") is None:
            return (*self.unprivileged, *self.command)
        # Behind `unshare`: a change of namespace clears a death signal that was set before it.
        death = ("setpriv", "--pdeathsig", self.stop_signal.name.removeprefix("SIG"))
        return (*self.unprivileged, *death, *self.command)


class Process(Protocol):
    """What is needed of a process; `asyncio.subprocess.Process` has it."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...
    def send_signal(self, number: int, /) -> None: ...


@dataclass(slots=True)
class Child:
    """A started process."""

    launch: Launch
    process: Process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a child that has just ended is not an error."""
        if self.running:
            try:
                self.process.send_signal(number)
            except ProcessLookupError:
                return

    async def stop(self, within_s: float) -> bool:
        """Ask the child to stop, and kill it after `within_s`; returns whether it ended by itself."""
        self.send(self.launch.stop_signal)
        try:
            await asyncio.wait_for(self.process.wait(), within_s)
        except TimeoutError:
            await self.kill()
            return False
        return True

    async def kill(self) -> None:
        """Kill the child and everything it started in its session."""
        if self.running:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
        await asyncio.wait_for(self.process.wait(), KILLED_WITHIN_S)


async def start(launch: Launch, pass_fds: tuple[int, ...] = ()) -> Child:
    """Start a child with its output going to the end of its log."""
    prepare_log(launch.log)
    handle = os.open(launch.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            cwd=launch.folder,
            env=environment(launch),
            # Its own session: Ctrl-C in the terminal must reach the supervisor alone, which stops children in
            # order, and `kill` takes everything the child started.
            start_new_session=True,
            pass_fds=pass_fds,
        )
    finally:
        os.close(handle)
    return Child(launch, process)


def environment(launch: Launch) -> dict[str, str]:
    """Give a child's whole environment: ours without what is withheld, and its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    return {**inherited, **launch.environment}


def prepare_log(log: Path) -> None:
    """Begin a new log, and keep the last one as `<name>.1`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    rotate(log, 0)
    log.touch(mode=0o600)


def rotate(log: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> bool:
    """Move a log above the limit aside as `<name>.1`; returns whether it did.

    The writing process keeps its open file (it appends), therefore the content is copied and the file cut:
    lines written in that instant may be lost, the file never grows without bound.
    """
    if not log.exists() or log.stat().st_size <= limit_bytes:
        return False
    shutil.copyfile(log, log.with_name(log.name + ".1"))
    os.truncate(log, 0)
    return True


def began(pid: int) -> int | None:
    """Give when a process began, in kernel ticks since boot; None when there is none, or a dead one.

    The name in `stat` may hold spaces and brackets, so the fields are counted from the last bracket.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in ("Z", "X") else int(rest[18])


async def end_orphan(pid: int, number: signal.Signals, within_s: float) -> bool:
    """Stop a process that is not our child, by its pid; returns whether it is gone."""
    first = began(pid)
    for step, patience_s in ((number, within_s), (signal.SIGKILL, KILLED_WITHIN_S)):
        if first is None or began(pid) != first:
            return True
        try:
            os.kill(pid, step)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        try:
            async with asyncio.timeout(patience_s):
                while began(pid) == first:  # noqa: ASYNC110 - a process that is not our child sends no signal
                    await asyncio.sleep(0.02)
        except TimeoutError:
            continue
        return True
    return began(pid) != first
