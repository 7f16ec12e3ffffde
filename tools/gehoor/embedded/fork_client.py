"""The supervisor's end of the fork server: ask for a fork, get its pid, get its exit code when it ends.

Where the fork server is away (it could not start, or somebody killed it), a service is started as an ordinary
child process; this only takes longer.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from gehoor.embedded import processes
from gehoor.embedded.fork_server import LONGEST_REQUEST_BYTES
from gehoor.embedded.processes import Child, Launch, began

_STARTS_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.05
_NOT_STARTED = -1


class Forked:
    """A fork, with the interface of `asyncio.subprocess.Process`.

    It is a child of the fork server and not of ours, so `wait` cannot ask the kernel: `end` is called when
    the fork server reports the exit code.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._began = began(pid)
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        await self._ended.wait()
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()

    async def watch_alone(self) -> None:
        """Look at the process until it is gone, for when the fork server can no longer report its end.

        Its exit code is then unknown; the code of SIGTERM is taken.
        """
        # Compared with the moment it began: the pid may already belong to another process.
        while self._began is not None and began(self.pid) == self._began:  # noqa: ASYNC110 - it sends no signal
            await asyncio.sleep(_LOOK_EVERY_S)
        self.end(-signal.SIGTERM)


class ForkClient:
    """Starts services as forks of one process that has imported their libraries already."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder
        self._log = log
        self._child: Child | None = None
        self._channel: socket.socket | None = None
        self._forks: dict[int, Forked] = {}
        self._ended_early: dict[int, int] = {}
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the fork server; it imports while the database servers start."""
        # SEQPACKET keeps the borders of messages: one recv is one JSON object, also when several have come.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        launch = Launch(
            name="fork-server",
            command=(sys.executable, "-m", "gehoor.embedded.fork_server", str(theirs.fileno())),
            log=self._log,
            folder=self._folder,
        )
        with theirs:
            self._child = await processes.start(launch, pass_fds=(theirs.fileno(),))
        self._channel = ours
        self._listening = asyncio.create_task(self._listen(ours), name="fork-server")

    async def start(self, launch: Launch) -> Child:
        """Start a service: as a fork where that is possible, else as an ordinary child process.

        Raises OSError when its log cannot be written or no process can be made; the caller tries again later.
        """
        # One at a time: the answer "started" does not say which request it answers.
        async with self._one_at_a_time:
            if launch.module is None or self._channel is None:
                return await processes.start(launch)
            processes.prepare_log(launch.log)
            request = {
                "name": launch.name,
                "module": launch.module,
                "log": str(launch.log),
                "folder": str(launch.folder),
                "environment": processes.environment(launch),
                "death_signal": int(launch.stop_signal),
            }
            try:
                loop = asyncio.get_running_loop()
                await loop.sock_sendall(self._channel, json.dumps(request).encode())
                pid = await asyncio.wait_for(self._started.get(), _STARTS_WITHIN_S)
            except (OSError, TimeoutError):
                pid = _NOT_STARTED
            if pid == _NOT_STARTED:
                self._channel = None
                # A fork that starts after all would hold the service's port, and nobody would know its pid.
                await self.kill()
                return await processes.start(launch)
        forked = Forked(pid)
        self._forks[pid] = forked
        # A fork may end before we have read that it started: its exit code was then kept for this moment.
        if (code := self._ended_early.pop(pid, None)) is not None:
            self._forks.pop(pid).end(code)
        return Child(launch, forked)

    async def kill(self) -> None:
        """Kill the fork server at once, as a fault might; the kernel then stops its forks."""
        if self._child is not None:
            await self._child.kill()

    async def close(self) -> None:
        """End the fork server; the caller has stopped its forks before."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        if self._child is not None:
            await self._child.stop(1.0)

    async def _listen(self, channel: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while message := await loop.sock_recv(channel, LONGEST_REQUEST_BYTES):
                self._receive(json.loads(message))
        # The fork server ended. Whoever waits for a fork must not wait until the timeout.
        self._channel = None
        self._started.put_nowait(_NOT_STARTED)
        await asyncio.gather(*(fork.watch_alone() for fork in self._forks.values()))

    def _receive(self, message: dict[str, Any]) -> None:
        if "started" in message:
            self._started.put_nowait(message["started"])
            return
        pid, code = message["ended"], message["code"]
        if pid in self._forks:
            self._forks.pop(pid).end(code)
        else:
            self._ended_early[pid] = code
