"""What notifier tells: what became of every letter."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from events.catalogue.event import COMPLAINANT, Event

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
    stage: Literal["connect", "mail from", "recipient", "data", "address"]
    attempts: int


class LetterUncertain(Event, frozen=True, kw_only=True):
    """An attempt has no known result: a copy may have left, so a second one may follow (same Message-ID)."""

    emitted_by: ClassVar[str] = "notifier"

    letter: str
    letter_id: UUID
    message_id: str
    attempt: int
