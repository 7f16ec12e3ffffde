"""What `gehoor doctor` looks at: one small function per question, each finding with a remedy.

`blocks` means that Gehoor cannot run here until the remedy is taken; `note` that it runs and somebody should
know. Nothing is changed on the machine.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email import policy
from email.message import EmailMessage
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import asyncpg

from events.errors import GehoorError, Misconfigured
from events.provision.append_only import unguarded
from events.settings import Settings, load
from gehoor.embedded import nats, outside, postgres
from gehoor.embedded.home import Home
from gehoor.embedded.ports import is_free
from gehoor.embedded.processes import began
from gehoor.embedded.unprivileged import can_use_namespaces
from gehoor.unreachable import suspects, unreachable

PACKAGES = ("asyncpg", "faststream", "nats-py", "fastapi", "pydantic", "cryptography", "msgspec", "tzdata")
LEAST_FREE_BYTES = 1024**3
HOSTILE_SUBJECT = "=?UTF-8?Q?hi=0ABcc=3A_victim=40x.test?="
_PROGRAM_ANSWERS_WITHIN_S = 10.0
_STORE_ANSWERS_WITHIN_S = 5.0
_GUARD = (
    "start again or run `gehoor provision`: both switch them on; then `gehoor verify`, and ask who did it"
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One answer about this machine."""

    about: str
    verdict: Literal["fine", "note", "blocks"]
    found: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def examine() -> list[Diagnosis]:
    """Ask everything."""
    try:
        settings = load()
    except Misconfigured as wrong:
        return [
            Diagnosis("settings", "blocks", str(wrong), "correct or unset that variable"),
            *_without_settings(),
        ]
    return [Diagnosis("settings", "fine", f"GEHOOR_HOME is {settings.home.absolute()}"), *_all(settings)]


def _all(settings: Settings) -> Iterator[Diagnosis]:
    yield from _without_settings()
    yield folder(settings.home.absolute())
    yield from ports(settings)
    yield from outside_servers(settings)
    yield from append_only()


def _without_settings() -> Iterator[Diagnosis]:
    yield python()
    yield Diagnosis(
        "system",
        "fine",
        f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores",
    )
    yield from packages()
    yield nats_program()
    yield postgres_program()
    yield unprivileged()
    yield death_signal()
    yield mail_headers()


def python() -> Diagnosis:
    """Python must be 3.11 or newer."""
    found = f"Python {platform.python_version()} ({sys.executable})"
    if sys.version_info < (3, 11):  # noqa: UP036 - this is the check
        return Diagnosis(
            "python", "blocks", found, "install Python 3.11: apt-get install python3.11 python3.11-venv"
        )
    return Diagnosis("python", "fine", found)


def packages() -> Iterator[Diagnosis]:
    """The packages everything stands on, with their versions."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Diagnosis(
                "packages",
                "blocks",
                f"{name} is not installed",
                "run `make run` or `make test` in the project",
            )
    yield Diagnosis("packages", "fine", ", ".join(found))


def nats_program() -> Diagnosis:
    """The embedded NATS server runs here and is new enough."""
    try:
        program = nats.binary()
        answer = _ask(str(program), "--version")
        outside.require_nats_version(str(program), answer.rpartition("v")[2])
    except (GehoorError, OSError, subprocess.SubprocessError) as problem:
        return Diagnosis(
            "nats", "note", str(problem), "set GEHOOR_NATS_URL to a server of your own (2.12 or newer)"
        )
    return Diagnosis("nats", "fine", answer)


def postgres_program() -> Diagnosis:
    """The embedded Postgres runs here."""
    try:
        answer = f"PostgreSQL {postgres.version(postgres.binaries())}"
    except (GehoorError, OSError, subprocess.SubprocessError) as problem:
        return Diagnosis(
            "postgres",
            "note",
            str(problem),
            "set GEHOOR_DATABASE_URL and GEHOOR_KEYS_URL to your own (15 or newer)",
        )
    return Diagnosis("postgres", "fine", answer)


def unprivileged() -> Diagnosis:
    """Postgres refuses to run as root: how it is run here."""
    if os.geteuid() != 0:
        return Diagnosis("user", "fine", f"an ordinary user ({os.geteuid()})")
    try:
        works = can_use_namespaces(postgres.binaries(), Path("/"))
    except GehoorError:
        works = False
    if works:
        return Diagnosis("user", "fine", "root; Postgres runs in a user namespace")
    return Diagnosis(
        "user",
        "note",
        "root without user namespaces: Postgres and its data go to /var/lib/gehoor, as user nobody",
        "run Gehoor as an ordinary user, or allow namespaces: sysctl user.max_user_namespaces=10000",
    )


def death_signal() -> Diagnosis:
    """Children must end when the supervisor is killed."""
    if shutil.which("setpriv") is None:
        return Diagnosis(
            "kill -9",
            "note",
            "setpriv is missing: children outlive a killed supervisor until the next start stops them",
            "install it with: apt-get install util-linux",
        )
    return Diagnosis("kill -9", "fine", "children end with the supervisor (setpriv)")


def mail_headers() -> Diagnosis:
    """Old interpreters let an encoded line break in a subject become a header of its own (CVE-2024-6923)."""
    if headers_can_be_injected():
        return Diagnosis(
            "mail headers",
            "note",
            "this Python writes injected mail headers (CVE-2024-6923); our own header guard holds anyway",
            "update Python to 3.11.10, 3.12.5 or newer",
        )
    return Diagnosis(
        "mail headers", "fine", "this Python refuses injected mail headers; our own guard checks too"
    )


def headers_can_be_injected() -> bool:
    """Return whether the interpreter turns an encoded subject into two headers."""
    message = EmailMessage(policy=policy.SMTP)
    try:
        message["Subject"] = HOSTILE_SUBJECT
        return any(line.lower().startswith(b"bcc:") for line in message.as_bytes().splitlines())
    except ValueError:
        return False


def folder(home: Path) -> Diagnosis:
    """The state folder can be written and has room."""
    there = next(parent for parent in (home, *home.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Diagnosis(
            "folder", "blocks", f"{there} cannot be written", "set GEHOOR_HOME to a folder you may write"
        )
    free_bytes = shutil.disk_usage(there).free
    found = f"{free_bytes / 1024**3:.1f} GiB free at {there}"
    if free_bytes < LEAST_FREE_BYTES:
        return Diagnosis(
            "folder", "blocks", found, "make room: 1 GiB is needed, or set GEHOOR_HOME to another disk"
        )
    return Diagnosis("folder", "fine", found)


def ports(settings: Settings) -> Iterator[Diagnosis]:
    """The ports people know are free, or taken by the set-up that runs in this home."""
    run = Home(settings.home).read()
    ours = set(run.ports.values()) if run.running and run.pid and began(run.pid) == run.began else set()
    for variable, port in (
        ("GEHOOR_INTAKE_PORT", settings.intake_port),
        ("GEHOOR_CONSOLE_PORT", settings.console_port),
        ("GEHOOR_WORKFLOW_PORT", settings.workflow_port),
        ("GEHOOR_MAILBOX_PORT", settings.mailbox_port),
        ("GEHOOR_MAILBOX_SMTP_PORT", settings.mailbox_smtp_port),
    ):
        if port in ours:
            yield Diagnosis("port", "fine", f"{port} ({variable}) is used by the Gehoor of this home")
        elif port == 0 or is_free(port):
            yield Diagnosis("port", "fine", f"{port or 'any'} ({variable}) is free")
        else:
            yield Diagnosis(
                "port",
                "note",
                f"{port} is taken",
                f"set {variable} to another one, or see: ss -ltnp 'sport = :{port}'",
            )


def outside_servers(settings: Settings) -> Iterator[Diagnosis]:
    """Servers of your own, where addresses are given: reachable and new enough."""
    import asyncio

    for variable, url in (
        ("GEHOOR_DATABASE_URL", settings.database_url),
        ("GEHOOR_KEYS_URL", settings.keys_url),
        ("GEHOOR_NATS_URL", settings.nats_url),
    ):
        if url is None:
            continue
        check = outside.check_nats(url) if "NATS" in variable else outside.check_postgres(variable, url)
        try:
            yield Diagnosis("server", "fine", f"{variable}: version {asyncio.run(check)}")
        except GehoorError as problem:
            yield Diagnosis("server", "blocks", str(problem), "start it, or correct the address")


def append_only() -> Iterator[Diagnosis]:
    """The triggers that keep anybody from rewriting the record are on; silent where no store runs."""
    import asyncio

    from gehoor.connection import connected

    try:
        off = asyncio.run(_unguarded(connected()))
    except Misconfigured:
        return  # nothing has run in this home yet
    except suspects() as problem:
        if unreachable(problem) is None:
            raise
        return
    except asyncpg.PostgresError as problem:
        yield Diagnosis("record", "note", f"the store does not say whether it is guarded: {problem}", _GUARD)
        return
    if off:
        more = f" and {len(off) - 3} more" if len(off) > 3 else ""
        found = f"append-only triggers: {', '.join(off[:3])}{more}; the record could be rewritten"
        yield Diagnosis("record", "note", found, _GUARD)
    else:
        yield Diagnosis("record", "fine", "append-only: its triggers are on, also for administrators")


async def _unguarded(settings: Settings) -> list[str]:
    connection = await asyncpg.connect(settings.database_for("auditor"), timeout=_STORE_ANSWERS_WITHIN_S)
    try:
        return await unguarded(connection)
    finally:
        await connection.close()


def _ask(*command: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_PROGRAM_ANSWERS_WITHIN_S, check=True
    )
    return (done.stdout or done.stderr).strip().splitlines()[0]
