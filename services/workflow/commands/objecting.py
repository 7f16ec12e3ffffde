"""Objecting: from the objection, in time or late, over the hearing to the board's decision and the way out.

Events: ObjectionLodged, LatenessExcused, HearingInvited, HearingAgreed, HearingHeld, HearingWaived,
HearingRecorded, ObjectionDecided, OuterRouteNamed, OuterRouteTaken. Whoever handled or decided the complaint
neither hears nor decides the objection.
"""

from collections.abc import Sequence
from typing import Literal

from cases.life import Objection, Stage
from cases.state import Case, Clock, ClockStatus
from events.catalogue import (
    HearingAgreed,
    HearingHeld,
    HearingInvited,
    HearingRecorded,
    HearingWaived,
    LatenessExcused,
    ObjectionDecided,
    ObjectionLodged,
    OuterRouteNamed,
    OuterRouteTaken,
)
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from workflow.commands.answering import Nothing, OutcomeWord
from workflow.commands.command import (
    Answered,
    Asking,
    Body,
    Channel,
    How,
    Known,
    Moment,
    Spoken,
    Stated,
    Words,
    said,
)


class LodgeObjection(Body):
    """Record an objection as it came in; whether it is late is computed."""

    channel: Channel
    objection: Words
    at: Stated = None


class ExcuseLateness(Body):
    """Take up an objection although it came too late."""

    reason: Words


class InviteToHearing(Body):
    """Invite the complainant to explain the objection."""

    how: How
    at: Stated = None


class AgreeHearing(Body):
    """Record when the talk will be."""

    hearing_at: Moment


class RecordHearing(Body):
    """The complainant was heard."""

    how: Spoken
    satisfied: bool
    new_facts: bool = False
    at: Stated = None


class WaiveHearing(Body):
    """The complainant does without the talk."""

    because: Literal["declined", "did not come"]
    at: Stated = None


class WriteHearingRecord(Body):
    """Record the talk in writing."""

    record: Words


class DecideObjection(Body):
    """Decide on the objection."""

    outcome: OutcomeWord
    grounds: Words
    solution: Words | None = None


class RecordOuterRoute(Body):
    """The complainant took the matter outside."""

    at: Stated = None


def window(case: Case, asking: Asking) -> Clock | None:
    """Give the window of the objection, once it runs."""
    return next((clock for clock in case.clocks if clock.clock == asking.conduct.objection_window), None)


def _has_an_answer(case: Case, asking: Asking) -> str | None:
    life = case.life
    if life.objection is not None and life.objection.outcome is not None:
        return "the objection was decided already; the text has no second one"
    if life.withdrawn or life.outcome is None:
        return "there is no outcome yet that could be objected to; what they wrote is kept with the case"
    return None


def _lodge(case: Case, body: LodgeObjection, asking: Asking) -> Sequence[NewEvent]:
    """Late is what comes after the most lenient end of the window; before a response arrived nothing is.

    What comes by a channel that the text does not name is flagged, and counts until the board says otherwise.
    """
    at = asking.at(body.at, case, asking.answered("outcome decided", "the outcome was decided"))
    clock = window(case, asking)
    late = clock is not None and clock.status is not ClockStatus.DROPPED and at >= clock.lenient.at
    named = asking.conduct.objection_channels
    lodged = ObjectionLodged(
        channel=body.channel, late=late, channel_named=not named or body.channel in named
    )
    return [said(lodged, at, objection=body.objection)]


def _is_late(case: Case, asking: Asking) -> str | None:
    objection = _of(case)
    if not objection.late:
        return "the objection came in time"
    return "the lateness is excused already" if objection.excused else None


def _excuse(case: Case, body: ExcuseLateness, asking: Asking) -> Sequence[NewEvent]:
    return [said(LatenessExcused(by=asking.person), asking.now, reason=body.reason)]


def _may_invite(case: Case, asking: Asking) -> str | None:
    objection = _of(case)
    if objection.late and not objection.excused:
        return "the objection came too late: excuse that, or decide it as inadmissible"
    return "the talk is agreed already" if objection.hearing == "agreed" else None


def _invite(case: Case, body: InviteToHearing, asking: Asking) -> Sequence[NewEvent]:
    """A talk that a procedure asks for before any objection answers none."""
    lodged = asking.answered("objection arrived", "the objection was lodged")
    at = asking.at(body.at, case, None if case.life.objection is None else lodged)
    return [said(HearingInvited(by=asking.person, how=body.how), at)]


def _is_invited(case: Case, asking: Asking) -> str | None:
    return None if _of(case).hearing in ("invited", "agreed") else "the complainant is not invited yet"


def _agree(case: Case, body: AgreeHearing, asking: Asking) -> Sequence[NewEvent]:
    if body.hearing_at < asking.now:
        raise CommandRefused(
            "in-the-past", "a talk is agreed for a moment to come: record it when it was held"
        )
    return [said(HearingAgreed(at=body.hearing_at), asking.now)]


def _held(case: Case, body: RecordHearing, asking: Asking) -> Sequence[NewEvent]:
    event = HearingHeld(by=asking.person, how=body.how, satisfied=body.satisfied, new_facts=body.new_facts)
    return [said(event, asking.at(body.at, case, _invitation(case)))]


def _waive(case: Case, body: WaiveHearing, asking: Asking) -> Sequence[NewEvent]:
    if body.because == "did not come" and _of(case).hearing != "agreed":
        raise CommandRefused("not-agreed", "nobody can miss a talk that was not agreed: say declined")
    return [said(HearingWaived(because=body.because), asking.at(body.at, case, _invitation(case)))]


def _invitation(case: Case) -> Answered | None:
    invited_at = _of(case).invited_at
    return None if invited_at is None else Answered("the complainant was invited", invited_at)


def _was_held(case: Case, asking: Asking) -> str | None:
    objection = _of(case)
    if objection.hearing != "held":
        return "no talk was held that could be recorded"
    return "the talk is recorded already" if objection.is_recorded else None


def _write_record(case: Case, body: WriteHearingRecord, asking: Asking) -> Sequence[NewEvent]:
    return [said(HearingRecorded(by=asking.person), asking.now, record=body.record)]


def _may_decide(case: Case, asking: Asking) -> str | None:
    """After the talk, a waiver, or an invitation that stayed without an answer for two weeks."""
    objection = _of(case)
    if objection.late and not objection.excused:
        return None
    if case.life.stage is Stage.HEARD:
        return None
    if objection.hearing == "invited" and objection.invited_at is not None:
        open_from = objection.invited_at + asking.conduct.answer_within
        if asking.now >= open_from:
            return None
        return f"the complainant is invited and may answer until {open_from.isoformat(timespec='minutes')}"
    return "the complainant is heard first, unless they do without it"


def _decide(case: Case, body: DecideObjection, asking: Asking) -> Sequence[NewEvent]:
    objection = _of(case)
    if objection.late and not objection.excused and body.outcome != "inadmissible":
        raise CommandRefused(
            "too-late", "the objection came too late: excuse that first, or say inadmissible"
        )
    event = ObjectionDecided(by=asking.person, outcome=body.outcome)
    return [said(event, asking.now, grounds=body.grounds, solution=body.solution)]


def _may_name_route(case: Case, asking: Asking) -> str | None:
    if _of(case).satisfied:
        return "the talk led to a solution that the complainant accepts"
    return "it is named already" if case.life.outer_route is not None else None


def _name_route(case: Case, body: Nothing, asking: Asking) -> Sequence[NewEvent]:
    return [said(OuterRouteNamed(route=asking.conduct.outer_route or ""), asking.now)]


def _may_be_taken(case: Case, asking: Asking) -> str | None:
    if case.life.outer_route is None:
        return "no outer route was named yet"
    return "it is recorded already" if case.life.outer_route_taken else None


def _take_route(case: Case, body: RecordOuterRoute, asking: Asking) -> Sequence[NewEvent]:
    return [said(OuterRouteTaken(route=case.life.outer_route or ""), asking.at(body.at, case))]


def _of(case: Case) -> Objection:
    """Give the objection, or the talk that comes without one; what nobody lodged is not late."""
    return case.life.objection or case.life.hearing or Objection(late=False)


COMMANDS: tuple[Known, ...] = (
    Known("lodge-objection", "Record an objection.", LodgeObjection, _lodge, _has_an_answer),
    Known("excuse-lateness", "Take up a late objection.", ExcuseLateness, _excuse, _is_late, apart=True),
    Known("invite-to-hearing", "Invite the complainant to be heard.", InviteToHearing, _invite, _may_invite),
    Known("agree-hearing", "Record when the talk will be.", AgreeHearing, _agree, _is_invited),
    Known(
        "record-hearing",
        "Record that the complainant was heard.",
        RecordHearing,
        _held,
        _is_invited,
        apart=True,
    ),
    Known(
        "waive-hearing",
        "Record that the complainant does without the talk.",
        WaiveHearing,
        _waive,
        _is_invited,
    ),
    Known(
        "write-hearing-record", "Record the talk in writing.", WriteHearingRecord, _write_record, _was_held
    ),
    Known("decide-objection", "Decide on the objection.", DecideObjection, _decide, _may_decide, apart=True),
    Known(
        "name-outer-route", "Tell where the complainant can go next.", Nothing, _name_route, _may_name_route
    ),
    Known(
        "record-outer-route",
        "Record that the complainant took the matter outside.",
        RecordOuterRoute,
        _take_route,
        _may_be_taken,
    ),
)
