"""Group commit: what arrives while one flush runs goes out together in the next.

An idle service flushes at once, so nobody waits for a timer; a busy one shares the cost of a commit (one
fsync) among all that wait. The queue is bounded: when it is full the caller is told to come back, because a
promise that waits in memory is not yet kept. A flush goes on when its caller goes away.

Nobody crowds out others: each organisation waits in a line of its own, the lines take turns, and a line may
only grow as long as what is still free (one alone gets half of the room, two a third each, and so on).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

MOST_TOGETHER = 200
"""Items in one transaction: more would hold the feed's watermark back without being cheaper."""

MOST_WAITING = 2_000
"""Items that may wait: some seconds of work, each at most as large as a body may be."""


class TooBusy(Exception):
    """So many are waiting that a new one would wait too long: come back a little later."""


class GroupCommit(Generic[ItemT, ResultT]):
    """Hands items to `flush` in batches, one batch at a time, and gives each caller its own result.

    `flush` gives one result per item, in order. When it raises for several items, each is tried alone, so
    that one bad item harms nobody else; exceptions in `shared` concern all alike and are passed on at once.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT]]],
        *,
        line: Callable[[ItemT], str] = lambda item: "",
        shared: tuple[type[Exception], ...] = (),
        most_together: int = MOST_TOGETHER,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._flush = flush
        self._line = line
        self._shared = shared
        self._most_together = most_together
        self._most_waiting = most_waiting
        self._lines: dict[str, deque[tuple[ItemT, asyncio.Future[ResultT]]]] = {}
        self._waiting = 0
        self._flushing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return self._waiting

    async def submit(self, item: ItemT) -> ResultT:
        """Give the result for this item once its flush is done; raises `TooBusy` when its line is full."""
        line = self._lines.get(name := self._line(item), deque())
        if len(line) >= self._most_waiting - self._waiting:
            raise TooBusy
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        line.append((item, result))
        self._lines[name] = line
        self._waiting += 1
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_all(), name="intake-group-commit")
        return await result

    async def _flush_all(self) -> None:
        try:
            while self._waiting:
                await self._flush_batch(self._take(self._most_together))
        finally:
            self._flushing = None
            for _, result in self._take(self._waiting):  # only when the process is told to stop in the middle
                result.cancel()

    def _take(self, most: int) -> list[tuple[ItemT, asyncio.Future[ResultT]]]:
        """Take the first of each line in turn; lines that are empty go."""
        taken: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        while self._lines and len(taken) < most:
            name, line = next(iter(self._lines.items()))
            taken.append(line.popleft())
            del self._lines[name]
            if line:
                self._lines[name] = line  # behind the others: its turn comes again
        self._waiting -= len(taken)
        return taken

    async def _flush_batch(self, batch: Sequence[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        try:
            results = await self._flush([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is handed to every caller, who answers it
            if len(batch) == 1 or isinstance(error, self._shared):
                for _, result in batch:
                    _fail(result, error)
                return
            for one in batch:
                await self._flush_batch([one])
            return
        for (_, result), value in zip(batch, results, strict=True):
            if not result.done():  # done: the caller went away, the work is kept all the same
                result.set_result(value)


def _fail(result: asyncio.Future[ResultT], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)
