"""Writes COMMANDS.md: every command, in which stage and by which role each procedure allows it.

    python -m workflow.api.command_reference > services/workflow/COMMANDS.md

A test compares the file with what the code and the procedure files say.
"""

from collections.abc import Iterator, Mapping

from cases.life.state import Stage
from procedures.conduct import Conduct
from procedures.library import library
from workflow.api.field_reference import fields_in_words
from workflow.commands.permissions import GENERAL
from workflow.commands.registry import COMMANDS

_STAGES = tuple(stage for stage in Stage if stage is not Stage.RECEIVED)


def described() -> str:
    """Write the whole document."""
    return "\n".join([*_head(), *_every_command(), *_fields(), *_general(), *_procedures()]) + "\n"


def _head() -> Iterator[str]:
    yield "# Commands: what may be done, in which stage, by whom"
    yield ""
    yield "Made by `python -m workflow.api.command_reference`; a test compares it with the code."
    yield "Roles are those of tokens; an `admin` may give every command. Whom a complaint is about may give"
    yield "none, and commands marked *apart* take somebody who did not handle the complaint, once there is an"
    yield "objection."
    yield ""


def _every_command() -> Iterator[str]:
    yield "## Every command"
    yield ""
    yield "| command | what it does | body (needed fields first) |"
    yield "|---|---|---|"
    for spec in COMMANDS.values():
        fields = sorted(spec.body.model_fields.items(), key=lambda each: not each[1].is_required())
        body = ", ".join(f"`{name}`" if field.is_required() else f"{name}" for name, field in fields)
        apart = " *apart*" if spec.apart else ""
        yield f"| `{spec.name}` | {spec.sentence}{apart} | {body} |"
    yield ""


def _fields() -> Iterator[str]:
    yield "## What the fields hold"
    yield ""
    yield "A moment without an offset is refused. One is refused too when it lies in the future, before the"
    yield "complaint, or before what it answers."
    yield ""
    yield "| field | what it holds | in |"
    yield "|---|---|---|"
    for (name, told), commands in fields_in_words().items():
        yield f"| `{name}` | {told} | {', '.join(f'`{command}`' for command in commands)} |"
    yield ""


def _general() -> Iterator[str]:
    yield "## Under every procedure"
    yield ""
    yield "A board takes part from the stage on in which its procedure gives it a part."
    yield ""
    yield "| command | stages | roles |"
    yield "|---|---|---|"
    for command, general in GENERAL.items():
        stages = [stage.value for stage in _STAGES if stage in general.stages]
        said = "all" if len(stages) == len(_STAGES) else ", ".join(stages)
        yield f"| `{command}` | {said} | {', '.join(sorted(general.roles))} |"
    yield ""


def _procedures() -> Iterator[str]:
    for procedure in library().versions.values():
        yield f"## {procedure.id}, version {procedure.version}"
        yield ""
        yield "| stage | role | commands |"
        yield "|---|---|---|"
        for stage in _STAGES:
            for role, commands in _by_role(procedure.conduct, stage).items():
                yield f"| {stage.value} | {role} | {', '.join(f'`{command}`' for command in commands)} |"
        yield ""


def _by_role(conduct: Conduct, stage: Stage) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for command, roles in conduct.may.get(stage.value, {}).items():
        found.setdefault(", ".join(sorted(roles)), []).append(command)
    return found


if __name__ == "__main__":
    import sys

    sys.stdout.write(described())
