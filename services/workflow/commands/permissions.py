"""Who may give which command in which stage: the procedure's own table, and what every case allows.

`allowed` and `require` ask the same questions, so that what is shown as allowed is allowed. An administrator
may give every command, but nobody may decide about themselves, whatever their role.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cases.life.state import Stage
from cases.state import Case
from events.access_tokens import Role
from events.errors import CommandRefused
from procedures.conduct import Conduct
from workflow.commands.command import CommandSpec
from workflow.commands.context import CommandContext

OPEN: frozenset[Stage] = frozenset(Stage) - {Stage.RECEIVED, Stage.CLOSED, Stage.MERGED}
_STARTED: frozenset[Stage] = frozenset(Stage) - {Stage.RECEIVED}
_CASEWORKERS: frozenset[Role] = frozenset({"handler", "quality_manager"})


@dataclass(frozen=True, slots=True)
class General:
    """What every procedure allows: in which stages, to which roles."""

    stages: frozenset[Stage]
    roles: frozenset[Role] = _CASEWORKERS


GENERAL: Mapping[str, General] = {
    "assign": General(OPEN),
    "reclassify": General(OPEN),
    "ask-information": General(OPEN),
    "record-information": General(OPEN),
    "record-contact": General(OPEN),
    "record-contact-attempt": General(OPEN),
    "agree-measure": General(OPEN, _CASEWORKERS | {"board"}),
    "carry-out-measure": General(OPEN | {Stage.CLOSED}, _CASEWORKERS | {"board"}),
    "drop-measure": General(OPEN | {Stage.CLOSED}, _CASEWORKERS | {"board"}),
    "remind": General(
        frozenset({Stage.HANDLING, Stage.PROPOSED, Stage.ANSWERED, Stage.OBJECTION}), _CASEWORKERS | {"board"}
    ),
    "withdraw": General(OPEN, _CASEWORKERS | {"board"}),
    "reopen": General(frozenset({Stage.CLOSED}), _CASEWORKERS | {"board"}),
    "link": General(_STARTED),
    "unlink": General(_STARTED),
    "merge": General(OPEN),
    "unmerge": General(frozenset({Stage.MERGED})),
    "record-posted": General(_STARTED),
    "record-returned": General(_STARTED),
    "correct-receipt": General(_STARTED),
    "correct-letter-date": General(_STARTED),
    "renew-calendars": General(OPEN, frozenset({"quality_manager"})),
    "move-to-version": General(OPEN, frozenset({"quality_manager"})),
}


def roles_for(command: str, conduct: Conduct) -> frozenset[Role]:
    """Name the roles that may give a command in some stage of this procedure."""
    return frozenset(role for stage in Stage for role in _roles_in(stage, command, conduct))


def allowed(case: Case, commands: Iterable[CommandSpec], context: CommandContext) -> tuple[str, ...]:
    """Name the commands that this person may give about the case as it stands."""
    stage, conduct = case.life.stage, context.conduct
    return tuple(
        spec.name
        for spec in commands
        if not context.roles.isdisjoint(_roles_in(stage, spec.name, conduct))
        and _obstacle(case, spec, context) is None
    )


def require(case: Case, spec: CommandSpec, commands: Iterable[CommandSpec], context: CommandContext) -> None:
    """Go on when the command may be given now; raises `CommandRefused` with the reason and what may be."""
    obstacle = _obstacle(case, spec, context)
    if obstacle is not None:
        raise CommandRefused(
            obstacle.code, f"{obstacle.detail}; {_instead(allowed(case, commands, context))}"
        )


def explained(
    refused: CommandRefused, case: Case, commands: Iterable[CommandSpec], context: CommandContext
) -> CommandRefused:
    """Add what is allowed instead to a refusal that a decider made."""
    return CommandRefused(refused.code, f"{refused.detail}; {_instead(allowed(case, commands, context))}")


def _instead(names: tuple[str, ...]) -> str:
    return f"allowed now: {', '.join(names)}" if names else "nothing is allowed to you now"


def _obstacle(case: Case, spec: CommandSpec, context: CommandContext) -> CommandRefused | None:
    """Find what stands in the way of a command, whatever its body says."""
    stage = case.life.stage
    if stage is Stage.RECEIVED:
        return CommandRefused("not-open-yet", "the case is being opened: try again in a moment")
    roles = _roles_in(stage, spec.name, context.conduct)
    if not roles:
        return CommandRefused("not-in-this-stage", _where(spec.name, stage, context))
    if context.roles.isdisjoint(roles):
        return CommandRefused(
            "not-your-role-now",
            f"in the stage {stage} this takes one of the roles {', '.join(sorted(roles))}",
        )
    if context.person in context.subjects:
        return CommandRefused(
            "conflict-of-interest", "the complaint is about you: somebody else must do this, see assign"
        )
    # Where a procedure hears the complainant before it answers, whoever handles the complaint may hear them.
    is_second_look = case.life.objecting.objection is not None
    if (
        spec.apart
        and is_second_look
        and context.person in {*case.life.persons.handlers, *case.life.persons.deciders}
    ):
        return CommandRefused(
            "not-the-same-person",
            "you handled or decided this complaint: somebody else decides the objection",
        )
    reason = spec.ready(case, context) if spec.ready is not None else None
    return CommandRefused("not-now", reason) if reason is not None else None


def _roles_in(stage: Stage, command: str, conduct: Conduct) -> frozenset[Role]:
    """A board takes part in what is general from where the procedure gives it a part on."""
    of_stage = conduct.may.get(stage.value, {})
    general = GENERAL.get(command)
    found: frozenset[Role] = frozenset(of_stage.get(command, ()))
    if general is not None:
        found = general.roles if stage in general.stages else frozenset()
        if not any("board" in roles for roles in of_stage.values()):
            found -= {"board"}
    return found | {"admin"} if found else found


def _where(command: str, stage: Stage, context: CommandContext) -> str:
    general = GENERAL.get(command)
    if general is not None:
        stages = [one.value for one in Stage if one in general.stages]
    else:
        stages = [name for name, commands in context.conduct.may.items() if command in commands]
    if not stages:
        procedure = context.procedure
        return f"procedure {procedure.id} {procedure.version} does not have {command}"
    return f"the case is in the stage {stage}, and {command} belongs to: {', '.join(stages)}"
