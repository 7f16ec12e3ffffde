"""A whole life per organisation over HTTP, on real databases: as people work, with tokens and versions."""

from typing import Any

import pytest

from cases.state import fold
from events.access_tokens import Role
from workflow_servers import Desk

pytestmark = pytest.mark.postgres

LATER = "2089-12-31"


class Working:
    """Somebody who reads the case before each command, and says which version they saw."""

    def __init__(self, desk: Desk, reference: str) -> None:
        self.desk = desk
        self.reference = reference

    async def case(self, role: Role = "admin") -> Any:
        return (await self.desk.get(f"/v1/cases/{self.reference}", role)).json()

    async def give(self, command: str, role: Role = "handler", **body: Any) -> list[str]:
        answer = await self.ask(command, role, **body)
        assert 200 == answer.status_code, answer.text
        return [event["type"] for event in answer.json()["events"]]

    async def ask(self, command: str, role: Role = "handler", actor: str | None = None, **body: Any) -> Any:
        version = (await self.case())["version"]
        token = self.desk.token(role, actor=actor or f"staff:{role.replace('_', '-')}")
        return await self.desk.client.post(
            f"/v1/cases/{self.reference}/commands/{command}",
            json=body,
            headers=token | {"If-Match": f'"{version}"'},
        )


async def working(desk: Desk, organisation: str, **changes: Any) -> Working:
    return Working(desk, (await desk.opened(organisation, **changes))[1])


async def test_destiny_from_a_proposal_to_an_end(desk: Desk) -> None:
    """Destiny's customer agrees; what was agreed is carried out, and only then the case can be closed."""
    case = await working(desk, "destiny")

    await case.give("react", reaction="Wij kijken ernaar.")
    await case.give("propose", proposal="Een nieuwe centrale.")
    measures = [{"what": "Vervangen.", "owner": "des-01", "due_on": LATER}]
    await case.give("record-acceptance", measures=measures)
    owed = await case.case()
    await case.give("carry-out-measure", measure=1)
    await case.give("record-solved")
    await case.give("close", because="handled")

    shown = await case.case()
    assert {"what": "measure 1", "by": "des-01", "until": LATER} in owed["owed"]
    assert ("closed", "closed", "handled") == (shown["state"], shown["stage"], shown["closed_because"])
    assert ["reopen"] == [name for name in shown["commands"] if name in ("reopen", "propose")]
    assert "escalation matrix" in shown["warnings"][0]


async def test_bc_an_incident_is_both_planned_and_reported_back(desk: Desk) -> None:
    """B&C: what came as an incident is a complaint too, gets a plan, is solved and reported back."""
    case = await working(desk, "bc", nature="incident")

    await case.give("reclassify", kind="both", because="Ook ontevreden.")
    await case.give("hand-over")
    await case.give("record-external", system="servicenow", number="INC0012345", what="registered")
    await case.give("make-plan", plan="Nieuw gesprek.", until=LATER)
    await case.give("record-solved")
    refused = await case.ask("close", because="handled")
    await case.give("report-back")
    await case.give("close", because="handled")

    assert (409, "urn:gehoor:problem:not-now") == (refused.status_code, refused.json()["type"])
    assert "report-back" in refused.json()["detail"]
    shown = await case.case()
    assert "closed" == shown["stage"]
    assert "update servicenow INC0012345" in [one["what"] for one in shown["owed"]]


async def test_supportoplus_invites_talks_and_confirms(desk: Desk) -> None:
    """Supporto+: the responsible person invites, talks, agrees; a confirmation is owed."""
    case = await working(desk, "supportoplus")

    await case.give("invite-to-talk", "quality_manager", how="phone")
    agreements = [{"what": "Vaste begeleider.", "owner": "sup-03", "due_on": LATER}]
    await case.give("record-talk", "board", how="in person", agreements=agreements)
    await case.give("drop-measure", "quality_manager", measure=1, reason="Niet meer nodig.")
    await case.give("record-handled", "quality_manager")
    await case.give("close", "quality_manager", because="handled")

    assert "owed" == (await case.case())["letters"]["talk confirmation"]


async def test_preact_a_board_decides_and_the_handler_may_not(desk: Desk) -> None:
    """PreAct: an objection is decided by the board; neither the handler nor another role gets to do that."""
    case = await working(desk, "preact")
    await case.give("record-contact", how="phone")
    await case.give("decide-outcome", outcome="unfounded", grounds="Nagegaan.")
    await case.give("lodge-objection", channel="email", objection="Niet eens.")
    await case.give("invite-to-hearing", "board", how="phone")
    await case.give("waive-hearing", "board", because="declined")
    decision = {"outcome": "founded", "grounds": "Alsnog."}

    by_handler = await case.ask("decide-objection", "handler", **decision)
    by_the_same = await case.ask("decide-objection", "admin", actor="staff:handler", **decision)
    await case.give("decide-objection", "board", **decision)
    unwritten = await case.ask("close", "handler", because="handled")

    assert (409, True) == (unwritten.status_code, "PRE-6 is promised until" in unwritten.json()["detail"])
    assert (403, 409) == (by_handler.status_code, by_the_same.status_code)
    assert "urn:gehoor:problem:not-the-same-person" == by_the_same.json()["type"]
    assert "decided" == (await case.case())["stage"]


async def test_ingressus_hears_records_and_names_the_court(desk: Desk) -> None:
    """Ingressus: the talk is recorded, did not satisfy, and the court in Rotterdam is named."""
    case = await working(desk, "ingressus")
    await case.give("extend", until=LATER, reason="Trainer ziek.")
    await case.give("decide-outcome", outcome="unfounded", grounds="Nagegaan.")
    await case.give("lodge-objection", channel="portal", objection="Onvoldoende.")
    await case.give("invite-to-hearing", "board", how="letter")
    await case.give("record-hearing", "board", how="in person", satisfied=False)
    await case.give("write-hearing-record", "board", record="Besproken.")
    await case.give("name-outer-route", "board")
    await case.give("close", "board", because="handled")

    assert ["OuterRouteTaken"] == await case.give("record-outer-route")
    listed = (await desk.get("/v1/cases?organisation=ingressus&stage=closed")).json()["cases"]
    assert case.reference in [one["reference"] for one in listed]


async def test_whoever_a_complaint_names_is_kept_out_of_it(desk: Desk) -> None:
    """The complaint is about Noor Verhagen, who is on the staff: she may do nothing in it, others may."""
    about = {"complainant": {"name": "Jan Kanarie"}, "about": {"name": "mevr. N. Verhagen"}}
    case_id, reference = await desk.opened("destiny", personal=about)
    case = Working(desk, reference)

    refused = await case.ask("react", actor="staff:des-01", reaction="Valt mee.")
    shown = await desk.get(f"/v1/cases/{reference}", "handler", actor="staff:des-01")
    drawn = fold(await desk.platform.store.history(case_id))
    assert drawn is not None
    other = "des-03" if drawn.life.persons.handler == "des-02" else "des-02"
    await case.give("assign", handler=other, because="conflict of interest")

    assert (409, "urn:gehoor:problem:conflict-of-interest") == (refused.status_code, refused.json()["type"])
    assert [] == shown.json()["commands"]
    folded = fold(await desk.platform.store.history(case_id))
    assert folded is not None
    assert other == folded.life.persons.handler


async def test_two_cases_are_merged_and_un_merged_on_both_streams_or_neither(desk: Desk) -> None:
    """Of two that are one, the later goes into the earlier, on both streams; the other way round nothing."""
    first, second = await working(desk, "bc"), await working(desk, "bc")
    elsewhere = await working(desk, "destiny")

    wrong_way = await first.ask("merge", other=second.reference)
    unknown = await first.ask("merge", other=elsewhere.reference)
    await second.give("merge", other=first.reference)

    assert (409, 422) == (wrong_way.status_code, unknown.status_code)
    earlier, later = await first.case(), await second.case()
    assert ([second.reference], first.reference) == (earlier["absorbed"], later["merged_into"])
    assert ("merged", "closed") == (later["stage"], later["state"])
    await second.give("unmerge", other=first.reference)
    assert ([], None) == ((await first.case())["absorbed"], (await second.case())["merged_into"])
    assert "handling" == (await second.case())["stage"]
