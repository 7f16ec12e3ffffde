"""Measures: what was agreed with the complainant, who answers for it, and what became of it.

Events: MeasureAgreed, MeasureCarriedOut, MeasureDropped.
"""

from collections.abc import Sequence

from pydantic import Field

from cases.state import Case
from events.catalogue import (
    MeasureAgreed,
    MeasureCarriedOut,
    MeasureDropped,
)
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import AStatedMoment, Body, NewMeasure, Words


class AgreeMeasure(NewMeasure):
    """Something will be done."""


class CarryOutMeasure(Body):
    """A measure was carried out."""

    measure: int = Field(ge=1)
    note: Words | None = None
    at: AStatedMoment = None


class DropMeasure(Body):
    """A measure will not be carried out after all."""

    measure: int = Field(ge=1)
    reason: Words


def measures_agreed(case: Case, measures: Sequence[NewMeasure], context: CommandContext) -> list[NewEvent]:
    """Make the events of measures that were agreed, numbered on from those of the case.

    Raises `CommandRefused` for a day that is over, or for an owner who is not on the staff.
    """
    number = len(case.life.handling.measures)
    agreed = []
    for measure in measures:
        if measure.due_on < context.today:
            raise CommandRefused("in-the-past", f"a measure cannot be due on {measure.due_on}: that is over")
        number += 1
        event = MeasureAgreed(measure=number, owner=measure.owner, due_on=measure.due_on)
        if measure.owner not in context.organisation.staff:
            known = ", ".join(sorted(context.organisation.staff))
            raise CommandRefused("not-on-the-staff", f"the owner of a measure must be one of: {known}")
        agreed.append(event_with_words(event, context.now, measure=measure.what))
    return agreed


def _agree_measure(case: Case, body: AgreeMeasure, context: CommandContext) -> Sequence[NewEvent]:
    return measures_agreed(case, [body], context)


def _has_open_measure(case: Case, context: CommandContext) -> str | None:
    return None if case.life.handling.open_measures else "no measure is open"


def _open_measure(case: Case, number: int) -> int:
    open_now = [measure.measure for measure in case.life.handling.open_measures]
    if number not in open_now:
        numbers = ", ".join(str(one) for one in open_now)
        raise CommandRefused("no-such-measure", f"these are open: {numbers}")
    return number


def _carry_out(case: Case, body: CarryOutMeasure, context: CommandContext) -> Sequence[NewEvent]:
    event = MeasureCarriedOut(measure=_open_measure(case, body.measure), by=context.person)
    return [event_with_words(event, context.at(body.at, case), note=body.note)]


def _drop(case: Case, body: DropMeasure, context: CommandContext) -> Sequence[NewEvent]:
    event = MeasureDropped(measure=_open_measure(case, body.measure), by=context.person)
    return [event_with_words(event, context.now, reason=body.reason)]


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("agree-measure", "Agree on a measure with an owner and a day.", AgreeMeasure, _agree_measure),
    CommandSpec(
        "carry-out-measure",
        "Record that a measure was carried out.",
        CarryOutMeasure,
        _carry_out,
        _has_open_measure,
    ),
    CommandSpec(
        "drop-measure",
        "Record that a measure will not be carried out.",
        DropMeasure,
        _drop,
        _has_open_measure,
    ),
)
