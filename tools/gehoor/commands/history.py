"""`gehoor history REF`: everything that happened to a case."""

from pathlib import Path
from typing import Annotated, Any

import typer


def history(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The case's reference, or its identifier.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="Only what had happened by then.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", metavar="T", help="Only what was recorded by then.")
    ] = None,
    at_version: Annotated[
        int | None, typer.Option("--at-version", metavar="N", min=1, help="Only up to this version.")
    ] = None,
    state: Annotated[
        bool, typer.Option("--state", help="Show the folded state instead of the events.")
    ] = False,
    token: Annotated[
        Path | None,
        typer.Option("--token", metavar="FILE", help="Whose token to use; the admin's by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per event.")] = False,
) -> None:
    """Show every event of a case: version, both times, actor, type, data, and personal fields where you may.

    T is a date (its end), a local moment in Amsterdam or one with an offset. Exit 1 if there is no such case.

    \b
    Examples: gehoor history SUP-7K3M9-QXW2R-B
              gehoor history SUP-7K3M9-QXW2R-B --state --at-version 3
              gehoor history SUP-7K3M9-QXW2R-B --as-of 2026-04-08 --json
    """  # fmt: skip
    import asyncio

    from events.errors import NoSuchCase
    from gehoor.session import moment

    try:
        asyncio.run(
            _show(
                reference,
                moment(as_of) if as_of is not None else None,
                moment(known_at) if known_at is not None else None,
                at_version,
                state,
                token,
                as_json,
            )
        )
    except NoSuchCase as missing:
        typer.echo(f"gehoor: {missing}", err=True)
        raise typer.Exit(1) from None


async def _show(
    reference: str,
    as_of: Any,
    known_at: Any,
    at_version: int | None,
    state: bool,
    token: Path | None,
    as_json: bool,
) -> None:
    from events.errors import NoSuchCase
    from gehoor.session import reader

    async with reader(token) as caller:
        whole = await caller.history(reference)
        seen = [
            event
            for event in whole.events
            if (as_of is None or event.happened_at <= as_of)
            and (known_at is None or event.recorded_at <= known_at)
            and (at_version is None or event.version <= at_version)
        ]
        first = whole.events[0]
        if first not in seen:  # perhaps others are: promises of a receipt that was corrected to be earlier
            happened, recorded = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (first.happened_at, first.recorded_at))
            raise NoSuchCase(
                "at that moment there was no such case: "
                f"its first event happened at {happened} and was recorded at {recorded}"
            )
        if state:
            _show_state(seen, as_json)
            return
        for event in seen:
            described = _describe(event, caller.personal(event))
            print(_json(described) if as_json else _readable(described))


def _show_state(seen: list[Any], as_json: bool) -> None:
    from cases.state import as_plain, fold_events
    from events.errors import NoSuchCase

    case = fold_events(seen)
    if case is None:
        raise NoSuchCase("at that moment there was no such case")
    described = as_plain(case)
    if as_json:
        print(_json(described))
    else:
        _print_tree(described)


def _describe(event: Any, personal: dict[str, Any] | None) -> dict[str, Any]:
    import msgspec

    described: dict[str, Any] = {
        "version": event.version,
        "type": event.type,
        "happened_at": event.happened_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "actor": event.actor,
        "caused_by": event.causation,
        "data": msgspec.json.decode(event.data),
        "hash": event.hash.hex(),
    }
    if personal is not None:
        described["personal"] = personal
    elif event.pii:
        described["personal"] = "[encrypted; this token may not read it]"
    return described


def _readable(described: dict[str, Any]) -> str:
    happened, recorded = described["happened_at"][:19], described["recorded_at"][:19]
    late = "" if happened == recorded else f"   (recorded {recorded}Z)"
    lines = [f"{described['version']:>3}  {happened}Z  {described['type']:<18} {described['actor']}{late}"]
    lines += [f"       {name}: {_short(value)}" for name, value in described["data"].items()]
    personal = described.get("personal")
    if isinstance(personal, str):
        lines.append(f"       personal: {personal}")
    elif personal:
        lines += [
            f"       {person}.{name}: {_short(value)}"
            for person, fields in personal.items()
            for name, value in fields.items()
        ]
    return "\n".join(lines)


def _short(value: Any, at_most: int = 160) -> str:
    text = value if isinstance(value, str) else _json(value)
    text = text.replace("\n", "⏎")
    return text if len(text) <= at_most else f"{text[:at_most]}… ({len(text)} characters; --json shows all)"


def _print_tree(value: Any, indent: int = 0) -> None:
    for name, inner in value.items():
        if isinstance(inner, dict):
            print(f"{'  ' * indent}{name}:")
            _print_tree(inner, indent + 1)
        else:
            print(f"{'  ' * indent}{name}: {_short(inner)}")


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value, enc_hook=_plain).decode()


def _plain(value: Any) -> str:
    """Write the place of an erased person's field as the text that stands for it."""
    from events.catalogue import Erased

    if isinstance(value, Erased):
        return str(value)
    raise NotImplementedError(f"history cannot show a {type(value).__name__}")
