"""Taking more time for a complaint, within what the procedure allows.

Events: TermExtended. It moves no clock by itself: the delay notice that is owed from then on does.
"""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace
from pydantic import Field

from cases.clocks.clock import Clock, ClockStatus
from cases.state import Case
from events.catalogue import (
    TermExtended,
)
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.derivation import derive
from procedures.counting.schedule import Timed
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import ADay, Body, Words

CONSENT_FROM = 2
"""The occurrence of an extension from which it must be said whether the complainant agreed in writing."""


class Extend(Body):
    """Decide that more time is needed; the delay notice tells the complainant, and only then it counts."""

    until: ADay
    reason: Words
    clock: str | None = Field(default=None, max_length=16)
    consented: bool | None = Field(
        default=None,
        description="Whether the complainant agreed in writing; must be said from the second on, and be true "
        "where the procedure lets no term be extended again or further without it.",
    )


def _has_time_to_extend(case: Case, context: CommandContext) -> str | None:
    clocks = [clock for clock in case.clocks if clock.clock in context.conduct.extends]
    if clocks and not any(_runs(clock) for clock in clocks):
        return "what could be extended has ended already"
    return None


def _extend(case: Case, body: Extend, context: CommandContext) -> Sequence[NewEvent]:
    extends = context.conduct.extends
    name = body.clock or extends[0]
    if name not in extends:
        raise CommandRefused("not-extendable", f"this procedure extends: {', '.join(extends)}")
    clock = next((clock for clock in case.clocks if clock.clock == name), None)
    if clock is not None and not _runs(clock):
        raise CommandRefused("clock-ended", f"{name} has ended: there is nothing left to extend")
    end = context.today if clock is None else max(context.today, clock.due.on)
    if body.until <= end:
        raise CommandRefused("not-later", f"more time must end after {end}")
    occurrence = case.life.handling.extensions + 1
    if occurrence >= CONSENT_FROM and body.consented is None:
        raise CommandRefused(
            "say-consented", f"this is extension {occurrence}: say whether the complainant agreed in writing"
        )
    if not (context.conduct.further_by_consent and body.consented):
        _require_within_limits(case, body.until, name, clock, context)
    event = TermExtended(
        clock=name, until=body.until, occurrence=occurrence, consented=body.consented is True
    )
    return [event_with_words(event, context.now, reason=body.reason)]


def _require_within_limits(
    case: Case, until: date, name: str, clock: Clock | None, context: CommandContext
) -> None:
    """Let the organisation take what its procedure gives it by itself; raises `CommandRefused` beyond."""
    conduct = context.conduct
    occurrence = case.life.handling.extensions + 1
    if conduct.further_by_consent and occurrence >= CONSENT_FROM:
        raise CommandRefused(
            "not-consented",
            f"this is extension {occurrence}: {name} goes further only if the complainant agreed in writing",
        )
    most, end = conduct.extends_at_most, _end_of(name, clock, context)
    if most is None or end is None:
        return
    rule = context.terms.rules.get(name) or context.procedure.clock(name)
    counted = replace(rule, amount=most.number, unit=most.unit, term="counted", alternatives=())
    last = derive(counted, end, context.procedure.zone).due.on
    if until > last:
        further = "; further only if the complainant agreed in writing" if conduct.further_by_consent else ""
        raise CommandRefused(
            "too-long", f"{name} ends on {end} and may be extended by at most {most}: until {last}{further}"
        )


def _end_of(name: str, clock: Clock | None, context: CommandContext) -> date | None:
    """Give the day on which a clock ends now, also when deadlines has yet to set it."""
    if clock is not None:
        return clock.due.on
    plan = context.terms.plans().get(name)
    return plan.derivation.due.on if isinstance(plan, Timed) else None


def _runs(clock: Clock) -> bool:
    return clock.status not in (ClockStatus.MET, ClockStatus.DROPPED, ClockStatus.LAPSED)


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "extend",
        "Decide that more time is needed, with reason and end.",
        Extend,
        _extend,
        _has_time_to_extend,
    ),
)
