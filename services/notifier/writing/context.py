"""What a letter is written from: the case, the event that owes it, whom it goes to, and what people wrote.

The words of people are opened one event at a time, and only those that the letter tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from events.catalogue.words import FORM_COPY, Language
from notifier.letter_history import LetterHistory, OwingEvent
from procedures.counting.zones import civil_date
from procedures.organisations import Organisation
from procedures.procedure import Procedure

OpenedFields = Callable[[int], Mapping[str, Any]]
"""Gives the complainant's encrypted fields of the event with this version, opened."""


@dataclass(frozen=True, slots=True)
class WritingContext:
    """One letter before it is written; `written_at` gives its date, `name` is the complainant's as typed.

    `by_post` is true for a letter on paper. `form_address` is where the organisation's form is, or empty.
    """

    case: LetterHistory
    owing: OwingEvent
    organisation: Organisation
    procedure: Procedure
    opened: OpenedFields
    written_at: datetime
    name: str = ""
    by_post: bool = False
    form_address: str = ""

    @property
    def language(self) -> Language:
        """Write as the complainant does, where the organisation can; else as the organisation does.

        To itself the organisation writes in its own language.
        """
        opened = None if self.owing.letter == FORM_COPY else self.case.opened
        asked = opened.language if opened else ""
        languages = self.organisation.languages
        return next((each for each in languages if each == asked), self.organisation.default_language)

    @property
    def manner(self) -> str:
        """Name the texts of this letter: the language, and the tone in Dutch."""
        return self.language if self.language == "en" else f"{self.language}.{self.organisation.tone}"

    @property
    def dated_on(self) -> date:
        return self.civil_day(self.written_at)

    def civil_day(self, moment: datetime) -> date:
        """Give the civil day of a moment in the procedure's zone."""
        return civil_date(moment, self.procedure.zone)

    def said(self, field: str) -> str:
        """Give what somebody wrote in the event that owes this letter; empty when there is nothing."""
        return str(self.opened(self.owing.version).get(field) or "")
