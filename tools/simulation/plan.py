"""What is going to happen in one invented case: the complaint, and who does what when.

A plan says nothing about deadlines. It is drawn before anybody counts a day, so that what the system makes of
it can be compared with what somebody else makes of the very same plan. Everything in it is invented.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from procedures.conduct import TokenRole


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody gives a command about the case; it may turn out not to be allowed, as in life."""

    at: datetime
    command: str
    by: TokenRole
    body: Mapping[str, Any] = {}


class PlannedDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a letter: how long until it is sent, and whether it is refused or comes back.

    `posted_after` is how long a printed letter lies, from being prepared, or from coming back, until somebody
    posts it; None when nobody does.
    """

    after: timedelta = timedelta(minutes=2)
    is_refused: bool = False
    returned_after: timedelta | None = None
    posted_after: timedelta | None = timedelta(days=1)


class CasePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One invented case. `arrives_at` is when intake hears of it; the receipt it states may be earlier."""

    number: int
    organisation: str
    arrives_at: datetime
    submission: Mapping[str, Any]
    steps: tuple[PlannedStep, ...]
    fates: Mapping[str, PlannedDelivery]
    """By letter. The name stands in the JSON of every plan, which is compared byte for byte."""
    story: str
    hard: str | None = None

    def delivery(self, letter: str) -> PlannedDelivery:
        """Return what becomes of the letters of this name."""
        return self.fates.get(letter, _AS_USUAL)


_AS_USUAL = PlannedDelivery()
