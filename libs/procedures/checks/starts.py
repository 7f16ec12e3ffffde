"""Every clock starts on every path, or has a guard that starts it."""

from procedures.checks.asking import THE_CUSTOMERS, Stories
from procedures.counting.facts import CERTAIN
from procedures.schema.model import ClockSection, GuardSection, ProcedureFile


def starts_that_may_never_come(file: ProcedureFile) -> Stories:
    """Yield each clock with a start that may never come; one with a guard is a finding of another name.

    So an accepted finding never covers a guard that somebody takes away later.
    """
    for clock in file.clock:
        for start, guard in _readings(clock):
            why = _why_it_may_never_come(start, file)
            if why is None:
                continue
            if guard is None or not _is_somebodys(guard.after, file):
                yield (
                    f"start-may-never-come:{clock.id}",
                    f"{clock.id} runs from '{start}', which {why}: if it never comes, {clock.id} never runs.",
                )
            else:
                yield (
                    f"start-guarded:{clock.id}",
                    f"{clock.id} runs from '{start}', which {why}: its guard starts it, the text does not.",
                )
            break


def _readings(clock: ClockSection) -> list[tuple[str, GuardSection | None]]:
    """Return the start of each reading with its guard; those without a guard come first, as the worst."""
    readings = [
        (clock.starts, clock.guard),
        *((other.starts, other.guard) for other in clock.alternative if other.starts != clock.starts),
    ]
    named = [(start, guard) for start, guard in readings if start is not None]
    return sorted(named, key=lambda reading: reading[1] is not None)


def _why_it_may_never_come(start: str, file: ProcedureFile) -> str | None:
    bounded = {
        fact for clock in file.clock if clock.binds == "company" and not clock.no_term for fact in clock.until
    }
    brought = _brought(start)
    if start in CERTAIN or start in THE_CUSTOMERS or brought in bounded:
        return None
    return "has no term" if _is_somebodys(start, file) else "is nobody's duty"


def _is_somebodys(fact: str, file: ProcedureFile) -> bool:
    """Return whether a fact is certain, or owed by the company with or without a term."""
    owed = {fact for clock in file.clock if clock.binds == "company" for fact in clock.until}
    return fact in CERTAIN or _brought(fact) in owed


def _brought(fact: str) -> str:
    """Return the fact that brings this one: a date on a letter comes with the letter."""
    return f"{fact.removesuffix(' dated')} sent" if fact.endswith(" dated") else fact
