"""What is still to come in a case: the steps of its plan, and what its letters bring with them.

A letter that is owed is sent after a while; it may be refused, printed and posted, or come back. All
of that follows from what happened and from the plan, never from a clock of the procedure.
"""

from datetime import datetime
from heapq import heappop, heappush
from typing import NamedTuple

from events.catalogue import Event, TermExtended
from simulation.plan import CasePlan, PlannedDelivery, PlannedStep


class Dispatch(NamedTuple):
    """A letter is sent; `because` is the event that owes it."""

    letter: str
    occurrence: int
    because: Event
    delivery: PlannedDelivery


Act = PlannedStep | Dispatch


class Agenda:
    """The acts to come, in the order of their moments; of two at one moment the one noted first."""

    def __init__(self, plan: CasePlan, letters: frozenset[str]) -> None:
        self.plan = plan
        self._letters = letters
        self._written: dict[str, int] = {}
        self._heap: list[tuple[datetime, int, Act]] = []
        self._noted = 0
        for step in plan.steps:
            self.note(step.at, step)

    def note(self, at: datetime, act: Act) -> None:
        """Put an act down."""
        self._noted += 1
        heappush(self._heap, (at, self._noted, act))

    @property
    def next_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def take(self) -> tuple[datetime, Act]:
        """Take the next act off."""
        at, _, act = heappop(self._heap)
        return at, act

    def owe(self, letter: str, because: Event, at: datetime) -> None:
        """Note that a letter is owed since `at`; one that the procedure does not have is not written."""
        if letter not in self._letters:
            return
        occurrence = self._written[letter] = self._written.get(letter, 0) + 1
        delivery = self.plan.delivery(letter) if occurrence == 1 else _LATER_ONES
        self.note(at + delivery.after, Dispatch(letter, occurrence, because, delivery))

    def after_sending(self, letter: str, delivery: PlannedDelivery, at: datetime) -> None:
        """Note whether a mail comes back, and whether somebody then posts it on paper."""
        if delivery.returned_after is None:
            return
        returned_at = at + delivery.returned_after
        self.note(returned_at, _by_the_desk(returned_at, "record-returned", letter=letter, how="email"))
        self.after_printing(letter, delivery, returned_at)

    def after_printing(self, letter: str, delivery: PlannedDelivery, at: datetime) -> None:
        """Note when somebody posts a printed letter."""
        if delivery.posted_after is not None:
            posted_at = at + delivery.posted_after
            self.note(posted_at, _by_the_desk(posted_at, "record-posted", letter=letter))


def day_to_tell(because: Event) -> object:
    """Return the day that a command set and a letter names."""
    return because.until if isinstance(because, TermExtended) else None


_LATER_ONES = PlannedDelivery()
"""The delivery of a second letter of the same name."""


def _by_the_desk(at: datetime, command: str, **body: str) -> PlannedStep:
    return PlannedStep(at=at, command=command, by="quality_manager", body=body)
