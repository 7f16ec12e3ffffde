"""Filing a complaint over HTTP, on real databases."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from events.access_tokens import Access, issue
from events.catalogue import ComplaintReceived
from events.record.envelope import Recorded
from intake.app import application
from intake_desk import BODY, Desk

ORGANISATIONS = ("destiny", "bc", "supportoplus", "preact", "ingressus")


async def first_event(desk: Desk, reference: str) -> Recorded:
    """Read the event that a complaint became."""
    case_id = await desk.platform.store.find(reference)
    assert case_id is not None
    (recorded,) = (await desk.platform.store.history(case_id)).events
    return recorded


@pytest.mark.postgres
@pytest.mark.parametrize("organisation", ORGANISATIONS)
async def test_a_complaint_to_each_organisation_gets_its_reference_and_is_stored(
    desk: Desk, organisation: str
) -> None:
    """Whoever complains to one of the five is told a reference, and the complaint stands."""
    answer = await desk.file(organisation=organisation)

    content = answer.json()
    assert 201 == answer.status_code
    assert {"reference", "receipt", "status_url", "missing"} <= set(content) <= {
        "reference", "receipt", "status_url", "missing", "notices",
    }  # fmt: skip
    assert answer.headers["location"] == content["status_url"]
    recorded = await first_event(desk, content["reference"])
    assert isinstance(recorded.event, ComplaintReceived)
    assert organisation == recorded.organisation
    assert content["missing"] == list(recorded.event.missing)
    assert b"Sanne" not in recorded.data
    await desk.platform.keys.load([recorded.case_id])  # type: ignore[union-attr]
    assert "Sanne de Wit" == desk.platform.keys.open(recorded)["complainant"]["name"]  # type: ignore[union-attr]


@pytest.mark.postgres
async def test_a_receipt_can_be_checked_with_the_public_key_alone(desk: Desk) -> None:
    """The receipt proves reference, moment and content of what was recorded, without asking us."""
    content = (await desk.file()).json()
    keys = (await desk.client.get("/.well-known/jwks.json")).json()

    with pytest.warns(match="EdDSA"):
        receipt = jws.deserialize_compact(content["receipt"], KeySet.import_key_set(keys), ["EdDSA"])

    recorded = await first_event(desk, content["reference"])
    statement = json.loads(receipt.payload)
    assert recorded.hash.hex() == statement["event_hash"]
    assert content["reference"] == statement["reference"]
    assert "supportoplus" == statement["organisation"]
    assert "d" not in keys["keys"][0]


@pytest.mark.postgres
async def test_the_same_key_and_body_give_the_same_answer_and_no_second_event(
    desk: Desk, new_key: Callable[[], str]
) -> None:
    """A sender who did not hear the answer may ask again."""
    key = new_key()
    first = await desk.file(key)
    stored = await desk.stored()

    again = await desk.file(key, description=BODY["description"] + " ")

    assert (201, first.content) == (again.status_code, again.content)
    assert first.headers["location"] == again.headers["location"]
    assert stored == await desk.stored()


@pytest.mark.postgres
async def test_the_same_key_with_another_body_is_refused(desk: Desk, new_key: Callable[[], str]) -> None:
    """A key belongs to one complaint; reusing it by mistake must not hide the second one."""
    key = new_key()
    await desk.file(key)
    stored = await desk.stored()

    other = await desk.file(key, description="Iets anders.")

    assert 409 == other.status_code
    assert "urn:gehoor:problem:idempotency-key-used" == other.json()["type"]
    assert stored == await desk.stored()


@pytest.mark.postgres
async def test_a_key_belongs_to_its_organisation_or_to_the_client_with_a_token(
    desk: Desk, new_key: Callable[[], str]
) -> None:
    """Two senders who chose the same key do not get each other's answer."""
    key = new_key()

    one = await desk.file(key)
    other = await desk.file(key, organisation="bc")

    assert (201, 201) == (one.status_code, other.status_code)
    assert one.json()["reference"] != other.json()["reference"]


@pytest.mark.postgres
async def test_a_hundred_equal_requests_at_once_make_one_case(desk: Desk, new_key: Callable[[], str]) -> None:
    """However nervous the sender's system is, the complaint stands once."""
    key, stored = new_key(), await desk.stored()

    answers = await asyncio.gather(*(desk.file(key) for _ in range(100)))

    assert {201} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})
    assert stored + 3 == await desk.stored()


@pytest.mark.postgres
async def test_a_hundred_different_requests_at_once_make_a_hundred_cases(
    desk: Desk, new_key: Callable[[], str]
) -> None:
    """What shares a transaction does not share a fate: one reused key among them harms only itself."""
    used = new_key()
    await desk.file(used)
    stored = await desk.stored()

    answers = await asyncio.gather(
        *(desk.file(new_key()) for _ in range(100)), desk.file(used, description="Iets anders.")
    )

    assert [201] * 100 + [409] == [answer.status_code for answer in answers]
    assert 100 == len({answer.json()["reference"] for answer in answers[:100]})
    assert stored + 300 == await desk.stored()


@pytest.mark.postgres
async def test_two_replicas_that_get_the_same_requests_file_each_once(
    desk: Desk, new_key: Callable[[], str]
) -> None:
    """A load balancer that sends a repeat to another process changes nothing, whatever the order."""
    platform = await desk.system.platform("intake", keys=True)
    transport = httpx2.ASGITransport(app=application(platform))
    keys, stored = [new_key() for _ in range(40)], await desk.stored()

    async with httpx2.AsyncClient(transport=transport, base_url="http://other.test") as client:
        other = Desk(client, platform, desk.system)
        answers = await asyncio.gather(
            *(desk.file(key) for key in keys), *(other.file(key) for key in reversed(keys))
        )

    assert {201} == {answer.status_code for answer in answers}
    assert {answer.content for answer in answers[:40]} == {answer.content for answer in answers[40:]}
    assert stored + 3 * 40 == await desk.stored()


@pytest.mark.postgres
async def test_what_is_missing_is_named_and_not_refused(desk: Desk) -> None:
    """An incomplete complaint is still a complaint."""
    answer = await desk.file(organisation="ingressus", complainant={"name": "Sanne de Wit"})

    assert 201 == answer.status_code
    assert {"company", "address", "phone", "email"} <= set(answer.json()["missing"])


@pytest.mark.postgres
async def test_a_channel_the_procedure_does_not_name_is_remarked(desk: Desk) -> None:
    """The sender hears that the text says otherwise, and the complaint stands."""
    answer = await desk.file(organisation="destiny", channel="meeting")

    assert 201 == answer.status_code
    assert "meeting" in answer.json()["notices"][0]


@pytest.mark.postgres
async def test_whoever_sends_a_token_is_recorded_as_the_actor(desk: Desk) -> None:
    """A complaint taken down by staff shows who took it down; without a token nobody is named."""
    token = token_of(desk)

    by_staff = await desk.client.post(
        "/v1/complaints", json=BODY, headers={"Authorization": f"Bearer {token}"}
    )
    anonymous = await desk.file()

    assert "staff:sup-1" == (await first_event(desk, by_staff.json()["reference"])).actor
    assert "anonymous" == (await first_event(desk, anonymous.json()["reference"])).actor


@pytest.mark.postgres
async def test_a_wrong_token_is_refused(desk: Desk) -> None:
    """Who believes to be somebody is told when we do not."""
    stored = await desk.stored()

    answer = await desk.client.post("/v1/complaints", json=BODY, headers={"Authorization": "Bearer x.y.z"})

    assert 401 == answer.status_code
    assert "Bearer" in answer.headers["www-authenticate"]
    assert stored == await desk.stored()


@pytest.mark.postgres
async def test_a_token_of_another_organisation_is_refused(desk: Desk) -> None:
    """Staff of one company do not stand in the histories of another."""
    headers = {"Authorization": f"Bearer {token_of(desk)}"}

    answer = await desk.client.post("/v1/complaints", json={**BODY, "organisation": "bc"}, headers=headers)

    assert (403, "urn:gehoor:problem:organisation-not-yours") == (answer.status_code, answer.json()["type"])


@pytest.mark.postgres
async def test_the_case_is_found_by_its_reference_and_keeps_its_trace(desk: Desk) -> None:
    """The trace of the sender's own system goes on in ours; a malformed one is not stored."""
    trace = f"00-{'a' * 32}-{'b' * 16}-01"

    kept = await desk.client.post("/v1/complaints", json=BODY, headers={"traceparent": trace})
    dropped = await desk.client.post("/v1/complaints", json=BODY, headers={"traceparent": "canary"})

    assert trace == (await first_event(desk, kept.json()["reference"])).traceparent
    assert (await first_event(desk, dropped.json()["reference"])).traceparent is None


@pytest.mark.postgres
async def test_a_full_queue_is_said_and_nothing_is_stored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When too many complaints wait, the next one is told to come back instead of waiting for ever."""
    monkeypatch.setattr(desk_of(desk).commits, "_most_waiting", 0)
    stored = await desk.stored()

    answer = await desk.file()

    assert 503 == answer.status_code
    assert "urn:gehoor:problem:busy" == answer.json()["type"]
    assert int(answer.headers["retry-after"]) > 0
    assert stored == await desk.stored()


@pytest.mark.postgres
async def test_a_store_that_is_away_gives_503_and_never_201(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told that a complaint is recorded when it may not be."""

    async def away(*_: Any) -> Any:
        raise ConnectionResetError

    monkeypatch.setattr(desk.platform.keys, "mint", away)

    answer = await desk.file()

    assert 503 == answer.status_code
    assert "urn:gehoor:problem:store-away" == answer.json()["type"]


@pytest.mark.postgres
async def test_a_reference_that_is_taken_is_drawn_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cases never share a reference, however unlucky the draw."""
    taken = (await desk.file()).json()["reference"]
    monkeypatch.setattr("intake.desk.new_reference", lambda code: taken)

    answer = await desk.file()

    assert 201 == answer.status_code
    assert taken != answer.json()["reference"]


def token_of(desk: Desk) -> str:
    """Sign a token for a member of staff."""
    access = Access("staff:sup-1", frozenset({"handler"}), frozenset({"supportoplus"}))
    key = desk.platform.settings.secret("token.key")
    return issue(key, access, desk.platform.clock.now(), timedelta(hours=1))


def desk_of(desk: Desk) -> Any:
    """Reach the application's own desk."""
    transport: Any = desk.client._transport
    return transport.app.state.desk
