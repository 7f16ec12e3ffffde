"""One attempt at a letter: from a claimed row to a mail, or to an outcome without one. Pure.

Always holds: the address comes from the encrypted part of what the complainant wrote, and goes only into the
mail and into the encrypted part of the outcome. Nobody writes to an erased person. A letter that was
overtaken since it became owed does not leave.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from events.addresses import NotAnAddress, parse_address
from events.catalogue import COMPLAINANT, Erased
from events.catalogue.words import FORM_COPY
from events.errors import GehoorError, MalformedEvent
from events.record.envelope import History, Recorded
from notifier.letter_history import LetterHistory, OwingEvent, fold, letter_id_of
from notifier.owed_letters import why_not
from notifier.sending.form_copy import OpenPersonal, form_copy_mail
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.outcome import AlreadySettled, AttemptOutcome, Closed, Held, Printed
from notifier.sending.ready_mail import ReadyMail, ready_mail
from notifier.smtp.conversation import MailRefused, MailUncertain
from notifier.smtp.header import UnsafeHeader
from notifier.smtp.message import message_id_of
from notifier.writing.context import OpenedFields, WritingContext
from notifier.writing.letter import WrittenLetter, write_letter
from procedures.organisations import Organisation, organisations
from procedures.pinning import pinned
from procedures.procedure import Procedure

_FIELDS_OF_A_PERSON = ("name", "email", "address")
_LONGEST_REASON = 500


def prepare(
    claimed: ClaimedLetter,
    history: History,
    open_personal: OpenPersonal,
    message_key: bytes,
    public_url: str = "",
) -> ReadyMail | AttemptOutcome:
    """Write the mail of a claimed letter, or return the outcome when there is none to send.

    `public_url` is where the organisations' forms are; without it a letter names a form and no address.
    Raises nothing: a letter that cannot be written is `Held`, and never stops the others.
    """
    try:
        return _prepare(claimed, history, open_personal, message_key, public_url)
    except (GehoorError, UnsafeHeader, NotAnAddress) as error:
        reason = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it holds this letter only
        # The words of an unknown exception may quote a person's data, and `reason` is stored and logged.
        reason = type(error).__qualname__
    return AttemptOutcome(claimed, Held(reason[:_LONGEST_REASON]), claimed.written_at)


def _prepare(
    claimed: ClaimedLetter, history: History, open_personal: OpenPersonal, message_key: bytes, public_url: str
) -> ReadyMail | AttemptOutcome:
    case = fold(history)
    if claimed.letter_id in case.settled:
        return AttemptOutcome(claimed, AlreadySettled(), claimed.written_at)
    owing = _owing_event(case, claimed)
    if owing is None:
        raise GehoorError(f"case {case.case_id} has no event that owes the letter {claimed.letter!r}")

    def opened(version: int) -> Mapping[str, Any]:
        return open_personal(history.events[version - 1]).get(COMPLAINANT, {})

    person = complainant_of(case, opened)
    if closed := _why_closed(case, owing, person):
        return AttemptOutcome(claimed, closed, claimed.written_at)
    organisation = organisations()[case.organisation]
    message_id = message_id_of(message_key, claimed.letter_id, organisation.address_line)
    if owing.letter == FORM_COPY:
        procedure = _pinned(case)
        return form_copy_mail(
            claimed, case, owing, history, open_personal, organisation, procedure, message_id
        )
    by_post = owing.letter in organisation.on_paper or _is_on_paper(owing, claimed)
    email = "" if by_post else str(person.get("email") or "").strip()
    address = str(person.get("address") or "")
    context = WritingContext(
        case=case,
        owing=owing,
        organisation=organisation,
        procedure=_pinned(case),
        opened=opened,
        written_at=claimed.written_at,
        name=str(person.get("name") or ""),
        by_post=not email,
        form_address=f"{public_url.rstrip('/')}/{organisation.id}" if public_url else "",
    )
    letter = write_letter(context, address)
    cause = history.events[owing.version - 1]
    on_paper = AttemptOutcome(claimed, Printed(), claimed.written_at, cause, message_id, address, letter)
    return _mail_or_refusal(on_paper, email, organisation, letter, cause) if email else on_paper


def _why_closed(case: LetterHistory, owing: OwingEvent, person: Mapping[str, Any]) -> Closed | None:
    """Return why nobody may be written to any more; None when the letter is still to be sent."""
    if case.erased or any(isinstance(value, Erased) for value in person.values()):
        return Closed("the complainant was erased")
    # Asked again although the row was inserted for an owed letter: more may have happened since.
    overtaken = why_not(case, owing)
    return None if overtaken is None else Closed(overtaken)


def _mail_or_refusal(
    on_paper: AttemptOutcome, email: str, organisation: Organisation, letter: WrittenLetter, cause: Recorded
) -> ReadyMail | AttemptOutcome:
    """Return the mail to the complainant, or a refusal for an address that cannot be written to.

    The refusal makes the same letter owed on paper.
    """
    refused = replace(on_paper, end=MailRefused(0, "address"))
    try:
        to = parse_address(email)
    except NotAnAddress:
        return refused
    if to.lower() == organisation.address_line.lower():
        return refused  # our own address: our mail would come in as a complaint and be answered by a mail
    return ready_mail(on_paper.claimed, cause, on_paper.message_id, organisation, to, letter)


def complainant_of(case: LetterHistory, opened: OpenedFields) -> dict[str, Any]:
    """Return the complainant's name and addresses, each as they gave it last."""
    person: dict[str, Any] = {}
    for version in case.told_by_complainant:
        fields = opened(version)
        person |= {name: fields[name] for name in _FIELDS_OF_A_PERSON if fields.get(name)}
    return person


def lost_attempt(
    claimed: ClaimedLetter, history: History, message_key: bytes, at: datetime
) -> AttemptOutcome:
    """Return the outcome of an attempt that nobody reported: uncertain, as a copy may have left."""
    sender = organisations()[history.organisation].address_line
    message_id = message_id_of(message_key, claimed.letter_id, sender)
    try:
        owing = _owing_event(fold(history), claimed)
    except MalformedEvent:
        # A case that cannot be read gets its newest event as cause. Raising here would leave the attempt
        # unexplained, and such attempts take the places of those of other cases.
        owing = None
    cause = history.events[-1 if owing is None else owing.version - 1]
    return AttemptOutcome(claimed, MailUncertain(), at, cause, message_id)


def _owing_event(case: LetterHistory, claimed: ClaimedLetter) -> OwingEvent | None:
    """Find the event that owes the claimed letter."""
    for owing in case.owing:
        ids = (letter_id_of(case.case_id, owing.letter, owing.occurrence, paper) for paper in (False, True))
        if claimed.letter_id in ids:
            return owing
    return None


def _is_on_paper(owing: OwingEvent, claimed: ClaimedLetter) -> bool:
    return letter_id_of(claimed.case_id, owing.letter, owing.occurrence, True) == claimed.letter_id


def _pinned(case: LetterHistory) -> Procedure:
    if case.opened is None:
        raise GehoorError(f"case {case.case_id} is not open: its letter cannot be owed")
    return pinned(case.opened, case.life.versioning.version, case.life.versioning.digest)
