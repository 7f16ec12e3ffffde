"""A TCP proxy that misbehaves: delays, cuts, swallows one direction, or serves connections out of turn.

It never changes or reorders bytes inside a connection, because TCP does not either; what a network can do to
whole connections, it does.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Literal, assert_never

NetworkMode = Literal["normal", "slow", "cut", "half-open", "out-of-turn"]
NETWORK_MODES: tuple[NetworkMode, ...] = ("slow", "cut", "half-open", "out-of-turn")
CHUNK_BYTES = 64 * 1024
_SLOW_S = (0.02, 0.25)
_OUT_OF_TURN_S = (0.0, 1.5)


class FaultProxy:
    """Listens on a port of its own and forwards to `upstream()`, which may move while it runs."""

    def __init__(self, upstream: Callable[[], int], seed: int) -> None:
        self.mode: NetworkMode = "normal"
        self.port = 0
        self._upstream = upstream
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_forwarding = asyncio.Event()
        self._is_forwarding.set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.set_mode("normal")
        self._break_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set_mode(self, mode: NetworkMode) -> None:
        """Change how connections fare from now on; `cut` resets those there are."""
        self.mode = mode
        if mode == "half-open":
            self._is_forwarding.clear()  # what upstream says is swallowed until the mode changes
        else:
            if not self._is_forwarding.is_set():
                self._break_all()  # bytes are missing: such a connection can only be dropped
            self._is_forwarding.set()
        if mode == "cut":
            self._break_all()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            match self.mode:
                case "cut":
                    return
                case "out-of-turn":
                    await asyncio.sleep(self._chance.uniform(*_OUT_OF_TURN_S))
                case "normal" | "slow" | "half-open":
                    pass
                case _:
                    assert_never(self.mode)
            from_there, there = await asyncio.open_connection("127.0.0.1", self._upstream())
            self._writers.add(there)
            await self._both_ways(reader, writer, from_there, there)
        except (OSError, KeyError, asyncio.CancelledError):
            return  # one side is away, or the run is over
        finally:
            for end in (writer, there):
                if end is not None:
                    self._writers.discard(end)
                    end.close()

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_there: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        ways = [
            asyncio.create_task(self._forward(reader, there, answers=False)),
            asyncio.create_task(self._forward(from_there, writer, answers=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if self.mode == "slow":
                await asyncio.sleep(self._chance.uniform(*_SLOW_S))
            if answers and not self._is_forwarding.is_set():
                await self._is_forwarding.wait()
                return
            writer.write(chunk)
            await writer.drain()

    def _break_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
