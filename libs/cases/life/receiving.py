"""The steps of receiving: what was given, and what the complainant added."""

from datetime import datetime

from msgspec.structs import replace

from cases.life.changes import LifeSteps, end_waiting
from cases.life.state import Life
from events.catalogue import ComplainantWrote, ComplaintReceived


def with_given(life: Life, given: tuple[str, ...], missing: tuple[str, ...]) -> Life:
    """Add the fields that were given; what was asked for is answered by them, whatever they are."""
    if life.opening.asked is not None:
        life = end_waiting(replace(life, opening=replace(life.opening, asked=None)))
    before = life.receiving
    known = tuple(dict.fromkeys((*before.given, *given)))
    return replace(life, receiving=replace(before, given=known, missing=missing))


def _received(life: Life, event: ComplaintReceived, at: datetime) -> Life:
    return replace(life, receiving=replace(life.receiving, given=event.given, missing=event.missing))


def _wrote(life: Life, event: ComplainantWrote, at: datetime) -> Life:
    life = with_given(life, event.given, event.missing)
    return replace(life, receiving=replace(life.receiving, messages=life.receiving.messages + 1))


STEPS: LifeSteps = {ComplaintReceived: _received, ComplainantWrote: _wrote}
