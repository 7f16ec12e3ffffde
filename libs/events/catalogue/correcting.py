"""What was recorded wrongly and is put right: a receipt, or the date of a letter."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from events.catalogue.event import REASON, Event


class ReceiptCorrected(Event, frozen=True, kw_only=True):
    """The complaint came in at another moment than was recorded; happened_at is when that was learnt.

    The terms run from `received_on`, the civil day in the procedure's zone, and from there they always ran.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    received_at: datetime
    received_on: date


class LetterDateCorrected(Event, frozen=True, kw_only=True):
    """A letter bears another date, or was posted at another moment, than was recorded.

    `happened_at` is when that was learnt; `posted_at` is None when only the date on it was wrong.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    letter: str
    letter_id: UUID
    dated_on: date
    posted_at: datetime | None = None
