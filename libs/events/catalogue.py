"""Every event of the platform, grouped by the service that emits it, with what it means.

Names and fields are the stored format: a name is never reused or renamed, a meaning never changes. A field
may be added with a default; anything else is a new `schema_version` with an upcaster in `upcasters.py`.
`data` holds nothing personal: what concerns a person goes into the encrypted part, by the slots that
`PERSONAL` names per event. Readers ignore fields they do not know; writers are exact. No floating point.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from events.canonical import to_json
from events.errors import MalformedEvent

COMPLAINANT = "complainant"
ABOUT = "about"
ERASED = "[erased]"
"""What a reader shows in the place of a person's field whose key was destroyed."""

Personal = Mapping[str, Mapping[str, Any]]
"""Personal fields by person slot: `{"complainant": {"name": …}, "about": {…}}`."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an event."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about a case. `emitted_by` is the one service that may append it."""

    emitted_by: ClassVar[str]
    schema_version: ClassVar[int] = 1
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @property
    def type(self) -> str:
        return type(self).__name__


# --- intake ----------------------------------------------------------------------------------------------


class ComplaintReceived(Event, frozen=True, kw_only=True):
    """Somebody told the organisation about their dissatisfaction; happened_at is the moment of receipt.

    `received_on` is the civil date of receipt in the procedure's zone, from which the terms run.
    `missing` names what the procedure asks for and was not given; `channel_named` is false when the
    procedure does not name this channel. Both are flags: an incomplete complaint is still a complaint.
    """

    emitted_by: ClassVar[str] = "intake"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {
        COMPLAINANT: (
            "name", "company", "role", "email", "phone", "address", "reachability",
            "description", "references", "nature_stated", "remedy_sought", "language_stated",
        ),
        ABOUT: ("name", "function"),
    }  # fmt: skip

    reference: str
    channel: str
    channel_named: bool
    language: str
    nature: str
    received_on: date
    reported_on: date | None
    given: tuple[str, ...]
    missing: tuple[str, ...]
    reachable_by: tuple[str, ...]


# --- workflow --------------------------------------------------------------------------------------------


class ClockRule(Value, frozen=True, kw_only=True):
    """One clock of the pinned procedure, complete enough that `deadlines` reads no procedure.

    `amount` with `unit` counts from the fact `starts`; the first of the facts `satisfied_by` meets it.
    Each of `calendars` is one reading, so that a clock is an interval. Facts are the closed set of
    `procedures.facts`. `source` names the sentences of the organisation's own text.
    """

    clock: str
    kind: Literal["duty", "target", "window", "right"]
    binds: Literal["company", "customer"]
    amount: int
    unit: Literal["working days", "days", "weeks"]
    starts: str
    satisfied_by: tuple[str, ...]
    calendars: tuple[str, ...]
    warn_before_working_days: int
    source: str


class ReportClassified(Event, frozen=True, kw_only=True):
    """The report is a complaint, an incident, both or neither; by a rule, or by a person later.

    A person's reason is free text, so it lies in the encrypted part; `because` in clear is a rule's sentence
    or the fixed word for it. `clocks` are those that begin to apply by a later classification: they start at
    the same facts as ever (receipt), so that reclassifying restarts none. At opening, `CaseOpened` has them.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("because",)}

    kind: Literal["complaint", "incident", "both", "neither"]
    by: Literal["rule", "person"]
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


# --- deadlines -------------------------------------------------------------------------------------------


class Moment(Value, frozen=True, kw_only=True):
    """A civil deadline: the last day `on` in `zone`; `at` is the instant from which it is too late."""

    on: date
    at: datetime


class Step(Value, frozen=True, kw_only=True):
    """One step of a derivation: a day, whether it counted, and why."""

    on: date
    counted: bool
    why: str


class Reading(Value, frozen=True, kw_only=True):
    """One defensible way to read the rule, and where it leads."""

    name: str
    calendar: str
    starts_on: date
    ends: Moment
    because: tuple[Step, ...]


class DeadlineSet(Event, frozen=True, kw_only=True):
    """A clock runs: an interval from `strict` to `lenient`; who is bound acts by the working reading.

    `readings` hold the whole derivation, so that an independent program can check every day.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    kind: Literal["duty", "target", "window", "right"]
    binds: Literal["company", "customer"]
    zone: str
    timezone_data: str
    strict: Moment
    lenient: Moment
    working: Literal["strict", "lenient"]
    warn_at: datetime | None
    readings: tuple[Reading, ...]
    rule: ClockRule


class DeadlineWarned(Event, frozen=True, kw_only=True):
    """A clock that binds the company will end soon and is not met."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    due: Moment


class DeadlineMet(Event, frozen=True, kw_only=True):
    """The fact that satisfies a clock happened: at `met_at`, in time or `late_by_s` seconds late.

    `standing` compares `met_at` with both readings. A late one does not retract a breach.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    kind: Literal["duty", "target", "window", "right"]
    fact: str
    by_version: int
    met_at: datetime
    standing: Literal["in time", "disputed", "late"]
    late_by_s: int


class DeadlineBreached(Event, frozen=True, kw_only=True):
    """A promise was not kept: the moment of `reading` passed unmet; never retracted.

    The first one comes with the working reading; `beyond_dispute` is true when no reading is left.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    binds: Literal["company", "customer"]
    reading: Literal["strict", "lenient", "both"]
    due: Moment
    beyond_dispute: bool


class TargetMissed(Event, frozen=True, kw_only=True):
    """A target ("we aim to") was not reached; told in the same way as a breach, but it is none."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    reading: Literal["strict", "lenient", "both"]
    due: Moment
    beyond_dispute: bool


# --- notifier --------------------------------------------------------------------------------------------

_LETTER: Mapping[str, tuple[str, ...]] = {COMPLAINANT: ("to", "subject", "text")}


class LetterSent(Event, frozen=True, kw_only=True):
    """The recipient's server accepted a letter; happened_at is that moment: dispatch and arrival.

    `contents` are the mandatory parts that were checked before sending; `dated_on` is the date on it.
    """

    emitted_by: ClassVar[str] = "notifier"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _LETTER

    letter: str
    letter_id: UUID
    message_id: str
    channel: Literal["email"]
    language: str
    dated_on: date
    contents: tuple[str, ...]
    attempts: int


class LetterPrepared(Event, frozen=True, kw_only=True):
    """A letter lies ready to be printed, for somebody without an e-mail address; a person posts it."""

    emitted_by: ClassVar[str] = "notifier"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _LETTER

    letter: str
    letter_id: UUID
    language: str
    dated_on: date
    contents: tuple[str, ...]


class LetterRefused(Event, frozen=True, kw_only=True):
    """The recipient's server refused a letter for good; no dispatch, no arrival: a person must act."""

    emitted_by: ClassVar[str] = "notifier"

    letter: str
    letter_id: UUID
    message_id: str
    reply_code: int
    stage: Literal["connect", "mail from", "recipient", "data", "address"]
    attempts: int


class LetterUncertain(Event, frozen=True, kw_only=True):
    """An attempt has no known result: a copy may have left, so a second one may follow (same Message-ID)."""

    emitted_by: ClassVar[str] = "notifier"

    letter: str
    letter_id: UUID
    message_id: str
    attempt: int


# --- keys ------------------------------------------------------------------------------------------------


class ErasureRequested(Event, frozen=True, kw_only=True):
    """Somebody decided that these persons of the case are to be forgotten; the keys die next."""

    emitted_by: ClassVar[str] = "keys"

    persons: tuple[str, ...]
    basis: str


class SubjectErased(Event, frozen=True, kw_only=True):
    """The keys of these persons are destroyed: their fields are unreadable for ever, the chain holds."""

    emitted_by: ClassVar[str] = "keys"

    persons: tuple[str, ...]
    key_ids: tuple[UUID, ...]


CATALOGUE: Mapping[str, type[Event]] = {
    event.__name__: event
    for event in (
        ComplaintReceived,
        ReportClassified,
        CaseOpened,
        DeadlineSet,
        DeadlineWarned,
        DeadlineMet,
        DeadlineBreached,
        TargetMissed,
        LetterSent,
        LetterPrepared,
        LetterRefused,
        LetterUncertain,
        ErasureRequested,
        SubjectErased,
    )
}

_decoders = {name: msgspec.json.Decoder(event) for name, event in CATALOGUE.items()}


def encode(event: Event) -> bytes:
    """Write the part of an event that holds nothing personal, as the canonical bytes that are stored."""
    return to_json(event)


def decode(name: str, schema_version: int, data: bytes) -> Event:
    """Read stored bytes as today's event, upcast where they are older.

    Raises `MalformedEvent` for an unknown name, a newer version or bytes that do not fit: the caller
    parks the event with that reason.
    """
    event = CATALOGUE.get(name)
    if event is None:
        raise MalformedEvent(f"unknown event type {name!r}: deploy the version that knows it, then retry")
    if schema_version > event.schema_version:
        raise MalformedEvent(
            f"{name} has schema version {schema_version}, this code reads up to {event.schema_version}: "
            "deploy the newer version, then retry"
        )
    if schema_version < event.schema_version:
        from events.upcasters import upcast

        data = upcast(name, schema_version, data)
    try:
        return _decoders[name].decode(data)
    except msgspec.MsgspecError as error:
        raise MalformedEvent(f"{name} version {schema_version} does not fit: {error}") from error
