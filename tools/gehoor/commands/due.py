"""`gehoor due`: what a procedure promises for a moment of receipt, without any server."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer


def due(
    procedure: Annotated[
        str, typer.Option("--procedure", "-p", metavar="P", help="Whose procedure: destiny, bc, …")
    ],
    received: Annotated[
        list[str],
        typer.Option(
            "--received",
            metavar="T",
            help="A date, a local time, or a time with offset; again for more; - reads one per line.",
        ),
    ],
    calendar: Annotated[
        str | None,
        typer.Option("--calendar", metavar="C", help="Read every clock on this calendar only."),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event", metavar="NAME=T", help="What happened besides, as in response_arrived=2026-04-20."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per receipt.")] = False,
) -> None:
    """Say when each promise of a procedure ends for a complaint received at T, and why.

    No server is needed. A clock that cannot be dated yet says what it waits for. Names of events: ack_dated,
    plan_term, promised_until, notice_arrived, response_arrived, objection_arrived, invited, talk_ended,
    hearing_waived, extended_until.

    \b
    Example: gehoor due --procedure ingressus --received 2026-04-02 --event promised_until=2026-05-06
    """  # fmt: skip
    import gc

    from procedures.forecast import events_of, zone_of

    gc.disable()  # a short run that makes no cycles: collecting would cost a fifth of it
    zone = zone_of(procedure)
    known = events_of(event or [], zone)
    lines = _lines(procedure, _receipts(received), known, calendar, zone, as_json)
    for line in lines:
        print(line)


def _receipts(received: Iterable[str]) -> Iterator[str]:
    import sys

    for text in received:
        if text == "-":
            yield from (line.strip() for line in sys.stdin if line.strip())
        else:
            yield text


def _lines(
    procedure: str,
    received: Iterable[str],
    known: dict[str, Any],
    pinned: str | None,
    zone: str,
    as_json: bool,
) -> Iterator[str]:
    """Write a line, or a table, per receipt; all receipts of one day share their clocks."""
    import msgspec

    from procedures.forecast import day_of, forecast

    encode = msgspec.json.encode
    by_day: dict[Any, str] = {}
    for text in received:
        on = day_of(text, zone)
        found = by_day.get(on)
        if found is None:
            promised = forecast(procedure, on, known, pinned)
            version = promised.procedure.version
            if as_json:
                clocks = encode(promised.clocks()).decode()
                found = f'"received_on":"{on}","version":{version},"clocks":{clocks}}}'
            else:
                found = f"{promised.procedure.id} version {version}, received {on}\n" + "\n".join(
                    _row(clock) for clock in promised.clocks()
                )
            if len(by_day) < _MOST_DAYS_KEPT:
                by_day[on] = found
        if as_json:
            yield f'{{"procedure":{encode(procedure).decode()},"received":{encode(text).decode()},{found}'
        else:
            yield found


_MOST_DAYS_KEPT = 4_000
"""Days whose answer is kept for further receipts: ten years of them, some 50 MB at most."""


def _row(clock: dict[str, Any]) -> str:
    row = f"  {clock['id']:<8} {clock['kind']:<7} binds {clock['binds']:<9}"
    if clock["strict"] is not None:
        strict, lenient = clock["strict"]["on"], clock["lenient"]["on"]
        return f"{row} until {strict}" if strict == lenient else f"{row} until {strict} to {lenient}"
    if clock.get("no_term"):
        row += " no term"
    waits_for = clock["waits_for"]
    return f"{row} waits for {' or '.join(waits_for)}" if waits_for else row
