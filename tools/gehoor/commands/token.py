"""`gehoor token`: let somebody in, for some organisations and for some time."""

import re
from datetime import timedelta
from typing import Annotated, Any

import typer

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LONGEST_DAYS = 3_660
"""Ten years: who wants to give a token for longer gives one for ever."""


def token(
    role: Annotated[
        list[str], typer.Option("--role", metavar="ROLE", help="What they do, as handler; again for more.")
    ],
    organisation: Annotated[
        list[str],
        typer.Option(
            "--organisation", metavar="CODE", help="For whom, as destiny; again for more; * is all."
        ),
    ],
    actor: Annotated[
        str, typer.Option("--actor", metavar="NAME", help="Their pseudonym in the record, as staff:des-01.")
    ],
    valid_for: Annotated[
        str,
        typer.Option("--valid-for", metavar="PERIOD", help="How long: 30m, 12h or 30d; ten years at most."),
    ],
) -> None:
    """Print a bearer token for the APIs and the command line, signed with the key of this installation.

    Whoever can read $GEHOOR_HOME/secrets may do this; nothing is stored. It counts from now by the store's
    clock, and cannot be taken back before its time: a new secrets/token.key ends all tokens at once.

    \b
    Example: gehoor token --role handler --organisation destiny --actor staff:des-01 --valid-for 30d
    """  # fmt: skip
    import asyncio

    print(asyncio.run(_issued(_access(role, organisation, actor), _period(valid_for))))


async def _issued(access: Any, valid_for: timedelta) -> str:
    import asyncpg

    from events.access_tokens import issue
    from gehoor.connection import connected

    settings = connected()
    key = settings.secret("token.key")
    connection = await asyncpg.connect(settings.database_for("auditor"))
    try:
        # Whoever reads the token goes by the store's clock, which in an embedded set-up may be another.
        now = await connection.fetchval("SELECT gehoor.clock_now()")
    finally:
        await connection.close()
    return issue(key, access, now, valid_for)


def _access(roles: list[str], organisations: list[str], actor: str) -> Any:
    """Check what was typed; raises `Misconfigured` naming the option and what it takes."""
    from events.access_tokens import EVERYWHERE, ROLES, Access
    from events.errors import Misconfigured
    from procedures.organisation_names import organisation_names

    for role in roles:
        if role not in ROLES:
            raise Misconfigured(f"--role {role!r} is no role: take {', '.join(ROLES)}")
    for organisation in organisations:
        if organisation != EVERYWHERE and organisation not in organisation_names():
            known = ", ".join(organisation_names())
            raise Misconfigured(
                f"--organisation {organisation!r} is no organisation: take {known}, or {EVERYWHERE!r} for all"
            )
    try:
        return Access(actor, frozenset(roles), frozenset(organisations))  # type: ignore[arg-type]  # looked up above
    except ValueError as wrong:
        raise Misconfigured(f"--actor: {wrong}") from wrong


def _period(text: str) -> timedelta:
    from events.errors import Misconfigured

    written = re.fullmatch(r"([1-9][0-9]{0,6})([mhd])", text)
    period = timedelta(**{_UNITS[written[2]]: int(written[1])}) if written else timedelta(0)
    if not timedelta(0) < period <= timedelta(days=_LONGEST_DAYS):
        raise Misconfigured(
            f"--valid-for {text!r} is no period: write minutes, hours or days, as 30m, 12h or 30d, "
            f"at most {_LONGEST_DAYS}d"
        )
    return period
