"""What a letter is written from: the case, the event that owes it, the recipient, and what people wrote.

What people wrote is decrypted one event at a time, and only where the letter uses it.
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
"""Returns the decrypted fields of the complainant in the event with this version."""


@dataclass(frozen=True, slots=True)
class WritingContext:
    """Everything that one letter is written from.

    `written_at` gives the letter its date. `name` is the complainant's name as typed. `by_post` is true for a
    letter on paper. `form_address` is the URL of the organisation's form, or empty.
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
        """Return the complainant's language, or the organisation's own where it does not write that one."""
        # A form copy goes to the organisation itself, so the complainant's language does not count.
        opened = None if self.owing.letter == FORM_COPY else self.case.opened
        asked = opened.language if opened else ""
        written = (language for language in self.organisation.languages if language == asked)
        return next(written, self.organisation.default_language)

    @property
    def manner(self) -> str:
        """Return the part of a text's file name that chooses language and tone: `en`, `nl.u` or `nl.je`."""
        return self.language if self.language == "en" else f"{self.language}.{self.organisation.tone}"

    @property
    def dated_on(self) -> date:
        """Return the date that the letter bears."""
        return self.civil_day(self.written_at)

    def civil_day(self, moment: datetime) -> date:
        """Return the civil day of a moment in the procedure's zone."""
        return civil_date(moment, self.procedure.zone)

    def written(self, field: str) -> str:
        """Return what somebody wrote in the event that owes this letter, or an empty text."""
        return str(self.opened(self.owing.version).get(field) or "")
