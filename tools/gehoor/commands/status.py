"""`gehoor status`: what runs in this home."""

from typing import Annotated

import typer


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per process.")] = False,
) -> None:
    """Show every process of the set-up in $GEHOOR_HOME with its port and health. Exit 1 if something is down.

    \b
    Example: gehoor status --json
    """  # fmt: skip
    import asyncio
    import json

    from events.settings import load
    from gehoor.embedded.state import look

    settings = load()
    found = asyncio.run(look(settings))
    if as_json:
        for one in found:
            print(json.dumps(one.as_json()))
    elif not found:
        print(f"nothing runs in {settings.home.absolute()}; start it with `make run` or `gehoor up`")
    else:
        for one in found:
            where = f"pid {one.pid or '-':<8} port {one.port or '-':<6}"
            print(f"{one.name:<11} {one.state:<9} {where} {one.detail}".rstrip())
    raise typer.Exit(0 if found and all(one.well for one in found) else 1)
