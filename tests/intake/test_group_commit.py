"""Group commit: together where it is busy, alone where it is quiet, each with its own result."""

import asyncio
from collections.abc import Sequence

import pytest

from intake.group_commit import GroupCommit, TooBusy


class Recorder:
    """Notes the batches it gets; the first one waits until the test lets it go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go = asyncio.Event()
        self.began = asyncio.Event()

    async def __call__(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(list(batch))
        self.began.set()
        await self.may_go.wait()
        if any(item < 0 for item in batch):
            raise ValueError("one of them is bad")
        return [item * 10 for item in batch]


async def test_an_idle_desk_flushes_at_once_and_a_busy_one_together() -> None:
    """The first does not wait for company; those who come meanwhile share the next commit."""
    recorder = Recorder()
    commits = GroupCommit(recorder)

    first = asyncio.create_task(commits.submit(1))
    await recorder.began.wait()
    others = [asyncio.create_task(commits.submit(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0)
    recorder.may_go.set()

    assert [10, 20, 30, 40] == await asyncio.gather(first, *others)
    assert [[1], [2, 3, 4]] == recorder.batches


async def test_a_batch_has_a_bound() -> None:
    """A crowd is served in several commits of bounded size."""
    recorder = Recorder()
    recorder.may_go.set()
    commits = GroupCommit(recorder, most_together=2)

    await asyncio.gather(*(commits.submit(n) for n in range(5)))

    assert max(len(batch) for batch in recorder.batches) == 2


async def test_a_full_queue_refuses_instead_of_growing() -> None:
    """Who cannot be served in time is told so at once."""
    recorder = Recorder()
    commits = GroupCommit(recorder, most_waiting=1)
    first = asyncio.create_task(commits.submit(1))
    await recorder.began.wait()
    second = asyncio.create_task(commits.submit(2))
    await asyncio.sleep(0)

    with pytest.raises(TooBusy):
        await commits.submit(3)

    recorder.may_go.set()
    assert [10, 20] == list(await asyncio.gather(first, second))


async def test_who_crowds_in_does_not_crowd_out_others() -> None:
    """One organisation fills its half of the room; another one still gets in, and into the next commit."""
    recorder = Recorder()
    commits = GroupCommit(recorder, line=lambda item: str(item % 2), most_together=2, most_waiting=8)
    first = asyncio.create_task(commits.submit(0))
    await recorder.began.wait()
    crowd = [asyncio.create_task(commits.submit(2 * n)) for n in range(1, 9)]
    await asyncio.sleep(0)

    other = asyncio.create_task(commits.submit(1))
    await asyncio.sleep(0)
    recorder.may_go.set()
    results = await asyncio.gather(*crowd, return_exceptions=True)

    assert [20, 40, 60, 80] == results[:4]
    assert [TooBusy] * 4 == [type(result) for result in results[4:]]
    assert (0, 10) == (await first, await other)
    assert [[0], [2, 1], [4, 6], [8]] == recorder.batches


async def test_one_bad_item_harms_no_other() -> None:
    """When a batch fails, each of it is tried alone and only the bad one fails."""
    recorder = Recorder()
    recorder.may_go.set()
    commits = GroupCommit(recorder)

    results = await asyncio.gather(*(commits.submit(n) for n in (1, -1, 2)), return_exceptions=True)

    assert [10, 20] == [results[0], results[2]]
    assert isinstance(results[1], ValueError)


async def test_a_fault_that_concerns_all_is_not_tried_again() -> None:
    """When the store is away, nobody is kept waiting for attempts one by one."""
    batches = 0

    async def away(batch: Sequence[int]) -> list[int]:
        nonlocal batches
        batches += 1
        raise ConnectionResetError

    commits = GroupCommit(away, shared=(OSError,))

    results = await asyncio.gather(*(commits.submit(n) for n in range(3)), return_exceptions=True)

    assert [ConnectionResetError] * 3 == [type(result) for result in results]
    assert 1 == batches


async def test_a_caller_who_goes_away_does_not_stop_the_work() -> None:
    """What was handed in is recorded, also when nobody waits for the answer any more."""
    recorder = Recorder()
    commits = GroupCommit(recorder)
    first = asyncio.create_task(commits.submit(1))
    await recorder.began.wait()
    second = asyncio.create_task(commits.submit(2))
    await asyncio.sleep(0)

    first.cancel()
    recorder.may_go.set()

    assert 20 == await second
    assert [[1], [2]] == recorder.batches
