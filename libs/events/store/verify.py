"""Checking every chain of the store, in parallel, without trusting anything but the bytes.

A chain shows a changed client column and an event that was removed, inserted or swapped before the last
event of its case. It cannot show a removed tail, a removed whole case, or a forged epoch, xid or position:
those need the seals, which are kept outside. `LIMITS` is printed wherever a result is shown.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.managers import ValueProxy
from uuid import UUID

import asyncpg
import msgspec

from events.record.chain import commit_to_data, commit_to_pii, data_root, event_hash, join_roots
from events.record.encryption import person_roots
from events.record.envelope import Recorded
from events.store.streams import COLUMNS, recorded

LIMITS = (
    "Not shown by chains, only by the later seals: a removed tail, a removed whole case, "
    "a forged epoch, xid or position."
)

_SLICES_PER_WORKER = 4
"""Slices are of about the same size only; with several per worker nobody waits long for the last one."""

_REPORT_EVERY = 2_000
"""Events between two reports of progress; a store with fewer is checked in this process."""

_MANY = 200_000
"""Events from which the planner's estimate is good enough, because counting them takes seconds."""

_ESTIMATE = """
SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint
FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE i.inhparent = 'gehoor.event'::regclass AND c.relkind = 'r'
"""
_COUNT = "SELECT count(*) FROM gehoor.event"
_BORDERS = """
SELECT percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY case_id::text)
FROM gehoor.event TABLESAMPLE SYSTEM ({share})
"""
_AS_PYTHON_KNOWS_IT = "CASE WHEN {0} >= '0001-01-01 00:00Z' AND {0} < '10000-01-01 00:00Z' THEN {0} END"
_READABLE = ", ".join(
    _AS_PYTHON_KNOWS_IT.format(column) if column.endswith("_at") else column for column in COLUMNS.split(", ")
)
"""Postgres knows moments that Python does not (year 10000, infinity). One forged row with such a moment would
end the reading of its whole slice. Read as null, it only fails its own check."""

_EVENTS = f"""
SELECT {_READABLE}, epoch, xid, position FROM gehoor.event
WHERE case_id >= $1 AND case_id <= $2 ORDER BY case_id, version
"""

_LOWEST, _HIGHEST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that does not fit its chain."""

    case_id: UUID
    version: int
    problem: str

    def __str__(self) -> str:
        return f"case {self.case_id} version {self.version}: {self.problem}"


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was checked; `first_bad` is the first in the order of cases and versions."""

    events: int = 0
    cases: int = 0
    bad: int = 0
    first_bad: BadRow | None = None

    def __add__(self, other: "ChainReport") -> "ChainReport":
        first = min(
            (one for one in (self.first_bad, other.first_bad) if one is not None),
            key=lambda finding: (finding.case_id, finding.version),
            default=None,
        )
        return ChainReport(self.events + other.events, self.cases + other.cases, self.bad + other.bad, first)


async def verify(
    url: str,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> ChainReport:
    """Recompute all chains; `progress` is called now and then with how many of how many events are done.

    Raises what asyncpg raises when the store cannot be read; what is wrong in it is in the report.
    """
    workers = workers or os.cpu_count() or 1
    connection = await asyncpg.connect(url)
    try:
        total: int = await connection.fetchval(_ESTIMATE)
        if total < _MANY:
            total = await connection.fetchval(_COUNT)
        slices = await _slices(connection, workers, total)
    finally:
        await connection.close()
    if total < _REPORT_EVERY:
        return await _verify_slice(url, _LOWEST, _HIGHEST, lambda done: progress(done, total))
    return await _in_processes(url, slices, workers, total, progress)


async def _slices(connection: asyncpg.Connection, workers: int, total: int) -> list[tuple[UUID, UUID]]:
    """Cut the cases into slices of about the same size, so that no worker has most of the work."""
    number = workers * _SLICES_PER_WORKER
    share = "100" if total < _MANY else "1"
    found = await connection.fetchval(_BORDERS.format(share=share), [i / number for i in range(1, number)])
    borders = sorted({UUID(border) for border in found or [] if border is not None})
    starts = [_LOWEST, *(UUID(int=border.int + 1) for border in borders)]
    return list(zip(starts, [*borders, _HIGHEST], strict=True))


async def _in_processes(
    url: str,
    slices: list[tuple[UUID, UUID]],
    workers: int,
    total: int,
    progress: Callable[[int, int], None],
) -> ChainReport:
    # spawn and not fork: a forked child would inherit open connections and a running event loop, and hang.
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(workers, mp_context=context) as pool:
        counts = [manager.Value("L", 0) for _ in slices]
        loop = asyncio.get_running_loop()
        tasks = {
            loop.run_in_executor(pool, _in_process, url, low, high, count)
            for (low, high), count in zip(slices, counts, strict=True)
        }
        report, waiting = ChainReport(), set(tasks)
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=0.3)
            for task in done:
                report += task.result()
            progress(sum(count.value for count in counts), total)
        return report


def _in_process(url: str, low: UUID, high: UUID, count: ValueProxy[int]) -> ChainReport:
    def report(done: int) -> None:
        count.value = done

    return asyncio.run(_verify_slice(url, low, high, report))


async def _verify_slice(url: str, low: UUID, high: UUID, report: Callable[[int], None]) -> ChainReport:
    connection = await asyncpg.connect(url)
    checker = ChainChecker()
    try:
        # A cursor needs a transaction. It never gets a number, so it holds back no reader of the feed.
        async with connection.transaction(readonly=True):
            cursor = await connection.cursor(_EVENTS, low, high)
            while rows := await cursor.fetch(_REPORT_EVERY):
                for row in rows:
                    checker.check(recorded(row))
                report(checker.report.events)
    finally:
        await connection.close()
    report(checker.report.events)
    return checker.report


class ChainChecker:
    """Checks rows as they come, ordered by case and version; holds one event at a time."""

    def __init__(self) -> None:
        self._before: Recorded | None = None
        self._events = self._cases = self._bad = 0
        self._first: BadRow | None = None

    @property
    def report(self) -> ChainReport:
        return ChainReport(self._events, self._cases, self._bad, self._first)

    def check(self, event: Recorded) -> None:
        """Take the next row into account."""
        before = self._before if self._before and self._before.case_id == event.case_id else None
        self._events += 1
        self._cases += before is None
        for problem in _problems_of_any(before, event):
            self._bad += 1
            if self._first is None:
                self._first = BadRow(event.case_id, event.version, problem)
        self._before = event


def _problems_of_any(before: Recorded | None, event: Recorded) -> list[str]:
    """Return what is wrong with an event, also with one whose contents cannot even be checked."""
    try:
        return list(problems(before, event))
    except Exception as error:  # noqa: BLE001 - who changes a row must not be able to end the search for it
        return [f"what stands in it cannot be checked ({type(error).__name__})"]


def problems(before: Recorded | None, event: Recorded) -> Iterator[str]:
    """Yield what is wrong with an event, given the one before it in its case."""
    expected = before.version + 1 if before else 1
    if event.version != expected:
        # Without its predecessor nothing can be computed, and every later check would only repeat this one.
        yield f"version {expected} is missing before it"
        return
    if hash_of(event, before.hash if before else b"") != event.hash:
        yield "its contents do not give its hash on top of the event before it"
    elif _root_differs(event):
        yield "its fields do not give its fields_root"
    if before is not None and event.place <= before.place:
        yield f"its feed position {event.place} does not follow {before.place}"
    if before is not None and event.organisation != before.organisation:
        yield "it belongs to another organisation than the event before it"


def _root_differs(event: Recorded) -> bool:
    try:
        return root_of(event) != event.fields_root
    except (msgspec.MsgspecError, ValueError):
        return True


def hash_of(event: Recorded, previous: bytes) -> bytes:
    """Compute what an event's hash has to be on top of another; both are 32 bytes."""
    return event_hash(
        previous=previous,
        case_id=event.case_id,
        version=event.version,
        organisation=event.organisation,
        type=event.type,
        schema_version=event.schema_version,
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        actor=event.actor,
        command_id=event.command_id,
        causation=event.causation,
        correlation=event.correlation,
        traceparent=event.traceparent,
        data_commitment=commit_to_data(event.salt, event.data),
        pii_commitment=commit_to_pii(event.pii),
        fields_root=event.fields_root,
    )


def root_of(event: Recorded) -> bytes:
    """Compute what an event's fields_root has to be; no key is needed."""
    return join_roots(data_root(event.salt, event.data), person_roots(event.pii))
