"""Stories of one case for the tests of deadlines: what is recorded, when somebody looks, what stands then.

The company of the stories promises to confirm a complaint within five working days. Received on Thursday
2 April 2026 that is Friday the 10th for whoever works on Good Friday, and Monday the 13th for whoever does
not: the interval is disputed in between. Received on Monday 1 June 2026 both readings end on Monday the 8th.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from deadlines.look import Clocks, fold, settle
from events.catalogue import CaseOpened, ClockRule, ComplaintReceived, Event, LetterSent, encode
from events.record.envelope import START, History, NewEvent, Recorded
from procedures.counting.zones import civil_date

ZONE = "Europe/Amsterdam"
CASE = UUID("01960000-0000-7000-8000-000000000007")
LETTER = UUID("01960000-0000-7000-8000-0000000000aa")

EASTER = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
EASTER_STRICT = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)
EASTER_LENIENT = datetime(2026, 4, 13, 22, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
JUNE_DUE = datetime(2026, 6, 8, 22, 0, tzinfo=UTC)

SECOND = timedelta(seconds=1)

CONFIRM = ClockRule(
    clock="PRE-1",
    kind="duty",
    binds="company",
    amount=5,
    unit="working days",
    starts="complaint received",
    satisfied_by=("acknowledgement arrived",),
    calendars=("nl-atw", "nl-kantoor"),
    warn_before_working_days=1,
    source="PRE 4",
)


def received(at: datetime) -> ComplaintReceived:
    return ComplaintReceived(
        reference="PRE-00000-00000-N",
        channel="email",
        channel_named=True,
        language="nl",
        nature="service",
        received_on=civil_date(at, ZONE),
        reported_on=None,
        given=("description",),
        missing=(),
        reachable_by=("email",),
    )


def opened(on: date, *rules: ClockRule) -> CaseOpened:
    return CaseOpened(
        reference="PRE-00000-00000-N",
        procedure="preact",
        procedure_version=1,
        procedure_digest="0" * 64,
        zone=ZONE,
        language="nl",
        handler="pre-1",
        team="quality",
        received_on=on,
        clocks=rules,
        letters=("acknowledgement",),
    )


def letter(name: str = "acknowledgement") -> LetterSent:
    return LetterSent(
        letter=name,
        letter_id=LETTER,
        message_id="<1@preact.example>",
        channel="email",
        language="nl",
        dated_on=date(2026, 4, 2),
        contents=("handler",),
        attempts=1,
    )


def recorded(version: int, new: NewEvent, recorded_at: datetime, case_id: UUID = CASE) -> Recorded:
    return Recorded(
        case_id=case_id,
        version=version,
        organisation="preact",
        type=new.event.type,
        schema_version=new.event.schema_version,
        happened_at=new.happened_at,
        recorded_at=recorded_at,
        actor="service:test",
        command_id=UUID(int=version),
        causation=None,
        correlation=case_id,
        traceparent=None,
        data=encode(new.event),
        pii=None,
        salt=b"",
        fields_root=bytes(32),
        hash=bytes(32),
        place=START,
    )


@dataclass
class Story:
    """A case as it unfolds; every look appends what it found."""

    history: History = field(default_factory=lambda: History(CASE))

    def tell(self, event: Event, happened_at: datetime, recorded_at: datetime | None = None) -> None:
        """Record an event, by default at the moment it happened."""
        self._append(NewEvent(event, happened_at), recorded_at or happened_at)

    def look(self, now: datetime) -> tuple[NewEvent, ...]:
        """Settle the case at `now`, and give what was appended by that."""
        found = settle(self.history, now)
        for new in found:
            self._append(new, now)
        return found

    @property
    def clocks(self) -> Clocks:
        return fold(self.history)

    def _append(self, new: NewEvent, recorded_at: datetime) -> None:
        row = recorded(self.history.version + 1, new, recorded_at)
        self.history = History(CASE, (*self.history.events, row))


def opened_case(*rules: ClockRule, at: datetime = EASTER) -> Story:
    """A complaint that was received and opened at `at`, and looked at once: its clocks run."""
    story = Story()
    story.tell(received(at), at)
    story.tell(opened(civil_date(at, ZONE), *(rules or (CONFIRM,))), at + SECOND)
    story.look(at + 2 * SECOND)
    return story


def told(found: Sequence[NewEvent]) -> list[tuple[str, datetime]]:
    """Shorten events to what they are and when they happened."""
    return [(new.event.type, new.happened_at) for new in found]
