"""Group commit: what arrives while one flush runs is committed together in the next.

An idle service flushes at once, so nobody waits for a timer; a busy one shares the cost of a commit (one
fsync) among all that wait. Each organisation waits in a line of its own. The queue is bounded: when it is
full the caller gets `TooBusy`.
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
    """So many are waiting that a new one would wait too long; nothing of it is kept, try again later."""


class GroupCommit(Generic[ItemT, ResultT]):
    """Passes items to `flush` in batches, one batch at a time, and returns to each caller its own result.

    `flush` returns one result per item, in order. `line` names the line in which an item waits. Exceptions
    in `shared` are no item's fault and are raised to every caller of the batch.
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
        """Return how many items wait for a flush."""
        return self._waiting

    async def submit(self, item: ItemT) -> ResultT:
        """Return the result for this item once its flush is done.

        Raises `TooBusy` when its line is full, and whatever `flush` raises for it.
        """
        line = self._lines.get(name := self._line(item), deque())
        # Bounded, because an item that waits in memory is lost with the process, and its sender waits too. A
        # line may be as long as the room that is still free: one alone gets half of the room, two a third
        # each. With one bound for all, a flood for one organisation would turn away everybody else.
        if len(line) >= self._most_waiting - self._waiting:
            raise TooBusy
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        line.append((item, result))
        self._lines[name] = line
        self._waiting += 1
        if self._flushing is None:
            # A task of its own: when this caller goes away, its `await` is cancelled and the flush goes on.
            # Otherwise one client that hangs up would roll back the complaints of all others in the batch.
            self._flushing = asyncio.create_task(self._flush_all(), name="intake-group-commit")
        return await result

    async def _flush_all(self) -> None:
        try:
            while self._waiting:
                await self._flush_batch(self._take(self._most_together))
        finally:
            self._flushing = None
            # Something is left only when the process stops in the middle: nobody would ever answer these.
            for _, result in self._take(self._waiting):
                result.cancel()

    def _take(self, most: int) -> list[tuple[ItemT, asyncio.Future[ResultT]]]:
        """Take the first item of each line in turn; remove lines that are empty."""
        taken: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        while self._lines and len(taken) < most:
            name, line = next(iter(self._lines.items()))
            taken.append(line.popleft())
            # Removed and put behind the others (a dict keeps its order), so that the lines take turns. Taken
            # in the order of arrival, a thousand complaints to one organisation would be before all others.
            del self._lines[name]
            if line:
                self._lines[name] = line
        self._waiting -= len(taken)
        return taken

    async def _flush_batch(self, batch: Sequence[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        try:
            results = await self._flush([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is handed to every caller, who answers it
            # A store that is away is away for each of them: one by one would only make all wait longer.
            if len(batch) == 1 or isinstance(error, self._shared):
                for _, result in batch:
                    _fail(result, error)
                return
            # Something in one item makes the whole transaction fail, and the exception does not name it. One
            # by one, the bad item fails alone; together, one bad complaint would turn away up to 199 others.
            for one in batch:
                await self._flush_batch([one])
            return
        for (_, result), value in zip(batch, results, strict=True):
            # Done already when the caller went away. Setting it would raise, and the rest would wait on.
            if not result.done():
                result.set_result(value)


def _fail(result: asyncio.Future[ResultT], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)
