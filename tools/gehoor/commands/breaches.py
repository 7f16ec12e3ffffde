"""`gehoor breaches`: promises that were not kept, as they are noticed."""

from pathlib import Path
from typing import Annotated, Any

import typer

_LOOK_EVERY_S = 0.5
_PAGE = 500


def breaches(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on showing new ones until Ctrl-C.")
    ] = False,
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="N", help="Only after this cursor, as printed with a line."),
    ] = None,
    targets: Annotated[
        bool,
        typer.Option("--targets/--no-targets", help="Also targets that were missed, which are no breaches."),
    ] = True,
    token: Annotated[
        Path | None,
        typer.Option("--token", metavar="FILE", help="Whose token to use; the admin's by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Show breached promises (and missed targets) in the order in which they became part of the record.

    Each line begins with a cursor; `--after` that cursor goes on behind it, and nothing is skipped.

    \b
    Example: gehoor breaches --follow
    """  # fmt: skip
    import asyncio
    import contextlib

    from events.errors import Misconfigured
    from events.record.envelope import START, FeedPosition

    try:
        start = FeedPosition.parse(after) if after is not None else START
    except ValueError:
        raise Misconfigured(f"--after {after!r} is no cursor: copy the first column of a line") from None
    types = ["DeadlineBreached", "TargetMissed"] if targets else ["DeadlineBreached"]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(start, types, follow, token, as_json))


async def _show(start: Any, types: list[str], follow: bool, token: Path | None, as_json: bool) -> None:
    import asyncio

    import msgspec

    from events.store.feed import breaches_after
    from gehoor.session import reader

    async with reader(token) as caller:
        while True:
            page = await breaches_after(caller.store.pool, start, types, _PAGE)
            for event, reference in page:
                start = event.place
                if not caller.access.reaches(event.organisation):
                    continue
                data = msgspec.json.decode(event.data)
                described = {
                    "cursor": str(event.place),
                    "reference": reference,
                    "organisation": event.organisation,
                    "type": event.type,
                    "noticed_at": event.recorded_at.isoformat(),
                    **data,
                }
                print(msgspec.json.encode(described).decode() if as_json else _line(described), flush=True)
            if len(page) == _PAGE:
                continue
            if not follow:
                return
            await asyncio.sleep(_LOOK_EVERY_S)


def _line(breach: dict[str, Any]) -> str:
    what = "BREACH" if breach["type"] == "DeadlineBreached" else "missed"
    doubt = "beyond dispute" if breach["beyond_dispute"] else f"by the {breach['reading']} reading"
    return (
        f"{breach['cursor']:<16} {breach['noticed_at'][:19]}Z  {what}  {breach['clock']:<7} "
        f"due {breach['due']['on']}  "
        f"{doubt:<22} {breach['reference']}  {breach['organisation']}"
    )
