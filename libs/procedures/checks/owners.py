"""Every duty has an owner: somebody who may do what meets it, and may record what the other side does."""

from collections.abc import Mapping

from procedures.checks.asking import THE_CUSTOMERS, Stories, brought_by, commands, letter_of, owed_at_opening
from procedures.conduct import ROLES
from procedures.schema.model import ProcedureFile
from procedures.transitions import FIRST
from procedures.words import CommandName

TELLING_NOBODY: Mapping[str, str] = {
    "plan made": "a plan is made",
    "solved": "the complaint is solved",
    "complaint handled": "the complaint is handled",
    "hearing recorded": "the talk is recorded",
}
"""Facts inside the organisation: a clock met by one of them alone lets nobody tell the complainant."""

ANSWERED_BY: Mapping[CommandName, tuple[CommandName, ...]] = {
    "propose": ("record-acceptance", "record-refusal"),
    "consult": ("record-consultation",),
    "make-plan": ("record-solved",),
    "lodge-objection": ("decide-objection", "excuse-lateness"),
    "invite-to-hearing": ("agree-hearing", "record-hearing", "waive-hearing"),
    "record-hearing": ("decide-objection", "decide-outcome"),
    "name-outer-route": ("record-outer-route",),
    "ask-satisfaction": ("record-satisfaction",),
}
"""What a command asks for, and the commands that record the answer, whichever it is."""

ONLY_AFTER: Mapping[CommandName, CommandName] = {
    "record-acceptance": "propose",
    "record-refusal": "propose",
    "record-consultation": "consult",
    "record-hearing": "invite-to-hearing",
    "decide-objection": "lodge-objection",
    "record-outer-route": "name-outer-route",
    "record-satisfaction": "ask-satisfaction",
}
"""Commands that record an answer, with the one that asks for it."""

_ONE_IS_ENOUGH = frozenset({"record-hearing"})
"""Commands of which one answer does: an objection is decided, a complaint is judged."""


def duties_without_an_owner(file: ProcedureFile) -> Stories:
    """Yield each clock that nobody can meet, because no stage allows a command that would."""
    given, at_opening = commands(file), owed_at_opening(file)
    for clock in file.clock:
        ways = [brought_by(fact) for fact in clock.until]
        if any(letter_of(fact) in at_opening for fact in clock.until):
            continue
        if any(way is None or given.intersection(way) for way in ways):
            continue
        yield (
            f"no-owner:{clock.id}",
            f"{clock.id} falls due: no stage lets anybody do what meets it ('{clock.until[0]}')."
            if clock.binds == "company"
            else f"The customer does what {clock.id} waits for ('{clock.until[0]}'): nobody may record it.",
        )


def duties_of_the_other_side(file: ProcedureFile) -> Stories:
    """Nobody is held to what only the other side can do; a window or right has no duty in it."""
    for clock in file.clock:
        theirs = [fact in THE_CUSTOMERS for fact in clock.until]
        if clock.binds == "company" and all(theirs):
            yield (
                f"wrong-side:{clock.id}",
                f"{clock.id} binds the company: only the customer can meet it ('{clock.until[0]}').",
            )
        elif clock.binds == "customer" and not all(theirs):
            ours = clock.until[theirs.index(False)]
            yield (
                f"wrong-side:{clock.id}",
                f"{clock.id} binds the customer: the company meets it for them ('{ours}').",
            )
        elif clock.binds == "customer" and clock.kind in ("duty", "target"):
            yield f"wrong-side:{clock.id}", f"The customer owes nothing: {clock.id} makes it a {clock.kind}."
        elif clock.binds == "company" and clock.kind == "window":
            yield f"wrong-side:{clock.id}", f"{clock.id} gives the company a window: that is the customer's."


def commands_of_nobody(file: ProcedureFile) -> Stories:
    """A role that is no role of ours, such as a court, gives no command here."""
    for stage in file.stage:
        if not any(ROLES[who] for who in stage.who):
            yield (
                f"nobody-may:{stage.name} {stage.may[0]}",
                f"A case is in the stage {stage.name}: no role that acts here may {stage.may[0]}.",
            )


def commands_without_an_answer(file: ProcedureFile) -> Stories:
    """Yield each command whose answer nobody may record, and each answer that nobody may ask for."""
    given = commands(file)
    for command, answers in ANSWERED_BY.items():
        lacking = [answer for answer in answers if answer not in given]
        enough = command in _ONE_IS_ENOUGH and len(lacking) < len(answers)
        if command in given and lacking and not enough:
            yield (
                f"no-answer:{command}",
                f"Somebody uses {command}, and an answer comes: no stage allows {lacking[0]}.",
            )
    for answer, command in ONLY_AFTER.items():
        if answer in given and command not in given:
            yield f"never-asked:{answer}", f"Somebody may {answer}: nobody may {command}, so it never comes."


def customers_who_are_not_told(file: ProcedureFile) -> Stories:
    """Yield each clock of the company that is met without the complainant hearing of it."""
    for clock in file.clock:
        if clock.binds == "company" and all(fact in TELLING_NOBODY for fact in clock.until):
            yield (
                f"customer-not-told:{clock.id}",
                f"{clock.id}: {TELLING_NOBODY[clock.until[0]]}; it is met, and the customer knows nothing.",
            )


def duties_of_many(file: ProcedureFile) -> Stories:
    """Yield each duty that the text gives to more than two roles at once."""
    for clock in file.clock:
        wanted = {command for fact in clock.until for command in brought_by(fact) or ()}
        owners = [
            stage
            for stage in file.stage
            if stage.source and stage.name == FIRST and wanted.intersection(stage.may) and len(stage.who) > 2
        ]
        if owners and clock.binds == "company":
            yield (
                f"many-owners:{clock.id}",
                f"{clock.id} falls due: {', '.join(owners[0].who)} each thought that another would do it.",
            )
