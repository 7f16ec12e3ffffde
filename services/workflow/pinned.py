"""The procedure a case runs under: the version that was pinned when it opened or moved, byte for byte."""

from cases.state import Case
from events.errors import CommandRefused, GehoorError
from procedures.library import procedure
from procedures.procedure import Procedure


class ProcedureChanged(GehoorError):
    """The file of a pinned procedure version is not the one the case was opened under: put it back."""


def pinned_procedure(case: Case) -> Procedure:
    """Give the procedure that the case is pinned to.

    Raises `CommandRefused` when the case is not open yet, and `ProcedureChanged` when somebody edited the
    file of a version instead of adding a version.
    """
    if case.opened is None:
        raise CommandRefused("not-open-yet", "the case is being opened: try again in a moment")
    version = case.life.version or case.opened.procedure_version
    digest = case.life.digest or case.opened.procedure_digest
    pinned = procedure(case.opened.procedure, version)
    if pinned.digest != digest:
        raise ProcedureChanged(
            f"procedure {pinned.id} version {pinned.version} has digest {pinned.digest[:12]}…, but case "
            f"{case.case_id} runs under {digest[:12]}…: put the old file back and add a new version"
        )
    return pinned
