"""The procedure a case runs under, or the refusal of a command about a case that has none yet."""

from cases.state import Case
from events.errors import CommandRefused
from procedures.pinned import pinned
from procedures.procedure import Procedure


def pinned_procedure(case: Case) -> Procedure:
    """Give the procedure that the case is pinned to.

    Raises `CommandRefused` when the case is not open yet, and what `pinned` raises.
    """
    if case.opened is None:
        raise CommandRefused("not-open-yet", "the case is being opened: try again in a moment")
    return pinned(case.opened, case.life.version, case.life.digest)
