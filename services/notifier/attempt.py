"""One attempt at a letter: from a claimed row to the mail.

Pure. Always holds: the address comes from the encrypted part of `ComplaintReceived` and goes nowhere but into
the mail and the encrypted part of the outcome; an erased person is written to no more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from events.catalogue import COMPLAINANT, Erased
from events.envelope import History, Recorded
from events.errors import GehoorError
from notifier.conversation import Refused, Result, Uncertain
from notifier.header import NotAnAddress, UnsafeHeader, parse_address
from notifier.letter import WrittenLetter, write_letter
from notifier.mail import Mail, message_id_of, to_bytes
from notifier.outbox import Attempt
from notifier.outcome import AlreadySettled, Closed, Done, Held, Printed
from notifier.owed import Case, fold
from procedures.library import procedure
from procedures.organisations import Organisation, organisations

Open = Callable[[Recorded], Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A written mail that may be handed over."""

    attempt: Attempt
    cause: Recorded
    message_id: str
    to: str
    letter: WrittenLetter
    message: bytes

    def ended(self, result: Result, at: datetime) -> Done:
        return Done(self.attempt, result, at, self.cause, self.message_id, self.to, self.letter)


def prepare(attempt: Attempt, history: History, open_personal: Open, message_key: bytes) -> Ready | Done:
    """Write the mail of an attempt, or say why there is none. One letter never stops others."""
    try:
        return _prepare(attempt, history, open_personal, message_key)
    except (GehoorError, UnsafeHeader, NotAnAddress) as error:
        reason = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, only this letter waits for somebody to look
        reason = type(error).__qualname__  # an exception may quote values: its words stay out
    return Done(attempt, Held(reason[:500]), attempt.written_at)


def _prepare(attempt: Attempt, history: History, open_personal: Open, message_key: bytes) -> Ready | Done:
    case = fold(history)
    cause = _cause(history)
    if attempt.letter_id in case.settled:
        return Done(attempt, AlreadySettled(), attempt.written_at)
    person = open_personal(history.events[0]).get(COMPLAINANT, {})
    if case.erased or any(isinstance(value, Erased) for value in person.values()):
        return Done(attempt, Closed("the complainant was erased"), attempt.written_at)
    organisation = organisations()[case.organisation]
    letter = _write(attempt, case, organisation, str(person.get("name") or ""))
    email = str(person.get("email") or "").strip()
    sender = organisation.address_line
    message_id = message_id_of(message_key, attempt.letter_id, sender)
    done = Done(
        attempt, Printed(), attempt.written_at, cause, message_id, str(person.get("address") or ""), letter
    )
    if not email:
        return done
    try:
        to = parse_address(email)
    except NotAnAddress:
        return replace(done, end=Refused(0, "address"))
    if to.lower() == sender.lower():
        return replace(done, end=Refused(0, "address"))  # to ourselves: the beginning of a mail loop
    mail = Mail(
        letter_id=attempt.letter_id,
        message_id=message_id,
        sender_name=organisation.sender.partition(" <")[0],
        sender=sender,
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=letter.language,
        sent_at=attempt.written_at,
    )
    return Ready(attempt, cause, message_id, to, letter, to_bytes(mail))


def lost(attempt: Attempt, history: History, message_key: bytes, at: datetime) -> Done:
    """An attempt that nobody reported on: its process died, so a copy may have left."""
    sender = organisations()[history.organisation].address_line
    message_id = message_id_of(message_key, attempt.letter_id, sender)
    return Done(attempt, Uncertain(), at, _cause(history), message_id)


def _write(attempt: Attempt, case: Case, organisation: Organisation, name: str) -> WrittenLetter:
    if case.opened is None:
        raise GehoorError(f"case {case.case_id} is not open: its letter cannot be owed")
    rule = procedure(case.opened.procedure, case.opened.procedure_version).letters.get(attempt.letter)
    if rule is None:
        raise GehoorError(f"procedure {case.opened.procedure} has no letter {attempt.letter!r}")
    return write_letter(case, attempt.letter, organisation, rule, name, attempt.written_at)


def _cause(history: History) -> Recorded:
    """Find the event by which letters became owed: the opening of the case, else its last event."""
    opened = (recorded for recorded in history.events if recorded.type == "CaseOpened")
    return next(opened, history.events[-1])
