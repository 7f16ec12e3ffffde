"""A measure from its agreement to the question whether it helped."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal

from events.catalogue.event import COMPLAINANT, REASON, Event


class MeasureAgreed(Event, frozen=True, kw_only=True):
    """Something will be done by `due_on`, and `owner` answers for it; `measure` counts them from 1.

    The day is the organisation's own, never a promise of the procedure.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("measure",)}

    measure: int
    owner: str
    due_on: date


class MeasureCarriedOut(Event, frozen=True, kw_only=True):
    """A measure was carried out; happened_at is when."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    measure: int
    by: str


class MeasureDropped(Event, frozen=True, kw_only=True):
    """A measure will not be carried out after all; the reason lies in the encrypted part."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = REASON

    measure: int
    by: str


class ComplaintSolved(Event, frozen=True, kw_only=True):
    """What the complaint was about is put right: carried out, not only proposed or agreed."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str


class SolutionReportedBack(Event, frozen=True, kw_only=True):
    """Who solved the complaint reported that to the complaint handler, inside the organisation."""

    emitted_by: ClassVar[str] = "workflow"

    by: str


class SatisfactionAsked(Event, frozen=True, kw_only=True):
    """The complainant was asked whether they are satisfied."""

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: Literal["phone", "in person", "email"]


class SatisfactionAnswered(Event, frozen=True, kw_only=True):
    """The complainant said whether they are satisfied with how the complaint ended."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("remark",)}

    answer: Literal["satisfied", "partly satisfied", "dissatisfied"]


class ComplainantReminded(Event, frozen=True, kw_only=True):
    """The complainant is reminded of what waits for them; `reminder` counts since they last moved."""

    emitted_by: ClassVar[str] = "workflow"

    reminder: int
    of: Literal["information", "proposal", "answer", "hearing"]


class ExternalRecordWritten(Event, frozen=True, kw_only=True):
    """The case stands in another recording system of the organisation, under `number`."""

    emitted_by: ClassVar[str] = "workflow"

    system: str
    number: str
    what: Literal["registered", "updated", "closed"]
