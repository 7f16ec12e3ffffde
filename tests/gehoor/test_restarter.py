"""A child that ends is started again, one that hangs is killed, and what stands on others stops first."""

import asyncio
import errno
import sys
from pathlib import Path

import pytest

from gehoor.embedded import processes
from gehoor.embedded.backoff import LONGEST_S, STABLE_AFTER_S, Backoff
from gehoor.embedded.processes import Child, Launch, began, end_orphan
from gehoor.embedded.restarter import Restarter

WITHIN_S = 20.0


class AtOnce(Backoff):
    """A back-off that does not wait, for tests."""

    def next_s(self, lived_s: float) -> float:
        return 0.0


def python(folder: Path, name: str, script: str) -> Launch:
    return Launch(
        name=name, command=(sys.executable, "-c", script), log=folder / f"{name}.log", folder=folder
    )


async def until_it_says(child: Child, word: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while word not in child.launch.log.read_text():  # noqa: ASYNC110 - a file sends no signal
            await asyncio.sleep(0.01)


async def at_once(child: Child) -> None:
    return None


async def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    """A crash of one part repairs itself without a person."""
    lines: list[str] = []
    third = asyncio.Event()
    restarter: Restarter

    def changed() -> None:
        if restarter.starts >= 3:
            third.set()

    restarter = Restarter(
        python(tmp_path, "short", "raise SystemExit(3)"),
        at_once,
        lines.append,
        changed=changed,
        backoff=AtOnce(),
    )

    restarter.start()
    await asyncio.wait_for(third.wait(), WITHIN_S)
    await restarter.stop(1.0)

    assert lines[0] == "short ended (exit 3); starting it again in 0.0 s"


async def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    """A disk that is full for a moment does not leave a part of the system down for good."""
    lines: list[str] = []
    tries = 0

    async def start(launch: Launch) -> Child:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return await processes.start(launch)

    restarter = Restarter(
        python(tmp_path, "late", "import time; time.sleep(60)"),
        at_once,
        lines.append,
        start=start,
        backoff=AtOnce(),
    )

    restarter.start()
    await asyncio.wait_for(restarter.ready.wait(), WITHIN_S)
    await restarter.stop(1.0)

    assert 2 * ["late cannot be started (No space left on device); trying again in 0.0 s"] == lines


async def test_the_reason_of_a_crash_is_told_in_the_line(tmp_path: Path) -> None:
    """Whoever looks at the screen need not open a log to know why a part does not start."""
    told = asyncio.Event()
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        told.set()

    broken = python(tmp_path, "broken", "import no_such_module")
    restarter = Restarter(broken, at_once, report, backoff=AtOnce())

    restarter.start()
    await asyncio.wait_for(told.wait(), WITHIN_S)
    await restarter.stop(1.0)

    assert "exit 1: ModuleNotFoundError: No module named 'no_such_module'" in lines[0]


async def test_a_server_that_cannot_start_at_first_is_not_tried_for_ever(tmp_path: Path) -> None:
    """When Postgres or NATS cannot start, the person gets the reason instead of an endless loop."""
    lines: list[str] = []

    async def refuses(child: Child) -> None:
        await child.process.wait()
        raise RuntimeError("the port is taken")

    restarter = Restarter(
        python(tmp_path, "server", "raise SystemExit(1)"), refuses, lines.append, must_start=True
    )

    restarter.start()
    await asyncio.wait_for(restarter.failed.wait(), WITHIN_S)
    await restarter.stop(1.0)

    assert (restarter.problem, restarter.starts, lines) == ("the port is taken", 1, [])


async def test_a_child_that_does_not_listen_is_killed_in_time(tmp_path: Path) -> None:
    """Ctrl-C ends everything within seconds, whatever a part is doing."""
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    script = f"import signal, time; {ignore}; print('deaf', flush=True); time.sleep(60)"
    child = await processes.start(python(tmp_path, "deaf", script))
    await until_it_says(child, "deaf")

    went_by_itself = await child.stop(0.2)

    assert went_by_itself is False
    assert child.running is False


async def test_a_killed_parent_takes_its_children_down(tmp_path: Path) -> None:
    """Even kill -9 of the supervisor leaves nothing running."""
    child = python(tmp_path, "child", "import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    begin = f"subprocess.Popen({list(child.argv)!r}, start_new_session=True)"
    script = f"import subprocess, time; {begin}; time.sleep(60)"
    parent = await processes.start(python(tmp_path, "parent", script))
    await until_it_says(parent, "\n")
    pid = int(parent.launch.log.read_text())

    await parent.kill()

    async with asyncio.timeout(WITHIN_S):
        while began(pid) is not None:  # noqa: ASYNC110 - not our child: it sends no signal
            await asyncio.sleep(0.01)


async def test_a_leftover_is_stopped_and_nobody_else(tmp_path: Path) -> None:
    """A process of an earlier run is recognised by the moment it began, not by its number alone."""
    child = await processes.start(
        python(tmp_path, "left", "import time; print('up', flush=True); time.sleep(60)")
    )
    await until_it_says(child, "up")
    stopping = asyncio.create_task(child.process.wait())

    gone = await end_orphan(child.pid, child.launch.stop_signal, 5.0)

    assert gone is True
    assert await asyncio.wait_for(stopping, WITHIN_S) == -child.launch.stop_signal


def test_waits_grow_and_are_short_again_after_a_stable_time() -> None:
    """A part that crashes at once is not hammered; one that ran well comes back quickly."""
    backoff = Backoff()

    crashing = [backoff.next_s(lived_s=0.1) for _ in range(20)]
    stable = backoff.next_s(lived_s=STABLE_AFTER_S)

    assert crashing[-1] > crashing[0]
    assert max(crashing) <= LONGEST_S
    assert stable <= 0.25


def test_a_log_beyond_its_limit_is_moved_aside(tmp_path: Path) -> None:
    """Logs never fill the disk, and the newest older part is kept."""
    log = tmp_path / "service.log"
    log.write_text("x" * 100)

    kept = processes.rotate(log, limit_bytes=100)
    moved = processes.rotate(log, limit_bytes=99)

    assert (kept, moved, log.read_text()) == (False, True, "")
    assert (tmp_path / "service.log.1").read_text() == "x" * 100


@pytest.mark.parametrize("variable", processes.WITHHELD)
async def test_the_clock_of_the_supervisor_is_not_told_to_its_children(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Children read the clock from the database; a second source could disagree."""
    monkeypatch.setenv(variable, "1")
    child = await processes.start(
        python(tmp_path, "env", f"import os; print(os.environ.get({variable!r}), flush=True)")
    )

    await asyncio.wait_for(child.process.wait(), WITHIN_S)

    assert child.launch.log.read_text() == "None\n"
