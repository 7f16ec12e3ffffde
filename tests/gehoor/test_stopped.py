"""What the commands say while the system is stopped: one line with a remedy, and never exit code 1."""

import asyncio
import pickle
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from events import secrets
from events.record.chain_checker import ChainReport
from events.store.verify import _in_processes
from gehoor import cli
from gehoor.unreachable import unreachable

REFERENCE = str(UUID(int=7))
READING = [
    ("history", REFERENCE),
    ("clocks", REFERENCE),
    ("verify",),
    ("breaches",),
    ("parked", "list"),
    ("parked", "show", REFERENCE),
    ("parked", "retry"),
    ("erase", REFERENCE, "--yes"),
    ("rebuild",),
    ("token", "--role", "ops", "--organisation", "*", "--actor", "staff:it-1", "--valid-for", "1d"),
    ("simulate", "--what-if", "destiny"),
]

Run = Callable[..., int | str | None]


@pytest.fixture
def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def gehoor(tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in a home that was provisioned and is stopped; gives the exit code."""
    secrets.ensure(tmp_path)
    monkeypatch.setenv("GEHOOR_HOME", str(tmp_path))
    monkeypatch.setenv("GEHOOR_DATABASE_URL", f"postgresql://localhost:{closed_port}/gehoor")
    monkeypatch.setenv("GEHOOR_KEYS_URL", f"postgresql://127.0.0.1:{closed_port}/keys")
    monkeypatch.delenv("GEHOOR_TOKEN", raising=False)

    def run(*arguments: str) -> int | str | None:
        monkeypatch.setattr(sys, "argv", ["gehoor", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code

    return run


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_stopped_store_is_one_line_with_a_remedy_and_exit_2(
    gehoor: Run, closed_port: int, command: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """A script can tell a record that was tampered with (1) from a system that does not run (2)."""
    code = gehoor(*command)

    said = capfd.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert str(closed_port) in said.err
    assert "make run" in said.err


def test_a_store_that_goes_away_under_the_workers_of_verify_is_told_so_too(closed_port: int) -> None:
    """Also the processes that check side by side do not end in a page of code."""
    url = f"postgresql://localhost:{closed_port}/gehoor"
    slices = [(UUID(int=0), UUID(int=2**128 - 1))]

    async def check() -> ChainReport:
        return await _in_processes(url, slices, 1, 1, lambda done, total: None)

    with pytest.raises(OSError) as raised:
        asyncio.run(check())

    assert "make run" in (unreachable(raised.value) or "")


@pytest.mark.parametrize(
    "kind", [asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError, asyncpg.AdminShutdownError]
)
def test_what_postgres_says_when_it_stops_survives_the_way_between_processes(
    kind: type[asyncpg.PostgresError],
) -> None:
    """A server that is shut down while it is asked is told as one that is away."""
    arrived = pickle.loads(pickle.dumps(kind("it is\nshutting down")))  # noqa: S301 - our own, of one line ago

    assert "make run" in (unreachable(arrived) or "")


@pytest.mark.parametrize(
    "problem",
    [
        FileNotFoundError(2, "No such file", "diary.txt"),
        PermissionError(13, "Permission denied", "diary.txt"),
        KeyError("a fault of ours"),
        asyncpg.UndefinedTableError("no such table"),
    ],
    ids=repr,
)
def test_a_fault_of_our_own_keeps_its_traceback(problem: Exception) -> None:
    """Nobody is told to start a server because of a mistake in the program."""
    assert unreachable(problem) is None
