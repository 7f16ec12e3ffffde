"""How one attempt at a letter ended. Pure.

Always holds: address, subject and text of the letter go nowhere but into the encrypted part of the event.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from events.record.envelope import Recorded
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.retry import is_hopeless
from notifier.smtp.conversation import MailAccepted, MailDeferred, MailRefused, MailUncertain, SmtpResult
from notifier.writing.letter import WrittenLetter


@dataclass(frozen=True, slots=True)
class Printed:
    """The letter goes on paper: its page is ready for a person to post."""


@dataclass(frozen=True, slots=True)
class Held:
    """The letter cannot be written now; `reason` holds nothing personal."""

    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The letter is not to be written any more; `reason` names why."""

    reason: str


@dataclass(frozen=True, slots=True)
class AlreadySettled:
    """The case holds the outcome of this letter already."""


AttemptEnd = SmtpResult | Printed | Held | Closed | AlreadySettled


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """A claimed letter and how its attempt ended.

    `cause` is the event that owes the letter. `to` is an e-mail address, or a postal one on paper.
    """

    claimed: ClaimedLetter
    end: AttemptEnd
    at: datetime
    cause: Recorded | None = None
    message_id: str = ""
    to: str = ""
    letter: WrittenLetter | None = None
    is_text_removed: bool = False

    @property
    def has_text(self) -> bool:
        """Return whether the event will hold the letter itself, encrypted."""
        return self.letter is not None and not self.is_text_removed

    @property
    def is_settled(self) -> bool:
        """Return whether the letter needs no further attempt, so that its row is deleted."""
        match self.end:
            case MailAccepted() | MailRefused() | Printed() | AlreadySettled():
                return True
            case MailDeferred():
                return is_hopeless(self.claimed.number, timedelta(seconds=self.claimed.age_s))
            case MailUncertain() | Held() | Closed():
                return False
            case _:
                assert_never(self.end)

    def without_text(self) -> "AttemptOutcome":
        """Return the same outcome without address, subject and text."""
        return replace(self, is_text_removed=True)
