"""What intake tells: a complaint came in, or something was added to it."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from events.catalogue.event import ABOUT, ADDED, COMPLAINANT, Event
from events.catalogue.words import MessageSource


class ComplaintReceived(Event, frozen=True, kw_only=True):
    """Somebody told the organisation about their dissatisfaction; happened_at is the moment of receipt.

    `received_on` is the civil date of receipt in the procedure's zone, from which the terms run.
    `missing` names what the procedure asks for and was not given; `channel_named` is false when the
    procedure does not name this channel. Both are flags: an incomplete complaint is still a complaint.
    """

    emitted_by: ClassVar[str] = "intake"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {
        COMPLAINANT: (
            "name", "company", "role", "email", "phone", "address", "reachability",
            "description", "references", "nature_stated", "remedy_sought", "language_stated",
        ),
        ABOUT: ("name", "function"),
    }  # fmt: skip

    reference: str
    channel: str
    channel_named: bool
    language: str
    nature: str
    received_on: date
    reported_on: date | None
    given: tuple[str, ...]
    missing: tuple[str, ...]
    reachable_by: tuple[str, ...]


class ComplainantWrote(Event, frozen=True, kw_only=True):
    """The complainant added something to their complaint; happened_at is its arrival.

    `given` names the fields that it brings, in the procedures' own words, and `missing` what is missing after
    it. It was sent by whoever holds the signed link of the case ("link"), or by a channel of the organisation
    that brings a token ("channel").
    """

    emitted_by: ClassVar[str] = "intake"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = ADDED

    channel: str
    sent_by: MessageSource
    given: tuple[str, ...]
    missing: tuple[str, ...]
