"""Letters that a person's decision owes, from the event to the mail server and back, on a real Postgres."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from events.catalogue import (
    COMPLAINANT,
    ComplaintWithdrawn,
    InformationReceived,
    LetterBounced,
    LetterPrepared,
    LetterRefused,
    LetterSent,
    OutcomeDecided,
    ReactionGiven,
    TermExtended,
)
from notifier.owed_letters import fold
from notifier.writing.phrases import in_words
from post_office import PostOffice
from procedures.organisations import organisations
from scripted_smtp import Script

pytestmark = pytest.mark.postgres

NASTY = "Beste,\r\nBcc: ander@elders.example\r\n\r\n# Gewonnen!\n<img src=x onerror=alert(1)>\n{{ 7*7 }}\n.\n"


def read(mail: bytes) -> tuple[EmailMessage, str, str]:
    """Give a mail as a mail program reads it: headers, plain text and HTML."""
    message = message_from_bytes(mail, policy=default)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return message, plain.get_content().replace("\r\n", "\n"), html.get_content()


async def test_a_delay_notice_goes_out_with_reason_and_new_day(office: PostOffice) -> None:
    """More time is decided: the complainant reads why and until when, and the case records that day."""
    case_id = await office.owed("ingressus")
    sender = await office.sender()
    await office.run_until_gone(sender, case_id, "acknowledgement")
    clock = fold(await office.notifier.store.history(case_id)).deadlines["ING-4"]
    until = clock.lenient.on + timedelta(days=14)

    extended = TermExtended(clock="ING-4", until=until, occurrence=1)
    await office.say(case_id, extended, reason="Het onderdeel komt later.")
    sent = await office.run_until_gone(sender, case_id, "delay notice")

    assert isinstance(sent, LetterSent)
    assert (("reason", "period"), until) == (sent.contents, sent.period_until)
    _, text, html = read(office.server.mails[-1])
    for expected in ("Het onderdeel komt later.", in_words(until, "nl")):
        assert expected in text
        assert expected in html


async def test_a_response_goes_out_with_its_outcome_and_names_its_cause(office: PostOffice) -> None:
    """The complaint is judged: the letter tells it, and the record points at the decision that it tells."""
    case_id = await office.owed("preact")
    await office.say(
        case_id,
        OutcomeDecided(by="pre-02", outcome="founded"),
        grounds="De afspraak is vergeten.",
        solution="Wij komen morgen.",
    )

    sent = await office.run_until_gone(await office.sender(), case_id, "response")

    assert isinstance(sent, LetterSent)
    assert ("outcome", "solution") == sent.contents
    history = (await office.notifier.store.history(case_id)).events
    decided = next(recorded for recorded in history if recorded.type == "OutcomeDecided")
    told = next(recorded for recorded in history if recorded.event == sent)
    assert decided.id == told.causation
    texts = [read(mail)[1] for mail in office.server.mails]
    assert any("gegrond" in text and "Wij komen morgen." in text for text in texts)


async def test_what_somebody_wrote_can_break_neither_mail_nor_page(office: PostOffice) -> None:
    """Header lines, HTML, template signs, a lone dot: in a letter all of it is text that can be read."""
    case_id = await office.owed("destiny")
    await office.say(case_id, ReactionGiven(by="des-02"), reaction=NASTY)

    await office.run_until_gone(await office.sender(), case_id, "substantive reaction")

    (mail,) = [mail for mail in office.server.mails if b"Bcc" in mail]
    message, text, html = read(mail)
    assert message["Bcc"] is None
    assert "sanne.dewit@klant.example" == message["To"]
    for expected in ("Bcc: ander@elders.example", "# Gewonnen!", "<img src=x", "{{ 7*7 }}", "\n.\n"):
        assert expected in text
    assert "<img" not in html
    assert "<h2>Gewonnen" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


async def test_a_long_text_arrives_whole(office: PostOffice) -> None:
    """Four thousand characters without a break, and words of other scripts, arrive as they were written."""
    words = "z" * 4000 + "\n\nÀ bientôt, 谢谢, \N{WHITE HEAVY CHECK MARK}"
    case_id = await office.owed("destiny")
    await office.say(case_id, ReactionGiven(by="des-02"), reaction=words)

    await office.run_until_gone(await office.sender(), case_id, "substantive reaction")

    mails = [read(mail)[1] for mail in office.server.mails]
    assert any(all(part in text for part in words.split("\n\n")) for text in mails)
    assert max(len(line) for mail in office.server.mails for line in mail.split(b"\r\n")) <= 998


async def test_a_letter_that_was_overtaken_while_it_waited_does_not_leave(office: PostOffice) -> None:
    """The complaint is withdrawn while the mail server was away: only the confirmation goes."""
    case_id = await office.owed("destiny")
    await office.say(case_id, ReactionGiven(by="des-02"), reaction="Wij kijken ernaar.")
    await office.say(case_id, ComplaintWithdrawn(channel="phone"))

    await office.run_until_gone(await office.sender(), case_id, "withdrawal confirmation")

    assert 1 == len(office.server.mails)
    assert {"the complaint was withdrawn"} == {row["reason"] for row in await office.rows()}


async def test_a_refused_letter_lies_ready_for_the_post(office: PostOffice) -> None:
    """The address is wrong: the case says so, and the same letter waits as a page with the postal address."""
    office.server.script = Script(rcpt=["550 no such user"])
    personal = {
        COMPLAINANT: {
            "name": "Jan Jansen",
            "email": "jan@klant.example",
            "address": "Kade 1, 0000 AA Dorp",
        }
    }
    case_id = await office.owed("destiny", personal=personal)
    sender = await office.sender()
    await office.run_until(sender, [case_id], "LetterRefused")
    await office.consumer.sweep()

    await office.run_until(sender, [case_id], "LetterPrepared")

    refused, prepared = await office.events(case_id)
    assert isinstance(refused, LetterRefused)
    assert isinstance(prepared, LetterPrepared)
    assert refused.letter_id != prepared.letter_id
    recorded = (await office.notifier.store.history(case_id)).events[-1]
    assert office.notifier.keys is not None
    said = office.notifier.keys.open(recorded)[COMPLAINANT]
    assert "Jan Jansen<br>Kade 1<br>0000 AA Dorp<br>" in said["page"]
    assert [] == office.server.mails


async def test_a_mail_that_came_back_goes_by_post(office: PostOffice) -> None:
    """Accepted first and bounced later: the letter is made ready on paper, and nothing is mailed again."""
    case_id = await office.owed("destiny")
    sender = await office.sender()
    sent = await office.run_until_gone(sender, case_id, "acknowledgement")
    assert isinstance(sent, LetterSent)

    await office.say(case_id, LetterBounced(letter=sent.letter, letter_id=sent.letter_id, how="email"))
    await office.run_until(sender, [case_id], "LetterPrepared")

    assert 1 == len(office.server.mails)


async def test_an_organisation_may_choose_paper_for_a_letter(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an organisation wants its confirmation on paper it goes by post, e-mail address or not."""
    chosen = organisations()["destiny"].model_copy(update={"on_paper": ("acknowledgement",)})
    monkeypatch.setattr("notifier.sending.attempt.organisations", lambda: {"destiny": chosen})
    case_id = await office.owed("destiny")

    prepared = await office.run_until_gone(await office.sender(), case_id, "acknowledgement")

    assert isinstance(prepared, LetterPrepared)
    assert [] == office.server.mails


async def test_a_letter_goes_to_the_address_that_was_given_last(office: PostOffice) -> None:
    """Who was filed without e-mail and gives one later gets the next letter there."""
    personal = {COMPLAINANT: {"name": "Jan", "address": "Dorpsstraat 1", "description": "x"}}
    case_id = await office.owed("destiny", personal=personal)
    sender = await office.sender()
    await office.run_until_gone(sender, case_id, "acknowledgement")
    given = InformationReceived(by="x", channel="phone", given=("email",), missing=())
    await office.say(case_id, given, email="jan@klant.example")

    await office.say(case_id, ReactionGiven(by="des-02"), reaction="Wij kijken ernaar.")
    await office.run_until_gone(sender, case_id, "substantive reaction")

    (mail,) = office.server.mails
    assert "jan@klant.example" == read(mail)[0]["To"]


async def test_no_decision_is_told_to_somebody_who_was_forgotten(office: PostOffice) -> None:
    """Forgotten before the letter could leave: it is closed, and no mail goes."""
    case_id = await office.owed("destiny")
    sender = await office.sender()
    await office.run_until_gone(sender, case_id, "acknowledgement")
    await office.say(case_id, ReactionGiven(by="des-02"), reaction="Wij kijken ernaar.")
    await office.erase(case_id)

    for _ in range(3):
        await sender.run_once()

    assert ["the complainant was erased"] == [row["reason"] for row in await office.rows()]
    assert 1 == len(office.server.mails)
