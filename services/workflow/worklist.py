"""The worklist: one row per case, folded from its history, for the pages and lists of handlers.

`project` is pure and makes every column; `write` is the only writer and never takes a row back to an older
version. A row can therefore be deleted and made again at any time. Reading is limited to the caller's
organisations in the query itself.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import asyncpg

from cases.clocks.clock import Clock
from cases.state import Case, fold
from events.canonical import to_json
from events.errors import GehoorError
from events.record.envelope import History

MOST_PER_PAGE = 200
"""More than a person reads at once; a program takes the next page."""

FROM_THE_START = UUID(int=0)


class NotACursor(GehoorError):
    """This cursor is not one of ours: take it from the Link header of the page before."""


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One row of `case_state`, in the order of its columns; `clocks` and `letters` are canonical JSON."""

    case_id: UUID
    version: int
    organisation: str
    reference: str
    state: str
    stage: str
    kind: str | None
    procedure: str | None
    procedure_version: int | None
    handler: str | None
    team: str | None
    received_on: date
    received_at: datetime
    opened_at: datetime | None
    next_due_at: datetime | None
    breached: int
    missed: int
    clocks: str
    letters: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistQuery:
    """Which rows to list; None means all. `organisations` is what the caller reaches, at most."""

    organisations: Sequence[str] | None = None
    state: str | None = None
    stage: str | None = None
    handler: str | None = None
    overdue: bool | None = None
    after: UUID = FROM_THE_START
    limit: int = 50


def project(history: History) -> WorklistRow:
    """Make the row of a case from its whole history.

    Raises `MalformedEvent` when an event cannot be read; the case is parked. Raises `ValueError` for a
    history without events, which no stream of the store has.
    """
    case = fold(history)
    if case is None:
        raise ValueError(f"case {history.case_id} has no events, so it has no row")
    return row_of(case)


def row_of(case: Case) -> WorklistRow:
    """Make the row of a folded case."""
    opened = case.opened
    owed = [clock.due.at for clock in case.clocks if clock.is_owed]
    return WorklistRow(
        case_id=case.case_id,
        version=case.version,
        organisation=case.organisation,
        reference=case.received.reference,
        state=case.phase,
        stage=case.life.stage,
        kind=case.kind,
        procedure=opened.procedure if opened else None,
        procedure_version=case.life.versioning.version,
        handler=case.life.persons.handler,
        team=opened.team if opened else None,
        received_on=case.received.received_on,
        received_at=case.received_at,
        opened_at=case.opened_at,
        next_due_at=min(owed, default=None),
        breached=sum(clock.failed for clock in case.clocks if clock.kind == "duty"),
        missed=sum(clock.failed for clock in case.clocks if clock.kind == "target"),
        clocks=to_json(summary_of_clocks(case)).decode(),
        letters=to_json({letter.letter: letter.status for letter in case.letters}).decode(),
    )


def summary_of_clocks(case: Case) -> list[dict[str, Any]]:
    """Tell each clock of a case in a few words, in the order in which they were set."""
    return [_summary(clock) for clock in case.clocks]


def _summary(clock: Clock) -> dict[str, Any]:
    return {
        "clock": clock.clock,
        "kind": clock.kind,
        "binds": clock.binds,
        "status": clock.status,
        "standing": clock.standing,
        "failed": clock.failed,
        "working": clock.working,
        "strict": {"on": clock.strict.on, "at": clock.strict.at},
        "lenient": {"on": clock.lenient.on, "at": clock.lenient.at},
    }


_COLUMNS = tuple(field.name for field in fields(WorklistRow))
_values = attrgetter(*_COLUMNS)

_WRITE = f"""
INSERT INTO case_state ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS[:-2])}, clocks::jsonb, letters::jsonb
FROM unnest(
    $1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::integer[], $10::text[], $11::text[], $12::date[], $13::timestamptz[], $14::timestamptz[],
    $15::timestamptz[], $16::integer[], $17::integer[], $18::text[], $19::text[])
AS row({", ".join(_COLUMNS)})
ORDER BY case_id
ON CONFLICT (case_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
WHERE case_state.version < excluded.version
"""


async def write(connection: asyncpg.Connection, rows: Iterable[WorklistRow]) -> None:
    """Write rows, one per case, in one statement; an older one than what stands changes nothing."""
    columns = [list(column) for column in zip(*map(_values, rows), strict=True)]
    if columns:
        await connection.execute(_WRITE, *columns)


_LIST = f"""
SELECT {", ".join(_COLUMNS[:-2])}, clocks::text AS clocks, letters::text AS letters
FROM case_state
WHERE case_id > $1
  AND ($2::text[] IS NULL OR organisation = ANY($2))
  AND ($3::text IS NULL OR state = $3)
  AND ($4::text IS NULL OR handler = $4)
  AND ($5::boolean IS NULL OR coalesce(next_due_at <= $6, false) = $5)
  AND ($7::text IS NULL OR stage = $7)
ORDER BY case_id
LIMIT $8
"""


async def listed(
    pool: asyncpg.Pool, wanted: WorklistQuery, now: datetime
) -> tuple[list[WorklistRow], UUID | None]:
    """List rows, oldest case first, and where the next page starts (None on the last one).

    Stable while cases come and change: no case is listed twice, and none that stood at the start is missed.
    """
    found = await pool.fetch(
        _LIST,
        wanted.after,
        None if wanted.organisations is None else list(wanted.organisations),
        wanted.state,
        wanted.handler,
        wanted.overdue,
        now,
        wanted.stage,
        min(wanted.limit, MOST_PER_PAGE) + 1,
    )
    rows = [WorklistRow(*record) for record in found[: wanted.limit]]
    return rows, rows[-1].case_id if len(found) > len(rows) else None


def cursor_after(case_id: UUID) -> str:
    """Write where a page ends, as text without meaning to anybody else."""
    return base64.urlsafe_b64encode(case_id.bytes).rstrip(b"=").decode()


def read_cursor(text: str) -> UUID:
    """Read what `cursor_after` wrote; raises `NotACursor` for anything else."""
    try:
        case_id = UUID(bytes=base64.urlsafe_b64decode(text.encode("ascii") + b"=="))
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise NotACursor from error
    if cursor_after(case_id) != text:
        raise NotACursor
    return case_id
