"""One attempt at a letter: from a claimed row to the mail.

Pure. Always holds: the address comes from the encrypted part of what the complainant told and goes nowhere
but into the mail and the encrypted part of the outcome; an erased person is written to no more; a letter that
was overtaken since it became owed does not leave.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from events.addresses import NotAnAddress, parse_address
from events.catalogue import ABOUT, COMPLAINANT, ComplaintReceived, Erased
from events.catalogue.words import FORM_COPY
from events.errors import GehoorError, MalformedEvent
from events.record.envelope import History, Recorded
from notifier.letter_history import LetterHistory, OwingEvent, fold, letter_id_of
from notifier.owed_letters import why_not
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.outcome import AlreadySettled, AttemptOutcome, Closed, Held, Printed
from notifier.smtp.conversation import MailRefused, MailUncertain, SmtpResult
from notifier.smtp.header import UnsafeHeader
from notifier.smtp.message import Mail, message_id_of, to_bytes
from notifier.writing.context import OpenedFields, WritingContext
from notifier.writing.letter import WrittenLetter, write_letter
from procedures.organisations import Organisation, organisations
from procedures.pinning import pinned
from procedures.procedure import Procedure

OpenPersonal = Callable[[Recorded], Mapping[str, Mapping[str, Any]]]

_OF_A_PERSON = ("name", "email", "address")


@dataclass(frozen=True, slots=True)
class ReadyMail:
    """A written mail that may be handed over."""

    attempt: ClaimedLetter
    cause: Recorded
    message_id: str
    to: str
    letter: WrittenLetter
    message: bytes
    keeps_text: bool = True
    """Whether the outcome is to hold the letter itself, encrypted."""

    def ended(self, result: SmtpResult, at: datetime) -> AttemptOutcome:
        done = AttemptOutcome(self.attempt, result, at, self.cause, self.message_id, self.to, self.letter)
        return done if self.keeps_text else done.without_text()


def prepare(
    attempt: ClaimedLetter,
    history: History,
    open_personal: OpenPersonal,
    message_key: bytes,
    public_url: str = "",
) -> ReadyMail | AttemptOutcome:
    """Write the mail of an attempt, or say why there is none. One letter never stops others.

    `public_url` is where the organisations' forms are; without it a letter names a form and no address.
    """
    try:
        return _prepare(attempt, history, open_personal, message_key, public_url)
    except (GehoorError, UnsafeHeader, NotAnAddress) as error:
        reason = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, only this letter waits for somebody to look
        reason = type(error).__qualname__  # an exception may quote values: its words stay out
    return AttemptOutcome(attempt, Held(reason[:500]), attempt.written_at)


def _prepare(
    attempt: ClaimedLetter, history: History, open_personal: OpenPersonal, message_key: bytes, public_url: str
) -> ReadyMail | AttemptOutcome:
    case = fold(history)
    if attempt.letter_id in case.settled:
        return AttemptOutcome(attempt, AlreadySettled(), attempt.written_at)
    owing = _owing(case, attempt)
    if owing is None:
        raise GehoorError(f"case {case.case_id} has no event that owes the letter {attempt.letter!r}")

    def opened(version: int) -> Mapping[str, Any]:
        return open_personal(history.events[version - 1]).get(COMPLAINANT, {})

    person = person_of(case, opened)
    if case.erased or any(isinstance(value, Erased) for value in person.values()):
        return AttemptOutcome(attempt, Closed("the complainant was erased"), attempt.written_at)
    overtaken = why_not(case, owing)
    if overtaken is not None:
        return AttemptOutcome(attempt, Closed(overtaken), attempt.written_at)
    organisation = organisations()[case.organisation]
    if owing.letter == FORM_COPY:
        return _to_ourselves(attempt, case, owing, history, open_personal, message_key)
    by_post = owing.letter in organisation.on_paper or _is_on_paper(owing, attempt)
    email = "" if by_post else str(person.get("email") or "").strip()
    address = str(person.get("address") or "")
    writing = WritingContext(
        case=case,
        owing=owing,
        organisation=organisation,
        procedure=_pinned(case),
        opened=opened,
        written_at=attempt.written_at,
        name=str(person.get("name") or ""),
        by_post=not email,
        form_address=f"{public_url.rstrip('/')}/{organisation.id}" if public_url else "",
    )
    letter = write_letter(writing, address)
    sender = organisation.address_line
    message_id = message_id_of(message_key, attempt.letter_id, sender)
    cause = history.events[owing.version - 1]
    done = AttemptOutcome(attempt, Printed(), attempt.written_at, cause, message_id, address, letter)
    if not email:
        return done
    try:
        to = parse_address(email)
    except NotAnAddress:
        return replace(done, end=MailRefused(0, "address"))
    if to.lower() == sender.lower():
        return replace(done, end=MailRefused(0, "address"))  # to ourselves: the beginning of a mail loop
    return _ready(attempt, cause, message_id, organisation, to, letter)


def _to_ourselves(
    attempt: ClaimedLetter,
    case: LetterHistory,
    owing: OwingEvent,
    history: History,
    open_personal: OpenPersonal,
    message_key: bytes,
) -> ReadyMail:
    """Write the copy of the filled-in form to the organisation's own inbox.

    No loop begins there: nothing answers a mail that says it was made by a machine, and its envelope names no
    sender. What was filled in stands encrypted in the case already, so the outcome does not hold it again.
    """
    organisation = organisations()[case.organisation]
    if organisation.form_inbox is None:
        raise GehoorError(f"{organisation.id} has no form_inbox to which the copy of the form could go")
    writing = WritingContext(
        case=case,
        owing=owing,
        organisation=organisation,
        procedure=_pinned(case),
        opened=lambda version: as_filled_in(history.events[version - 1], open_personal),
        written_at=attempt.written_at,
    )
    message_id = message_id_of(message_key, attempt.letter_id, organisation.address_line)
    cause, to = history.events[owing.version - 1], parse_address(organisation.form_inbox)
    ready = _ready(attempt, cause, message_id, organisation, to, write_letter(writing))
    return replace(ready, keeps_text=False)


def as_filled_in(received: Recorded, open_personal: OpenPersonal) -> dict[str, str]:
    """Give the fields of a complaint as text, by their names in the vocabulary; forgotten ones are not."""
    told = open_personal(received)
    fields: dict[str, Any] = dict(told.get(COMPLAINANT, {}))
    fields |= {f"about_{name}": value for name, value in told.get(ABOUT, {}).items()}
    event = received.event
    if isinstance(event, ComplaintReceived) and event.reported_on is not None:
        fields["reported_on"] = event.reported_on.isoformat()
    return {
        name: ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in fields.items()
        if not isinstance(value, Erased)
    }


def _ready(
    attempt: ClaimedLetter,
    cause: Recorded,
    message_id: str,
    organisation: Organisation,
    to: str,
    letter: WrittenLetter,
) -> ReadyMail:
    mail = Mail(
        letter_id=attempt.letter_id,
        message_id=message_id,
        sender_name=organisation.sender.partition(" <")[0],
        sender=organisation.address_line,
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=letter.language,
        sent_at=attempt.written_at,
    )
    return ReadyMail(attempt, cause, message_id, to, letter, to_bytes(mail))


def person_of(case: LetterHistory, opened: OpenedFields) -> dict[str, Any]:
    """Give the complainant's name and addresses as they told them last: who was filed without may add one."""
    person: dict[str, Any] = {}
    for version in case.told_by_complainant:
        told = opened(version)
        person |= {name: told[name] for name in _OF_A_PERSON if told.get(name)}
    return person


def lost(attempt: ClaimedLetter, history: History, message_key: bytes, at: datetime) -> AttemptOutcome:
    """An attempt that nobody reported on: its process died, so a copy may have left.

    That is told of a case that cannot be read too, where its newest event stands for the cause: one that
    stays unexplained would keep the letters of every other case waiting.
    """
    sender = organisations()[history.organisation].address_line
    message_id = message_id_of(message_key, attempt.letter_id, sender)
    try:
        owing = _owing(fold(history), attempt)
    except MalformedEvent:
        owing = None
    cause = history.events[-1 if owing is None else owing.version - 1]
    return AttemptOutcome(attempt, MailUncertain(), at, cause, message_id)


def _owing(case: LetterHistory, attempt: ClaimedLetter) -> OwingEvent | None:
    """Find the event that owes the letter of an attempt."""
    for owing in case.owing:
        names = (letter_id_of(case.case_id, owing.letter, owing.occurrence, paper) for paper in (False, True))
        if attempt.letter_id in names:
            return owing
    return None


def _is_on_paper(owing: OwingEvent, attempt: ClaimedLetter) -> bool:
    return letter_id_of(attempt.case_id, owing.letter, owing.occurrence, True) == attempt.letter_id


def _pinned(case: LetterHistory) -> Procedure:
    if case.opened is None:
        raise GehoorError(f"case {case.case_id} is not open: its letter cannot be owed")
    return pinned(case.opened, case.life.versioning.version, case.life.versioning.digest)
