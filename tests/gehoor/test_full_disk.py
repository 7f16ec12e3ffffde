"""The supervisor and a disk without room; found by a campaign that filled it."""

import errno
import io
from pathlib import Path

import pytest

from events.settings import Settings
from gehoor.embedded.home import Home, RunRecord
from gehoor.embedded.screen import Screen
from gehoor.embedded.supervisor import Supervisor


def test_a_note_that_cannot_be_written_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks after a child that ended goes on to start it again, and it is told once."""
    out = io.StringIO()
    supervisor = Supervisor(Settings(home=tmp_path), Screen(total=3, out=out))

    def no_room(_: Home, __: RunRecord) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Home, "write", no_room)
        supervisor.note()
        supervisor.note()
    supervisor.note()

    assert 1 == out.getvalue().count("run.json cannot be written (No space left on device); trying again")
    assert (tmp_path / "run.json").exists()
