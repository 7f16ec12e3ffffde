"""`gehoor simulate`: a year of invented complaints through the real deciders, in a clock that jumps."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from events.errors import Misconfigured


def simulate(
    cases: Annotated[int, typer.Option("--cases", min=1, metavar="N", help="How many complaints.")] = 1_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed, the same cases.")] = 1,
    year: Annotated[int, typer.Option("--year", min=2025, max=2040, help="In which they come in.")] = 2026,
    organisation: Annotated[
        list[str] | None,
        typer.Option("--organisation", metavar="P", help="Only to these; all seven in turn otherwise."),
    ] = None,
    processes: Annotated[int, typer.Option("--processes", min=1, max=64, help="Side by side.")] = 2,
    diary: Annotated[
        Path | None,
        typer.Option("--diary", metavar="FILE", help="Write down what happened to each case, a line each."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="FILE",
            help="Compare with somebody else's list of ends; exit 1 if it differs.",
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Through the real services, in a home of its own, on a fast clock.")
    ] = False,
    speed: Annotated[
        float,
        typer.Option("--speed", min=1, max=86_400, metavar="S", help="Live: simulated seconds per second."),
    ] = 43_200,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Live: the first day complaints come in.")
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, metavar="N", help="Live: on how many days they come in.")
    ] = 365,
    longest: Annotated[
        int, typer.Option("--longest", min=10, max=365, metavar="N", help="Live: days a case may take.")
    ] = 150,
    what_if: Annotated[
        str | None,
        typer.Option("--what-if", metavar="P", help="Run the stored cases of this organisation again."),
    ] = None,
    procedure: Annotated[
        Path | None, typer.Option("--procedure", metavar="FILE", help="… under the rules of this file.")
    ] = None,
    calendar: Annotated[
        str | None, typer.Option("--calendar", metavar="C", help="… with every clock read on this calendar.")
    ] = None,
    term: Annotated[
        list[str] | None,
        typer.Option("--term", metavar='CLOCK="4 working days"', help="… with another term; again for more."),
    ] = None,
    purpose: Annotated[
        str,
        typer.Option("--purpose", metavar="ID", help="For what stored cases are read: one of the register."),
    ] = "account",
    token: Annotated[
        Path | None,
        typer.Option("--token", metavar="FILE", help="Whose token to use; the admin's by default."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per case and clock, no table.")
    ] = False,
) -> None:
    """Live through a year of invented complaints, and tell how every clock ended.

    No server is needed, and nothing is stored: the very deciders of the services run in a clock that jumps
    from one moment to the next. The cases know nothing of deadlines; some people in them are late.

    With --live the cases of the five organisations go through the real services instead: complaints and
    commands over HTTP at their simulated moments, letters to the mailbox. Everything is started in
    $GEHOOR_HOME/simulation and stopped again; every clock must end as in the pure core, else exit 1.

    With --what-if the stored cases of an organisation are run again instead, under another procedure file,
    calendar or term, and whoever would have been late is named. Without a change it must reproduce what is
    stored, byte for byte; exit 1 where it does not.

    \b
    Examples: gehoor simulate --cases 700 --seed 4 --organisation ingressus
              gehoor simulate --what-if destiny --term DES-1="2 working days"
    """  # fmt: skip
    if find_spec("simulation") is None:
        raise Misconfigured("this image holds no simulation: run it from a checkout of the project")
    if what_if is not None:
        if live:
            raise typer.BadParameter("--live does not go with --what-if: that reads what is stored")
        import asyncio

        from gehoor.simulate.what_if import compare_stored
        from simulation.what_if import WhatIf

        asked = WhatIf(what_if, procedure, calendar, tuple(term or ()))
        raise typer.Exit(asyncio.run(compare_stored(asked, purpose, token, as_json)))
    if live:
        if organisation:
            raise typer.BadParameter("--organisation does not go with --live: it takes as many cases of each")
        from datetime import date

        from gehoor.simulate.year import simulate_live
        from procedures.forecast import day_of
        from simulation.arrivals import Season

        first_on = date(year, 1, 1) if from_ is None else day_of(from_, "Europe/Amsterdam")
        season = Season(first_on, days)
        raise typer.Exit(simulate_live(cases, seed, season, longest, speed, diary, against, as_json))
    if procedure is not None or calendar is not None or term:
        raise typer.BadParameter("--procedure, --calendar and --term go with --what-if")
    from gehoor.simulate.year import simulate_a_year

    raise typer.Exit(
        simulate_a_year(cases, seed, year, tuple(organisation or ()), processes, diary, against, as_json)
    )
