"""A complaint to each of the five organisations, from the first request to the letter and the proof."""

import json
import warnings
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from cases.state import fold
from events.catalogue import DeadlineSet
from notifier.writing.phrases import in_words
from procedures.library import in_force
from procedures.organisations import organisations
from whole_system import WholeSystem, follows_in_order, until

ORGANISATIONS = ("destiny", "bc", "supportoplus", "preact", "ingressus")
A_CHANNEL_OF = {
    "destiny": "email",
    "bc": "phone",
    "supportoplus": "portal",
    "preact": "email",
    "ingressus": "portal",
}
TODAY = datetime.now(UTC).date()
LETTER_OF = {name: "handling notice" if name == "bc" else "acknowledgement" for name in ORGANISATIONS}

THE_COURSE = ("ComplaintReceived", "CaseOpened", "DeadlineSet", "LetterSent")

pytestmark = pytest.mark.journey


def complaint(organisation: str, **changes: Any) -> dict[str, Any]:
    """Give the canonical complaint; a test changes only the field that matters."""
    return {
        "organisation": organisation,
        "channel": A_CHANNEL_OF[organisation],
        "description": "De lijn valt elke middag uit.",
        "complainant": {"name": "Noor Jansen", "email": "noor.jansen@example.org"},
        **changes,
    }


def owed_at_opening(organisation: str) -> tuple[str, ...]:
    """Name what leaves when the case is opened: what comes by Supporto+'s form is copied to its own inbox."""
    return in_force(organisation, TODAY).letters_at_opening(A_CHANNEL_OF[organisation])


@pytest.fixture(scope="module", params=ORGANISATIONS)
async def filed(request: pytest.FixtureRequest, running: WholeSystem) -> tuple[str, dict[str, Any]]:
    """One complaint to each organisation that has run its course; gives organisation and answer."""
    organisation: str = request.param
    answer = await running.file(complaint(organisation), key=f"journey-{organisation}")
    assert answer.status_code == 201, answer.text
    content = answer.json()
    await running.until_told(content["reference"], *THE_COURSE)
    return organisation, content


async def test_the_answer_holds_reference_receipt_status_and_what_is_missing(
    filed: tuple[str, dict[str, Any]],
) -> None:
    """Whoever complains gets exactly four things at once: number, proof, link, and what we still need."""
    organisation, answer = filed

    expected = in_force(organisation, TODAY).missing(("description", "name", "email"))

    assert {"reference", "receipt", "status_url", "missing"} == answer.keys()
    assert organisations()[organisation].code == answer["reference"].split("-")[0]
    assert list(expected) == answer["missing"]


async def test_the_receipt_is_good_by_the_published_key(
    running: WholeSystem, filed: tuple[str, dict[str, Any]]
) -> None:
    """Anybody can check the receipt with the key that intake publishes, and it names this very case."""
    organisation, answer = filed
    async with httpx2.AsyncClient(base_url=running.intake) as client:
        keys = KeySet.import_key_set((await client.get("/.well-known/jwks.json")).json())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # EdDSA has a newer name, which fewer programs know
        statement = json.loads(jws.deserialize_compact(answer["receipt"], keys, ["EdDSA"]).payload or b"")

    first = (await running.history(answer["reference"])).events[0]
    assert (answer["reference"], organisation) == (statement["reference"], statement["organisation"])
    assert first.hash.hex() == statement["event_hash"]


async def test_the_letter_says_what_the_procedure_demands(
    running: WholeSystem, filed: tuple[str, dict[str, Any]]
) -> None:
    """The acknowledgement names the handler, how to reach them, and the same last day as the clock."""
    organisation, answer = filed
    await running.until_at_rest()
    history = await running.history(answer["reference"])
    case = fold(history)
    assert case is not None
    assert case.opened is not None
    clocks = {one.event.clock: one.event for one in history.events if isinstance(one.event, DeadlineSet)}
    house = organisations()[organisation]
    handler = house.staff[case.opened.handler]
    rule = in_force(organisation, case.received.received_on).letters[LETTER_OF[organisation]]

    mail, *others = sorted(
        await running.mails_of(answer["reference"]),
        key=lambda mail: mail["To"][0]["Address"] != "noor.jansen@example.org",
    )

    assert ["noor.jansen@example.org"] == [to["Address"] for to in mail["To"]]
    copied_to = [house.form_inbox] if "form copy" in owed_at_opening(organisation) else []
    assert copied_to == [to["Address"] for other in others for to in other["To"]]
    for words in (answer["reference"], "Noor Jansen", handler.name, handler.email, handler.phone):
        assert words in mail["Text"]
    if rule.period_of is not None:
        period = clocks[rule.period_of].strict.on
        assert in_words(period, "nl") in mail["Text"]
    if organisation == "bc":
        assert not any(word in mail["Text"].lower() for word in ("klacht", "incident"))
    assert dict.fromkeys(owed_at_opening(organisation), "sent") == {
        one.letter: one.status for one in case.letters
    }


async def test_the_history_tells_the_whole_course_in_order(
    running: WholeSystem, filed: tuple[str, dict[str, Any]]
) -> None:
    """Received, opened, clocks set, letter sent: the record tells it in that order, without a gap."""
    _, answer = filed

    told = await running.gehoor("history", answer["reference"], "--json")

    assert 0 == told.code, told.err
    assert follows_in_order(THE_COURSE, [event["type"] for event in told.lines])
    assert list(range(1, len(told.lines) + 1)) == [event["version"] for event in told.lines]
    assert "Noor Jansen" == told.lines[0]["personal"]["complainant"]["name"]


async def test_every_clock_is_explained_day_by_day(
    running: WholeSystem, filed: tuple[str, dict[str, Any]]
) -> None:
    """For each promise one sees until when it runs, by which sentences, and how it was counted."""
    organisation, answer = filed

    shown = await running.gehoor("clocks", answer["reference"], "--explain", "--json")

    assert 0 == shown.code, shown.err
    wanted = {rule.clock for rule in in_force(organisation, TODAY).clocks}
    assert wanted >= {clock["clock"] for clock in shown.lines} > set()
    for clock in shown.lines:
        assert clock["source"]
        assert clock["strict"]["on"] in [reading["ends"]["on"] for reading in clock["readings"]]
        assert all(reading["because"] for reading in clock["readings"])


async def test_workflow_and_status_page_agree_with_the_history(
    running: WholeSystem, filed: tuple[str, dict[str, Any]]
) -> None:
    """Staff, complainant and auditor see the same case; only staff who may see personal fields."""
    organisation, answer = filed
    reference = answer["reference"]
    letters = dict.fromkeys(owed_at_opening(organisation), "sent")

    async def shown() -> dict[str, Any] | None:
        content: dict[str, Any] = (await running.case(reference)).json()
        return content if content["letters"] == letters else None

    seen = await until(shown, "workflow shows the letter") or {}
    by_auditor = (await running.case(reference, "auditor")).json()
    async with httpx2.AsyncClient() as client:
        page = await client.get(answer["status_url"])

    case = fold(await running.history(reference))
    assert case is not None
    assert (case.version, organisation, "open") == (seen["version"], seen["organisation"], seen["state"])
    assert [clock.clock for clock in case.clocks] == [clock["clock"] for clock in seen["clocks"]]
    assert "Noor Jansen" == seen["personal"]["complainant"]["name"]
    assert by_auditor["personal"] is None
    assert 200 == page.status_code
    assert reference in page.text
    assert "Jansen" not in page.text


async def test_sending_again_files_nothing_twice(
    running: WholeSystem, filed: tuple[str, dict[str, Any]]
) -> None:
    """The same request under the same key has the same answer; another one under it is refused."""
    organisation, answer = filed
    await running.until_at_rest()
    stored = await running.events_stored()

    again = await running.file(complaint(organisation), key=f"journey-{organisation}")
    other = await running.file(
        complaint(organisation, description="Iets heel anders."), key=f"journey-{organisation}"
    )

    assert (201, answer) == (again.status_code, again.json())
    assert 409 == other.status_code
    assert "application/problem+json" == other.headers["content-type"]
    assert stored == await running.events_stored()


async def test_a_channel_the_procedure_does_not_name_is_remarked_not_refused(running: WholeSystem) -> None:
    """Ingressus names only its form: a complaint by telephone is recorded all the same, with a notice."""
    answer = await running.file(complaint("ingressus", channel="phone"))

    content = answer.json()
    assert 201 == answer.status_code
    assert {"reference", "receipt", "status_url", "missing", "notices"} == content.keys()
    assert "phone" in content["notices"][0]
    await running.until_told(content["reference"], *THE_COURSE)


async def test_every_chain_holds_and_nothing_is_parked(running: WholeSystem) -> None:
    """After all this the record verifies, and no case was set aside."""
    await running.until_at_rest()

    verified = await running.gehoor("verify", "--json")
    parked = await running.gehoor("parked", "list")

    assert (0, 0) == (verified.code, verified.lines[0]["bad"]), verified.err
    assert verified.lines[0]["events"] == await running.events_stored()
    assert (0, "nothing is parked\n") == (parked.code, parked.out)


async def test_a_name_that_reads_like_an_erased_one_still_gets_its_letter(running: WholeSystem) -> None:
    """Only a destroyed key makes a person forgotten, never what somebody typed."""
    answer = await running.file(
        complaint("preact", complainant={"name": "[erased]", "email": "noor.jansen@example.org"})
    )

    await running.until_told(answer.json()["reference"], *THE_COURSE)
