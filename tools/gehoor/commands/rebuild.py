"""`gehoor rebuild`: the tables that are read, made again from the events."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

Table = StrEnum("Table", {"worklist": "worklist", "deadlines": "deadlines"})
"""What can be made again: the worklist of workflow, the next looks of deadlines."""

_MODULES = {"worklist": "workflow.rebuild", "deadlines": "deadlines.rebuild"}


def rebuild(
    table: Annotated[
        list[Table] | None, typer.Argument(metavar="[worklist|deadlines]", help="Both when left out.")
    ] = None,
    token: Annotated[
        Path | None,
        typer.Option("--token", metavar="FILE", help="Whose token to use; the admin's by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per table.")] = False,
) -> None:
    """Make the worklist and the table of next looks again from the events, for when they are lost or doubted.

    Safe while the services run: page by page the cases are locked, read and written in one transaction, as a
    service does it. No event is written and no letter is sent; what is overdue fires afterwards as usual.
    Needs a token with the role ops or admin, for all organisations. Exit 1 when a case could not be read: it
    keeps its row, and the service's log names it.

    \b
    Example: gehoor rebuild worklist --json
    """  # fmt: skip
    import asyncio
    import json

    settings = asyncio.run(_allowed(token))
    wanted = list(dict.fromkeys(each.value for each in table or Table))
    answers = [_rebuilt(_MODULES[name], settings) for name in wanted]
    for answer in answers:
        unread = f", {answer['unreadable']} could not be read" if answer["unreadable"] else ""
        print(json.dumps(answer) if as_json else f"{answer['table']}: {answer['cases']} cases{unread}")
    raise typer.Exit(1 if any(answer["unreadable"] for answer in answers) else 0)


async def _allowed(token: Path | None) -> Any:
    """Give the settings of the running system to whoever may rebuild all of it; the store is there then."""
    from gehoor.session import reader

    async with reader(token, personal=False) as caller:
        caller.access.require("ops", "admin")
        caller.access.require_everywhere("the tables hold the cases of all")
        return caller.settings


def _rebuilt(module: str, settings: Any) -> Any:
    """Let the service's own module do it, in a process of its own and as the service's own database user."""
    import json
    import os
    import subprocess
    import sys

    from events.errors import Misconfigured

    addresses = {"GEHOOR_HOME": str(settings.home), "GEHOOR_DATABASE_URL": settings.database_url or ""}
    done = subprocess.run(
        (sys.executable, "-m", module),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | addresses,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Misconfigured(f"{module} ended with {done.returncode}; its reason stands above")
    return json.loads(done.stdout.splitlines()[-1])
