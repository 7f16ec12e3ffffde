"""Objecting: the objection, in time or late, the board's decision, and the way out of the organisation.

Events: ObjectionLodged, LatenessExcused, ObjectionDecided, OuterRouteNamed, OuterRouteTaken. Whoever handled
or decided the complaint does not decide the objection. The talk about it is in `hearing.py`.
"""

from collections.abc import Sequence

from cases.clocks.clock import Clock, ClockStatus
from cases.life.state import Objection, Stage
from cases.state import Case
from events.catalogue import (
    LatenessExcused,
    ObjectionDecided,
    ObjectionLodged,
    OuterRouteNamed,
    OuterRouteTaken,
)
from events.catalogue.words import Channel, Outcome
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.command import CommandSpec, event_with_words
from workflow.commands.context import CommandContext
from workflow.commands.fields import AStatedMoment, Body, Nothing, Words


class LodgeObjection(Body):
    """Record an objection as it came in; whether it is late is computed."""

    channel: Channel
    objection: Words
    at: AStatedMoment = None


class ExcuseLateness(Body):
    """Take up an objection although it came too late."""

    reason: Words


class DecideObjection(Body):
    """Decide on the objection."""

    outcome: Outcome
    grounds: Words
    solution: Words | None = None


class RecordOuterRoute(Body):
    """The complainant took the matter outside."""

    at: AStatedMoment = None


def window(case: Case, context: CommandContext) -> Clock | None:
    """Give the window of the objection, once it runs."""
    return next((clock for clock in case.clocks if clock.clock == context.conduct.objection_window), None)


def _has_an_answer(case: Case, context: CommandContext) -> str | None:
    life = case.life
    if life.objecting.objection is not None and life.objecting.objection.outcome is not None:
        return "the objection was decided already; the text has no second one"
    if life.closing.withdrawn or life.answering.outcome is None:
        return "there is no outcome yet that could be objected to; what they wrote is kept with the case"
    return None


def _lodge(case: Case, body: LodgeObjection, context: CommandContext) -> Sequence[NewEvent]:
    """Late is what comes after the most lenient end of the window; before a response arrived nothing is.

    What comes by a channel that the text does not name is flagged, and counts until the board says otherwise.
    """
    at = context.at(body.at, case, context.answered("outcome decided", "the outcome was decided"))
    clock = window(case, context)
    late = clock is not None and clock.status is not ClockStatus.DROPPED and at >= clock.lenient.at
    named = context.conduct.objection_channels
    lodged = ObjectionLodged(
        channel=body.channel, late=late, channel_named=not named or body.channel in named
    )
    return [event_with_words(lodged, at, objection=body.objection)]


def _is_late(case: Case, context: CommandContext) -> str | None:
    objection = objection_of(case)
    if not objection.late:
        return "the objection came in time"
    return "the lateness is excused already" if objection.excused else None


def _excuse(case: Case, body: ExcuseLateness, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(LatenessExcused(by=context.person), context.now, reason=body.reason)]


def _may_decide(case: Case, context: CommandContext) -> str | None:
    """After the talk, a waiver, or an invitation that stayed without an answer for two weeks."""
    objection = objection_of(case)
    if objection.late and not objection.excused:
        return None
    if case.life.stage is Stage.HEARD:
        return None
    if objection.hearing == "invited" and objection.invited_at is not None:
        open_from = objection.invited_at + context.conduct.answer_within
        if context.now >= open_from:
            return None
        return f"the complainant is invited and may answer until {open_from.isoformat(timespec='minutes')}"
    return "the complainant is heard first, unless they do without it"


def _decide(case: Case, body: DecideObjection, context: CommandContext) -> Sequence[NewEvent]:
    objection = objection_of(case)
    if objection.late and not objection.excused and body.outcome != "inadmissible":
        raise CommandRefused(
            "too-late", "the objection came too late: excuse that first, or say inadmissible"
        )
    event = ObjectionDecided(by=context.person, outcome=body.outcome)
    return [event_with_words(event, context.now, grounds=body.grounds, solution=body.solution)]


def _may_name_route(case: Case, context: CommandContext) -> str | None:
    if objection_of(case).satisfied:
        return "the talk led to a solution that the complainant accepts"
    return "it is named already" if case.life.objecting.outer_route is not None else None


def _name_route(case: Case, body: Nothing, context: CommandContext) -> Sequence[NewEvent]:
    return [event_with_words(OuterRouteNamed(route=context.conduct.outer_route or ""), context.now)]


def _may_be_taken(case: Case, context: CommandContext) -> str | None:
    if case.life.objecting.outer_route is None:
        return "no outer route was named yet"
    return "it is recorded already" if case.life.objecting.outer_route_taken else None


def _take_route(case: Case, body: RecordOuterRoute, context: CommandContext) -> Sequence[NewEvent]:
    return [
        event_with_words(
            OuterRouteTaken(route=case.life.objecting.outer_route or ""), context.at(body.at, case)
        )
    ]


def objection_of(case: Case) -> Objection:
    """Give the objection, or the talk that comes without one; what nobody lodged is not late."""
    return case.life.objecting.objection or case.life.objecting.hearing or Objection(late=False)


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("lodge-objection", "Record an objection.", LodgeObjection, _lodge, _has_an_answer),
    CommandSpec(
        "excuse-lateness", "Take up a late objection.", ExcuseLateness, _excuse, _is_late, apart=True
    ),
    CommandSpec(
        "decide-objection", "Decide on the objection.", DecideObjection, _decide, _may_decide, apart=True
    ),
    CommandSpec(
        "name-outer-route", "Tell where the complainant can go next.", Nothing, _name_route, _may_name_route
    ),
    CommandSpec(
        "record-outer-route",
        "Record that the complainant took the matter outside.",
        RecordOuterRoute,
        _take_route,
        _may_be_taken,
    ),
)
