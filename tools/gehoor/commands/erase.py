"""`gehoor erase REF`: forget persons of a case, keep the proof."""

from enum import StrEnum
from typing import Annotated, Any

import typer

Basis = StrEnum("Basis", ["request", "retention", "objection", "order"])
"""Why somebody is forgotten: a closed set, because it stays in the record."""


def erase(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The case's reference, or its identifier.")],
    person: Annotated[
        list[str] | None,
        typer.Option("--person", help="Whose slot, for example complainant; all when left out."),
    ] = None,
    basis: Annotated[
        Basis, typer.Option("--basis", help="Why: the person's request or objection, retention, or an order.")
    ] = Basis.request,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; this cannot be undone.")] = False,
) -> None:
    """Destroy the keys of a case's persons: their fields can never be read again, every chain still verifies.

    Needs a token with the role privacy_officer or admin. Exit 1 if there is no such case or person.

    \b
    Example: gehoor erase SUP-7K3M9-QXW2R-B --person complainant --basis request
    """  # fmt: skip
    import asyncio

    from events.errors import CommandRefused, NoSuchCase
    from gehoor.session import named_case

    try:
        named_case(reference)  # before anybody is asked about it
        if not yes:
            typer.confirm(f"Forget the persons of {reference} for ever?", abort=True)
        erased = asyncio.run(_erase(reference, person, basis.value))
    except (NoSuchCase, CommandRefused) as refused:
        typer.echo(f"gehoor: {refused}", err=True)
        raise typer.Exit(1) from None
    print(f"erased: {', '.join(erased)}; other processes forget a cached key within a minute")


async def _erase(reference: str, persons: list[str] | None, basis: Any) -> list[str]:
    from events import erasure
    from events.errors import CommandRefused
    from events.platform import Platform
    from events.store.database import close_pool, open_pool
    from events.store.streams import Store
    from gehoor.session import reader

    async with reader(None) as caller:
        caller.access.require("privacy_officer", "admin")
        history = await caller.history(reference)
        wanted = persons or sorted(erasure.persons_of(history))
        if not wanted:
            raise CommandRefused("no-such-person", "this case has no encrypted fields")
        settings = caller.settings
        pool = await open_pool(settings.database_for("keeper"), "keeper", 1)
        try:
            store = Store(pool, caller.clock)
            platform = Platform("keeper", settings, pool, caller.clock, store, caller.keys)
            await erasure.erase(platform, history.case_id, wanted, basis, caller.access.actor)
        finally:
            await close_pool(pool)
    return wanted
