"""What `gehoor procedures` reads: procedure files by name, and a traced sentence in words."""

from events.errors import Misconfigured
from procedures.library import files, read_alone
from procedures.schema.model import ProcedureFile
from procedures.traceability import Traced
from procedures.words import unknown


def all_files() -> list[tuple[str, ProcedureFile]]:
    """Read every procedure file, each with its name; raises `BrokenProcedure`."""
    return [(path.name, read_alone(path)) for path in files()]


def file_named(procedure: str) -> ProcedureFile:
    """Read the file of one procedure.

    Raises `Misconfigured` when there is none, naming those there are, and `BrokenProcedure` for its content.
    """
    named = {path.stem: path for path in files()}
    if procedure not in named:
        raise Misconfigured(unknown("procedure", procedure, tuple(named)).message())
    return read_alone(named[procedure])


def linked_to(each: Traced) -> str:
    """Describe to what a sentence is linked: its rules, why there are none, or both."""
    marked = f"not modelled: {each.unmodelled}" if each.unmodelled else ""
    linked = "; in part ".join(part for part in (", ".join(each.rules), marked) if part)
    return f"CONTRADICTION: {linked}" if each.contradictory else linked or "NOTHING"
