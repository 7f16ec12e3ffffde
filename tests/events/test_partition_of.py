"""The partition of a case: one rule, the same in Python and in the database, as cheap as if written out."""

from uuid import UUID

import pytest

from events.consumer import applier
from events.identity import PARTITIONS, new_case_id, partition_of
from events.store.feed import EVENT_REFS
from events.testing import TestSystem
from notifier.sending import outbox

pytestmark = pytest.mark.postgres

RULE = "get_byte(uuid_send(case_id), 15) & 15"
"""What stood in every query, and still stands in the generated column of `deadlines.due`."""


async def test_the_database_and_python_give_a_case_the_same_partition(system: TestSystem) -> None:
    """A case that one program looks for in one partition is not kept in another one by the next program."""
    case_ids = [new_case_id() for _ in range(2_000)]
    pool = (await system.platform("workflow")).pool

    rows = await pool.fetch(
        "SELECT case_id, gehoor.partition_of(case_id) AS partition FROM unnest($1::uuid[]) AS case_id",
        case_ids,
    )

    assert {case_id: partition_of(case_id) for case_id in case_ids} == {
        row["case_id"]: row["partition"] for row in rows
    }
    assert set(range(PARTITIONS)) == {row["partition"] for row in rows}


@pytest.mark.parametrize("service", ["deadlines", "notifier", "relay"])
async def test_every_consumer_may_ask_for_the_partition(system: TestSystem, service: str) -> None:
    """The function is there for each role that reads by partitions."""
    pool = (await system.platform(service)).pool

    assert 7 == await pool.fetchval(
        "SELECT gehoor.partition_of('00000000-0000-0000-0000-0000000000f7'::uuid)"
    )


@pytest.mark.parametrize(
    ("service", "query", "values"),
    [
        ("workflow", EVENT_REFS, (1, 1, 1, 500, [3, 4])),
        ("workflow", applier._TO_RETRY, ([3, 4],)),
        ("notifier", outbox._CLAIM, ([3, 4], 5, UUID(int=1))),
        ("notifier", outbox._ABANDONED, ([3, 4], UUID(int=1), [], 60.0, 5)),
        ("notifier", outbox._MAKE_DUE, ([3, 4],)),
    ],
    ids=["feed", "to retry", "claim", "abandoned", "release"],
)
async def test_the_function_costs_as_much_as_the_rule_written_out(
    system: TestSystem, service: str, query: str, values: tuple[object, ...]
) -> None:
    """The planner puts the rule in the place of the call: plans and costs are those of before."""
    pool = (await system.platform(service)).pool
    written_out = query.replace("gehoor.partition_of(case_id)", RULE)
    assert query != written_out

    plans = [
        [row[0] for row in await pool.fetch(f"EXPLAIN (VERBOSE) {each}", *values)]
        for each in (written_out, query)
    ]

    assert plans[0] == plans[1]
    assert any("get_byte" in line for line in plans[1])
