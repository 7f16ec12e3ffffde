"""Every stage is reached and leads to an end, and closing waits for what can be settled."""

from collections.abc import Mapping

from procedures.checks.asking import Stories, commands
from procedures.schema.model import ProcedureFile
from procedures.transitions import FIRST, LAST, LEADS, leads_to
from procedures.words import CommandName, Need

SETTLED_BY: Mapping[Need, CommandName] = {
    "reported back": "report-back",
    "hearing recorded": "write-hearing-record",
    "objection settled": "decide-objection",
    "window over": "lodge-objection",
}
"""The command without which a need can never be settled; measures are settled in every case."""


def stages_without_an_end(file: ProcedureFile) -> Stories:
    """Yield each stage that is never reached, and each that never leads to the end."""
    ways: dict[str, set[str]] = {}
    for stage in file.stage:
        leads = {leads_to(command, file) for command in stage.may if command in LEADS}
        ways.setdefault(stage.name, set()).update(leads - {stage.name})
    if not ways:
        yield "no-stages", "A complaint comes in: no stage lets anybody do anything."
        return
    # Breadth first, so that each story is the shortest way to its stage.
    told: dict[str, list[str]] = {FIRST: [FIRST]}
    queue: list[str] = [FIRST]
    while queue:
        here = queue.pop(0)
        for there in sorted(ways.get(here, ())):
            if there not in told:
                told[there] = [*told[here], there]
                queue.append(there)
    for name in ways:
        if name not in told and name not in ("agreed", "heard"):
            yield f"stage-not-reached:{name}", f"Nothing leads from {FIRST} to {name}."
    for name, path in told.items():
        if name != LAST and not _reaches_end(name, ways):
            yield f"no-end:{name}", f"A case goes {' to '.join(path)}: from there nothing leads to an end."


def _reaches_end(name: str, ways: Mapping[str, set[str]]) -> bool:
    seen, queue = {name}, [name]
    while queue:
        here = queue.pop()
        if here == LAST:
            return True
        for there in ways.get(here, ()):
            if there not in seen:
                seen.add(there)
                queue.append(there)
    return False


def closing_that_does_not_fit(file: ProcedureFile) -> Stories:
    """Closing waits for exactly what this procedure can settle: for no more, or it never comes."""
    given, needed = commands(file), file.conduct.closes_when
    for need in needed:
        command = SETTLED_BY.get(need)
        if command is not None and command not in given:
            yield (
                f"never-closed:{need.replace(' ', '-')}",
                f"A case waits for its closing until {need}: no stage allows {command}.",
            )
    owed = {fact for clock in file.clock for fact in clock.until}
    for need, is_due in (
        ("measures settled", True),
        ("reported back", "report-back" in given),
        ("hearing recorded", "hearing recorded" in owed),
        ("objection settled", "lodge-objection" in given),
    ):
        if is_due and need not in needed:
            yield f"closed-without:{need}", f"A case is closed as handled before this: {need}."
