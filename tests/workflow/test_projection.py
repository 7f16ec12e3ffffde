"""The worklist on a real Postgres: always what the fold says, never older, and made again without a trace."""

import asyncio
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from events.consumer.loop import ConsumerLoop
from events.record.envelope import NewEvent
from events.store.database import transaction
from workflow.consumer import WorkflowConsumer
from workflow.rebuild import rebuild
from workflow.worklist import WorklistRow, project, write
from workflow_servers import Desk
from workflow_stories import ORGANISATIONS, clocks_set, opened

pytestmark = pytest.mark.postgres

_ROWS = """
SELECT case_id, version, organisation, reference, state, stage, kind, procedure, procedure_version, handler,
       team, received_on, received_at, opened_at, next_due_at, breached, missed, clocks::text, letters::text
FROM case_state WHERE case_id = ANY($1) ORDER BY case_id
"""


async def test_every_complaint_is_opened_once_and_listed_as_folded(desk: Desk) -> None:
    """A complaint to each of the five is opened under its procedure, and the list tells its history."""
    cases = [(await desk.receive(organisation))[0] for organisation in ORGANISATIONS]

    await desk.catch_up()

    histories = await desk.platform.store.histories(cases)
    expected = ["ComplaintReceived", "ReportClassified", "CaseOpened"]
    assert [expected] * 5 == [[event.type for event in histories[case].events] for case in cases]
    assert await folded(desk, cases) == await listed(desk, cases)


async def test_two_replicas_open_a_case_once(desk: Desk) -> None:
    """Two workflow processes that both believe they own every partition still open each case once."""
    cases = [(await desk.receive("preact"))[0] for _ in range(6)]
    other = ConsumerLoop(await desk.system.platform("workflow", keys=True), WorkflowConsumer())
    await other.own(frozenset(range(16)))

    await asyncio.gather(desk.catch_up(), other.sweep())
    await desk.catch_up()

    histories = await desk.platform.store.histories(cases)
    assert [3] * 6 == [histories[case].version for case in cases]


async def test_a_row_never_goes_back(desk: Desk) -> None:
    """Somebody who comes late with an older row changes nothing."""
    case_id, _ = await desk.opened("ingressus")
    history = await desk.platform.store.history(case_id)
    older = project(replace(history, events=history.events[:1]))

    async with transaction(desk.platform.pool) as connection:
        await write(connection, [older])

    assert [project(history).version] == [row.version for row in await listed(desk, [case_id])]


async def test_rows_can_be_thrown_away_and_made_again(desk: Desk) -> None:
    """Emptying the list and folding again gives the same rows, byte for byte."""
    cases = [(await desk.opened(organisation))[0] for organisation in ORGANISATIONS]
    before = await listed(desk, cases)

    await desk.platform.pool.execute("DELETE FROM case_state WHERE case_id = ANY($1)", cases)
    histories = await desk.platform.store.histories(cases)
    async with transaction(desk.platform.pool) as connection:
        await write(connection, [project(history) for history in histories.values()])

    assert before == await listed(desk, cases)


async def test_a_doubted_list_is_made_again_from_the_store(desk: Desk) -> None:
    """Wrong rows, missing rows and rows of cases that never were are all put right by one rebuild."""
    cases = [(await desk.opened(organisation))[0] for organisation in ORGANISATIONS]
    before = await listed(desk, cases)
    stranger = uuid4()
    pool = desk.platform.pool
    await pool.execute("UPDATE case_state SET handler = 'nobody' WHERE case_id = $1", cases[0])
    await pool.execute("UPDATE case_state SET case_id = $1 WHERE case_id = $2", stranger, cases[1])

    rebuilt = await rebuild(desk.platform)

    assert before == await listed(desk, cases)
    assert [] == await listed(desk, [stranger])
    assert await pool.fetchval("SELECT count(*) FROM gehoor.event WHERE version = 1") == rebuilt.cases


async def test_a_case_is_late_from_its_first_unmet_promise_on(desk: Desk) -> None:
    """A promise whose moment has passed makes the case overdue, counted by the clock of the system."""
    case_id, reference = await desk.receive("supportoplus", received_on=date(2026, 3, 30))
    await desk.catch_up()
    late = clocks_set(opened("supportoplus", case_id))
    events = [NewEvent(row.event, row.happened_at) for row in late.history.events[3:]]
    await desk.system.append(case_id, *events, store=desk.platform.store)
    await desk.catch_up()

    overdue = (await desk.get("/v1/cases?overdue=true&limit=200")).json()["cases"]
    in_time = (await desk.get("/v1/cases?overdue=false&limit=200")).json()["cases"]

    shown = {case["reference"]: case for case in overdue}
    assert (True, "2026-04-07") == (
        shown[reference]["overdue"],
        shown[reference]["clocks"][0]["strict"]["on"],
    )
    assert reference not in {case["reference"] for case in in_time}


async def test_nothing_personal_stands_in_the_list(desk: Desk) -> None:
    """Names and words of the complainant are in no column of the worklist."""
    canary = "Kanarie-7731"
    case_id, _ = await desk.opened("bc", personal={"complainant": {"name": canary, "description": canary}})

    row = await desk.platform.pool.fetchval("SELECT t::text FROM case_state t WHERE case_id = $1", case_id)

    assert str(case_id) in row
    assert canary not in row


async def folded(desk: Desk, cases: list[UUID]) -> list[WorklistRow]:
    """Fold the cases, with JSON as Postgres writes it."""
    histories = await desk.platform.store.histories(cases)
    rows = [project(histories[case]) for case in sorted(cases)]
    return [
        replace(
            row,
            clocks=await desk.platform.pool.fetchval("SELECT $1::text::jsonb::text", row.clocks),
            letters=await desk.platform.pool.fetchval("SELECT $1::text::jsonb::text", row.letters),
        )
        for row in rows
    ]


async def listed(desk: Desk, cases: list[UUID]) -> list[WorklistRow]:
    return [WorklistRow(*record) for record in await desk.platform.pool.fetch(_ROWS, cases)]
