"""Commands on real databases: who may, on which version, once, and what a refusal says."""

import asyncio
from typing import Any

import pytest

from workflow.obligations import NO_MATRIX
from workflow_servers import Desk

pytestmark = pytest.mark.postgres

BODY = {"kind": "both", "because": "De melder, Jan Kanarie, is ook ontevreden."}


async def test_a_person_classifies_a_report_anew(desk: Desk) -> None:
    """A handler says what the report is after all; the history, the list and the case show it at once."""
    case_id, reference = await desk.opened("bc", nature="incident")

    answer = await desk.command(reference, "reclassify", BODY, if_match='"3"')

    history = await desk.platform.store.history(case_id)
    kind = await desk.platform.pool.fetchval("SELECT kind FROM case_state WHERE case_id = $1", case_id)
    shown = (await desk.get(f"/v1/cases/{reference}")).json()
    assert (200, '"4"') == (answer.status_code, answer.headers["ETag"])
    assert {
        "reference": reference,
        "version": 4,
        "events": [{"version": 4, "type": "ReportClassified"}],
    } == answer.json()
    assert ("ReportClassified", "staff:test") == (history.events[-1].type, history.events[-1].actor)
    assert b"Kanarie" not in history.events[-1].data
    assert ("both", "both", "person") == (kind, shown["kind"], shown["classified_by"])
    assert BODY["because"] == shown["personal"]["classification"]["because"]


async def test_a_command_that_there_is_something_to_know_about_says_so(desk: Desk) -> None:
    """Who escalates where the organisation has no matrix reads it in the answer, and again in its repeat."""
    _, reference = await desk.opened("destiny")
    body = {"to": "des-03", "role": "team lead", "reason": "Wacht al lang."}

    answer = await desk.command(reference, "escalate", body, if_match='"3"', idempotency_key="key-3")
    again = await desk.command(reference, "escalate", body, if_match='"3"', idempotency_key="key-3")

    assert [NO_MATRIX] == answer.json()["notices"]
    assert answer.content == again.content


async def test_the_same_key_and_body_again_changes_nothing(desk: Desk) -> None:
    """Somebody who never got the answer sends the command again and gets the same answer, once done."""
    case_id, reference = await desk.opened("bc")
    headers = {"if_match": '"3"', "idempotency_key": "key-1"}

    first = await desk.command(reference, "reclassify", BODY, **headers)
    again = await desk.command(reference, "reclassify", BODY, **headers)

    assert (200, 200) == (first.status_code, again.status_code)
    assert (first.content, first.headers["ETag"]) == (again.content, again.headers["ETag"])
    assert "true" == again.headers["Idempotency-Replayed"]
    assert 4 == (await desk.platform.store.history(case_id)).version


async def test_a_repeat_is_recognised_before_if_match_is_looked_at(desk: Desk) -> None:
    """A repeat is answered as before although the case has moved on by the first try itself."""
    _, reference = await desk.opened("bc")
    await desk.command(reference, "reclassify", BODY, if_match='"3"', idempotency_key="key-2")

    again = await desk.command(reference, "reclassify", BODY, idempotency_key="key-2")

    assert 200 == again.status_code


async def test_a_key_for_another_body_or_case_is_refused(desk: Desk) -> None:
    """A key names one request: another body or another case under it is refused and does nothing."""
    _, reference = await desk.opened("bc")
    other_case, other = await desk.opened("bc")
    await desk.command(reference, "reclassify", BODY, if_match='"3"', idempotency_key="key-3")

    other_body = await desk.command(
        reference, "reclassify", BODY | {"kind": "neither"}, if_match='"4"', idempotency_key="key-3"
    )
    elsewhere = await desk.command(other, "reclassify", BODY, if_match='"3"', idempotency_key="key-3")

    assert (409, 409) == (other_body.status_code, elsewhere.status_code)
    assert "urn:gehoor:problem:idempotency-key-used" == elsewhere.json()["type"]
    assert 3 == (await desk.platform.store.history(other_case)).version


async def test_ten_at_once_with_one_key_do_it_once(desk: Desk) -> None:
    """A nervous double click, ten times over, is one event and ten equal answers."""
    case_id, reference = await desk.opened("bc")
    headers = {"if_match": '"3"', "idempotency_key": "key-4"}

    answers = await asyncio.gather(
        *(desk.command(reference, "reclassify", BODY, **headers) for _ in range(10))
    )

    assert {200} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})
    assert 4 == (await desk.platform.store.history(case_id)).version


async def test_of_two_who_saw_the_same_version_one_is_told_to_look_again(desk: Desk) -> None:
    """When two handlers decide at the same moment, the second is told what the case's version is now."""
    case_id, reference = await desk.opened("bc")
    bodies = [BODY, BODY | {"kind": "incident"}]

    answers = await asyncio.gather(
        *(desk.command(reference, "reclassify", body, if_match='"3"') for body in bodies)
    )

    assert [200, 412] == sorted(answer.status_code for answer in answers)
    (stale,) = (answer for answer in answers if answer.status_code == 412)
    assert '"4"' == stale.headers["ETag"]
    assert 4 == (await desk.platform.store.history(case_id)).version


@pytest.mark.parametrize(
    ("if_match", "status"),
    [(None, 428), ("*", 428), ('"2"', 412), ('W/"3"', 412), ("3", 400), ('"1", "3"', 200)],
)
async def test_a_command_says_which_version_it_was_decided_on(
    desk: Desk, if_match: str | None, status: int
) -> None:
    """Without the version the caller has seen nothing is done, and the answer says how to send it."""
    _, reference = await desk.opened("bc")
    headers = {} if if_match is None else {"if_match": if_match}

    answer = await desk.command(reference, "reclassify", BODY, **headers)

    assert status == answer.status_code


@pytest.mark.parametrize(
    ("organisation", "kind", "code"),
    [("bc", "complaint", "nothing-changes"), ("destiny", "incident", "kind-not-allowed")],
)
async def test_what_is_not_allowed_now_is_refused_with_the_reason(
    desk: Desk, organisation: str, kind: str, code: str
) -> None:
    """A command that makes no sense now changes nothing and says why."""
    case_id, reference = await desk.opened(organisation)

    answer = await desk.command(reference, "reclassify", BODY | {"kind": kind}, if_match='"3"')

    assert (409, f"urn:gehoor:problem:{code}") == (answer.status_code, answer.json()["type"])
    assert 3 == (await desk.platform.store.history(case_id)).version


@pytest.mark.parametrize("role", ["board", "auditor", "ops", "privacy_officer", "integrator"])
async def test_only_those_who_work_the_case_classify_it(desk: Desk, role: Any) -> None:
    """Other roles are refused and told which role it takes."""
    _, reference = await desk.opened("bc")

    answer = await desk.command(reference, "reclassify", BODY, role, if_match='"3"')

    assert 403 == answer.status_code
    assert "admin, handler, quality_manager" in answer.json()["detail"]
    assert [] == (await desk.get(f"/v1/cases/{reference}", role)).json()["commands"]


async def test_an_unknown_command_is_answered_with_the_known_ones(desk: Desk) -> None:
    """Somebody who guesses a command learns which there are."""
    _, reference = await desk.opened("bc")

    answer = await desk.command(reference, "dance", {})

    assert 404 == answer.status_code
    assert "reclassify" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "both",
        {"kind": "both"},
        {"kind": "both", "because": ""},
        {"kind": "both", "because": "  "},
        {"kind": "both", "because": "x" * 5000},
        {"kind": "both", "because": 7},
        {"kind": "both", "because": "\ud800"},
        {"kind": "everything", "because": "Kanarie"},
        {"kind": ["both"], "because": "Kanarie"},
        {"kind": "both", "because": "x", "Kanarie": True},
    ],
)
async def test_a_wrong_body_is_refused_field_by_field(desk: Desk, body: Any) -> None:
    """What is wrong is told by field and reason, never by repeating it, and nothing is stored."""
    case_id, reference = await desk.opened("bc")

    answer = await desk.command(reference, "reclassify", body, if_match='"3"')

    assert 422 == answer.status_code
    assert answer.json()["errors"]
    assert "Kanarie" not in answer.text
    assert 3 == (await desk.platform.store.history(case_id)).version


@pytest.mark.parametrize("email", ["a..b@example.org", ".a@example.org", "a@-x-.example", "a.@example.org"])
async def test_an_address_no_letter_could_go_to_is_refused_when_it_is_recorded(
    desk: Desk, email: str
) -> None:
    """The handler still has the caller on the line and can ask again; later the letter would just fail."""
    case_id, reference = await desk.opened("bc")
    body = {"channel": "phone", "email": email}

    answer = await desk.command(reference, "record-information", body, if_match='"3"')

    reason = "must be one plain e-mail address such as name@example.org"
    assert 422 == answer.status_code
    assert [{"field": "email", "reason": reason}] == answer.json()["errors"]
    assert 3 == (await desk.platform.store.history(case_id)).version


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[" * 60_000, 400),
        (b"\x00", 400),
        (b"\xff", 400),
        (b'{"kind":1,"kind":2}', 400),
        (b" " * 70_000, 413),
    ],
)
async def test_a_hostile_body_costs_nothing(desk: Desk, content: bytes, status: int) -> None:
    """Broken, deep, doubled or huge bodies are refused before anybody looks at their meaning."""
    _, reference = await desk.opened("bc")

    answer = await desk.client.post(
        f"/v1/cases/{reference}/commands/reclassify",
        content=content,
        headers=desk.token("handler") | {"Content-Type": "application/json", "If-Match": '"3"'},
    )

    assert status == answer.status_code


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "sleutel-é".encode()])
async def test_a_hostile_key_is_refused(desk: Desk, key: Any) -> None:
    """A key that cannot be one is refused with what a key looks like."""
    _, reference = await desk.opened("bc")

    answer = await desk.client.post(
        f"/v1/cases/{reference}/commands/reclassify",
        json=BODY,
        headers=[*desk.token("handler").items(), ("If-Match", '"3"'), ("Idempotency-Key", key)],
    )

    assert (400, "urn:gehoor:problem:idempotency-key") == (answer.status_code, answer.json()["type"])


async def test_a_key_may_be_as_long_as_anywhere(desk: Desk) -> None:
    """A client that made a key for filing may make one like it for a command."""
    _, reference = await desk.opened("bc")

    answer = await desk.command(reference, "reclassify", BODY, if_match='"3"', idempotency_key="x" * 255)

    assert 200 == answer.status_code


async def test_a_key_is_stored_as_a_keyed_hash_only(desk: Desk) -> None:
    """Whatever a client writes into its key, an e-mail address even, stands in no table."""
    case_id, reference = await desk.opened("bc")
    key = "jan@kanarie.example"

    answer = await desk.command(reference, "reclassify", BODY, if_match='"3"', idempotency_key=key)

    row = await desk.platform.pool.fetchval(
        "SELECT i::text FROM repeat i WHERE case_id = $1 AND scope LIKE 'workflow/%'", case_id
    )
    assert 200 == answer.status_code
    assert "anarie" not in row
    assert b"anarie".hex() not in row
