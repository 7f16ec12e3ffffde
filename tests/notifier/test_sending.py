"""From an owed letter to its recorded outcome, on a real Postgres, with a mail server that obeys the test."""

import asyncio
import re
from collections.abc import Sequence
from time import monotonic
from typing import ClassVar
from uuid import UUID

import pytest

from events import failpoints
from events.catalogue import COMPLAINANT, Event, LetterPrepared, LetterRefused, LetterSent, LetterUncertain
from events.testing import A_COMPLAINANT
from notifier.sending import outbox
from notifier.sending.results import TRIED_AGAIN_AFTER_S
from notifier_cases import deadline, opened
from post_office import PostOffice
from procedures.organisations import organisations
from scripted_smtp import HANG, HANG_UP, Script

pytestmark = pytest.mark.postgres


class OfANewerVersion(Event, frozen=True, kw_only=True):
    """An event that this version does not know."""

    emitted_by: ClassVar[str] = "workflow"


class KeysAway:
    """A key store nobody can reach."""

    async def load(self, case_ids: object) -> None:
        raise ConnectionRefusedError


def message_id(mail: bytes) -> str:
    found = re.search(rb"^Message-ID: (\S+)", mail, re.MULTILINE)
    assert found
    return found[1].decode()


async def test_an_owed_letter_is_sent_and_recorded(office: PostOffice) -> None:
    """The letter arrives, the case says so with all it should, and nothing is left to do."""
    case_id = await office.owed("ingressus")
    sender = await office.sender()

    await office.run_until(sender, [case_id], "LetterSent")

    (event,) = await office.events(case_id)
    assert isinstance(event, LetterSent)
    assert ("acknowledgement", "email", "nl", 1) == (
        event.letter,
        event.channel,
        event.language,
        event.attempts,
    )
    assert ("procedure", "handler", "period") == event.contents
    assert [event.message_id] == [message_id(mail) for mail in office.server.mails]
    assert [] == await office.rows()


async def test_what_was_sent_can_be_read_by_who_may(office: PostOffice) -> None:
    """The record holds address, subject and text, encrypted."""
    case_id = await office.owed("destiny")
    await office.run_until(await office.sender(), [case_id], "LetterSent")

    recorded = (await office.notifier.store.history(case_id)).events[-1]
    assert office.notifier.keys is not None
    await office.notifier.keys.load([case_id])
    told = office.notifier.keys.open(recorded)[COMPLAINANT]

    assert A_COMPLAINANT[COMPLAINANT]["email"] == told["to"]
    assert "Beste Sanne de Wit," in told["text"]
    assert b"Sanne" not in recorded.data


async def test_a_letter_waits_until_every_clock_is_set(office: PostOffice) -> None:
    """No letter leaves before the clock whose period it tells stands in the case."""
    case_id = await office.owed("ingressus", clocks=1)
    assert [] == await office.rows()

    opening = opened("ingressus")
    await office.append(case_id, *(deadline(rule) for rule in opening.clocks[1:]))
    await office.consumer.sweep()

    assert [case_id] == [row["case_id"] for row in await office.rows()]


async def test_two_senders_send_each_letter_once(office: PostOffice) -> None:
    """Two processes that both believe the work is theirs send no letter twice."""
    cases = [await office.owed("supportoplus") for _ in range(30)]
    first, second = await office.sender(), await office.sender()

    await asyncio.gather(
        office.run_until(first, cases, "LetterSent"), office.run_until(second, cases, "LetterSent")
    )

    assert len(cases) == len(office.server.mails) == len({message_id(mail) for mail in office.server.mails})
    assert all([len(await office.events(case)) == 1 for case in cases])


async def test_a_crash_between_sending_and_recording_is_explained(office: PostOffice) -> None:
    """The process dies after the letter left: the case says so, and the second copy is the same letter."""
    case_id = await office.owed("destiny")
    doomed = await office.sender()
    await doomed.run_once()
    await office.server.wait_for(1)
    await office.kill(doomed)

    await office.run_until(await office.sender(), [case_id], "LetterSent")

    uncertain, sent = await office.events(case_id)
    assert isinstance(uncertain, LetterUncertain)
    assert isinstance(sent, LetterSent)
    assert (1, 2) == (uncertain.attempt, sent.attempts)
    assert uncertain.message_id == sent.message_id
    assert 2 == len(office.server.mails)
    assert office.server.mails[0] == office.server.mails[1]


async def test_a_lost_letter_of_a_case_that_nobody_can_read_stops_no_other(office: PostOffice) -> None:
    """The process dies with a letter in hand, and its case gets an event of a newer version: others go on."""
    unreadable = await office.owed("destiny")
    doomed = await office.sender()
    await doomed.run_once()
    await office.server.wait_for(1)
    await office.kill(doomed)
    await office.append(unreadable, OfANewerVersion())
    readable = await office.owed("destiny")
    sender = await office.sender()

    await office.run_until(sender, [readable], "LetterSent")
    await sender.run_once()

    (row,) = await office.rows()
    assert (unreadable, "held") == (row["case_id"], row["state"])
    assert "unknown event type 'OfANewerVersion'" in row["reason"]
    assert ["LetterUncertain"] == [event.type for event in await office.events(unreadable)]


async def test_a_lost_letter_that_cannot_be_explained_yet_stops_no_other(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While its organisation is not known, the doubt about a letter waits; it is told when that is back."""
    monkeypatch.setattr("notifier.sending.loop.EXPLAINED_AGAIN_AFTER_S", 0.0)
    unknown = await office.owed("bc")
    doomed = await office.sender()
    await doomed.run_once()
    await office.server.wait_for(1)
    await office.kill(doomed)
    known = await office.owed("destiny")
    sender = await office.sender()

    with monkeypatch.context() as without:
        others = {name: one for name, one in organisations().items() if name != "bc"}
        without.setattr("notifier.sending.attempt.organisations", lambda: others)
        await office.run_until(sender, [known], "LetterSent")
        assert [] == await office.events(unknown)
    await office.run_until(sender, [unknown], "LetterSent")

    assert ["LetterUncertain", "LetterSent"] == [event.type for event in await office.events(unknown)]


async def test_lost_letters_that_cannot_be_explained_do_not_hide_those_that_can(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More letters cannot be explained than are looked at together: the others come next."""
    monkeypatch.setattr("notifier.sending.loop.RECORDED_TOGETHER", 2)
    monkeypatch.setattr("notifier.sending.loop.ABANDONED_EVERY_S", 0.0)
    unknown = [await office.owed("bc") for _ in range(3)]
    known = await office.owed("destiny")
    doomed = await office.sender()
    await doomed.run_once()
    await office.server.wait_for(4)
    await office.kill(doomed)
    await office.notifier.pool.execute(
        "UPDATE letter SET attempt_started_at = attempt_started_at + interval '1 s' WHERE case_id = $1", known
    )
    others = {name: one for name, one in organisations().items() if name != "bc"}
    monkeypatch.setattr("notifier.sending.attempt.organisations", lambda: others)

    await office.run_until(await office.sender(), [known], "LetterUncertain")

    assert [[], [], []] == [await office.events(case) for case in unknown]


async def test_a_key_that_cannot_be_opened_keeps_only_its_own_letter(office: PostOffice) -> None:
    """The stored key of one person is damaged while a letter is in doubt: everybody else's letters leave."""
    damaged = await office.owed("destiny")
    doomed = await office.sender()
    await doomed.run_once()
    await office.server.wait_for(1)
    await office.kill(doomed)
    await office.damage_key(damaged)
    others = [await office.owed("destiny") for _ in range(3)]

    await office.run_until(await office.sender(), others, "LetterSent")
    await office.run_until(await office.sender(), [damaged], "LetterUncertain")

    assert ["LetterUncertain"] == [event.type for event in await office.events(damaged)]
    assert 1 + len(others) == len(office.server.mails)


async def test_a_result_that_its_case_does_not_take_waits_alone_and_is_not_lost(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is damaged after a letter left: the others are recorded, this one later, and it goes once."""
    monkeypatch.setattr("notifier.sending.results.TRIED_AGAIN_AFTER_S", 0.0)
    stuck, other = await office.owed("destiny"), await office.owed("destiny")
    sender = await office.sender()
    await sender.run_once()
    await office.server.wait_for(2)
    whole = await office.damage_key(stuck)

    await office.run_until(sender, [other], "LetterSent")
    assert [] == await office.events(stuck)
    await office.restore_key(stuck, whole)
    await office.run_until(sender, [stuck], "LetterSent")

    assert 2 == len(office.server.mails)
    assert [] == await office.rows()


async def test_a_result_at_which_recording_breaks_down_is_tried_apart_from_the_others(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One letter makes the common transaction fail: the others are recorded at once."""
    cases = [await office.owed("destiny") for _ in range(3)]
    sender = await office.sender()
    faulty = cases[0]
    settle = outbox.remove_settled

    async def settle_all_but_one(connection: outbox.Connection, letters: Sequence[UUID]) -> None:
        rows = {row["letter_id"] for row in await office.rows() if row["case_id"] == faulty}
        if rows & set(letters):
            raise ZeroDivisionError("a fault of this letter")
        await settle(connection, letters)

    monkeypatch.setattr("notifier.sending.outbox.remove_settled", settle_all_but_one)
    await office.run_until(sender, cases[1:], "LetterSent")
    assert [] == await office.events(faulty)

    monkeypatch.setattr("notifier.sending.outbox.remove_settled", settle)
    monkeypatch.setattr("notifier.sending.results.monotonic", lambda: monotonic() + TRIED_AGAIN_AFTER_S)
    await office.run_until(sender, [faulty], "LetterSent")

    assert 3 == len(office.server.mails)


async def test_an_orderly_stop_leaves_no_doubt_about_letters_that_were_not_begun(office: PostOffice) -> None:
    """Stopping while the server is silent: only letters in its hands are uncertain, the rest wait."""
    office.server.script = Script(dot=[HANG])
    cases = [await office.owed("destiny") for _ in range(5)]
    sender = await office.sender(connections=2)
    await sender.run_once()
    await office.server.wait_for(2)

    await sender.close(0.5)
    await office.kill(sender)

    states = sorted(row["state"] for row in await office.rows())
    assert ["due", "due", "due", "sending", "sending"] == states
    office.server.script = Script()
    await office.run_until(await office.sender(), cases, "LetterSent")
    told = [event.type for case in cases for event in await office.events(case)]
    assert (5, 2) == (told.count("LetterSent"), told.count("LetterUncertain"))


async def test_an_answer_that_comes_after_the_process_was_given_up_does_no_harm(office: PostOffice) -> None:
    """A process thought dead wakes up: its letter is recorded once, and both copies are explained."""
    case_id = await office.owed("destiny")
    slow = await office.sender()
    await slow.run_once()
    await office.server.wait_for(1)
    await office.notifier.pool.execute(
        "DELETE FROM member WHERE member_id = $1", slow._platform.ownership.member_id
    )
    await office.run_until(await office.sender(), [case_id], "LetterSent")

    await slow.run_once()
    await slow.run_once()

    names = [event.type for event in await office.events(case_id)]
    assert ["LetterUncertain", "LetterSent"] == names
    assert [] == await office.rows()


async def test_lost_after_the_final_dot_is_recorded_and_tried_again(office: PostOffice) -> None:
    """The line breaks before the answer: uncertain, then the same letter again."""
    office.server.script = Script(dot=[HANG_UP, "250 ok"])
    case_id = await office.owed("destiny")

    await office.run_until(await office.sender(), [case_id], "LetterSent")

    assert ["LetterUncertain", "LetterSent"] == [event.type for event in await office.events(case_id)]
    assert 1 == len({message_id(mail) for mail in office.server.mails})


@pytest.mark.parametrize("code", [421, 450, 451])
async def test_a_letter_put_off_by_the_server_is_sent_later(office: PostOffice, code: int) -> None:
    """Greylisting and other "not now" leave no trace in the case but the number of attempts."""
    office.server.script = Script(rcpt=[f"{code} later", f"{code} later", "250 ok"])
    case_id = await office.owed("destiny")

    await office.run_until(await office.sender(), [case_id], "LetterSent")

    (event,) = await office.events(case_id)
    assert isinstance(event, LetterSent)
    assert event.attempts >= 2


async def test_a_refused_letter_tells_code_and_stage_and_is_not_tried_again(office: PostOffice) -> None:
    """The recipient's server says no for good: a person must act, and reads why."""
    office.server.script = Script(rcpt=["550 no such user sanne.dewit@klant.example"])
    case_id = await office.owed("destiny")
    sender = await office.sender()

    await office.run_until(sender, [case_id], "LetterRefused")
    await sender.run_once()

    (event,) = await office.events(case_id)
    assert isinstance(event, LetterRefused)
    assert (550, "recipient", 1) == (event.reply_code, event.stage, event.attempts)
    assert [] == await office.rows()
    assert [] == office.server.mails


async def test_a_letter_that_failed_for_five_days_is_given_up_with_its_last_code(office: PostOffice) -> None:
    """After days of "not now" the case says so, with the last code."""
    office.server.script = Script(rcpt=["451 later"])
    case_id = await office.owed("destiny")
    await office.notifier.pool.execute("UPDATE letter SET owed_at = now() - interval '6 days', attempts = 40")

    await office.run_until(await office.sender(), [case_id], "LetterRefused")

    (event,) = await office.events(case_id)
    assert isinstance(event, LetterRefused)
    assert (451, "recipient", 41) == (event.reply_code, event.stage, event.attempts)


async def test_without_an_address_the_letter_lies_ready_for_the_post(office: PostOffice) -> None:
    """Somebody without e-mail gets a letter too: it is written, kept encrypted, and no mail is sent."""
    personal = {COMPLAINANT: {"name": "Jan Jansen", "address": "Dorpsstraat 1", "description": "x"}}
    case_id = await office.owed("supportoplus", personal=personal)

    await office.run_until(await office.sender(), [case_id], "LetterPrepared")

    (event,) = await office.events(case_id)
    recorded = (await office.notifier.store.history(case_id)).events[-1]
    assert office.notifier.keys is not None
    await office.notifier.keys.load([case_id])
    assert isinstance(event, LetterPrepared)
    assert "Beste Jan Jansen," in office.notifier.keys.open(recorded)[COMPLAINANT]["text"]
    assert [] == office.server.mails


@pytest.mark.parametrize(
    "email", ["a@b.example, c@d.example", "a@b.example\nBcc: x@y.example", "klachten@destiny.example"]
)
async def test_an_impossible_address_is_told_and_never_tried(office: PostOffice, email: str) -> None:
    """An address that is none, hides others or is our own gets no mail; the case says so."""
    personal = {COMPLAINANT: {"name": "Jan", "email": email, "description": "x"}}
    case_id = await office.owed("destiny", personal=personal)

    await office.run_until(await office.sender(), [case_id], "LetterRefused")

    (event,) = await office.events(case_id)
    assert isinstance(event, LetterRefused)
    assert (0, "address") == (event.reply_code, event.stage)
    assert [] == office.server.mails


async def test_nothing_is_sent_to_an_erased_person(office: PostOffice) -> None:
    """Once the keys are destroyed, the letter is closed with that reason, and no mail leaves."""
    case_id = await office.owed("destiny")
    await office.erase(case_id)
    sender = await office.sender()

    for _ in range(3):
        await sender.run_once()

    (row,) = await office.rows()
    assert ("closed", "the complainant was erased") == (row["state"], row["reason"])
    assert [] == await office.events(case_id)
    assert [] == office.server.mails


async def test_a_person_erased_while_the_letter_is_on_its_way_leaves_no_text(office: PostOffice) -> None:
    """The letter left before the erasure: that fact is recorded, without address, subject or text."""
    case_id = await office.owed("destiny")
    sender = await office.sender()
    await sender.run_once()
    await office.server.wait_for(1)
    await office.erase(case_id)

    await office.run_until(sender, [case_id], "LetterSent")

    assert (await office.notifier.store.history(case_id)).events[-1].pii is None


async def test_while_the_mail_server_is_away_letters_wait_and_then_go(office: PostOffice) -> None:
    """No mail server: nothing fails, nothing is lost; when it is back everything goes, once."""
    cases = [await office.owed("destiny") for _ in range(5)]
    await office.server.stop()
    sender = await office.sender()
    for _ in range(3):
        await sender.run_once()
    assert 5 == len(await office.rows())

    await office.server.start()
    sender._smtp_pool._breaker._probe_at_s = 0.0
    await office.run_until(sender, cases, "LetterSent")

    assert 5 == len(office.server.mails)


async def test_a_letter_that_cannot_be_made_is_held_with_its_reason_and_stops_no_other(
    office: PostOffice,
) -> None:
    """One case under an unknown procedure version waits and says why; the others are sent."""
    held = await office.owed("destiny", procedure_version=99)
    sent = await office.owed("destiny")

    await office.run_until(await office.sender(), [sent], "LetterSent")

    (row,) = await office.rows()
    assert (held, "held") == (row["case_id"], row["state"])
    assert "version 99 is not on the shelf" in row["reason"]
    assert [] == await office.events(held)


async def test_no_letter_is_written_by_an_edited_procedure(office: PostOffice) -> None:
    """Somebody edits the file of a version that cases run under: their letters wait until it is put back."""
    held = await office.owed("destiny", procedure_digest="0" * 64)
    sent = await office.owed("destiny")

    await office.run_until(await office.sender(), [sent], "LetterSent")

    (row,) = await office.rows()
    assert (held, "held") == (row["case_id"], row["state"])
    assert "put the old file back" in row["reason"]
    assert [] == await office.events(held)


async def test_while_the_keys_are_away_letters_wait_without_a_false_trace(office: PostOffice) -> None:
    """The key store is down: no letter can be written, none is called uncertain, and later all go."""
    case_id = await office.owed("destiny")
    sender = await office.sender()
    keys = sender._keys
    sender._keys = KeysAway()  # type: ignore[assignment]

    with pytest.raises(ConnectionRefusedError):
        await sender.run_once()
    sender._keys = keys
    await office.run_until(sender, [case_id], "LetterSent")

    assert ["LetterSent"] == [event.type for event in await office.events(case_id)]


async def test_nothing_personal_lies_in_clear_in_any_table(office: PostOffice) -> None:
    """Recognisable words in every personal field appear in no table, neither as text nor as bytes."""
    canaries = {
        "name": "Kanarie Naam", "email": "kanarie@klant.example", "phone": "0850009999",
        "address": "Kanariestraat 1", "description": "kanariebeschrijving",
    }  # fmt: skip
    sent = await office.owed("ingressus", personal={COMPLAINANT: canaries})
    waiting = await office.owed("ingressus", personal={COMPLAINANT: canaries})
    office.server.script = Script(rcpt=["250 ok", "451 Kanarie Naam kanarie@klant.example"])
    sender = await office.sender()
    await office.run_until(sender, [sent], "LetterSent", "LetterUncertain")
    assert [waiting] == [row["case_id"] for row in await office.rows()] or await office.events(waiting)

    admin = await office.system.admin()
    tables = await admin.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname IN ('gehoor', 'notifier')"
    )
    dump = ""
    for table in tables:
        dump += str(await admin.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table['name']} t"))
    await admin.close()

    for value in canaries.values():
        assert value not in dump
        assert value.encode().hex() not in dump


async def test_a_hand_over_that_breaks_down_is_reported_all_the_same(office: PostOffice) -> None:
    """Whatever goes wrong in our own code after the mail server answered, the letter is not stuck in hand."""
    case = await office.owed()
    sender = await office.sender()
    failpoints.arm_here("letters.answered=raise")

    try:
        await office.run_until(sender, [case], "LetterSent")
    finally:
        failpoints.disarm()

    assert 1 == len(office.server.mails)
    assert [] == await office.rows()
