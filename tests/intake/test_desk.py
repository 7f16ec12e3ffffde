"""The desk as a channel without HTTP uses it: plain data goes in, what is recorded or a reason comes out."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from events.identity import parse_reference
from events.platform import Platform
from events.store.database import close_pool
from events.testing import TestSystem
from intake.complaint_form import Submission
from intake.desk import Desk
from intake.group_commit import TooBusy
from intake.message import Addition
from intake.sender import COMPLAINANT_BY_LINK, Sender, Writer
from intake_desk import BODY
from procedures.organisations import organisations
from web.idempotency import KeyUsedForAnother
from web.problems import FieldError, Problem
from web.unavailable import StoreAway

pytestmark = pytest.mark.postgres


@pytest.fixture
def counter(intake_platform: Platform) -> Desk:
    """A desk without an application around it."""
    return Desk(intake_platform)


def complaint(**changes: Any) -> Submission:
    """The canonical complaint, as a channel makes it of its own material."""
    return Submission.model_validate({**BODY, **changes})


async def writer_about(counter: Desk, reference: str, key: str | None = None) -> Writer:
    """The complainant, who writes about their own case."""
    case_id = await counter.find(parse_reference(reference))
    assert case_id is not None
    return Writer(case_id, reference, by_link=True, sender=Sender(COMPLAINANT_BY_LINK, key))


async def test_a_channel_without_http_files_a_complaint_and_a_repeat_files_nothing(
    counter: Desk, new_key: Callable[[], str]
) -> None:
    """A mail that is delivered twice is one complaint, and its sender stands in the history."""
    sender = Sender("client:mail", new_key(), "00-" + "a" * 32 + "-" + "b" * 16 + "-01")

    filed = await counter.take(complaint(channel="email"), sender)
    again = await counter.take(complaint(channel="email"), sender)

    assert ("created", "repeated") == (filed.outcome, again.outcome)
    assert (filed.case_id, filed.answer) == (again.case_id, again.answer)
    history = await counter.history_of(filed.case_id)
    assert [("ComplaintReceived", "client:mail", sender.traceparent)] == [
        (event.type, event.actor, event.traceparent) for event in history.events
    ]


async def test_a_key_of_another_complaint_is_refused_by_name(
    counter: Desk, new_key: Callable[[], str]
) -> None:
    """The channel learns which refusal it is without reading a status."""
    sender = Sender("client:mail", new_key())
    await counter.take(complaint(), sender)

    with pytest.raises(KeyUsedForAnother):
        await counter.take(complaint(description="Iets anders."), sender)


async def test_a_channel_without_http_adds_a_message_and_a_repeat_adds_nothing(
    counter: Desk, new_key: Callable[[], str]
) -> None:
    """A reply by mail is recorded once, however often it is delivered."""
    filed = await counter.take(complaint(), Sender())
    reference = msgspec.json.decode(filed.answer)["reference"]
    writer = await writer_about(counter, reference, new_key())
    message = Addition.model_validate({"message": "Er is nog iets."})

    added = await counter.add(message, writer)
    again = await counter.add(message, writer)

    assert added == again
    assert reference == msgspec.json.decode(added)["reference"]
    history = await counter.history_of(filed.case_id)
    assert [("ComplaintReceived", "anonymous"), ("ComplainantWrote", "complainant")] == [
        (event.type, event.actor) for event in history.events
    ]


async def test_a_channel_learns_which_fields_are_wrong_and_why(counter: Desk) -> None:
    """A form or a reply by mail can name the field and the reason to whoever sent it."""
    with pytest.raises(Problem) as refused:
        await counter.take(complaint(organisation="nobody"), Sender())

    assert "invalid-fields" == refused.value.code
    reason = f"must be one of {', '.join(sorted(organisations()))}"
    assert (FieldError("organisation", reason),) == refused.value.errors


async def test_a_full_desk_and_a_store_that_is_away_are_different_reasons(
    counter: Desk, system: TestSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first nothing is stored; after the second it may be, and the same key must come again."""
    without_store = Desk(await system.platform("intake", keys=True))
    await close_pool(without_store.platform.pool)
    monkeypatch.setattr(counter.commits, "_most_waiting", 0)

    with pytest.raises(TooBusy):
        await counter.take(complaint(), Sender())
    with pytest.raises(StoreAway):
        await without_store.take(complaint(), Sender())
    with pytest.raises(StoreAway):
        await without_store.find("SUP-00000-00000-C")
