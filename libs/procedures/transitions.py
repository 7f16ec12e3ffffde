"""Where commands lead: to which stage of a case, and to which facts and letters. The one table of it.

The checker and the drawing read it, and cases go by it: a walk through every state of every procedure
(`tests/workflow/test_every_state.py`) finds whatever a command does that is not said here, and the other way
round. Pure.
"""

from collections.abc import Mapping

from events.catalogue.words import LetterName
from procedures.schema.model import ProcedureFile
from procedures.words import CommandName, ProcedureStage

BROUGHT_BY: Mapping[str, tuple[CommandName, ...]] = {
    "plan made": ("make-plan",),
    "solved": ("record-solved",),
    "complaint handled": ("record-handled", "close"),
    "talk held": ("record-talk",),
    "objection arrived": ("lodge-objection",),
    "hearing invited": ("invite-to-hearing",),
    "hearing agreed": ("agree-hearing",),
    "hearing held": ("record-hearing",),
    "hearing waived": ("waive-hearing",),
    "hearing recorded": ("write-hearing-record",),
    "proposal accepted": ("record-acceptance",),
    "proposal refused": ("record-refusal",),
    "outer route taken": ("record-outer-route",),
    "substantive reaction": ("react",),
    "plan": ("make-plan",),
    "invitation": ("invite-to-talk",),
    "talk confirmation": ("record-talk",),
    "delay notice": ("extend",),
    "proposal": ("propose",),
    "response": ("decide-outcome",),
    "refusal with route": ("refuse-with-route",),
    "handed over as incident": ("hand-over",),
    "objection receipt": ("lodge-objection",),
    "objection too late": ("lodge-objection",),
    "hearing invitation": ("invite-to-hearing",),
    "hearing record": ("write-hearing-record",),
    "board decision": ("decide-objection",),
    "closing notice": ("close",),
}
"""Which command brings a fact or a letter about; what is not here needs none, or every case allows it."""

OWED_IN_EVERY_CASE: tuple[LetterName, ...] = (
    "request for information",
    "reminder",
    "withdrawal confirmation",
    "reopening notice",
)
"""Letters that commands owe which no stage has to allow: every procedure has them."""

LEADS: Mapping[CommandName, ProcedureStage] = {
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

FIRST: ProcedureStage = "handling"
LAST: ProcedureStage = "closed"


def leads_to(command: CommandName, file: ProcedureFile) -> ProcedureStage:
    """Return the stage that a command leads to in this procedure; only for commands of `LEADS`.

    Without a stage "agreed", an acceptance or refusal is part of the talk and leads to "heard".
    """
    in_the_talk = all(stage.name != "agreed" for stage in file.stage)
    if in_the_talk and command in ("record-acceptance", "record-refusal"):
        return "heard"
    return LEADS[command]
