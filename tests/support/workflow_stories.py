"""Stories of one case for the tests of workflow: what was recorded, in the order in which it happened.

Complaints come in on Monday 30 March 2026. Every test starts from `complaint` and changes only what matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from cases.state import Case, fold
from events.catalogue import (
    ComplaintReceived,
    DeadlineBreached,
    DeadlineMet,
    DeadlineSet,
    Event,
    LetterSent,
    Moment,
    encode,
)
from events.identity import reaction_id
from events.record.envelope import START, History, NewEvent, Recorded
from procedures.counting.schedule import KnownDays, Timed, schedule
from procedures.counting.zones import TIMEZONE_DATA
from procedures.organisations import organisations
from workflow.consumer import WorkflowConsumer

NOW = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CASE = UUID("019d3d00-0000-7000-8000-000000000005")
LETTER = UUID("019d3d00-0000-7000-8000-0000000000aa")
ORGANISATIONS = ("destiny", "bc", "supportoplus", "preact", "ingressus")


def complaint(organisation: str = "destiny", **changes: Any) -> ComplaintReceived:
    """A complaint by e-mail about the service, with a description and an address to answer to."""
    fields: dict[str, Any] = {
        "reference": f"{organisations()[organisation].code}-00000-00000-A",
        "channel": "email",
        "channel_named": True,
        "language": "nl",
        "nature": "service",
        "received_on": date(2026, 3, 30),
        "reported_on": None,
        "given": ("description", "email"),
        "missing": (),
        "reachable_by": ("email",),
    }
    return ComplaintReceived(**(fields | changes))


@dataclass
class Story:
    """A case as it unfolds; `react` lets workflow do what it would do about the last event."""

    organisation: str = "destiny"
    case_id: UUID = CASE
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.case_id)

    def tell(self, event: Event, at: datetime = NOW, *, command_id: UUID | None = None) -> "Story":
        """Record an event."""
        version = self.history.version + 1
        row = Recorded(
            case_id=self.case_id,
            version=version,
            organisation=self.organisation,
            type=event.type,
            schema_version=event.schema_version,
            happened_at=at,
            recorded_at=at,
            actor="service:test",
            command_id=command_id or UUID(int=version),
            causation=None,
            correlation=self.case_id,
            traceparent=None,
            data=encode(event),
            pii=None,
            salt=b"",
            fields_root=bytes(32),
            hash=bytes(32),
            place=START,
        )
        self.history = History(self.case_id, (*self.history.events, row))
        return self

    def react(self, at: datetime = NOW + SECOND) -> tuple[NewEvent, ...]:
        """Let workflow react to the last event, record what it decides, and give that."""
        event = self.history.events[-1]
        reaction = WorkflowConsumer().react(self.history, event, at)
        for new in reaction.events:
            command_id = reaction_id("workflow", self.case_id, event.version)
            self.tell(new.event, new.happened_at, command_id=command_id)
        return reaction.events

    @property
    def case(self) -> Case:
        case = fold(self.history)
        assert case is not None
        return case


def opened(organisation: str = "destiny", case_id: UUID = CASE, **changes: Any) -> Story:
    """A complaint that came in and was opened."""
    story = Story(organisation, case_id).tell(complaint(organisation, **changes))
    story.react()
    return story


def clocks_set(story: Story, at: datetime = NOW + 2 * SECOND) -> Story:
    """Set every clock of the case that has an end from receipt on, as deadlines would."""
    assert story.case.opened is not None
    zone = story.case.opened.zone
    known = KnownDays({"complaint received": story.case.received.received_on})
    for rule in story.case.opened.clocks:
        plan = schedule(story.case.opened.clocks, known, zone)[rule.clock]
        if not isinstance(plan, Timed):
            continue
        derived = plan.derivation
        event = DeadlineSet(
            clock=rule.clock,
            kind=rule.kind,
            binds=rule.binds,
            zone=zone,
            timezone_data=TIMEZONE_DATA,
            strict=derived.strict,
            lenient=derived.lenient,
            working=derived.working,
            warn_at=derived.warn_at,
            readings=derived.readings,
            rule=rule,
        )
        story.tell(event, at)
    return story


def letter_sent(name: str = "acknowledgement") -> LetterSent:
    return LetterSent(
        letter=name,
        letter_id=LETTER,
        message_id="<1@destiny.example>",
        channel="email",
        language="nl",
        dated_on=date(2026, 3, 30),
        contents=("date",),
        attempts=1,
    )


def breached(clock: str, due: Moment, *, beyond_dispute: bool = True) -> DeadlineBreached:
    return DeadlineBreached(
        clock=clock,
        binds="company",
        reading="both" if beyond_dispute else "strict",
        due=due,
        beyond_dispute=beyond_dispute,
    )


def met(clock: str, at: datetime, **changes: Any) -> DeadlineMet:
    fields: Mapping[str, Any] = {
        "clock": clock,
        "kind": "duty",
        "fact": "acknowledgement sent",
        "by_version": 1,
        "met_at": at,
        "standing": "in time",
        "late_by_s": 0,
    }
    return DeadlineMet(**(dict(fields) | changes))
