"""Cases whose clock has run out: whole streams as the services write them, all due at one instant."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context
from uuid import UUID

import asyncpg

from deadlines.look import look
from events.catalogue import CaseOpened, ClockRule, ReportClassified
from events.record.envelope import Cause, NewEvent, Recorded
from events.record.sealing import next_rows
from events.store.streams import COLUMNS
from events.testing import history_of, received

RECEIVED_AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
DUE_AT = datetime(2026, 6, 8, 22, 0, tzinfo=UTC)
BATCH = 1_000
RULE = ClockRule(
    clock="PRE-1",
    kind="duty",
    binds="company",
    amount=5,
    unit="working days",
    starts="complaint received",
    satisfied_by=("acknowledgement arrived",),
    calendars=("nl-atw", "nl-kantoor"),
    warn_before_working_days=1,
    source="sentence 4",
)


def case_number(number: int) -> UUID:
    """Return the identifier of a due case: received in June, spread over all partitions."""
    milliseconds = int(RECEIVED_AT.timestamp() * 1000) + number
    tail = (number * 0x9E3779B97F4A7C15) & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (7 << 76) | ((number & 0xFFF) << 64) | (2 << 62) | tail)


async def load(url: str, cases: int, workers: int = 2) -> None:
    """Load streams up to the warning, and their due rows, with the administrator's rights."""
    borders = [cases * i // workers for i in range(workers + 1)]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        await asyncio.gather(
            *(loop.run_in_executor(pool, _load, url, low, high) for low, high in pairwise(borders))
        )


def _load(url: str, low: int, high: int) -> None:
    asyncio.run(_copy(url, low, high))


async def _copy(url: str, low: int, high: int) -> None:
    columns, events = COLUMNS.split(", "), _events()
    connection = await asyncpg.connect(url)
    try:
        for start in range(low, high, BATCH):
            numbers = range(start, min(start + BATCH, high))
            rows = [row for number in numbers for row in _stream(case_number(number), events)]
            await connection.copy_records_to_table(
                "event",
                schema_name="gehoor",
                columns=columns,
                records=[[getattr(row, name) for name in columns] for row in rows],
            )
            await connection.copy_records_to_table(
                "due",
                schema_name="deadlines",
                columns=["case_id", "fire_at"],
                records=[[case_number(number), DUE_AT] for number in numbers],
            )
    finally:
        await connection.close()


def _events() -> list[NewEvent]:
    opened = CaseOpened(
        reference="PRE-00000-00000-N", procedure="preact", procedure_version=1, procedure_digest="0" * 64,
        zone="Europe/Amsterdam", language="nl", handler="pre-1", team="quality", received_on=date(2026, 6, 1),
        clocks=(RULE,), letters=("acknowledgement",),
    )  # fmt: skip
    events = [
        NewEvent(received(received_on=date(2026, 6, 1)), RECEIVED_AT),
        NewEvent(ReportClassified(kind="complaint", by="rule", because="the usual"), RECEIVED_AT),
        NewEvent(opened, RECEIVED_AT),
    ]
    warned = look(history_of(*events, organisation="preact"), DUE_AT - timedelta(seconds=1)).events
    return [*events, *warned]


def _stream(case_id: UUID, events: list[NewEvent]) -> list[Recorded]:
    return next_rows(
        case_id=case_id,
        organisation="preact",
        after=None,
        events=events,
        cause=Cause("service:bench", case_id, case_id),
        recorded_at=RECEIVED_AT,
        keys=None,
    )
