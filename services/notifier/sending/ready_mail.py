"""A mail that is written and may be handed to the server. Pure."""

from dataclasses import dataclass
from datetime import datetime

from events.record.envelope import Recorded
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.outcome import AttemptOutcome
from notifier.smtp.conversation import SmtpResult
from notifier.smtp.message import Mail, to_bytes
from notifier.writing.letter import WrittenLetter
from procedures.organisations import Organisation


@dataclass(frozen=True, slots=True)
class ReadyMail:
    """A written mail; `cause` is the event that owes the letter, `message` the mail as bytes."""

    claimed: ClaimedLetter
    cause: Recorded
    message_id: str
    to: str
    letter: WrittenLetter
    message: bytes
    keeps_text: bool = True
    """Whether the event of the outcome holds the letter itself, encrypted."""

    def outcome(self, result: SmtpResult, at: datetime) -> AttemptOutcome:
        """Return the outcome of this mail's attempt, which ended at `at` with `result`."""
        outcome = AttemptOutcome(self.claimed, result, at, self.cause, self.message_id, self.to, self.letter)
        return outcome if self.keeps_text else outcome.without_text()


def ready_mail(
    claimed: ClaimedLetter,
    cause: Recorded,
    message_id: str,
    organisation: Organisation,
    to: str,
    letter: WrittenLetter,
) -> ReadyMail:
    """Return a written letter as a mail from its organisation; `to` has passed our address parser.

    Raises `UnsafeHeader` when the bytes hold other headers than they should.
    """
    mail = Mail(
        letter_id=claimed.letter_id,
        message_id=message_id,
        sender_name=organisation.sender.partition(" <")[0],
        sender=organisation.address_line,
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=letter.language,
        sent_at=claimed.written_at,
    )
    return ReadyMail(claimed, cause, message_id, to, letter, to_bytes(mail))
