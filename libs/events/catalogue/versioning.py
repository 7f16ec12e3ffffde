"""The version of the procedure, and of the calendars, that a running case is counted by."""

from collections.abc import Mapping
from typing import ClassVar

from events.catalogue.event import REASON, Event
from events.catalogue.rules import ClockRule
from events.catalogue.words import VersionTransition


class CaseMovedToVersion(Event, frozen=True, kw_only=True):
    """The case runs under another version of its procedure from now on, as that version declares.

    `clocks` are the rules that replace those of the same identifier or are new; all others stay. They start
    at the same facts as ever. Under "most favourable" only those are here that serve the complainant better.
    """

    emitted_by: ClassVar[str] = "workflow"

    procedure_version: int
    procedure_digest: str
    from_version: int
    transition: VersionTransition
    clocks: tuple[ClockRule, ...] = ()


class CalendarsRenewed(Event, frozen=True, kw_only=True):
    """From happened_at on the running clocks are counted on these versions of the calendars.

    A running clock otherwise keeps the calendar that it was counted on. An end that would have passed by
    then already stays: nobody breaks a promise by a free day that was taken away afterwards.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    calendars: tuple[str, ...]
