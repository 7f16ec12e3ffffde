"""The steps of closing: a complaint taken back, a case closed, and a case that goes on after all."""

from datetime import datetime

from msgspec.structs import replace

from cases.life.changes import LifeSteps, try_anew
from cases.life.state import ClosingState, Life, Stage
from events.catalogue import CaseClosed, CaseReopened, ComplaintWithdrawn


def _withdrawn(life: Life, event: ComplaintWithdrawn, at: datetime) -> Life:
    return replace(life, closing=replace(life.closing, withdrawn=True))


def _closed(life: Life, event: CaseClosed, at: datetime) -> Life:
    return replace(
        life,
        stage=Stage.CLOSED,
        closing=replace(life.closing, because=event.because),
        waiting=replace(life.waiting, since=None),
        opening=replace(life.opening, asked=None),
        handling=replace(life.handling, consultations=()),
    )


def _reopened(life: Life, event: CaseReopened, at: datetime) -> Life:
    """Begin a new round: neither the objection nor a hand-over of the round before counts in it."""
    reopened = replace(
        life,
        stage=Stage.HANDLING,
        closing=ClosingState(reopened=life.closing.reopened + 1),
        objecting=replace(life.objecting, objection=None, hearing=None),
        opening=replace(life.opening, refused_with_route=False, handed_over=False),
    )
    return try_anew(reopened)


STEPS: LifeSteps = {ComplaintWithdrawn: _withdrawn, CaseClosed: _closed, CaseReopened: _reopened}
