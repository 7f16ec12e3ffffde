"""What became of every letter: sent or printed by notifier, posted or come back as a person records it."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from events.catalogue.event import COMPLAINANT, Event
from events.catalogue.words import ReturnWay, SmtpStage

_LETTER: Mapping[str, tuple[str, ...]] = {COMPLAINANT: ("to", "subject", "text")}


class LetterSent(Event, frozen=True, kw_only=True):
    """The recipient's server accepted a letter; happened_at is that moment: dispatch and arrival.

    `contents` are the mandatory parts that were checked before sending; `dated_on` is the date on it;
    `period_until` is the last day of the period that it tells, if it tells one: a promise from then on.
    """

    emitted_by: ClassVar[str] = "notifier"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _LETTER

    letter: str
    letter_id: UUID
    message_id: str
    channel: Literal["email"]
    language: str
    dated_on: date
    contents: tuple[str, ...]
    attempts: int
    period_until: date | None = None


class LetterPrepared(Event, frozen=True, kw_only=True):
    """A letter lies ready to be printed, for somebody without an e-mail address; a person posts it.

    `page` in the encrypted part is the letter as it is to be printed, in HTML.
    """

    emitted_by: ClassVar[str] = "notifier"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: (*_LETTER[COMPLAINANT], "page")}

    letter: str
    letter_id: UUID
    language: str
    dated_on: date
    contents: tuple[str, ...]
    period_until: date | None = None


class LetterRefused(Event, frozen=True, kw_only=True):
    """The recipient's server refused a letter for good; no dispatch, no arrival: a person must act."""

    emitted_by: ClassVar[str] = "notifier"

    letter: str
    letter_id: UUID
    message_id: str
    reply_code: int
    stage: SmtpStage
    attempts: int


class LetterUncertain(Event, frozen=True, kw_only=True):
    """An attempt has no known result: a copy may have left, so a second one may follow (same Message-ID)."""

    emitted_by: ClassVar[str] = "notifier"

    letter: str
    letter_id: UUID
    message_id: str
    attempt: int


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
    how: ReturnWay
