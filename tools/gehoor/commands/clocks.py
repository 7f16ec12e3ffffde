"""`gehoor clocks REF`: the promises of one case."""

from pathlib import Path
from typing import Annotated, Any

import typer


def clocks(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The case's reference, or its identifier.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how each date was counted, day by day.")
    ] = False,
    known_at: Annotated[
        str | None, typer.Option("--known-at", metavar="T", help="As far as it was recorded by then.")
    ] = None,
    token: Annotated[
        Path | None,
        typer.Option("--token", metavar="FILE", help="Whose token to use; the admin's by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per clock.")] = False,
) -> None:
    """Show each clock of a case: what it binds, from when to when it is defensible, and how it stands.

    T is a date (its end), a local moment in Amsterdam or one with an offset. Exit 1 if there is no such case.

    \b
    Examples: gehoor clocks SUP-7K3M9-QXW2R-B --explain
              gehoor clocks SUP-7K3M9-QXW2R-B --known-at 2026-04-08
    """  # fmt: skip
    import asyncio

    from events.errors import NoSuchCase
    from gehoor.session import moment

    then = moment(known_at) if known_at is not None else None
    try:
        asyncio.run(_show(reference, explain, then, token, as_json))
    except NoSuchCase as missing:
        typer.echo(f"gehoor: {missing}", err=True)
        raise typer.Exit(1) from None


async def _show(reference: str, explain: bool, known_at: Any, token: Path | None, as_json: bool) -> None:
    import msgspec

    from cases.state import fold_events
    from events.errors import NoSuchCase
    from gehoor.session import reader
    from procedures.counting.terms import counted_in

    async with reader(token) as caller:
        history = await caller.history(reference)
    seen = [event for event in history.events if known_at is None or event.recorded_at <= known_at]
    case = fold_events(seen)
    if case is None:
        raise NoSuchCase("at that moment there was no such case")
    counted = counted_in(seen)
    for clock in case.clocks:
        described: dict[str, Any] = {
            "clock": clock.clock,
            "kind": clock.kind,
            "binds": clock.binds,
            "status": clock.status,
            "standing": clock.standing,
            "failed": clock.failed,
            "working": clock.working,
            "strict": msgspec.to_builtins(clock.strict),
            "lenient": msgspec.to_builtins(clock.lenient),
            "source": counted[clock.clock].rule.source,
        }
        if explain:
            described["because"] = list(counted[clock.clock].because)
            described["readings"] = msgspec.to_builtins(counted[clock.clock].term.readings)
        if as_json:
            print(msgspec.json.encode(described).decode())
        else:
            _print(described)


def _print(clock: dict[str, Any]) -> None:
    strict, lenient = clock["strict"]["on"], clock["lenient"]["on"]
    until = strict if strict == lenient else f"{strict} to {lenient}"
    failed = ", was not kept" if clock["failed"] and clock["status"] == "met" else ""
    standing = f" {clock['standing']}" if clock["standing"] else ""
    print(
        f"{clock['clock']:<7} {clock['kind']:<7} binds {clock['binds']:<9} until {until:<26} "
        f"{clock['status']}{standing}{failed}   [{clock['source']}]"
    )
    if clock.get("because"):
        print(f"   moved by: {', '.join(clock['because'])}")
    for reading in clock.get("readings", ()):
        print(f"   reading {reading['name']} on {reading['calendar']}, from {reading['starts_on']}:")
        for step in reading["because"]:
            print(f"     {step['on']}  {'counted' if step['counted'] else 'skipped'}  {step['why']}")
        print(f"     ends {reading['ends']['on']}: too late from {reading['ends']['at']}")
