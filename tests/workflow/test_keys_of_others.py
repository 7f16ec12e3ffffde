"""A person who appears in a case only later: their key is made by another process, while ours remembers."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from events.catalogue import ABOUT, COMPLAINANT, ComplainantWrote
from events.identity import new_case_id
from events.record.envelope import History, NewEvent
from events.transact import Command, transact
from workflow_servers import Desk

pytestmark = pytest.mark.postgres


async def test_a_person_named_later_by_another_service_is_read_at_once(desk: Desk) -> None:
    """Who was read a moment ago is read again rightly after the complainant has named somebody."""
    case_id, reference = await desk.opened("supportoplus")
    before = await desk.get(f"/v1/cases/{reference}", "handler")
    intake = await desk.system.platform("intake", keys=True)
    assert intake.keys is not None

    def name_somebody(history: History, now: datetime) -> Sequence[NewEvent]:
        event = ComplainantWrote(channel="portal", sent_by="link", given=("about_name",), missing=())
        return [NewEvent(event, now, {COMPLAINANT: {"message": "Nog iets."}, ABOUT: {"name": "Willem"}})]

    await intake.keys.ensure(case_id, [COMPLAINANT, ABOUT])
    await transact(intake, Command(case_id, new_case_id(), "anonymous", name_somebody))
    after = await desk.get(f"/v1/cases/{reference}", "handler")
    done = await desk.command(
        reference, "record-contact-attempt", {"how": "phone"}, if_match=after.headers["etag"]
    )

    assert [200, 200, 200] == [before.status_code, after.status_code, done.status_code]
    assert {"name": "Willem"} == after.json()["personal"][ABOUT]
