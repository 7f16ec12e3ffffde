"""What was put right, or learned, about something told before."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from events.catalogue.event import REASON, Event
from events.catalogue.rules import ClockRule


class CaseMovedToVersion(Event, frozen=True, kw_only=True):
    """The case runs under another version of its procedure from now on, as that version declares.

    `clocks` are the rules that replace those of the same identifier or are new; all others stay. They start
    at the same facts as ever. Under "most favourable" only those are here that serve the complainant better.
    """

    emitted_by: ClassVar[str] = "workflow"

    procedure_version: int
    procedure_digest: str
    from_version: int
    transition: Literal["at next stage", "most favourable"]
    clocks: tuple[ClockRule, ...] = ()


class LetterPosted(Event, frozen=True, kw_only=True):
    """A person put a printed letter into the post at happened_at: dispatch, and arrival unless it comes back.

    `period_until` is the last day of the period that the letter tells, if it tells one.
    """

    emitted_by: ClassVar[str] = "workflow"

    letter: str
    letter_id: UUID
    dated_on: date
    period_until: date | None = None


class LetterBounced(Event, frozen=True, kw_only=True):
    """A letter that counted as arrived came back; happened_at is when that was learnt.

    It did not arrive, so what "u ontvangt" promised is owed again from that moment; it was sent all the same.
    """

    emitted_by: ClassVar[str] = "workflow"

    letter: str
    letter_id: UUID
    how: Literal["email", "post"]


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


class CalendarsRenewed(Event, frozen=True, kw_only=True):
    """From happened_at on the running clocks are counted on these versions of the calendars.

    A running clock otherwise keeps the calendar that it was counted on. An end that would have passed by
    then already stays: nobody breaks a promise by a free day that was taken away afterwards.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    calendars: tuple[str, ...]
