"""The commands a person can give about a case: all of them, collected from the files of their stages.

Who may give one, and in which stage, is the procedure's business (`table.py`). Everything around a command
(rights, `If-Match`, repeats, appending, answers) is the same for all and stands in `desk.py`.
"""

from collections.abc import Mapping, Sequence

from cases.state import Case
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands import (
    answering,
    closing,
    correcting,
    handling,
    linking,
    objecting,
    opening,
    permissions,
    posting,
    versioning,
)
from workflow.commands.command import Body, CommandContext, CommandSpec

COMMANDS: Mapping[str, CommandSpec] = {
    spec.name: spec
    for group in (opening, handling, answering, objecting, closing, posting, versioning, linking, correcting)
    for spec in group.COMMANDS
}


def decide(case: Case, spec: CommandSpec, body: Body, context: CommandContext) -> Sequence[NewEvent]:
    """Decide a command; raises `CommandRefused` with the reason and what is allowed instead."""
    permissions.require(case, spec, COMMANDS.values(), context)
    try:
        return spec.decide(case, body, context)
    except CommandRefused as refused:
        raise permissions.explained(refused, case, COMMANDS.values(), context) from refused


def allowed(case: Case, context: CommandContext) -> tuple[str, ...]:
    """Name the commands that this person may give about the case now."""
    return permissions.allowed(case, COMMANDS.values(), context)
