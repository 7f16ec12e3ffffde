"""What happens when workflow cannot go on: only that case waits, and callers are told to come back."""

from typing import Any, ClassVar

import httpx2
import msgspec
import pytest

from events.catalogue import Event
from events.record.envelope import NewEvent
from events.store.database import close_pool
from events.transient import RETRYABLE, TRANSIENT_ERRORS
from procedures.pinning import ProcedureChanged, pinned_procedure
from workflow.api.app import application
from workflow.api.auth import context_of
from workflow_servers import Desk
from workflow_stories import NOW, Story, complaint, opened


class TalkedOver(Event, frozen=True, kw_only=True):
    """An event of a later version of the platform, which this one does not know."""

    emitted_by: ClassVar[str] = "workflow"


@pytest.mark.postgres
async def test_an_event_nobody_knows_stops_its_own_case_only(desk: Desk) -> None:
    """A case with an event from a newer version is set aside and told as unreadable; all others go on."""
    strange, reference = await desk.opened("bc")
    _, other = await desk.opened("bc")
    now = desk.platform.clock.now()
    await desk.system.append(strange, NewEvent(TalkedOver(), now), store=desk.platform.store)

    await desk.catch_up()
    unreadable = await desk.get(f"/v1/cases/{reference}")
    readable = await desk.get(f"/v1/cases/{other}")
    parked = await desk.platform.pool.fetchrow("SELECT version, type FROM parked WHERE case_id = $1", strange)

    assert (503, "urn:gehoor:problem:not-readable-now") == (unreadable.status_code, unreadable.json()["type"])
    assert 200 == readable.status_code
    assert parked is not None
    assert (4, "TalkedOver") == (parked["version"], parked["type"])


@pytest.mark.postgres
async def test_with_the_store_away_callers_are_told_to_come_back(desk: Desk) -> None:
    """While Postgres cannot be reached the answer is a 503 with a time, not a fault."""
    _, reference = await desk.opened("bc")
    platform = await desk.system.platform("workflow", keys=True)
    app = application(platform)
    await close_pool(platform.pool)

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://workflow.example"
    ) as client:
        answers = [
            await client.get(path, headers=desk.token("handler"))
            for path in ("/v1/cases", f"/v1/cases/{reference}")
        ]

    assert [503, 503] == [answer.status_code for answer in answers]
    assert ["2", "2"] == [answer.headers["Retry-After"] for answer in answers]


@pytest.mark.postgres
@pytest.mark.parametrize("kind", dict.fromkeys((*TRANSIENT_ERRORS, *RETRYABLE)))
async def test_whatever_is_in_the_way_of_a_command_is_told_as_come_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """A lock that is held, a conflict, a server that moved: the command was not wrong, so give it again."""
    case_id, reference = await desk.opened("bc")

    async def in_the_way(*_: Any) -> Any:
        raise kind("somebody else is first")

    with monkeypatch.context() as patched:
        patched.setattr(desk.platform.store, "append", in_the_way)
        body = {"kind": "both", "because": "Ook ontevreden."}
        commanding = await desk.command(reference, "reclassify", body, if_match='"3"')
        patched.setattr(desk.platform.store, "find", in_the_way)
        reading = await desk.get(f"/v1/cases/{reference}")

    answers = (commanding, reading)
    assert [503, 503] == [answer.status_code for answer in answers]
    assert {"urn:gehoor:problem:store-away"} == {answer.json()["type"] for answer in answers}
    assert {"2"} == {answer.headers["Retry-After"] for answer in answers}
    assert 3 == (await desk.platform.store.history(case_id)).version


@pytest.mark.postgres
async def test_a_fault_of_ours_is_not_told_as_others_who_change_the_case(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is told to try again would do so for ever: a fault is answered with a number to ask with."""
    case_id, reference = await desk.opened("bc")

    def broken(*_: Any) -> Any:
        raise RuntimeError("canary")

    monkeypatch.setattr("workflow.command_handler.decide", broken)
    answer = await desk.command(
        reference, "reclassify", {"kind": "both", "because": "Ook ontevreden."}, if_match='"3"'
    )

    assert (500, "urn:gehoor:problem:unexpected") == (answer.status_code, answer.json()["type"])
    assert "canary" not in answer.text
    assert 3 == (await desk.platform.store.history(case_id)).version


@pytest.mark.postgres
async def test_a_second_case_that_does_not_allow_it_is_told_so(desk: Desk) -> None:
    """A complaint that nobody has opened yet cannot be linked to: that is an answer, not a crowd."""
    case_id, reference = await desk.opened("bc")
    filed, other = await desk.receive("bc")

    answer = await desk.command(
        reference, "link", {"other": other, "relation": "same matter"}, if_match='"3"'
    )

    assert (409, "urn:gehoor:problem:not-open-yet") == (answer.status_code, answer.json()["type"])
    assert 3 == (await desk.platform.store.history(case_id)).version
    assert 1 == (await desk.platform.store.history(filed)).version


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("command", "said", "refusal"),
    [
        ("link", {"relation": "same matter"}, "same-case"),
        ("merge", {}, "same-case"),
        ("unlink", {}, None),
        ("unmerge", {}, None),
    ],
)
async def test_a_case_and_itself_are_answered_as_one_case(
    desk: Desk, command: str, said: dict[str, str], refusal: str | None
) -> None:
    """Whoever has read an old version is told so, and whoever has not is told what is not allowed."""
    case_id, reference = await desk.opened("bc")
    body = {"other": reference, **said}

    stale = await desk.command(reference, command, body, if_match='"1"')
    refused = await desk.command(reference, command, body, if_match='"3"')

    assert (412, "urn:gehoor:problem:stale") == (stale.status_code, stale.json()["type"])
    assert '"3"' == stale.headers["ETag"]
    assert 409 == refused.status_code
    assert "urn:gehoor:problem:not-done" != refused.json()["type"]
    assert refusal is None or f"urn:gehoor:problem:{refusal}" == refused.json()["type"]
    assert 3 == (await desk.platform.store.history(case_id)).version


@pytest.mark.postgres
async def test_a_fault_of_ours_at_the_second_case_is_told_as_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither case gets its event, and the answer has a number to ask with instead of "try again"."""
    case_id, reference = await desk.opened("bc")
    other_id, other = await desk.opened("bc")

    def broken(*given: Any) -> Any:
        if given[3].case_id == other_id:
            raise RuntimeError("canary")
        return context_of(*given)

    monkeypatch.setattr("workflow.command_handler.context_of", broken)
    answer = await desk.command(
        reference, "link", {"other": other, "relation": "same matter"}, if_match='"3"'
    )

    assert (500, "urn:gehoor:problem:unexpected") == (answer.status_code, answer.json()["type"])
    assert "canary" not in answer.text
    assert [3, 3] == [(await desk.platform.store.history(case)).version for case in (case_id, other_id)]


@pytest.mark.postgres
async def test_a_command_about_somebody_who_was_erased_is_refused_by_name(desk: Desk) -> None:
    """Words about a person whose key was destroyed cannot be kept: it is said, and nothing is recorded."""
    case_id, reference = await desk.opened("bc")
    keeper = await desk.system.platform("keeper", keys=True)
    assert keeper.keys is not None
    assert desk.platform.keys is not None
    await keeper.keys.destroy(case_id, ["complainant"])
    desk.platform.keys._cache.clear()

    answer = await desk.command(
        reference, "reclassify", {"kind": "both", "because": "Ook ontevreden."}, if_match='"3"'
    )

    assert (409, "urn:gehoor:problem:person-erased") == (answer.status_code, answer.json()["type"])
    assert 3 == (await desk.platform.store.history(case_id)).version


def test_an_edited_file_of_a_pinned_version_is_noticed() -> None:
    """Somebody who changes a version instead of adding one is told to put the old file back."""
    story = Story("bc").tell(complaint("bc"))
    opening = opened("bc").case.opened
    assert opening is not None
    story.tell(msgspec.structs.replace(opening, procedure_digest="0" * 64), NOW)

    with pytest.raises(ProcedureChanged, match="put the old file back"):
        pinned_procedure(story.case)
