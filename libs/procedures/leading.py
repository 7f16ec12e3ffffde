"""Where commands lead: to which stage of a case, and to which facts and letters. The one table of it.

The checker and the drawing tell of it, and cases go by it: a walk through every state of every procedure
(`tests/workflow/test_every_state.py`) finds whatever a command does that is not said here, and the other way
round. Pure.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from procedures.words import Command, Stage

if TYPE_CHECKING:
    from procedures.model import ProcedureFile

BROUGHT_BY: Mapping[str, tuple[Command, ...]] = {
    "plan made": ("make-plan",),
    "solved": ("record-solved",),
    "complaint handled": ("record-handled", "close"),
    "substantive reaction": ("react",),
    "response": ("decide-outcome",),
    "delay notice": ("extend",),
    "invitation": ("invite-to-talk",),
    "talk confirmation": ("record-talk",),
    "hearing invited": ("invite-to-hearing",),
    "hearing invitation": ("invite-to-hearing",),
    "hearing held": ("record-hearing",),
    "hearing recorded": ("write-hearing-record",),
    "board decision": ("decide-objection",),
    "proposal": ("propose",),
}
"""Which command brings a fact or a letter about; what is not here needs none, or every case allows it."""

LEADS: Mapping[Command, Stage] = {
    "make-plan": "handling",
    "propose": "proposed",
    "record-acceptance": "agreed",
    "record-refusal": "handling",
    "decide-outcome": "answered",
    "record-solved": "answered",
    "record-handled": "answered",
    "lodge-objection": "objection",
    "record-hearing": "heard",
    "waive-hearing": "heard",
    "decide-objection": "decided",
    "close": "closed",
}
"""The stage a command leads to; other commands stay where they are."""

FIRST: Stage = "handling"
LAST: Stage = "closed"


def leads_to(command: Command, file: "ProcedureFile") -> Stage:
    """Where there is no stage of what was agreed, an agreement is made in the talk, and a refusal too."""
    in_the_talk = all(stage.name != "agreed" for stage in file.stage)
    if in_the_talk and command in ("record-acceptance", "record-refusal"):
        return "heard"
    return LEADS[command]
