"""The state folder `$GEHOOR_HOME`: who may use it, and what is remembered about the running set-up.

One supervisor at a time holds a home (a lock the kernel frees when the process ends, however it ends).
`run.json` shows other programs on this machine where things are; it holds no password, and is written whole.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from events.errors import Misconfigured

RUN_FILE = "run.json"


@dataclass(slots=True)
class ProcessRecord:
    """One child as last started; `began` (kernel ticks) separates it from a later process with that pid."""

    pid: int
    began: int | None
    port: int | None
    log: str
    ready: bool = False


@dataclass(slots=True)
class RunRecord:
    """Where everything is. Addresses hold no passwords; those are files under `secrets/`."""

    running: bool = False
    pid: int | None = None
    began: int | None = None
    database_url: str | None = None
    keys_url: str | None = None
    nats_url: str | None = None
    smtp_url: str | None = None
    urls: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, ProcessRecord] = field(default_factory=dict)


class Home:
    """A state folder that exists and can be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock: int | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    def open(self) -> None:
        """Make the folder and take it for this process; raises `Misconfigured` with the remedy."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.log.mkdir(mode=0o700, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Misconfigured(
                f"GEHOOR_HOME: {error.filename or self.folder}: {error.strerror}; choose a folder you may "
                "write, for example GEHOOR_HOME=$HOME/gehoor"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise Misconfigured(
                f"GEHOOR_HOME: {self.folder} is in use by process {holder}; stop that one (Ctrl-C there, or "
                f"kill {holder}), or set another GEHOOR_HOME and other ports"
            ) from error
        # The kernel frees the lock when the process ends, so a pid that refuses somebody is never stale.
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self) -> RunRecord:
        """Give what the last run wrote; an empty record when there is none or it cannot be read."""
        try:
            found: dict[str, Any] = json.loads((self.folder / RUN_FILE).read_text())
            processes = {name: ProcessRecord(**one) for name, one in found.pop("processes", {}).items()}
            return RunRecord(**found, processes=processes)
        except (OSError, ValueError, TypeError):
            return RunRecord()

    def write(self, record: RunRecord) -> None:
        """Write the record so that a reader sees the old one or the new one, never half."""
        draft = self.folder / f".{RUN_FILE}.{os.getpid()}"
        draft.write_text(json.dumps(asdict(record), indent=1) + "\n")
        draft.rename(self.folder / RUN_FILE)
