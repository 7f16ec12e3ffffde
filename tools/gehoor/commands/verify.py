"""`gehoor verify`: is the record as it was written?"""

from pathlib import Path
from typing import Annotated, Any

import typer


def verify(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; one per core by default.")
    ] = None,
    token: Annotated[
        Path | None,
        typer.Option("--token", metavar="FILE", help="Whose token to use; the admin's by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Recompute the hash chain of every case in parallel, and name the first row that does not fit.

    Needs a token with the role auditor, ops or admin, for all organisations. Exit 0 when every chain holds, 1
    when one is broken.

    \b
    Example: gehoor verify --json
    """  # fmt: skip
    import asyncio
    import json

    from events.record.chain_checker import LIMITS

    report = asyncio.run(_verify(token, workers))
    first = report.first_bad
    if as_json:
        described = (
            {"case": str(first.case_id), "version": first.version, "problem": first.problem}
            if first
            else None
        )
        counts = {"events": report.events, "cases": report.cases, "bad": report.bad}
        print(json.dumps({**counts, "first_bad": described, "limits": LIMITS}))
    elif first is None:
        print(f"every chain holds: {report.events} events of {report.cases} cases\n{LIMITS}")
    else:
        print(f"BROKEN: {report.bad} of {report.events} events do not fit; the first is {first}\n{LIMITS}")
    raise typer.Exit(0 if first is None else 1)


async def _verify(token: Path | None, workers: int | None) -> Any:
    import sys

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from events.store.verify import verify as check
    from gehoor.session import reader

    async with reader(token, personal=False) as caller:
        caller.access.require("auditor", "ops", "admin")
        caller.access.require_everywhere(
            "a row that somebody changed may name another organisation, so one's own cannot be checked alone"
        )
        url = caller.settings.database_for("auditor")
    with Progress(
        TextColumn("verifying"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as bar:
        task = bar.add_task("verify", total=None)
        return await check(
            url,
            workers=workers,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
