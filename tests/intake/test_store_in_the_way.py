"""What a sender is told when the store cannot take something now, for whatever reason: come back."""

from typing import Any

import pytest

from events.transient import RETRYABLE, TRANSIENT_ERRORS
from intake_desk import BODY, Desk

pytestmark = pytest.mark.postgres

IN_THE_WAY = [pytest.param(kind, id=kind.__name__) for kind in dict.fromkeys((*TRANSIENT_ERRORS, *RETRYABLE))]


@pytest.mark.parametrize("kind", IN_THE_WAY)
async def test_whatever_is_in_the_way_of_filing_adding_or_looking_is_told_as_come_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """A lock that is held, a conflict, a server that moved: nothing sent was wrong, it may be sent again."""
    filed = (await desk.file()).json()
    link = filed["status_url"].rpartition("/")[2]

    async def in_the_way(*_: Any) -> Any:
        raise kind("somebody else is first")

    with monkeypatch.context() as patched:
        patched.setattr("intake.recorder.append_new_cases", in_the_way)
        patched.setattr(desk.platform.store, "append", in_the_way)
        filing = await desk.client.post("/v1/complaints", json=BODY)
        adding = await desk.client.post(
            f"/v1/complaints/{filed['reference']}/messages",
            json={"message": "Er is nog iets."},
            headers={"Authorization": f"Bearer {link}"},
        )
        patched.setattr(desk.platform.store, "find", in_the_way)
        looking = await desk.client.get(f"/status/{link}")

    answers = (filing, adding, looking)
    assert [503, 503, 503] == [answer.status_code for answer in answers]
    assert {"urn:gehoor:problem:store-away"} == {answer.json()["type"] for answer in answers}
    assert {"2"} == {answer.headers["Retry-After"] for answer in answers}
