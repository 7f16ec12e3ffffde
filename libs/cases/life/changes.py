"""What several parts of a life do: note who acted, begin or end the waiting, answer, and try anew."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from cases.life.state import Life, Stage, WaitingState
from events.catalogue import Event

LifeStep = Callable[[Life, Any, datetime], Life]
"""What one event changes in a life: the life before it, the event, and when it happened."""

LifeSteps = Mapping[type[Event], LifeStep]


def with_handler(life: Life, person: str) -> Life:
    """Add somebody to those who did something about the substance; an empty name adds nobody."""
    persons = life.persons
    if not person or person in persons.handlers:
        return life
    return replace(life, persons=replace(persons, handlers=(*persons.handlers, person)))


def begin_waiting(life: Life, at: datetime) -> Life:
    """Make the next move the complainant's, of which nobody has reminded them yet."""
    return replace(life, waiting=WaitingState(since=at))


def end_waiting(life: Life) -> Life:
    """Make the next move the organisation's, and forget the reminders."""
    return replace(life, waiting=WaitingState())


def answer(life: Life) -> Life:
    """Enter the stage "answered": an answer asks nothing of the complainant.

    Only whether they are satisfied may be asked already; then that is still waited for.
    """
    answered = replace(life, stage=Stage.ANSWERED)
    return answered if life.answering.satisfaction == "asked" else end_waiting(answered)


def try_anew(life: Life) -> Life:
    """Begin a new plan, proposal or round without what was answered before; the proposals stay counted."""
    fresh = replace(
        life.answering,
        accepted=False,
        outcome=None,
        solved=False,
        reported_back=False,
        handled=False,
        satisfaction=None,
    )
    return replace(life, answering=fresh, waiting=WaitingState())
