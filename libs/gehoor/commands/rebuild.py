"""`gehoor rebuild`: the tables that are read, made again from the events."""

from enum import StrEnum
from typing import Annotated, Any

import typer

Table = StrEnum("Table", {"worklist": "worklist", "deadlines": "deadlines"})
"""What can be made again: the worklist of workflow, the next looks of deadlines."""

_MODULES = {"worklist": "workflow.rebuild", "deadlines": "deadlines.rebuild"}


def rebuild(
    table: Annotated[
        list[Table] | None, typer.Argument(metavar="[worklist|deadlines]", help="Both when left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per table.")] = False,
) -> None:
    """Make the worklist and the table of next looks again from the events, for when they are lost or doubted.

    Safe while the services run: page by page the cases are locked, read and written in one transaction, as a
    service does it. No event is written and no letter is sent; what is overdue fires afterwards as usual.
    Exit 1 when a case could not be read: it keeps its row, and the service's log names it.

    \b
    Example: gehoor rebuild worklist --json
    """  # fmt: skip
    import json

    wanted = list(dict.fromkeys(each.value for each in table or Table))
    answers = [_rebuilt(_MODULES[name]) for name in wanted]
    for answer in answers:
        unread = f", {answer['unreadable']} could not be read" if answer["unreadable"] else ""
        print(json.dumps(answer) if as_json else f"{answer['table']}: {answer['cases']} cases{unread}")
    raise typer.Exit(1 if any(answer["unreadable"] for answer in answers) else 0)


def _rebuilt(module: str) -> Any:
    """Let the service's own module do it, in a process of its own and as the service's own database user."""
    import asyncio
    import json
    import os
    import subprocess
    import sys

    from events.errors import Misconfigured
    from gehoor.running import connected, require_store

    settings = connected()
    asyncio.run(require_store(settings))  # the process would end with a traceback of its own
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
