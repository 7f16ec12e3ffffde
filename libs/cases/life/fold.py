"""The fold of a case's life: one event at a time, by the steps of the part that the event belongs to.

Pure: no clock is read and nothing is awaited. An event without a step changes nothing, and that is right for
a fold: what letters and clocks do is folded in `cases.state`. A test lists the events that have a step.
"""

from datetime import datetime

from msgspec.structs import replace

from cases.life import answering, closing, handling, linking, objecting, opening, receiving, versioning
from cases.life.changes import LifeSteps
from cases.life.state import Life
from events.catalogue import (
    CaseAssigned,
    CaseClosed,
    CaseReopened,
    ComplaintSolved,
    Event,
    HandedOverAsIncident,
    OutcomeDecided,
    PlanMade,
)

_STEPS: LifeSteps = {
    event: step
    for part in (receiving, opening, handling, answering, objecting, closing, linking, versioning)
    for event, step in part.STEPS.items()
}

TELLING: frozenset[str] = frozenset(event.__name__ for event in _STEPS)
"""The types of the events that change a life."""

_CHANGES_THE_RECORD: frozenset[type[Event]] = frozenset(
    {
        CaseAssigned,
        PlanMade,
        OutcomeDecided,
        ComplaintSolved,
        HandedOverAsIncident,
        CaseClosed,
        CaseReopened,
    }
)
"""After these another recording system shows something that is no longer so."""


def evolve_life(life: Life, event: Event, at: datetime) -> Life:
    """Take one more event into account; gives the very same life when the event changes none of it."""
    step = _STEPS.get(type(event))
    if step is None:
        return life
    after = step(life, event, at)
    if after.stage != life.stage:
        after = replace(after, stage_since=at)
    if type(event) in _CHANGES_THE_RECORD and life.opening.externals:
        stale = tuple(replace(one, is_current=False) for one in after.opening.externals)
        after = replace(after, opening=replace(after.opening, externals=stale))
    return after
