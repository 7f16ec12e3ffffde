"""The command that records the outcome of an attempt in the case. Pure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from events.catalogue import (
    COMPLAINANT,
    Event,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
)
from events.identity import command_id_of
from events.record.envelope import History, NewEvent
from events.transact import Command
from notifier.letter_history import is_explained, is_settled
from notifier.sending.outcome import AttemptOutcome, Printed
from notifier.smtp.conversation import MailAccepted, MailDeferred, MailRefused, MailUncertain

ACTOR = "service:notifier"


def command_of(outcome: AttemptOutcome) -> Command | None:
    """Return the command that records an outcome in the case; None when the case need not know.

    The command decides nothing when the case holds an outcome of this letter already: another process may
    have recorded it since.
    """
    event = _event_of(outcome)
    if event is None or outcome.cause is None:
        return None
    claimed = outcome.claimed
    personal = _personal_of(outcome, event)

    def decide(history: History, now: datetime) -> Sequence[NewEvent]:
        if isinstance(event, LetterUncertain):
            is_recorded = is_explained(history, claimed.letter_id, claimed.number)
        else:
            is_recorded = is_settled(history, claimed.letter_id)
        # The case's clock may be a little behind ours: an event must not lie in its future.
        return [] if is_recorded else [NewEvent(event, min(outcome.at, now), personal)]

    return Command(
        case_id=claimed.case_id,
        command_id=command_id_of("letter", claimed.letter_id, claimed.number, event.type),
        actor=ACTOR,
        decide=decide,
        correlation=outcome.cause.correlation,
        causation=outcome.cause.id,
        traceparent=outcome.cause.traceparent,
    )


def _personal_of(outcome: AttemptOutcome, event: Event) -> dict[str, dict[str, str]]:
    """Return the part of the event that is encrypted for the complainant: whom we wrote, and what."""
    letter = outcome.letter
    if not outcome.has_text or letter is None or isinstance(event, LetterRefused | LetterUncertain):
        return {}
    fields = {"to": outcome.to, "subject": letter.subject, "text": letter.text}
    if isinstance(event, LetterPrepared):
        fields["page"] = letter.html  # recorded, not made anew: what is posted is what was checked
    return {COMPLAINANT: fields}


def _event_of(outcome: AttemptOutcome) -> Event | None:
    claimed, letter = outcome.claimed, outcome.letter
    letter_id: UUID = claimed.letter_id
    match outcome.end:
        case MailAccepted() if letter is not None:
            return LetterSent(
                letter=claimed.letter,
                letter_id=letter_id,
                message_id=outcome.message_id,
                channel="email",
                language=letter.language,
                dated_on=letter.dated_on,
                contents=letter.contents,
                attempts=claimed.number,
                period_until=letter.period_until,
            )
        case Printed() if letter is not None:
            return LetterPrepared(
                letter=claimed.letter,
                letter_id=letter_id,
                language=letter.language,
                dated_on=letter.dated_on,
                contents=letter.contents,
                period_until=letter.period_until,
            )
        case MailRefused(code=code, stage=stage) | MailDeferred(code=code, stage=stage) if outcome.is_settled:
            return LetterRefused(
                letter=claimed.letter,
                letter_id=letter_id,
                message_id=outcome.message_id,
                reply_code=code,
                stage=stage,
                attempts=claimed.number,
            )
        case MailUncertain():
            return LetterUncertain(
                letter=claimed.letter,
                letter_id=letter_id,
                message_id=outcome.message_id,
                attempt=claimed.number,
            )
        case _:
            return None  # an attempt that is repeated, or a letter not written any more: nothing happened
