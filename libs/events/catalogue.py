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


class Erased(str):
    """The place of a person's field whose key was destroyed; never equal in type to what somebody wrote."""

    __slots__ = ()


ERASED = Erased("[erased]")
"""What a reader shows there. Test with `isinstance(value, Erased)`: a text may say the same."""

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


_ADDED: Mapping[str, tuple[str, ...]] = {
    COMPLAINANT: (
        "message", "name", "company", "role", "email", "phone", "address", "reachability", "description",
        "references",
    ),
    ABOUT: ("name", "function"),
}  # fmt: skip
"""What a complainant may add to a complaint: what was missing from it, and anything else they say."""


class ComplainantWrote(Event, frozen=True, kw_only=True):
    """The complainant added something to their complaint; happened_at is its arrival.

    `given` names the fields that it brings, in the procedures' own words, and `missing` what is missing after
    it. It was sent by whoever holds the signed link of the case ("link"), or by a channel of the organisation
    that brings a token ("channel").
    """

    emitted_by: ClassVar[str] = "intake"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _ADDED

    channel: str
    sent_by: Literal["link", "channel"]
    given: tuple[str, ...]
    missing: tuple[str, ...]


# --- workflow --------------------------------------------------------------------------------------------


Unit = Literal["working days", "days", "weeks"]
Kind = Literal["duty", "target", "window", "right"]
Party = Literal["company", "customer"]


class Guard(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What starts a term when its own start does not come: `amount` after `fact`.

    With `holds`, a start that comes later no longer moves the term; without, a start that comes replaces the
    guard. A fact of `unless` says that the start will come: the guard then counts from the day it names.
    """

    fact: str
    amount: int
    unit: Unit
    holds: bool
    unless: tuple[str, ...] = ()


class Alternative(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Another defensible way to read a clock's term: what differs from the first reading."""

    name: str
    amount: int
    unit: Unit
    starts: str
    guard: Guard | None = None


class ClockRule(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One clock of the pinned procedure, complete enough that `deadlines` reads no procedure.

    `amount` with `unit` counts from the fact `starts`; the first of the facts `satisfied_by` meets it.
    Each of `calendars` is one reading, so that a clock is an interval; `alternatives` are further readings of
    the term, each on every calendar. Facts are the closed set of `procedures.facts`. `source` names the
    sentences of the organisation's own text.

    `term` says how the end is found. "counted": forward from the start. "counted back": from the end of the
    clock `end_of`, and it follows that end. "told": on the day that a fact of `told_by` carries, and on no
    other. "none": there is no term, and `norm_working_days` is an internal norm, never a promise.
    A counted term with `told_by` ends on the day told, once one is told before it ends: that is the promise.

    With `starts_also` the term starts at the earliest, or latest, of several facts. `rolls`: an end on a free
    day moves to the next working day (a customer's always does). `only_if_unmet` names a clock: this duty is
    pending until that one ends, and dropped if that one is met in time. `precedes` names a clock that may not
    be met before this one, unless a fact of `released_by` came first. A fact of `dropped_by` ends the clock
    without judging it. A field at its default is not written, so a default here never changes.
    """

    clock: str
    kind: Kind
    binds: Party
    amount: int
    unit: Unit
    starts: str
    satisfied_by: tuple[str, ...]
    calendars: tuple[str, ...]
    warn_before_working_days: int
    source: str
    term: Literal["counted", "counted back", "told", "none"] = "counted"
    reading: str = ""
    starts_also: tuple[str, ...] = ()
    starts_at: Literal["earliest", "latest"] = "earliest"
    guard: Guard | None = None
    alternatives: tuple[Alternative, ...] = ()
    end_of: str | None = None
    told_by: tuple[str, ...] = ()
    rolls: bool = False
    only_if_unmet: str | None = None
    precedes: str | None = None
    released_by: tuple[str, ...] = ()
    dropped_by: tuple[str, ...] = ()
    norm_working_days: int = 0


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


_REASON: Mapping[str, tuple[str, ...]] = {COMPLAINANT: ("reason",)}


class InformalStageNoted(Event, frozen=True, kw_only=True):
    """The complainant had taken the matter to their own contact first, which is never a condition."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    result: Literal["solved", "not solved", "still tried"]


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
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _ADDED

    by: str
    channel: str
    given: tuple[str, ...]
    missing: tuple[str, ...]


class CaseAssigned(Event, frozen=True, kw_only=True):
    """Somebody else handles the case from now on; `handler` is their staff identifier."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    handler: str
    because: Literal["conflict of interest", "absence", "workload", "expertise"]


class CaseEscalated(Event, frozen=True, kw_only=True):
    """The case was taken to somebody who can do more; `to` is a staff identifier, `role` what they are.

    `level` counts in the organisation's escalation matrix from 1, or is 0 where it has none.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    to: str
    role: str
    level: int = 0


class ConsultationAsked(Event, frozen=True, kw_only=True):
    """Colleagues or a supplier are asked about the matter; `consultation` counts them from 1.

    What they get is `share`: the question with every name, address and number of the persons masked.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("share",)}

    by: str
    consultation: int
    party: Literal["staff", "supplier"]


class ConsultationAnswered(Event, frozen=True, kw_only=True):
    """Those who were consulted gave their view."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("answer",)}

    consultation: int


class TalkInvited(Event, frozen=True, kw_only=True):
    """The complainant is invited to discuss the complaint; by letter it is the letter "invitation".

    By phone or in person they were reached, so that contact was made.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: Literal["letter", "phone", "in person"]


class ReactionGiven(Event, frozen=True, kw_only=True):
    """Somebody decided what the organisation has to say on the substance; the letter tells it."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("reaction",)}

    by: str


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
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    measure: int
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


class ContactMade(Event, frozen=True, kw_only=True):
    """Somebody who handles the complaint spoke with the complainant about it; happened_at is when."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    how: Literal["phone", "in person", "email"]


class ContactAttempted(Event, frozen=True, kw_only=True):
    """Somebody tried to reach the complainant and did not; it meets no duty to make contact.

    It releases what had to wait for the contact: nobody who cannot be reached blocks their own answer.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: Literal["phone", "in person", "email"]


class TalkHeld(Event, frozen=True, kw_only=True):
    """The complaint was discussed with the complainant; happened_at is the end of the talk."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str
    how: Literal["phone", "in person"]


class PlanMade(Event, frozen=True, kw_only=True):
    """A plan of action exists: how (in the encrypted part) and by when the complaint will be solved.

    `until` is the last civil day of the term in the plan, and the next deadline. A later plan replaces it.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("plan",)}

    until: date
    by: str = ""


class TermExtended(Event, frozen=True, kw_only=True):
    """Somebody decided that `clock` needs until `until`; it moves nothing until the complainant is told.

    A delay notice is owed from now on, and it must tell this day. `occurrence` counts extensions of the case
    from 1; `consented` says that the complainant agreed to it in writing.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    clock: str
    until: date
    occurrence: int
    consented: bool = False


class SolutionProposed(Event, frozen=True, kw_only=True):
    """The organisation proposes how to put things right; `proposal` counts them from 1."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("proposal",)}

    proposal: int
    by: str = ""


class ProposalAccepted(Event, frozen=True, kw_only=True):
    """The complainant agrees with a proposal; silence is never this."""

    emitted_by: ClassVar[str] = "workflow"

    proposal: int


class ProposalRefused(Event, frozen=True, kw_only=True):
    """The complainant does not agree with a proposal."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    proposal: int


class OutcomeDecided(Event, frozen=True, kw_only=True):
    """The complaint was judged; nobody is told by this event alone. `by` decided, pseudonymous."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("grounds", "solution", "changes")}

    by: str
    outcome: Literal["founded", "partly founded", "unfounded", "inadmissible"]


class ComplaintSolved(Event, frozen=True, kw_only=True):
    """What the complaint was about is put right: carried out, not only proposed or agreed."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("note",)}

    by: str


class ComplaintHandled(Event, frozen=True, kw_only=True):
    """The organisation has done all it had to do; what is left, if anything, is the complainant's move."""

    emitted_by: ClassVar[str] = "workflow"

    by: str


class ObjectionLodged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The complainant objects to the outcome; happened_at is its arrival.

    `late` says that the window had lapsed: a late objection is recorded and decided, never bounced. So is one
    by a channel that the procedure does not name for objections: then `channel_named` is false.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("objection",)}

    channel: str
    late: bool
    channel_named: bool = True


class HearingInvited(Event, frozen=True, kw_only=True):
    """The board invites the complainant to explain the objection.

    By phone or in person the invitation has reached them with this event; by letter it has when the letter
    "hearing invitation" arrives, which is owed from now on.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: Literal["letter", "phone", "in person"]


class HearingAgreed(Event, frozen=True, kw_only=True):
    """The complainant answered the invitation: the talk will be at `at`."""

    emitted_by: ClassVar[str] = "workflow"

    at: datetime


class HearingHeld(Event, frozen=True, kw_only=True):
    """The board heard the complainant; happened_at is the end of the talk.

    `satisfied` tells whether the talk led to a solution that the complainant accepts; if not, the outer route
    is open where the procedure has one. `new_facts` says that new facts or solutions came up.
    """

    emitted_by: ClassVar[str] = "workflow"

    by: str
    how: Literal["phone", "in person"]
    satisfied: bool
    new_facts: bool = False


class HearingWaived(Event, frozen=True, kw_only=True):
    """The complainant does without the talk: they declined it, or did not come to the one agreed."""

    emitted_by: ClassVar[str] = "workflow"

    because: Literal["declined", "did not come"]


class HearingRecorded(Event, frozen=True, kw_only=True):
    """The talk was recorded in writing; the record lies in the encrypted part."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("record",)}

    by: str


class ObjectionDecided(Event, frozen=True, kw_only=True):
    """The board decided on the objection; the complainant is told by the letter "board decision"."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: ("grounds", "solution")}

    by: str
    outcome: Literal["founded", "partly founded", "unfounded", "inadmissible"]


class ComplaintWithdrawn(Event, frozen=True, kw_only=True):
    """The complainant takes the complaint back: nothing is owed from then on but a confirmation."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    channel: str


class CaseClosed(Event, frozen=True, kw_only=True):
    """Nothing is left to be done; the case can be reopened."""

    emitted_by: ClassVar[str] = "workflow"

    because: Literal["handled", "withdrawn", "no response", "handed over", "inadmissible", "merged"]


class CaseReopened(Event, frozen=True, kw_only=True):
    """A closed case goes on; `clocks` are those that begin anew, under the version it is pinned to.

    A withdrawal is taken back by it: a clock that was dropped and whose end is still to come goes on.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    clocks: tuple[ClockRule, ...] = ()


class LatenessExcused(Event, frozen=True, kw_only=True):
    """The board takes up an objection although it came after the window; the reason is encrypted."""

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    by: str


class OuterRouteNamed(Event, frozen=True, kw_only=True):
    """The complainant is told where they can go outside the organisation; a right of theirs."""

    emitted_by: ClassVar[str] = "workflow"

    route: str


class OuterRouteTaken(Event, frozen=True, kw_only=True):
    """The complainant took the matter outside the organisation; happened_at is when, as far as known."""

    emitted_by: ClassVar[str] = "workflow"

    route: str


class CaseLinked(Event, frozen=True, kw_only=True):
    """This case has to do with another one of the same organisation; both streams say so."""

    emitted_by: ClassVar[str] = "workflow"

    other: str
    relation: Literal[
        "same matter", "incident of this complaint", "complaint about this incident", "earlier case"
    ]


class CaseUnlinked(Event, frozen=True, kw_only=True):
    """A link to another case was a mistake; both streams say so."""

    emitted_by: ClassVar[str] = "workflow"

    other: str


class CaseMerged(Event, frozen=True, kw_only=True):
    """This case is the same complaint as `into`, which came first and is handled for both.

    Nothing is moved: this case keeps its own history. Its clocks are dropped, and set again as they stood
    when the merge is undone: the mistake was not the complainant's.
    """

    emitted_by: ClassVar[str] = "workflow"

    into: str


class CaseUnmerged(Event, frozen=True, kw_only=True):
    """The merge was a mistake: this case goes on from where it stood, on its own clocks."""

    emitted_by: ClassVar[str] = "workflow"

    out_of: str


class CaseAbsorbed(Event, frozen=True, kw_only=True):
    """Another case turned out to be the same complaint and is handled here; told by this case's stream."""

    emitted_by: ClassVar[str] = "workflow"

    other: str
    received_on: date


class CaseReleased(Event, frozen=True, kw_only=True):
    """A case that was absorbed goes on by itself again; told by this case's stream."""

    emitted_by: ClassVar[str] = "workflow"

    other: str


class CaseMovedToVersion(Event, frozen=True, kw_only=True):
    """The case runs under another version of its procedure from now on, as that version declares.

    `clocks` are the rules that replace those of the same identifier or are new; all others stay. They start
    at the same facts as ever. Under "most favourable" only those are here that serve the complainant better.
    """

    emitted_by: ClassVar[str] = "workflow"

    procedure_version: int
    procedure_digest: str
    from_version: int
    transition: Literal["at next stage", "most favourable"]
    clocks: tuple[ClockRule, ...] = ()


class LetterPosted(Event, frozen=True, kw_only=True):
    """A person put a printed letter into the post at happened_at: dispatch, and arrival unless it comes back.

    `period_until` is the last day of the period that the letter tells, if it tells one.
    """

    emitted_by: ClassVar[str] = "workflow"

    letter: str
    letter_id: UUID
    dated_on: date
    period_until: date | None = None


class LetterBounced(Event, frozen=True, kw_only=True):
    """A letter that counted as arrived came back; happened_at is when that was learnt.

    It did not arrive, so what "u ontvangt" promised is owed again from that moment; it was sent all the same.
    """

    emitted_by: ClassVar[str] = "workflow"

    letter: str
    letter_id: UUID
    how: Literal["email", "post"]


class ReceiptCorrected(Event, frozen=True, kw_only=True):
    """The complaint came in at another moment than was recorded; happened_at is when that was learnt.

    The terms run from `received_on`, the civil day in the procedure's zone, and from there they always ran.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    received_at: datetime
    received_on: date


class LetterDateCorrected(Event, frozen=True, kw_only=True):
    """A letter bears another date, or was posted at another moment, than was recorded.

    `happened_at` is when that was learnt; `posted_at` is None when only the date on it was wrong.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    letter: str
    letter_id: UUID
    dated_on: date
    posted_at: datetime | None = None


class CalendarsRenewed(Event, frozen=True, kw_only=True):
    """From happened_at on the running clocks are counted on these versions of the calendars.

    A running clock otherwise keeps the calendar that it was counted on. An end that would have passed by
    then already stays: nobody breaks a promise by a free day that was taken away afterwards.
    """

    emitted_by: ClassVar[str] = "workflow"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = _REASON

    calendars: tuple[str, ...]


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
    kind: Kind
    binds: Party
    zone: str
    timezone_data: str
    strict: Moment
    lenient: Moment
    working: Literal["strict", "lenient"]
    warn_at: datetime | None
    readings: tuple[Reading, ...]
    rule: ClockRule

    @property
    def due(self) -> Moment:
        """The moment by which who is bound should act: the end that a letter shows."""
        return self.strict if self.working == "strict" else self.lenient


class DeadlineMoved(Event, frozen=True, kw_only=True):
    """A running clock has another end, because of facts that `because` names; what was told stays told.

    `because` may also name the procedure version or the calendar that it is counted by from now on.

    `since` is the moment at which the end was told, when it was told and not counted. With `anew` the duty
    begins again with this end, as that of a second delay notice or of a promise told after the one before had
    ended: only what happens after `since` meets it.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    because: tuple[str, ...]
    strict: Moment
    lenient: Moment
    warn_at: datetime | None
    readings: tuple[Reading, ...]
    since: datetime | None = None
    anew: bool = False


class DeadlineDropped(Event, frozen=True, kw_only=True):
    """A clock asks nothing any more and is not judged: its condition did not come, or its ground is gone.

    `because` names the fact or the clock: the complaint was withdrawn, the case merged, the base clock was
    met in time, or the start was taken back (a letter that came back). It is set again when that ground goes.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    because: str


class DeadlineReopened(Event, frozen=True, kw_only=True):
    """What met a clock was taken back, as by a letter that came back: owed again from happened_at on."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    by_version: int


class OpenEndedSet(Event, frozen=True, kw_only=True):
    """A duty or right without a term begins; there is no deadline and none may be told.

    `norm` is the organisation's own internal norm, if it has one: for the team, never for the complainant.
    """

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    kind: Kind
    binds: Party
    zone: str
    since_on: date
    norm: Moment | None
    rule: ClockRule


class NormPassed(Event, frozen=True, kw_only=True):
    """An internal norm passed for a duty without a term: a matter for the team, no breach and no promise."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    norm: Moment


class WindowLapsed(Event, frozen=True, kw_only=True):
    """A window of the customer passed unused, by its most lenient reading; late use is still recorded."""

    emitted_by: ClassVar[str] = "deadlines"

    clock: str
    due: Moment


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
    kind: Kind
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
    binds: Party
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

    `contents` are the mandatory parts that were checked before sending; `dated_on` is the date on it;
    `period_until` is the last day of the period that it tells, if it tells one: a promise from then on.
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
    period_until: date | None = None


class LetterPrepared(Event, frozen=True, kw_only=True):
    """A letter lies ready to be printed, for somebody without an e-mail address; a person posts it.

    `page` in the encrypted part is the letter as it is to be printed, in HTML.
    """

    emitted_by: ClassVar[str] = "notifier"
    personal: ClassVar[Mapping[str, tuple[str, ...]]] = {COMPLAINANT: (*_LETTER[COMPLAINANT], "page")}

    letter: str
    letter_id: UUID
    language: str
    dated_on: date
    contents: tuple[str, ...]
    period_until: date | None = None


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
    basis: Literal["request", "retention", "objection", "order"]


class SubjectErased(Event, frozen=True, kw_only=True):
    """The keys of these persons are destroyed: their fields are unreadable for ever, the chain holds."""

    emitted_by: ClassVar[str] = "keys"

    persons: tuple[str, ...]
    key_ids: tuple[UUID, ...]


CATALOGUE: Mapping[str, type[Event]] = {
    event.__name__: event
    for event in (
        ComplaintReceived,
        ComplainantWrote,
        ReportClassified,
        CaseOpened,
        InformalStageNoted,
        InformationAsked,
        InformationReceived,
        CaseAssigned,
        CaseEscalated,
        ConsultationAsked,
        ConsultationAnswered,
        ContactMade,
        ContactAttempted,
        TalkInvited,
        TalkHeld,
        ReactionGiven,
        PlanMade,
        TermExtended,
        SolutionProposed,
        ProposalAccepted,
        ProposalRefused,
        OutcomeDecided,
        MeasureAgreed,
        MeasureCarriedOut,
        MeasureDropped,
        ComplaintSolved,
        SolutionReportedBack,
        SatisfactionAsked,
        SatisfactionAnswered,
        ComplainantReminded,
        ExternalRecordWritten,
        RefusedWithRoute,
        HandedOverAsIncident,
        ComplaintHandled,
        ObjectionLodged,
        LatenessExcused,
        HearingInvited,
        HearingAgreed,
        HearingHeld,
        HearingWaived,
        HearingRecorded,
        ObjectionDecided,
        OuterRouteNamed,
        OuterRouteTaken,
        ComplaintWithdrawn,
        CaseClosed,
        CaseReopened,
        CaseLinked,
        CaseUnlinked,
        CaseMerged,
        CaseUnmerged,
        CaseAbsorbed,
        CaseReleased,
        CaseMovedToVersion,
        LetterPosted,
        LetterBounced,
        ReceiptCorrected,
        LetterDateCorrected,
        CalendarsRenewed,
        DeadlineSet,
        DeadlineMoved,
        DeadlineDropped,
        DeadlineReopened,
        OpenEndedSet,
        NormPassed,
        WindowLapsed,
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
