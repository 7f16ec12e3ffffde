"""How an attempt at a letter ended, and what follows: an event, a new try, or a row set aside. Pure.

Always holds: address, subject and text go nowhere but into the encrypted part of the event; log lines and
counts tell case, letter and code only.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

import structlog
from prometheus_client import Counter

from events.catalogue import (
    COMPLAINANT,
    Event,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    LetterUncertain,
)
from events.identity import command_id_of
from events.record.envelope import History, NewEvent, Recorded
from events.transact import Command
from notifier.letter_history import is_explained, is_settled
from notifier.sending.outbox import ClaimedLetter, Postponed
from notifier.sending.retry import is_hopeless, wait_s
from notifier.smtp.conversation import MailAccepted, MailDeferred, MailRefused, MailUncertain, SmtpResult
from notifier.writing.letter import WrittenLetter

log = structlog.get_logger()
_ENDED = Counter("gehoor_letter_attempts", "Attempts at letters, by how they ended", ["end"])

HELD_FOR_S = 3600.0
"""A letter that cannot be made is tried again hourly: a repaired text or procedure lets it go by itself."""

ACTOR = "service:notifier"


@dataclass(frozen=True, slots=True)
class Printed:
    """There is no e-mail address: the letter lies ready for a person to post."""


@dataclass(frozen=True, slots=True)
class Held:
    """The letter cannot be made; `reason` holds nothing personal."""

    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Nobody is to be written to any more; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class AlreadySettled:
    """The case says that this letter has its outcome."""


AttemptEnd = SmtpResult | Printed | Held | Closed | AlreadySettled


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """An attempt and how it ended; `cause` is the event that made the letter owed."""

    attempt: ClaimedLetter
    end: AttemptEnd
    at: datetime
    cause: Recorded | None = None
    message_id: str = ""
    to: str = ""
    letter: WrittenLetter | None = None
    text_is_gone: bool = False

    @property
    def has_text(self) -> bool:
        """Tell whether the outcome will hold the letter itself, encrypted."""
        return self.letter is not None and not self.text_is_gone

    @property
    def is_settled(self) -> bool:
        """Tell whether the letter's row goes: its outcome stands, or stood already."""
        match self.end:
            case MailAccepted() | MailRefused() | Printed() | AlreadySettled():
                return True
            case MailDeferred():
                return is_hopeless(self.attempt.number, timedelta(seconds=self.attempt.age_s))
            case MailUncertain() | Held() | Closed():
                return False
            case _:
                assert_never(self.end)

    def without_text(self) -> "AttemptOutcome":
        """Give the same outcome with nothing personal: the person was erased meanwhile."""
        return replace(self, text_is_gone=True)


def command_of(done: AttemptOutcome) -> Command | None:
    """Give the command that records an outcome in the case; None when there is nothing to record."""
    event = _event_of(done)
    if event is None or done.cause is None:
        return None
    attempt = done.attempt
    personal: dict[str, dict[str, str]] = {}
    if done.has_text and done.letter is not None and not isinstance(event, LetterRefused | LetterUncertain):
        personal = {COMPLAINANT: {"to": done.to, "subject": done.letter.subject, "text": done.letter.text}}
        if isinstance(event, LetterPrepared):
            personal[COMPLAINANT]["page"] = done.letter.html

    def decide(history: History, now: datetime) -> Sequence[NewEvent]:
        if isinstance(event, LetterUncertain):
            known = is_explained(history, attempt.letter_id, attempt.number)
        else:
            known = is_settled(history, attempt.letter_id)
        return [] if known else [NewEvent(event, min(done.at, now), personal)]

    return Command(
        case_id=attempt.case_id,
        command_id=command_id_of("letter", attempt.letter_id, attempt.number, event.type),
        actor=ACTOR,
        decide=decide,
        correlation=done.cause.correlation,
        causation=done.cause.id,
        traceparent=done.cause.traceparent,
    )


def postponement_of(done: AttemptOutcome) -> Postponed:
    """Say how long the letter of an unsettled attempt waits, and in which state."""
    attempt, end = done.attempt, done.end
    chance = random.random()  # noqa: S311 - spreads tries, guards nothing
    match end:
        case MailDeferred():
            return Postponed(attempt, wait_s(attempt.number, chance), code=end.code, stage=end.stage)
        case MailUncertain():
            return Postponed(attempt, wait_s(attempt.number, chance), stage="data", may_have_left=True)
        case Held():
            return Postponed(attempt, HELD_FOR_S * (1 + chance / 10), state="held", reason=end.reason)
        case Closed():
            return Postponed(attempt, 0.0, state="closed", reason=end.reason)
        case MailAccepted() | MailRefused() | Printed() | AlreadySettled():
            raise ValueError(f"{type(end).__name__} settles a letter: its row goes")
        case _:
            assert_never(end)


def postponed_unsent(attempt: ClaimedLetter) -> Postponed:
    """Put back a letter that was claimed but could not even be written, because a database was away."""
    return Postponed(attempt, wait_s(attempt.number, random.random()), reason="not started")  # noqa: S311


def report(done: AttemptOutcome) -> None:
    """Count an outcome and write one log line: case, letter, attempt and code, nothing personal."""
    _ENDED.labels(type(done.end).__name__.lower()).inc()
    facts: dict[str, Any] = {
        "case": str(done.attempt.case_id), "letter": done.attempt.letter, "attempt": done.attempt.number,
    }  # fmt: skip
    match done.end:
        case MailAccepted():
            log.info("letter.sent", **facts)
        case Printed():
            log.info("letter.prepared", **facts)
        case MailRefused() as end:
            log.warning("letter.refused", code=end.code, stage=end.stage, **facts)
        case MailDeferred() as end:
            log.info("letter.deferred", code=end.code, stage=end.stage, given_up=done.is_settled, **facts)
        case MailUncertain():
            log.warning("letter.uncertain", **facts)
        case Held() as end:
            log.error("letter.held", reason=end.reason, **facts)
        case Closed() as end:
            log.info("letter.closed", reason=end.reason, **facts)
        case AlreadySettled():
            log.info("letter.already_settled", **facts)
        case _:
            assert_never(done.end)


def _event_of(done: AttemptOutcome) -> Event | None:
    attempt, letter = done.attempt, done.letter
    letter_id: UUID = attempt.letter_id
    match done.end:
        case MailAccepted() if letter is not None:
            return LetterSent(
                letter=attempt.letter,
                letter_id=letter_id,
                message_id=done.message_id,
                channel="email",
                language=letter.language,
                dated_on=letter.dated_on,
                contents=letter.contents,
                attempts=attempt.number,
                period_until=letter.period_until,
            )
        case Printed() if letter is not None:
            return LetterPrepared(
                letter=attempt.letter,
                letter_id=letter_id,
                language=letter.language,
                dated_on=letter.dated_on,
                contents=letter.contents,
                period_until=letter.period_until,
            )
        case MailRefused(code=code, stage=stage) | MailDeferred(code=code, stage=stage) if done.is_settled:
            return LetterRefused(
                letter=attempt.letter,
                letter_id=letter_id,
                message_id=done.message_id,
                reply_code=code,
                stage=stage,
                attempts=attempt.number,
            )
        case MailUncertain():
            return LetterUncertain(
                letter=attempt.letter, letter_id=letter_id, message_id=done.message_id, attempt=attempt.number
            )
        case _:
            return None  # the case learns nothing from a try that will be repeated, or from a row that closes
