"""The commands a person can give about a case: all of them, collected from the files of their parts.

Who may give one, and in which stage, is the procedure's business (`permissions.py`). Everything around a
command (rights, `If-Match`, repeats, appending, answers) is the same for all, in `command_handler.py`.
"""

from collections.abc import Mapping, Sequence

from cases.state import Case
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands import (
    answering,
    closing,
    correcting,
    extending,
    follow_up,
    handling,
    hearing,
    information,
    letters,
    linking,
    measures,
    objecting,
    opening,
    permissions,
    versioning,
)
from workflow.commands.command import CommandSpec
from workflow.commands.context import CommandContext
from workflow.commands.fields import Body

_PARTS = (
    opening,
    information,
    handling,
    extending,
    measures,
    answering,
    follow_up,
    objecting,
    hearing,
    closing,
    letters,
    versioning,
    linking,
    correcting,
)

_BY_NAME: Mapping[str, CommandSpec] = {spec.name: spec for part in _PARTS for spec in part.COMMANDS}

# The API and its document show the commands in this order; a command that is not in it cannot be given.
_ORDER = (
    "note-informal-stage",
    "reclassify",
    "ask-information",
    "record-information",
    "assign",
    "escalate",
    "record-external",
    "refuse-with-route",
    "hand-over",
    "record-contact",
    "record-contact-attempt",
    "invite-to-talk",
    "record-talk",
    "consult",
    "record-consultation",
    "react",
    "make-plan",
    "extend",
    "agree-measure",
    "carry-out-measure",
    "drop-measure",
    "propose",
    "record-acceptance",
    "record-refusal",
    "decide-outcome",
    "record-solved",
    "report-back",
    "record-handled",
    "ask-satisfaction",
    "record-satisfaction",
    "remind",
    "lodge-objection",
    "excuse-lateness",
    "invite-to-hearing",
    "agree-hearing",
    "record-hearing",
    "waive-hearing",
    "write-hearing-record",
    "decide-objection",
    "name-outer-route",
    "record-outer-route",
    "withdraw",
    "close",
    "reopen",
    "record-posted",
    "record-returned",
    "move-to-version",
    "link",
    "unlink",
    "merge",
    "unmerge",
    "correct-receipt",
    "correct-letter-date",
    "renew-calendars",
)

COMMANDS: Mapping[str, CommandSpec] = {name: _BY_NAME[name] for name in _ORDER}


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
