"""No command imports what it does not use: a person waits for each of these packages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = frozenset({
    "aiosmtpd", "aiosmtplib", "asyncio", "asyncpg", "cryptography", "fastapi", "faststream", "holidays",
    "jinja2", "joserfc", "msgspec", "nats", "prometheus_client", "pydantic", "pydantic_settings", "rich",
    "starlette", "structlog", "tomllib", "uvicorn", "uvloop",
})  # fmt: skip
"""What takes long to import: from ten milliseconds to a quarter of a second of processor time each."""

OPTIONS = frozenset({"pydantic"})
"""Typer checks the options of a command with it."""

READS_THE_STORE = OPTIONS | {"asyncio", "asyncpg", "cryptography", "joserfc", "msgspec"}
"""A connection, the caller's token and the keys of persons."""

COUNTS_DAYS = OPTIONS | {"holidays", "msgspec", "tomllib"}
"""Procedures and calendars, which are files."""

MAY_IMPORT = {
    "--help": frozenset[str](),
    "--version": frozenset[str](),
    "status": OPTIONS | {"asyncio"},
    "submit complaint.json": OPTIONS | {"msgspec"},
    "due --procedure destiny --received 2026-04-02": COUNTS_DAYS,
    "procedures list": COUNTS_DAYS,
    "token --role handler --organisation bc --actor staff:bc-01 --valid-for 1d": READS_THE_STORE,
    "history SUP-7K3M9-QXW2R-B": READS_THE_STORE,
    "breaches": READS_THE_STORE,
    "parked list": READS_THE_STORE,
    "erase SUP-7K3M9-QXW2R-B --yes": READS_THE_STORE | {"rich", "structlog"},  # it appends, as a service does
    "rebuild": READS_THE_STORE,
    "clocks SUP-7K3M9-QXW2R-B": READS_THE_STORE | COUNTS_DAYS,
    "verify": READS_THE_STORE | {"rich"},
}
"""What each command may import of it, also where nothing runs and it ends with exit code 1 or 2."""

_LISTED = f"""
import atexit, sys
atexit.register(lambda: print(*sorted({set(SLOW)!r} & sys.modules.keys()), file=sys.__stderr__))
from gehoor.cli import build, main
"""
_EVERY_HELP = f"""{_LISTED}
app = build()
for command in app.registered_commands:
    try:
        app([command.name, "--help"])
    except SystemExit as end:
        assert end.code == 0
"""


def imported_by(program: str, *arguments: str, home: Path) -> frozenset[str]:
    """Run a program in a process of its own, with an empty home, and give what it imported of `SLOW`."""
    done = subprocess.run(
        (sys.executable, "-c", program, *arguments),
        env={**os.environ, "GEHOOR_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return frozenset(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", MAY_IMPORT)
def test_a_command_imports_only_what_it_uses(command: str, tmp_path: Path) -> None:
    """A short question gets a short answer, whatever else the platform can do."""
    imported = imported_by(f"{_LISTED}main()", *command.split(), home=tmp_path)

    assert frozenset() == imported - MAY_IMPORT[command]


def test_the_help_of_no_command_imports_what_its_work_needs(tmp_path: Path) -> None:
    """Whoever only reads what a command does waits for nothing else."""
    assert frozenset() == imported_by(_EVERY_HELP, home=tmp_path) - OPTIONS
