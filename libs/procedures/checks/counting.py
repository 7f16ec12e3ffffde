"""All clocks of a procedure are counted on the same calendars, and on those of its own country."""

from procedures.checks.asking import Stories
from procedures.counting.calendars import calendar
from procedures.counting.zones import countries_of
from procedures.schema.model import ProcedureFile


def calendars_of_elsewhere(file: ProcedureFile) -> Stories:
    """Yield each calendar of a country whose clocks do not show the time of the procedure's zone."""
    countries = countries_of(file.zone)
    if not countries:
        return  # a zone of no country, such as UTC, has no holidays to be wrong about
    seen: set[str] = set()
    for clock in file.clock:
        for name in clock.calendars:
            country = calendar(name).country
            if name in seen or country in countries:
                continue
            seen.add(name)
            yield (
                f"calendar-of-elsewhere:{name}",
                f"A holiday of {countries[0]} comes: {clock.id} counts it, for {name} is of {country}.",
            )


def calendars_that_differ(file: ProcedureFile) -> Stories:
    """Yield each clock that is counted on other calendars than the first one."""
    first = file.clock[0]
    for clock in file.clock[1:]:
        if set(clock.calendars) != set(first.calendars):
            yield (
                f"calendars-differ:{clock.id}",
                f"A day is free for {first.id} and not for {clock.id}, or the other way round.",
            )
