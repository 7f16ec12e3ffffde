"""The letters of a case over the workflow API: who may read them, and the way of a letter by post."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from events.catalogue import COMPLAINANT, Event, LetterPrepared, LetterSent
from events.record.envelope import History, NewEvent
from events.transact import Command, transact
from workflow_servers import Desk

pytestmark = pytest.mark.postgres

PAGE = "<!DOCTYPE html>\n<html><body><p>Beste Jan Jansen, &lt;b&gt;</p></body></html>\n"
SAID = {
    "to": "Dorpsstraat 1",
    "subject": "Wij hebben uw klacht ontvangen",
    "text": "Beste Jan Jansen, <b>\n\nDag.",
}
LETTER: dict[str, Any] = {
    "letter": "acknowledgement", "language": "nl", "dated_on": date(2026, 4, 2), "contents": (),
}  # fmt: skip


async def write(desk: Desk, case_id: UUID, event: Event, **said: str) -> None:
    """Record a letter as the notifier does, with its words encrypted."""
    notifier = await desk.system.platform("notifier", keys=True)
    assert notifier.keys is not None
    await notifier.keys.load([case_id])

    def decide(history: History, now: datetime) -> Sequence[NewEvent]:
        return [NewEvent(event, now, {COMPLAINANT: said})]

    await transact(notifier, Command(case_id, uuid4(), "service:notifier", decide))


async def printed(desk: Desk) -> tuple[UUID, str, UUID]:
    """Open a case whose first letter lies ready to be printed."""
    case_id, reference = await desk.opened("supportoplus")
    letter_id = uuid4()
    await write(desk, case_id, LetterPrepared(letter_id=letter_id, **LETTER), **SAID, page=PAGE)
    return case_id, reference, letter_id


async def test_a_printable_letter_is_given_as_it_was_made(desk: Desk) -> None:
    """Whoever posts letters gets the very page that was proven, and nothing in it can run."""
    _, reference, letter_id = await printed(desk)

    answer = await desk.get(f"/v1/cases/{reference}/letters/{letter_id}")

    assert (200, PAGE) == (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" == answer.headers["Cache-Control"]


async def test_a_letter_can_be_read_as_plain_text(desk: Desk) -> None:
    """A program that asks for plain text gets the letter's words, unchanged."""
    _, reference, letter_id = await printed(desk)

    answer = await desk.client.get(
        f"/v1/cases/{reference}/letters/{letter_id}", headers=desk.token("handler") | {"Accept": "text/plain"}
    )

    assert (200, SAID["text"]) == (answer.status_code, answer.text)


async def test_a_letter_that_went_by_e_mail_can_be_printed_too(desk: Desk) -> None:
    """When a mail must be posted after all there is a page of it, with what people wrote only as text."""
    case_id, reference = await desk.opened("supportoplus")
    letter_id = uuid4()
    sent = LetterSent(letter_id=letter_id, message_id="<1@x.example>", channel="email", attempts=1, **LETTER)
    await write(desk, case_id, sent, **SAID)

    answer = await desk.get(f"/v1/cases/{reference}/letters/{letter_id}")

    assert "<p>Beste Jan Jansen, &lt;b&gt;</p>" in answer.text


async def test_the_letters_of_a_case_are_listed_without_a_word_of_them(desk: Desk) -> None:
    """The list says which letters there are and what was proven; it holds nothing personal."""
    _, reference, letter_id = await printed(desk)

    answer = await desk.get(f"/v1/cases/{reference}/letters", "auditor")

    (line,) = answer.json()["letters"]
    assert (str(letter_id), "to be posted", "2026-04-02") == (
        line["letter_id"],
        line["how"],
        line["dated_on"],
    )
    assert "Jan" not in answer.text


@pytest.mark.parametrize("role", ["auditor", "ops", "integrator"])
async def test_who_may_not_see_personal_fields_reads_no_letter(desk: Desk, role: Any) -> None:
    """A letter names the complainant: roles that do not need that get none."""
    _, reference, letter_id = await printed(desk)

    answer = await desk.get(f"/v1/cases/{reference}/letters/{letter_id}", role)

    assert 403 == answer.status_code
    assert "Jan" not in answer.text


async def test_a_letter_of_another_case_or_none_is_not_found(desk: Desk) -> None:
    """An identifier belongs to its case: another case does not give it away, and nonsense is refused."""
    _, _, letter_id = await printed(desk)
    _, other = await desk.opened("supportoplus")

    asked = [await desk.get(f"/v1/cases/{other}/letters/{each}") for each in (letter_id, uuid4(), "x")]
    foreign = await desk.get(f"/v1/cases/{other}/letters/{letter_id}", "handler", organisations="bc")

    assert [404, 404, 422] == [answer.status_code for answer in asked]
    assert 404 == foreign.status_code


async def test_the_letter_of_somebody_who_was_forgotten_is_gone(desk: Desk) -> None:
    """After an erasure the fact of the letter stands, and its words are gone for everybody."""
    case_id, reference, letter_id = await printed(desk)
    keeper = await desk.system.platform("keeper", keys=True)
    assert keeper.keys is not None
    await keeper.keys.destroy(case_id, [COMPLAINANT])
    assert desk.platform.keys is not None
    desk.platform.keys._cache.clear()

    answer = await desk.get(f"/v1/cases/{reference}/letters/{letter_id}")

    assert 410 == answer.status_code
    assert "Jan" not in answer.text


async def test_a_printed_letter_is_posted_and_comes_back(desk: Desk) -> None:
    """A person records the posting and the return, and both stand in the case with the letter's date."""
    case_id, reference, letter_id = await printed(desk)
    version = (await desk.get(f"/v1/cases/{reference}")).headers["ETag"]

    posted = await desk.command(reference, "record-posted", {"letter": "acknowledgement"}, if_match=version)
    back = await desk.command(
        reference,
        "record-returned",
        {"letter": "acknowledgement", "how": "post"},
        if_match=posted.headers["ETag"],
    )

    assert (200, 200) == (posted.status_code, back.status_code)
    history = await desk.platform.store.history(case_id)
    assert ["LetterPosted", "LetterBounced"] == [recorded.type for recorded in history.events[-2:]]
    assert {letter_id} == {recorded.event.letter_id for recorded in history.events[-2:]}  # type: ignore[attr-defined]
