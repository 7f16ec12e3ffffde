"""What the workflow API shows of a case: plain models, made from the folded state and from rows.

Personal fields appear in one place, `personal`, and only when the caller's role may see them; otherwise
`personal_withheld` says so, so that an empty field is never mistaken for a withheld one.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from cases.state import Case
from workflow.obligations import owed
from workflow.worklist import WorklistRow, summary_of_clocks

WITHHELD = "none of your roles may see personal fields"


class MomentView(BaseModel):
    """A civil deadline: the last day, and the instant from which it is too late."""

    on: date
    at: datetime


class ClockView(BaseModel):
    """One clock: an interval from `strict` to `lenient`; who is bound acts by the `working` reading."""

    clock: str
    kind: str
    binds: str
    status: str = Field(description="running, warned, disputed, breached, missed or met.")
    standing: str | None = Field(description="When met: in time, disputed or late.")
    failed: bool = Field(description="True once a breach or a missed target was told; it stays.")
    working: str
    strict: MomentView
    lenient: MomentView


class CaseLine(BaseModel):
    """One case in a list."""

    reference: str
    organisation: str
    version: int
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
    overdue: bool = Field(description="A promise of the organisation is past its moment and not met.")
    breached: int
    missed: int
    clocks: list[ClockView]
    letters: dict[str, str]


class OwedView(BaseModel):
    """Something that is to be done."""

    what: str
    by: str = Field(description="company, complainant, consulted, or a staff identifier.")
    until: date | None = Field(description="The last day, where one is set.")


class MeasureView(BaseModel):
    """Something that was agreed."""

    measure: int
    owner: str
    due_on: date
    status: str = Field(description="open, carried out or dropped.")


class CasePage(BaseModel):
    """A page of cases, oldest first; `next` is the cursor of the page after it."""

    cases: list[CaseLine]
    next: str | None


class Opened(BaseModel):
    """How the case was opened; the procedure version stays for its whole life."""

    at: datetime
    procedure: str
    procedure_version: int
    procedure_digest: str
    zone: str
    handler: str
    team: str


class CaseView(BaseModel):
    """One case as its history says it stands."""

    reference: str
    organisation: str
    version: int
    state: str
    stage: str = Field(description="Where the case is in its procedure.")
    stage_since: datetime | None
    handler: str | None
    procedure_version: int | None = Field(description="The version it runs under now.")
    received_at: datetime
    received_on: date
    channel: str
    channel_named: bool = Field(description="False when the procedure does not name this channel.")
    language: str
    nature: str
    given: list[str]
    missing: list[str] = Field(description="What the procedure asks for and was not given yet.")
    kind: str | None
    classified_by: str | None
    opened: Opened | None
    clocks: list[ClockView]
    letters: dict[str, str]
    owed: list[OwedView] = Field(description="What is to be done, by whom and until when.")
    measures: list[MeasureView]
    objection: dict[str, Any] | None = Field(description="How far an objection is, if there is one.")
    links: dict[str, str] = Field(description="Other cases by reference, with their relation to this one.")
    merged_into: str | None
    absorbed: list[str]
    closed_because: str | None
    commands: list[str] = Field(description="The commands that you may give now.")
    warnings: list[str]
    erased: list[str] = Field(description="Persons whose fields can never be read again.")
    personal: dict[str, dict[str, Any]] | None
    personal_withheld: str | None


def row_view(row: WorklistRow, now: datetime) -> CaseLine:
    """Show a row of the worklist."""
    columns = {name: getattr(row, name) for name in CaseLine.model_fields if hasattr(row, name)}
    return CaseLine.model_validate(
        columns
        | {
            "clocks": msgspec.json.decode(row.clocks),
            "letters": msgspec.json.decode(row.letters),
            "overdue": row.next_due_at is not None and row.next_due_at <= now,
        }
    )


def case_view(
    case: Case,
    personal: Mapping[str, Mapping[str, Any]] | None,
    commands: list[str],
    warnings: list[str],
) -> CaseView:
    """Show a case; `personal` is None for a caller who may not see it."""
    received, opened, life = case.received, case.opened, case.life
    return CaseView(
        reference=received.reference,
        organisation=case.organisation,
        version=case.version,
        state=case.phase,
        stage=life.stage,
        stage_since=life.stage_since,
        handler=life.persons.handler,
        procedure_version=life.versioning.version,
        received_at=case.received_at,
        received_on=received.received_on,
        channel=received.channel,
        channel_named=received.channel_named,
        language=received.language,
        nature=received.nature,
        given=list(received.given),
        missing=list(life.receiving.missing),
        kind=case.kind,
        classified_by=case.classified_by,
        opened=Opened(
            at=case.opened_at,
            procedure=opened.procedure,
            procedure_version=opened.procedure_version,
            procedure_digest=opened.procedure_digest,
            zone=opened.zone,
            handler=opened.handler,
            team=opened.team,
        )
        if opened is not None and case.opened_at is not None
        else None,
        clocks=[ClockView.model_validate(clock) for clock in summary_of_clocks(case)],
        letters={letter.letter: letter.status for letter in case.letters},
        owed=[OwedView(what=one.what, by=one.by, until=one.until) for one in owed(case)],
        measures=[MeasureView.model_validate(msgspec.to_builtins(one)) for one in life.handling.measures],
        objection=None if life.objecting.objection is None else msgspec.to_builtins(life.objecting.objection),
        links=dict(life.linking.links),
        merged_into=life.linking.merged_into,
        absorbed=list(life.linking.absorbed),
        closed_because=life.closing.because,
        commands=commands,
        warnings=warnings,
        erased=list(case.erased),
        personal=None if personal is None else {slot: dict(fields) for slot, fields in personal.items()},
        personal_withheld=WITHHELD if personal is None else None,
    )
