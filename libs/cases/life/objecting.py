"""The steps of objecting: the objection, the hearing about it, the decision, and the ways outside.

A procedure may ask for the talk before any objection; until one is lodged these steps change that talk.
"""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from cases.life.changes import LifeSteps, begin_waiting, end_waiting
from cases.life.state import Life, Objection, Stage
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


def _lodged(life: Life, event: ObjectionLodged, at: datetime) -> Life:
    objection = Objection(late=event.late, channel=event.channel, channel_named=event.channel_named)
    lodged = replace(
        life,
        stage=Stage.OBJECTION,
        objecting=replace(life.objecting, objection=objection),
        closing=replace(life.closing, because=None, withdrawn=False),
    )
    return end_waiting(lodged)


def _excused(life: Life, event: LatenessExcused, at: datetime) -> Life:
    return _with_objection(life, excused=True)


def _invited(life: Life, event: HearingInvited, at: datetime) -> Life:
    return begin_waiting(_with_objection(life, hearing="invited", invited_at=at), at)


def _agreed(life: Life, event: HearingAgreed, at: datetime) -> Life:
    return end_waiting(_with_objection(life, hearing="agreed"))


def _held(life: Life, event: HearingHeld, at: datetime) -> Life:
    heard = _with_objection(life, hearing="held", satisfied=event.satisfied, new_facts=event.new_facts)
    return end_waiting(replace(heard, stage=Stage.HEARD))


def _waived(life: Life, event: HearingWaived, at: datetime) -> Life:
    return end_waiting(replace(_with_objection(life, hearing="waived", satisfied=False), stage=Stage.HEARD))


def _recorded(life: Life, event: HearingRecorded, at: datetime) -> Life:
    return _with_objection(life, is_recorded=True)


def _decided(life: Life, event: ObjectionDecided, at: datetime) -> Life:
    decided = _with_objection(life, outcome=event.outcome)
    # Only the waiting ends here: the reminders stay counted, and golden states show them.
    return replace(decided, stage=Stage.DECIDED, waiting=replace(life.waiting, since=None))


def _route_named(life: Life, event: OuterRouteNamed, at: datetime) -> Life:
    return replace(life, objecting=replace(life.objecting, outer_route=event.route))


def _route_taken(life: Life, event: OuterRouteTaken, at: datetime) -> Life:
    taken = replace(life.objecting, outer_route=event.route, outer_route_taken=True)
    return replace(life, objecting=taken)


def _with_objection(life: Life, **changes: Any) -> Life:
    """Change the objection, or the talk that comes without one; such a talk is never late."""
    objecting = life.objecting
    if objecting.objection is not None:
        changed = replace(objecting, objection=replace(objecting.objection, **changes))
    else:
        changed = replace(objecting, hearing=replace(objecting.hearing or Objection(late=False), **changes))
    return replace(life, objecting=changed)


STEPS: LifeSteps = {
    ObjectionLodged: _lodged,
    LatenessExcused: _excused,
    HearingInvited: _invited,
    HearingAgreed: _agreed,
    HearingHeld: _held,
    HearingWaived: _waived,
    HearingRecorded: _recorded,
    ObjectionDecided: _decided,
    OuterRouteNamed: _route_named,
    OuterRouteTaken: _route_taken,
}
