"""The copy of a filled-in form, mailed to the organisation's own inbox: Supporto+'s sentence 10."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from events.catalogue import (
    ABOUT,
    COMPLAINANT,
    ERASED,
    ComplaintWithdrawn,
    LetterRefused,
    LetterSent,
)
from events.catalogue.words import FORM_COPY
from events.testing import A_COMPLAINANT
from notifier.letter_history import letter_id_of
from notifier.owed_letters import OwedLetter, fold, owed
from notifier.sending.attempt import prepare
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.outcome import AttemptOutcome, Closed, Held
from notifier.sending.outcome_command import command_of
from notifier.sending.ready_mail import ReadyMail
from notifier.smtp.conversation import MailAccepted
from notifier.writing.letter import write_letter
from notifier_cases import CASE, WRITTEN_AT, case, context_of, history
from post_office import PostOffice
from procedures.counting.facts import FACTS
from procedures.library import library
from procedures.organisations import organisations
from scripted_smtp import Script

INBOX = organisations()["supportoplus"].form_inbox
LETTERS = ("acknowledgement", FORM_COPY)
FILLED_IN: dict[str, dict[str, Any]] = {
    COMPLAINANT: {
        "name": "Sanne de Wit",
        "email": "sanne@klant.example",
        "description": "# Drie keer\n\n{{ niet }} gekomen.",
        "references": ["ORDER-1", "ORDER-2"],
        "remedy_sought": "Een vaste begeleider.",
    },
    ABOUT: {"name": "Willem Vos", "function": "begeleider"},
}


def copied(personal: dict[str, dict[str, Any]] = FILLED_IN, *further: Any) -> ReadyMail | AttemptOutcome:
    """Prepare the copy of a form."""
    told = history("supportoplus", "en", *further, letters=LETTERS)
    attempt = ClaimedLetter(letter_id_of(CASE, FORM_COPY, 1), CASE, FORM_COPY, 1, WRITTEN_AT, 0.0)
    return prepare(attempt, told, lambda event: personal if event.version == 1 else {}, b"key")


def read(mail: bytes) -> tuple[EmailMessage, str]:
    message = message_from_bytes(mail, policy=default)
    plain = message.get_body(("plain",))
    assert plain is not None
    return message, plain.get_content().replace("\r\n", "\n")


def test_the_copy_holds_every_field_as_it_was_filled_in() -> None:
    """Whoever opens the inbox reads what the complainant wrote, under the name of each field, in Dutch."""
    ready = copied()
    assert isinstance(ready, ReadyMail)

    message, text = read(ready.message)

    assert (INBOX, "auto-generated") == (message["To"], message["Auto-Submitted"])
    assert "Ingevuld klachtenformulier (SUP-7K3M9-QXW2R-C)" == message["Subject"]
    for what, words in {
        "De naam": "Sanne de Wit", "Het e-mailadres": "sanne@klant.example",
        "Een beschrijving van wat er is gebeurd": "# Drie keer\n\n{{ niet }} gekomen.",
        "Het contractnummer of bestelnummer": "ORDER-1, ORDER-2", "Over wie het gaat": "Willem Vos",
        "De gewenste oplossing": "Een vaste begeleider.",
    }.items():  # fmt: skip
        assert f"{what}\n\n{words}\n" in text


def test_the_record_of_the_copy_holds_nothing_that_was_filled_in() -> None:
    """What was filled in stands encrypted in the case once: forgetting it there forgets it everywhere."""
    ready = copied()
    assert isinstance(ready, ReadyMail)
    command = command_of(ready.outcome(MailAccepted(), WRITTEN_AT))
    assert command is not None

    (new,) = command.decide(history("supportoplus", letters=LETTERS), WRITTEN_AT)

    assert isinstance(new.event, LetterSent)
    assert (FORM_COPY, {}) == (new.event.letter, new.personal)


def test_who_was_forgotten_stands_in_no_copy() -> None:
    """A complainant who was forgotten is copied nowhere; a forgotten person complained about is left out."""
    gone = {**FILLED_IN, ABOUT: dict.fromkeys(FILLED_IN[ABOUT], ERASED)}
    ready = copied(gone)
    assert isinstance(ready, ReadyMail)

    assert "Willem" not in read(ready.message)[1]
    assert "[erased]" not in read(ready.message)[1]
    nobody = copied({COMPLAINANT: dict.fromkeys(FILLED_IN[COMPLAINANT], ERASED)})
    assert isinstance(nobody, AttemptOutcome)
    assert isinstance(nobody.end, Closed)


def test_the_day_that_was_stated_is_told_in_words() -> None:
    """The date of the report stands on the form too, and is read in one way only."""
    said = {"reported_on": "2026-11-19", "name": "Sanne de Wit"}

    text = write_letter(context_of(case("supportoplus", letters=LETTERS), FORM_COPY, said)).text

    assert "De datum van de melding\n\ndonderdag 19 november 2026\n" in text


def test_a_refused_copy_is_not_printed_and_leaves_the_complainants_letters_alone() -> None:
    """The organisation's inbox is no concern of the complainant's: their letter is owed as before."""
    letters = [OwedLetter(CASE, name) for name in LETTERS]
    refused = LetterRefused(
        letter=FORM_COPY, letter_id=letters[1].letter_id, message_id="<1@x.example>", reply_code=550,
        stage="recipient", attempts=1,
    )  # fmt: skip

    assert tuple(letters) == owed(case("supportoplus", letters=LETTERS))
    assert (letters[0],) == owed(case("supportoplus", "nl", refused, letters=LETTERS))


def test_a_withdrawn_complaint_is_not_copied_any_more() -> None:
    """Before a withdrawal nothing is written any more, to nobody."""
    withdrawn = copied(FILLED_IN, ComplaintWithdrawn(channel="phone"))

    assert isinstance(withdrawn, AttemptOutcome)
    assert isinstance(withdrawn.end, Closed)


def test_an_organisation_without_an_inbox_holds_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A procedure that promises a copy and an organisation that names no inbox: somebody must look."""
    none = {"supportoplus": organisations()["supportoplus"].model_copy(update={"form_inbox": None})}
    monkeypatch.setattr("notifier.sending.attempt.organisations", lambda: none)

    held = copied()

    assert isinstance(held, AttemptOutcome)
    assert isinstance(held.end, Held)
    assert "form_inbox" in held.end.reason


def test_no_clock_of_any_procedure_waits_for_a_copy() -> None:
    """The copy keeps no promise to the complainant, whatever becomes of it."""
    facts = {fact for fact in FACTS if fact.startswith(FORM_COPY)}
    used = {
        fact
        for procedure in library().versions.values()
        for clock in procedure.clocks
        for fact in (clock.starts, *clock.satisfied_by, *clock.told_by, *clock.released_by)
    }

    assert facts
    assert set() == facts & used


@pytest.mark.postgres
async def test_the_copy_goes_out_beside_the_confirmation(office: PostOffice) -> None:
    """Both leave, each to its own address; the case says so, and names nobody in clear."""
    case_id = await office.owed("supportoplus", letters=LETTERS)

    await office.run_until_gone(await office.sender(), case_id, FORM_COPY)
    await office.run_until_gone(office.senders[0], case_id, "acknowledgement")

    assert {INBOX, A_COMPLAINANT[COMPLAINANT]["email"]} == {read(m)[0]["To"] for m in office.server.mails}
    events = await office.events(case_id)
    assert {FORM_COPY, "acknowledgement"} == {one.letter for one in events if isinstance(one, LetterSent)}
    assert [] == await office.rows()


@pytest.mark.postgres
async def test_an_inbox_that_refuses_the_copy_stops_nothing(office: PostOffice) -> None:
    """The refusal is recorded once, nothing is printed, and the confirmation goes out."""
    case_id = await office.owed("supportoplus", letters=(FORM_COPY,))
    office.server.script = Script(rcpt=["550 full"])

    refused = await office.run_until_gone(await office.sender(), case_id, FORM_COPY)

    assert isinstance(refused, LetterRefused)
    await office.consumer.sweep()
    assert [] == await office.rows()
    assert fold(await office.notifier.store.history(case_id)).came_back
