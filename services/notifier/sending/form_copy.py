"""The copy of the filled-in form, a mail to the organisation itself. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from events.addresses import parse_address
from events.catalogue import ABOUT, COMPLAINANT, ComplaintReceived, Erased
from events.errors import GehoorError
from events.record.envelope import History, Recorded
from notifier.letter_history import LetterHistory, OwingEvent
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.ready_mail import ReadyMail, ready_mail
from notifier.writing.context import WritingContext
from notifier.writing.letter import write_letter
from procedures.organisations import Organisation
from procedures.procedure import Procedure

OpenPersonal = Callable[[Recorded], Mapping[str, Mapping[str, Any]]]
"""Returns the decrypted fields of an event, by person."""


def form_copy_mail(
    claimed: ClaimedLetter,
    case: LetterHistory,
    owing: OwingEvent,
    history: History,
    open_personal: OpenPersonal,
    organisation: Organisation,
    procedure: Procedure,
    message_id: str,
) -> ReadyMail:
    """Return the copy of the filled-in form as a mail to the organisation's own inbox.

    The fields stand encrypted in the case already, so the outcome does not hold them again. Raises
    `GehoorError` when the organisation has no inbox for it; the caller holds the letter back.
    """
    # Sender and recipient may be one organisation, and still no loop begins: nothing answers a mail that is
    # marked as made by a machine, and its envelope has no sender.
    if organisation.form_inbox is None:
        raise GehoorError(f"{organisation.id} has no form_inbox to which the copy of the form could go")
    context = WritingContext(
        case=case,
        owing=owing,
        organisation=organisation,
        procedure=procedure,
        opened=lambda version: form_fields(history.events[version - 1], open_personal),
        written_at=claimed.written_at,
    )
    cause, to = history.events[owing.version - 1], parse_address(organisation.form_inbox)
    ready = ready_mail(claimed, cause, message_id, organisation, to, write_letter(context))
    return replace(ready, keeps_text=False)


def form_fields(received: Recorded, open_personal: OpenPersonal) -> dict[str, str]:
    """Return the fields of a complaint as text, by their names in the vocabulary, without erased ones."""
    opened = open_personal(received)
    fields: dict[str, Any] = dict(opened.get(COMPLAINANT, {}))
    fields |= {f"about_{name}": value for name, value in opened.get(ABOUT, {}).items()}
    event = received.event
    if isinstance(event, ComplaintReceived) and event.reported_on is not None:
        fields["reported_on"] = event.reported_on.isoformat()
    return {
        name: ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in fields.items()
        if not isinstance(value, Erased)
    }
