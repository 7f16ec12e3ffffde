"""Services start quickly as forks, and behave exactly as processes started in the ordinary way."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gehoor.embedded import fork_client
from gehoor.embedded.fork_client import ForkClient
from gehoor.embedded.processes import Child, Launch, began

WITHIN_S = 60.0

SERVICE = """
import os, signal, sys
def main():
    print(os.getsid(0) == os.getpid(), os.environ["GEHOOR_TOLD"], sys.argv, os.getcwd(), flush=True)
    if os.environ["GEHOOR_TOLD"] == "fail":
        raise SystemExit(7)
    if os.environ["GEHOOR_TOLD"] == "crash":
        raise RuntimeError("on purpose")
    signal.pause()
if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module")
async def forks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForkClient]:
    folder = tmp_path_factory.mktemp("fork-server")
    (folder / "little_service.py").write_text(SERVICE)
    opened = ForkClient(folder, folder / "fork-server.log")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ":".join([str(folder), *sys.path]))
        await opened.open()
        yield opened
        await opened.close()


def launch(folder: Path, told: str) -> Launch:
    return Launch(
        name="little",
        command=(sys.executable, "-m", "little_service"),
        module="little_service",
        log=folder / "little.log",
        folder=folder,
        environment={"GEHOOR_TOLD": told},
    )


async def first_line(child: Child) -> str:
    async with asyncio.timeout(WITHIN_S):
        while "\n" not in child.launch.log.read_text():  # noqa: ASYNC110 - a file sends no signal
            await asyncio.sleep(0.01)
    return child.launch.log.read_text().splitlines()[0]


async def test_a_fork_has_its_own_session_environment_log_and_folder(
    forks: ForkClient, tmp_path: Path
) -> None:
    """A service started quickly is as separate as one started slowly."""
    child = await asyncio.wait_for(forks.start(launch(tmp_path, "run")), WITHIN_S)

    said = await first_line(child)
    went_by_itself = await child.stop(5.0)

    assert said == f"True run ['little_service'] {tmp_path}"
    assert went_by_itself is True
    assert child.process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("told", "code", "words"), [("fail", 7, ""), ("crash", 1, "RuntimeError: on purpose")]
)
async def test_the_end_of_a_fork_is_heard_with_its_code(
    forks: ForkClient, tmp_path: Path, told: str, code: int, words: str
) -> None:
    """A service that ends is noticed at once, and the reason stands in its own log."""
    child = await asyncio.wait_for(forks.start(launch(tmp_path, told)), WITHIN_S)

    ended = await asyncio.wait_for(child.process.wait(), WITHIN_S)

    assert ended == code
    assert words in child.launch.log.read_text()


async def test_without_the_fork_server_services_start_in_the_ordinary_way(tmp_path: Path) -> None:
    """The quick way is a convenience: nothing depends on it."""
    (tmp_path / "little_service.py").write_text(SERVICE)
    never_opened = ForkClient(tmp_path, tmp_path / "fork-server.log")

    child = await never_opened.start(launch(tmp_path, "fail"))

    assert await asyncio.wait_for(child.process.wait(), WITHIN_S) == 7


async def test_a_killed_fork_server_takes_its_forks_down_and_they_are_noticed(tmp_path: Path) -> None:
    """Nobody runs on without somebody who would restart it."""
    (tmp_path / "little_service.py").write_text(SERVICE)
    forks = ForkClient(tmp_path, tmp_path / "fork-server.log")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ":".join([str(tmp_path), *sys.path]))
        await forks.open()
        child = await asyncio.wait_for(forks.start(launch(tmp_path, "run")), WITHIN_S)
    await first_line(child)

    await forks.kill()
    await asyncio.wait_for(child.process.wait(), WITHIN_S)

    assert began(child.pid) is None
    assert (await forks.start(launch(tmp_path, "fail"))).process.pid != child.pid
    await forks.close()


async def test_a_fork_that_does_not_come_in_time_does_not_come_later_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service never runs twice: before it is started in another way, its late twin is made impossible."""
    (tmp_path / "little_service.py").write_text(SERVICE)
    monkeypatch.setenv("PYTHONPATH", ":".join([str(tmp_path), *sys.path]))
    forks = ForkClient(tmp_path, tmp_path / "fork-server.log")
    await forks.open()
    neighbour = await asyncio.wait_for(forks.start(launch(tmp_path, "run")), WITHIN_S)
    forks_it = parent_of(neighbour.pid)
    (other := tmp_path / "other").mkdir()
    monkeypatch.setattr(fork_client, "_STARTS_WITHIN_S", 0.1)
    os.kill(forks_it, signal.SIGSTOP)

    child = await asyncio.wait_for(forks.start(launch(other, "run")), WITHIN_S)

    assert began(forks_it) is None
    assert "run" in await first_line(child)
    await asyncio.wait_for(neighbour.process.wait(), WITHIN_S)
    assert began(neighbour.pid) is None
    await child.stop(5.0)
    await forks.close()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
