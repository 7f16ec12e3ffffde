"""Who may do what in which stage of a procedure, and what their commands must respect.

The files say it; this is how services ask. A procedure role ("account manager") is a person's place in the
organisation's text; `ROLES` says which roles of our tokens act in it. Everything here is pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, assert_never

from procedures.amounts import Amount
from procedures.schema.model import ProcedureFile
from procedures.words import EscalationWay, NamedRole, Need, Transition

TokenRole = Literal["handler", "quality_manager", "board"]

ROLES: Mapping[NamedRole, tuple[TokenRole, ...]] = {
    "handler": ("handler",),
    "contact person": ("handler",),
    "account manager": ("handler",),
    "partner manager": ("handler",),
    "service manager": ("handler",),
    "technical specialist": ("handler",),
    "back office": ("handler",),
    "deputy": ("handler",),
    "registrar": ("handler",),
    "quality manager": ("quality_manager",),
    "team lead": ("quality_manager",),
    "responsible person": ("quality_manager", "board"),
    "board": ("board",),
    "court": (),
}
"""A court acts on no case of ours."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a procedure lets people do. `may` gives, by stage and command, the token roles that may."""

    may: Mapping[str, Mapping[str, frozenset[TokenRole]]]
    extends: tuple[str, ...]
    extends_at_most: Amount | None
    further_by_consent: bool
    contact_before_outcome: bool
    escalates: EscalationWay | None
    escalates_to: tuple[NamedRole, ...]
    external_systems: tuple[str, ...]
    objection_window: str | None
    objection_channels: tuple[str, ...]
    outer_route: str | None
    route: str | None
    closes_when: frozenset[Need]
    reminders: int
    answer_within: timedelta
    informs_within: timedelta | None
    running_cases: Transition

    @property
    def commands(self) -> frozenset[str]:
        """Return the commands that this procedure allows in some stage."""
        return frozenset(command for stage in self.may.values() for command in stage)


def conduct_of(file: ProcedureFile) -> Conduct:
    """Return the conduct that a checked file states."""
    may: dict[str, dict[str, frozenset[TokenRole]]] = {}
    for stage in file.stage:
        roles = frozenset(role for who in stage.who for role in ROLES[who])
        # A stage may stand in the file several times, once per group of people: what they may adds up.
        commands = may.setdefault(stage.name, {})
        for command in stage.may:
            commands[command] = commands.get(command, frozenset()) | roles
    said = file.conduct
    return Conduct(
        may=may,
        extends=said.extends,
        extends_at_most=said.extends_at_most,
        further_by_consent=said.further_by_consent,
        contact_before_outcome=said.contact_before_outcome,
        escalates=said.escalates,
        escalates_to=said.escalates_to,
        external_systems=said.external_systems,
        objection_window=said.objection_window,
        objection_channels=tuple(channel.name for channel in file.objection_channel),
        outer_route=said.outer_route,
        route=said.route,
        closes_when=frozenset(said.closes_when),
        reminders=said.reminders,
        answer_within=_span(said.answer_within),
        informs_within=_span(file.keeping_informed.within) if file.keeping_informed else None,
        running_cases=said.running_cases,
    )


def _span(amount: Amount) -> timedelta:
    """Return an amount as elapsed time, with five working days as a week.

    This is for norms of the desk; a deadline is counted on a calendar (`counting/derivation.py`).
    """
    match amount.unit:
        case "days":
            return timedelta(days=amount.number)
        case "weeks":
            return timedelta(weeks=amount.number)
        case "working days":
            return timedelta(days=amount.number + 2 * ((amount.number + 4) // 5))
        case _:
            assert_never(amount.unit)
