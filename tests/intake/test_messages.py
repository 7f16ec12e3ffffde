"""What a complainant adds to a complaint: by the signed link or by a channel, recorded once, in private."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
import pytest

from events.access_tokens import ROLES, Access, Role, issue
from events.catalogue import CaseOpened, ComplainantWrote
from events.record.envelope import NewEvent, Recorded
from events.store.new_cases import REQUEST_KEYS
from events.testing import TestSystem
from intake_desk import BODY, Desk
from service.idempotency_expiry import IdempotencyExpiryLoop

pytestmark = pytest.mark.postgres

WORDS = {"message": "Mijn nummer is veranderd.", "complainant": {"phone": "+31 85 000 00 00"}}


async def filed(desk: Desk) -> tuple[str, str]:
    """File the canonical complaint; gives its reference and the token of its link."""
    content = (await desk.file()).json()
    return content["reference"], content["status_url"].rpartition("/")[2]


async def add(desk: Desk, reference: str, token: str | None, body: Any, **headers: str) -> httpx2.Response:
    sent = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await desk.client.post(f"/v1/complaints/{reference}/messages", json=body, headers=sent | headers)


async def events(desk: Desk, reference: str) -> tuple[Recorded, ...]:
    case_id = await desk.platform.store.find(reference)
    assert case_id is not None
    return (await desk.platform.store.history(case_id)).events


def channel_token(desk: Desk, organisations: str = "supportoplus", role: Role = "integrator") -> str:
    access = Access("channel:phone-desk", frozenset({role}), frozenset({organisations}))
    key = desk.platform.settings.secret("token.key")
    return issue(key, access, desk.platform.clock.now(), timedelta(hours=1))


async def test_whoever_holds_the_link_adds_what_was_missing(desk: Desk) -> None:
    """The complainant sends what was asked for and learns what is still missing; nothing stands in clear."""
    reference, token = await filed(desk)

    answer = await add(desk, reference, token, WORDS)

    _, added = await events(desk, reference)
    assert isinstance(added.event, ComplainantWrote)
    assert (201, "complainant") == (answer.status_code, added.actor)
    assert ("portal", "link", ("phone",)) == (added.event.channel, added.event.sent_by, added.event.given)
    assert "phone" not in answer.json()["missing"]
    assert list(added.event.missing) == answer.json()["missing"]
    assert b"veranderd" not in added.data
    assert desk.platform.keys is not None
    await desk.platform.keys.load([added.case_id])
    opened = desk.platform.keys.open(added)
    assert "Mijn nummer is veranderd." == opened["complainant"]["message"]


async def test_who_was_forgotten_adds_nothing_and_learns_what_to_do(desk: Desk, system: TestSystem) -> None:
    """After the complainant's key was destroyed a message is refused, and says how to write again."""
    reference, token = await filed(desk)
    case_id = await desk.platform.store.find(reference)
    keys = await asyncpg.connect(system.keys_url)
    await keys.execute(
        "UPDATE gehoor.person_key SET wrapped = NULL, destroyed_at = now(), email_token = NULL, "
        "phone_token = NULL WHERE case_id = $1",
        case_id,
    )
    await keys.close()
    assert desk.platform.keys is not None
    desk.platform.keys._cache.clear()

    answer = await add(desk, reference, token, WORDS)

    assert (409, "urn:gehoor:problem:person-erased") == (answer.status_code, answer.json()["type"])
    assert "File a new complaint" in answer.json()["detail"]
    assert 1 == len(await events(desk, reference))


async def test_somebody_complained_about_later_gets_a_key_of_their_own(desk: Desk) -> None:
    """A name that comes with a message is kept under its own key, which can be destroyed by itself."""
    reference, token = await filed(desk)

    answer = await add(desk, reference, token, {"about": {"name": "Willem Vos"}})

    added = (await events(desk, reference))[-1]
    assert desk.platform.keys is not None
    assert 201 == answer.status_code
    assert {"about": {"name": "Willem Vos"}} == desk.platform.keys.open(added)
    assert {"complainant", "about"} == set(desk.platform.keys.of_case(added.case_id).keys)


async def test_a_channel_states_when_and_how_it_came(desk: Desk) -> None:
    """The phone desk adds what a caller said earlier today; whoever holds the link may not say that."""
    reference, link = await filed(desk)
    stated = {**WORDS, "channel": "phone", "received_at": (desk.platform.clock.now()).date().isoformat()}

    by_channel = await add(desk, reference, channel_token(desk), stated)
    by_link = await add(desk, reference, link, stated)

    added = (await events(desk, reference))[-1]
    assert (201, 422) == (by_channel.status_code, by_link.status_code)
    assert isinstance(added.event, ComplainantWrote)
    assert ("channel:phone-desk", "phone", "channel") == (
        added.actor,
        added.event.channel,
        added.event.sent_by,
    )


async def test_a_message_is_recorded_once_however_often_it_is_sent(
    desk: Desk, new_key: Callable[[], str]
) -> None:
    """The same key and words again give the same answer; other words under it are refused."""
    reference, token = await filed(desk)
    key = {"Idempotency-Key": new_key()}

    first = await add(desk, reference, token, WORDS, **key)
    again = await add(desk, reference, token, WORDS, **key)
    other = await add(desk, reference, token, {"message": "Iets anders."}, **key)

    assert (201, 201, 409) == (first.status_code, again.status_code, other.status_code)
    assert first.content == again.content
    assert 2 == len(await events(desk, reference))


async def forget_keys(desk: Desk) -> None:
    """Let ninety-one days pass for all keys, and intake forget them."""
    admin = await desk.system.pool_of("admin")
    await admin.execute("UPDATE gehoor.idempotency SET recorded_at = recorded_at - interval '91 days'")
    loop = IdempotencyExpiryLoop(desk.platform, REQUEST_KEYS)
    while await loop.run_once():
        pass
    assert 0 == await admin.fetchval("SELECT count(*) FROM gehoor.idempotency")


async def test_a_message_repeated_after_its_key_was_forgotten_is_answered_as_before(
    desk: Desk, new_key: Callable[[], str]
) -> None:
    """Whoever sends a message again after half a year gets the answer of then, and it stands once."""
    reference, token = await filed(desk)
    key = {"Idempotency-Key": new_key()}
    first = await add(desk, reference, token, WORDS, **key)
    await add(desk, reference, token, {"about": {"name": "Willem Vos"}})
    await forget_keys(desk)

    again = await add(desk, reference, token, WORDS, **key)

    assert (201, first.content) == (again.status_code, again.content)
    assert 3 == len(await events(desk, reference))


async def test_other_words_under_a_forgotten_key_are_a_new_message(
    desk: Desk, new_key: Callable[[], str]
) -> None:
    """A key that is used anew after half a year loses nothing, and from then on belongs to the new words."""
    reference, token = await filed(desk)
    key = {"Idempotency-Key": new_key()}
    await add(desk, reference, token, WORDS, **key)
    await forget_keys(desk)

    other = await add(desk, reference, token, {"message": "Iets anders."}, **key)
    again = await add(desk, reference, token, {"message": "Iets anders."}, **key)
    first = await add(desk, reference, token, WORDS, **key)

    assert (201, 201, 409) == (other.status_code, again.status_code, first.status_code)
    assert other.content == again.content
    added = (await events(desk, reference))[-1]
    assert desk.platform.keys is not None
    assert "Iets anders." == desk.platform.keys.open(added)["complainant"]["message"]
    assert 3 == len(await events(desk, reference))


async def test_nothing_is_called_recorded_that_is_not(
    desk: Desk, new_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose key is taken for another case and forgotten at that very moment is told to send it again."""
    one, _ = await filed(desk)
    other, _ = await filed(desk)
    key = {"Idempotency-Key": new_key()}
    await add(desk, one, channel_token(desk), WORDS, **key)

    async def forgotten(*_: Any) -> None:
        return None

    monkeypatch.setattr("intake.message_recorder.recall", forgotten)
    answer = await add(desk, other, channel_token(desk), WORDS, **key)

    assert (503, "urn:gehoor:problem:store-away") == (answer.status_code, answer.json()["type"])
    assert 1 == len(await events(desk, other))


async def test_nobody_adds_to_a_complaint_of_somebody_else(desk: Desk) -> None:
    """No token, a token of another complaint or organisation, a reference that is none: nothing is added."""
    reference, _ = await filed(desk)
    _, other = await filed(desk)

    answers = [
        await add(desk, reference, None, WORDS),
        await add(desk, reference, "rubbish", WORDS),
        await add(desk, reference, other, WORDS),
        await add(desk, reference, channel_token(desk, "destiny"), WORDS),
        await add(desk, "SUP-00000-00000-C", other, WORDS),
        await add(desk, "rubbish", other, WORDS),
    ]

    assert [401, 401, 404, 404, 404, 404] == [answer.status_code for answer in answers]
    assert 1 == len(await events(desk, reference))


@pytest.mark.parametrize("role", ROLES)
async def test_only_those_who_work_with_complainants_add_by_a_token(desk: Desk, role: Role) -> None:
    """Who audits, watches or guards privacy may not say that a complainant wrote; everybody may file."""
    reference, _ = await filed(desk)
    token = channel_token(desk, role=role)

    answer = await add(desk, reference, token, WORDS)
    filing = await desk.client.post("/v1/complaints", json=BODY, headers={"Authorization": f"Bearer {token}"})

    may = role in ("admin", "handler", "integrator", "quality_manager")
    assert (201 if may else 403, 201) == (answer.status_code, filing.status_code)
    assert (2 if may else 1) == len(await events(desk, reference))
    if not may:
        assert "urn:gehoor:problem:role-missing" == answer.json()["type"]
        assert "admin, handler, integrator, quality_manager" in answer.json()["detail"]
        assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


async def test_a_token_of_another_organisation_learns_nothing_from_its_role(desk: Desk) -> None:
    """Whether there is such a complaint is not told to an auditor of another organisation either."""
    reference, _ = await filed(desk)
    token = channel_token(desk, "destiny", "auditor")

    there = await add(desk, reference, token, WORDS)
    nowhere = await add(desk, "SUP-00000-00000-0", token, WORDS)

    assert (404, 404) == (there.status_code, nowhere.status_code)
    assert there.content == nowhere.content


async def test_a_case_whose_procedure_file_was_edited_takes_no_message_and_says_so(desk: Desk) -> None:
    """The link still shows where the case stands; what is added has to wait, and is not taken and lost."""
    reference, token = await filed(desk)
    (received,) = await events(desk, reference)
    opening = CaseOpened(
        reference=reference, procedure="supportoplus", procedure_version=1, procedure_digest="0" * 64,
        zone="Europe/Amsterdam", language="nl", handler="sup-01", team="Kwaliteit",
        received_on=received.happened_at.date(), clocks=(), letters=(),
    )  # fmt: skip
    opened = NewEvent(opening, received.happened_at)
    await desk.system.append(received.case_id, opened, store=desk.platform.store)

    answer = await add(desk, reference, token, WORDS)
    page = await desk.client.get(f"/status/{token}")

    assert (503, "60") == (answer.status_code, answer.headers["Retry-After"])
    assert "urn:gehoor:problem:not-readable-now" == answer.json()["type"]
    assert 200 == page.status_code
    assert 2 == len(await events(desk, reference))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": "  "}, "message"),
        ({"message": "x" * 20_001}, "message"),
        ({"message": "a\x00b"}, None),
        ({"message": 7}, "message"),
        ({"Kanarie": "x"}, None),
        ({"complainant": {"email": "geen adres"}}, None),
        ([], None),
    ],
)
async def test_a_wrong_message_is_refused_and_nothing_is_stored(
    desk: Desk, body: Any, field: str | None
) -> None:
    """What is wrong is told by field and reason and never repeated."""
    reference, token = await filed(desk)

    answer = await add(desk, reference, token, body)

    assert answer.status_code in (400, 422)
    assert "Kanarie" not in answer.text
    if field is not None:
        assert field in {error["field"] for error in answer.json()["errors"]}
    assert 1 == len(await events(desk, reference))
