"""The procedure a case runs under: the version that was pinned when it opened or moved, byte for byte."""

from cases.state import Case
from events.catalogue import CaseOpened
from events.errors import CommandRefused, GehoorError
from procedures.library import procedure
from procedures.procedure import Procedure


class ProcedureChanged(GehoorError):
    """The file of a pinned procedure version is not the one the case was opened under: put it back."""


def pinned(opened: CaseOpened, version: int | None, digest: str | None) -> Procedure:
    """Return the procedure of an opened case; `version` and `digest` are those it was moved to since, if any.

    Raises `UnknownProcedure` when that version is not on the shelf, and `ProcedureChanged` when somebody
    edited its file instead of adding a version; on both the case waits until the shelf is right again.
    """
    found = procedure(opened.procedure, version or opened.procedure_version)
    expected = digest or opened.procedure_digest
    if found.digest != expected:
        raise ProcedureChanged(
            f"procedure {found.id} version {found.version} has digest {found.digest[:12]}…, but case "
            f"{opened.reference} runs under {expected[:12]}…: put the old file back and add a new version"
        )
    return found


def pinned_procedure(case: Case) -> Procedure:
    """Return the procedure that the case is pinned to.

    Raises `CommandRefused` when the case is not open yet, and what `pinned` raises.
    """
    if case.opened is None:
        raise CommandRefused("not-open-yet", "the case is being opened: try again in a moment")
    return pinned(case.opened, case.life.versioning.version, case.life.versioning.digest)
