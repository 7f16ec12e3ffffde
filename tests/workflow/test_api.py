"""The workflow API on real databases: who sees what, in which pages, and that nothing else leaks."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from events.identity import new_reference
from workflow.api.app import application
from workflow.api.openapi import describe
from workflow.api.views import WITHHELD
from workflow_servers import Desk
from workflow_stories import ORGANISATIONS

pytestmark = pytest.mark.postgres

OPENAPI = Path(__file__).parents[2] / "services" / "workflow" / "openapi.json"


async def test_a_case_is_shown_as_it_stands(desk: Desk) -> None:
    """A handler sees who handles the case, under which procedure, and what the complainant wrote."""
    case_id, reference = await desk.opened("supportoplus")

    answer = await desk.get(f"/v1/cases/{reference}", "handler")

    told = answer.json()
    assert (200, '"3"') == (answer.status_code, answer.headers["ETag"])
    assert ("open", "supportoplus", 1) == (
        told["state"],
        told["opened"]["procedure"],
        told["opened"]["procedure_version"],
    )
    assert {"acknowledgement": "owed", "form copy": "owed"} == told["letters"]
    assert "Sanne de Wit" == told["personal"]["complainant"]["name"]
    assert told["personal_withheld"] is None
    assert {"reclassify", "assign"} <= set(told["commands"])
    assert "no-store" == answer.headers["Cache-Control"]
    assert str(case_id) not in answer.text


@pytest.mark.parametrize("role", ["auditor", "ops", "integrator"])
async def test_who_may_not_see_personal_fields_sees_that_they_are_withheld(desk: Desk, role: Any) -> None:
    """Personal fields are left out for roles that do not need them, and the answer says so."""
    _, reference = await desk.opened("supportoplus")

    answer = await desk.get(f"/v1/cases/{reference}", role)

    assert (None, WITHHELD) == (answer.json()["personal"], answer.json()["personal_withheld"])
    assert "Sanne" not in answer.text


async def test_erased_fields_read_as_erased(desk: Desk) -> None:
    """When a person's key is destroyed, their case is still shown, without them."""
    case_id, reference = await desk.opened("supportoplus")
    keeper = await desk.system.platform("keeper", keys=True)
    reader = await desk.system.platform("workflow", keys=True)
    assert keeper.keys is not None
    await keeper.keys.destroy(case_id, ["complainant"])

    transport = httpx2.ASGITransport(app=application(reader))
    async with httpx2.AsyncClient(transport=transport, base_url="http://workflow.example") as client:
        answer = await client.get(f"/v1/cases/{reference}", headers=desk.token("handler"))

    assert "[erased]" == answer.json()["personal"]["complainant"]["name"]


async def test_references_are_understood_as_people_type_them(desk: Desk) -> None:
    """Small letters and missing dashes find the same case."""
    _, reference = await desk.opened()

    answer = await desk.get(f"/v1/cases/{reference.replace('-', '').lower()}")

    assert reference == answer.json()["reference"]


async def test_another_organisations_case_is_answered_like_none_at_all(desk: Desk) -> None:
    """Nobody can find out which references exist at another organisation."""
    _, reference = await desk.opened("preact")
    answers = [
        await desk.get(f"/v1/cases/{asked}", "admin", organisations="destiny bc")
        for asked in (reference, new_reference("PRE"), "nonsense", reference[:-1] + "0", "%00", "a" * 3000)
    ]

    assert {404} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})


async def test_commands_about_another_organisations_case_are_answered_like_none_at_all(desk: Desk) -> None:
    """A command reveals no more than a question."""
    _, reference = await desk.opened("preact")
    bodies = ({"kind": "neither", "because": "x"}, {"kind": "dance"})
    answers = [
        await desk.client.post(
            f"/v1/cases/{asked}/commands/{command}",
            json=body,
            headers=desk.token("handler", organisations="bc"),
        )
        for asked in (reference, new_reference("PRE"))
        for command in ("reclassify", "dance")
        for body in bodies
    ]

    assert {404} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/DES-00000-00000-J"])
async def test_without_a_token_nothing_is_shown(desk: Desk, path: str) -> None:
    """Who brings no token, or a wrong one, learns how to bring one and nothing else."""
    missing = await desk.client.get(path)
    wrong = await desk.client.get(path, headers={"Authorization": "Bearer canary-99"})

    assert (401, 401) == (missing.status_code, wrong.status_code)
    assert missing.headers["WWW-Authenticate"].startswith("Bearer")
    assert "application/problem+json" == missing.headers["Content-Type"]
    assert "canary" not in wrong.text


async def test_a_list_holds_the_callers_organisations_only(desk: Desk) -> None:
    """Each organisation sees its own cases, whatever it asks for."""
    for organisation in ORGANISATIONS:
        await desk.opened(organisation)

    mine = (await desk.get("/v1/cases?limit=200", organisations="destiny bc")).json()["cases"]
    narrowed = (await desk.get("/v1/cases?organisation=bc", organisations="destiny bc")).json()["cases"]
    foreign = await desk.get("/v1/cases?organisation=preact", organisations="destiny bc")

    assert {"destiny", "bc"} == {case["organisation"] for case in mine}
    assert {"bc"} == {case["organisation"] for case in narrowed}
    assert (403, "urn:gehoor:problem:organisation-not-yours") == (foreign.status_code, foreign.json()["type"])


async def test_pages_hold_every_case_once_while_others_come_and_change(desk: Desk) -> None:
    """Somebody who pages through the list sees each case once, even when cases come in meanwhile."""
    filed = {(await desk.receive("ingressus"))[1] for _ in range(5)}
    await desk.catch_up()
    seen: list[str] = []
    path = "/v1/cases?organisation=ingressus&limit=2"

    while path:
        page = await desk.get(path)
        seen += [case["reference"] for case in page.json()["cases"]]
        path = page.links.get("next", {}).get("url", "")
        if len(seen) < 6:
            await desk.opened("ingressus")

    assert len(set(seen)) == len(seen)
    assert filed <= set(seen)
    assert page.json()["next"] is None


async def test_the_list_can_be_narrowed_by_state_handler_and_lateness(desk: Desk) -> None:
    """A handler asks for their own open cases, and for those that are late."""
    case_id, reference = await desk.opened("bc")
    waiting, _ = await desk.receive("bc")
    handler = await desk.platform.pool.fetchval("SELECT handler FROM case_state WHERE case_id = $1", case_id)

    mine = (await desk.get(f"/v1/cases?state=open&handler={handler}&limit=200")).json()["cases"]
    nobodys = (await desk.get("/v1/cases?handler=nobody")).json()["cases"]
    late = (await desk.get("/v1/cases?overdue=true&organisation=bc")).json()["cases"]
    in_time = (await desk.get("/v1/cases?overdue=false&organisation=bc&limit=200")).json()["cases"]

    assert reference in {case["reference"] for case in mine}
    assert ([], []) == (nobodys, late)
    assert reference in {case["reference"] for case in in_time}
    assert waiting
    await desk.catch_up()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("state=gone", "state"),
        ("overdue=perhaps", "overdue"),
        ("cursor=zzz", "cursor"),
        ("organisation=nowhere", "organisation"),
        ("organisation=%00", "organisation"),
        ("handler=%00", "handler"),
        ("handler=Jan%20Kanarie", "handler"),
        ("organization=bc", "organization"),
        ("organisation=bc&organisation=destiny", "organisation"),
    ],
)
async def test_a_wrong_filter_is_refused_with_its_name(desk: Desk, query: str, field: str) -> None:
    """A misspelt filter never lists more than was meant: the answer names it."""
    answer = await desk.get(f"/v1/cases?{query}", "admin")

    assert 422 == answer.status_code
    assert answer.json()["errors"][0]["field"].endswith(field)
    assert "Kanarie" not in answer.text


async def test_there_is_a_document_of_this_api() -> None:
    """The checked-in OpenAPI document is what the code says; `python -m workflow.api.openapi` writes it."""
    assert describe() == OPENAPI.read_text()
