"""`gehoor parked`: what could not be processed, why, and another try."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

app = typer.Typer(
    help="Cases set aside by a consumer: list them, look at one, try again. Needs a token with the role ops "
    "or admin; a case of an organisation that it does not reach is not there.",
    no_args_is_help=True,
)

_Token = Annotated[
    Path | None,
    typer.Option("--token", metavar="FILE", help="Whose token to use; the admin's by default."),
]
_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object per case.")]

_LIST = """
SELECT p.case_id, r.reference, e.organisation, p.version, p.type, p.reason, p.parked_at, p.retries, p.retry_at
FROM {schema}.parked p
LEFT JOIN gehoor.case_reference r USING (case_id)
LEFT JOIN gehoor.event e ON e.case_id = p.case_id AND e.version = 1
ORDER BY p.parked_at
"""
_RETRY = "UPDATE parked SET retry_at = clock_timestamp() WHERE $1::uuid IS NULL OR case_id = $1"


@app.command("list")
def list_(token: _Token = None, as_json: _JSON = False) -> None:
    """List every parked case with its reason. Exit 1 when there are any, so that a check can watch it."""
    import asyncio

    rows = asyncio.run(_rows(token))
    for row in rows:
        _print(row, as_json)
    if not rows and not as_json:
        print("nothing is parked")
    raise typer.Exit(1 if rows else 0)


@app.command()
def show(
    reference: Annotated[str, typer.Argument(metavar="REF")], token: _Token = None, as_json: _JSON = False
) -> None:
    """Show what is parked of one case. Exit 1 when nothing is."""
    import asyncio

    named = _named(reference)
    rows = [row for row in asyncio.run(_rows(token)) if named in (row["reference"], row["case"])]
    for row in rows:
        _print(row, as_json)
    if not rows and not as_json:
        print("nothing of this case is parked")
    raise typer.Exit(0 if rows else 1)


@app.command()
def retry(
    reference: Annotated[
        str | None, typer.Argument(metavar="REF", help="One case; all when left out.")
    ] = None,
    token: _Token = None,
) -> None:
    """Let consumers try parked cases again, from the parked event on, in order. They do so within 30 s.

    Exit 1 when nothing was parked.
    """
    import asyncio

    number = asyncio.run(_retry(None if reference is None else _named(reference), token))
    print(f"{number} asked for another try; see `gehoor parked list`")
    raise typer.Exit(0 if number else 1)


async def _rows(token: Path | None) -> list[dict[str, Any]]:
    from gehoor.session import reader

    async with reader(token, personal=False) as caller:
        return await _rows_for(caller)


async def _rows_for(caller: Any) -> list[dict[str, Any]]:
    from events.access_tokens import EVERYWHERE
    from events.secrets import CONSUMERS

    caller.access.require("ops", "admin")
    return [
        {
            "consumer": consumer,
            "reference": row["reference"],
            "organisation": row["organisation"],
            "case": str(row["case_id"]),
            "version": row["version"],
            "type": row["type"],
            "reason": row["reason"],
            "parked_at": row["parked_at"].isoformat(),
            "retries": row["retries"],
            "retry_asked": row["retry_at"] is not None,
        }
        for consumer in CONSUMERS
        for row in await caller.store.pool.fetch(_LIST.format(schema=consumer))
        if caller.access.reaches(row["organisation"] or EVERYWHERE)  # of no case: for who looks after all
    ]


def _named(reference: str) -> str:
    """Read a reference or an identifier as the rows have it; ends with 1 when it is neither."""
    from events.errors import NoSuchCase
    from gehoor.session import named_case

    try:
        return str(named_case(reference))
    except NoSuchCase as wrong:
        typer.echo(f"gehoor: {wrong}", err=True)
        raise typer.Exit(1) from None


async def _retry(named: str | None, token: Path | None) -> int:
    import asyncpg

    from events.secrets import CONSUMERS
    from gehoor.session import reader

    async with reader(token, personal=False) as caller:
        rows, settings = await _rows_for(caller), caller.settings
    wanted = {
        (row["consumer"], row["case"])
        for row in rows
        if named is None or named in (row["reference"], row["case"])
    }
    for consumer in CONSUMERS:
        cases = [UUID(case) for owner, case in wanted if owner == consumer]
        if not cases:
            continue
        connection = await asyncpg.connect(
            settings.database_for(consumer), server_settings={"search_path": f"{consumer}, gehoor"}
        )
        try:
            for case_id in cases:
                await connection.execute(_RETRY, case_id)
        finally:
            await connection.close()
    return len(wanted)


def _print(row: dict[str, Any], as_json: bool) -> None:
    import json

    if as_json:
        print(json.dumps(row))
        return
    asked = ", another try is asked for" if row["retry_asked"] else ""
    print(
        f"{row['consumer']:<10} {row['reference'] or row['case']}  version {row['version']} {row['type']}: "
        f"{row['reason']}  (since {row['parked_at'][:19]}, {row['retries']} retries{asked})"
    )
