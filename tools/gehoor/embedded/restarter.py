"""Keeps one child running: started, watched until ready, started again when it ends, until `stop`.

There is no last attempt: a child that cannot start is tried again for ever, with growing waits, and each
attempt is reported in one line. Only where everything else depends on it (`must_start`) is a first start that
fails final: `failed` is set and `problem` has the reason.
"""

import asyncio
from collections.abc import Awaitable, Callable

from gehoor.embedded import processes
from gehoor.embedded.backoff import Backoff
from gehoor.embedded.logs import last_words
from gehoor.embedded.processes import Child, Launch

Ready = Callable[[Child], Awaitable[None]]
"""Returns when the child is ready; may raise or wait as long as it is not."""

Report = Callable[[str], None]
Start = Callable[[Launch], Awaitable[Child]]

_LAST_WORDS_WITHIN_S = 0.5
"""Time for the watcher to find the reason in the log of a child that ended."""


class Restarter:
    """One child that is kept running.

    `ready` is set while the child answers. `changed` is called when the child starts, is ready or ends.
    """

    def __init__(
        self,
        launch: Launch,
        until_ready: Ready,
        report: Report,
        *,
        changed: Callable[[], None] = lambda: None,
        port: int | None = None,
        must_start: bool = False,
        start: Start = processes.start,
        backoff: Backoff | None = None,
    ) -> None:
        self.launch = launch
        self.port = port
        self.ready = asyncio.Event()
        self.failed = asyncio.Event()
        self.problem = ""
        self.starts = 0
        self.child: Child | None = None
        self._until_ready = until_ready
        self._report = report
        self._changed = changed
        self._must_start = must_start
        self._start = start
        self._backoff = backoff or Backoff()
        self._was_ready = False
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.launch.name

    def start(self) -> None:
        """Begin to keep the child running."""
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self, within_s: float) -> None:
        """Stop keeping it, then stop it; killed after `within_s`. Harmless to repeat."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        if self.child is not None:
            await self.child.stop(within_s)
            self._no_longer_ready()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                self.child = await self._start(self.launch)
            except OSError as problem:  # no room for its log, or no process to be had
                wait_s = self._backoff.next_s(0.0)
                why = problem.strerror or type(problem).__name__
                self._report(f"{self.name} cannot be started ({why}); trying again in {wait_s:.1f} s")
                await asyncio.sleep(wait_s)
                continue
            self.starts += 1
            self._changed()
            watch = asyncio.create_task(self._watch(self.child))
            try:
                code = await self.child.process.wait()
                # The child is gone, the reason may still be on its way out of the log: wait for it, briefly.
                await asyncio.wait([watch], timeout=_LAST_WORDS_WITHIN_S)
            finally:
                watch.cancel()
                self._no_longer_ready()
            if self._must_start and self.starts == 1 and not self._was_ready:
                self.problem = (
                    self.problem or f"{self.name} ended at start ({_how(code)}); see {self.launch.log}"
                )
                self.failed.set()
                return
            # The wait grows with each short life: a child that ends at once would else take a whole core.
            wait_s = self._backoff.next_s(loop.time() - began_s)
            why = last_words(self.launch.log)
            self._report(f"{self.name} ended ({_how(code)}{why}); starting it again in {wait_s:.1f} s")
            await asyncio.sleep(wait_s)

    async def _watch(self, child: Child) -> None:
        try:
            await self._until_ready(child)
        except Exception as problem:  # noqa: BLE001 - whatever kept it from being ready is reported, and it goes on
            self.problem = str(problem)
            if not self._must_start or self._was_ready:
                self._report(f"{self.name} is not ready: {problem}")
            return
        if child.running:
            self._was_ready = True
            self.ready.set()
            self._changed()

    def _no_longer_ready(self) -> None:
        self.ready.clear()
        self._changed()


def _how(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {-code}"
