"""The commands a person can give about a case: all of them, collected from the files of their stages.

Who may give one, and in which stage, is the procedure's business (`table.py`). Everything around a command
(rights, `If-Match`, repeats, appending, answers) is the same for all and stands in `desk.py`.
"""

from collections.abc import Mapping, Sequence

from cases.state import Case
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow import (
    closing,
    correcting,
    handling,
    joining,
    moving,
    objecting,
    posting,
    proposing,
    table,
    taking_up,
)
from workflow.known import Asking, Body, Known

COMMANDS: Mapping[str, Known] = {
    known.name: known
    for group in (taking_up, handling, proposing, objecting, closing, posting, moving, joining, correcting)
    for known in group.COMMANDS
}


def decide(case: Case, known: Known, body: Body, asking: Asking) -> Sequence[NewEvent]:
    """Decide a command; raises `CommandRefused` with the reason and what is allowed instead."""
    table.require(case, known, COMMANDS.values(), asking)
    try:
        return known.decide(case, body, asking)
    except CommandRefused as refused:
        raise table.explained(refused, case, COMMANDS.values(), asking) from refused


def allowed(case: Case, asking: Asking) -> tuple[str, ...]:
    """Name the commands that this person may give about the case now."""
    return table.allowed(case, COMMANDS.values(), asking)
