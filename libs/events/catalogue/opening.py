"""The beginning of a case: what it is, who handles it, what was missing, and where else it belongs."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from events.catalogue.event import ADDED, COMPLAINANT, REASON, Event
from events.catalogue.rules import ClockRule
from events.catalogue.words import AssignmentReason, ClassifiedBy, InformalResult, RecordChange, ReportKind


class ReportClassified(Event, frozen=True, kw_only=True):
    """The report is a complaint, an incident, both or neither; by a rule, or by a person later.

    A person's reason is free text, so it lies in the encrypted part; `because` in clear is a rule's sentence
    or the fixed word for it. `clocks` are those that begin to apply by a later classification: they start at
    the same facts as ever (receipt), so that reclassifying restarts none. At opening, `CaseOpened` has them.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("because",)}

    kind: ReportKind
    by: ClassifiedBy
    because: str
    clocks: tuple[ClockRule, ...] = ()


class CaseOpened(Event, frozen=True, kw_only=True):
    """A case runs under a pinned version of the organisation's procedure, with one person handling it.

    `handler` is the pseudonymous staff identifier from the organisation's rota; `letters` are owed at once.
    """

    emitted_by: ClassVar[str] = "workflow"

    reference: str
    procedure: str
    procedure_version: int
    procedure_digest: str
    zone: str
    language: str
    handler: str
    team: str
    received_on: date
    clocks: tuple[ClockRule, ...]
    letters: tuple[str, ...]


class InformalStageNoted(Event, frozen=True, kw_only=True):
    """The complainant had taken the matter to their own contact first, which is never a condition."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    result: InformalResult


class InformationAsked(Event, frozen=True, kw_only=True):
    """The complainant is asked for more; no clock of the organisation stops while it waits.

    `fields` are those of the procedure that are asked for; the question lies in the encrypted part.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("question",)}

    by: str
    fields: tuple[str, ...] = ()


class InformationReceived(Event, frozen=True, kw_only=True):
    """A person noted what the complainant added, by telephone for example; happened_at is its arrival.

    `given` and `missing` are as in `ComplainantWrote`.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = ADDED

    by: str
    channel: str
    given: tuple[str, ...]
    missing: tuple[str, ...]


class CaseAssigned(Event, frozen=True, kw_only=True):
    """Somebody else handles the case from now on; `handler` is their staff identifier."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    handler: str
    because: AssignmentReason


class CaseEscalated(Event, frozen=True, kw_only=True):
    """The case was taken to somebody who can do more; `to` is a staff identifier, `role` what they are.

    `level` counts in the organisation's escalation matrix from 1, or is 0 where it has none.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    to: str
    role: str
    level: int = 0


class ExternalRecordWritten(Event, frozen=True, kw_only=True):
    """The case stands in another recording system of the organisation, under `number`."""

    emitted_by: ClassVar[str] = "workflow"

    system: str
    number: str
    what: RecordChange


class RefusedWithRoute(Event, frozen=True, kw_only=True):
    """The complaint came by a way the procedure does not handle: the complainant is told the right one.

    It stays recorded; what was promised to complainants still counts until the case is closed.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    route: str


class HandedOverAsIncident(Event, frozen=True, kw_only=True):
    """The report, or the part of it that is an incident, went to the incident process."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
