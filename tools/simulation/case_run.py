"""Runs one case through the pure core: the deciders of intake, workflow and deadlines, in a clock that jumps.

What the shells around the deciders do (append, hand on, look again when something is due) is done here as
simply as possible. Time jumps from one moment at which something happens to the next: an act of the plan, or
a look that deadlines asked for. A look at a moment comes before an act at the same moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from pydantic import ValidationError

from cases.letters import OWING, owed_by
from cases.state import Case
from deadlines.look import BRINGS_RULES, look
from events.catalogue import (
    COMPLAINANT,
    ComplainantWrote,
    Event,
    LetterPrepared,
    LetterRefused,
    LetterSent,
)
from events.errors import CommandRefused
from events.identity import command_id_of
from events.record.envelope import NewEvent
from intake.complaint_form import Submission
from intake.submission import file
from procedures.counting.facts import TELLING
from procedures.counting.terms import terms_of
from procedures.counting.zones import civil_date
from procedures.library import in_force
from procedures.organisations import Organisation, with_demonstrations
from procedures.procedure import Procedure
from simulation.agenda import Agenda, Dispatch, day_to_tell
from simulation.plan import CasePlan, PlannedStep
from simulation.stream import Stream
from workflow.classification import open_case
from workflow.commands.context import CommandContext
from workflow.commands.registry import COMMANDS, decide
from workflow.persons import subjects_of

_CAUSES_A_LOOK = BRINGS_RULES | TELLING


class DiaryEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a case's diary: what really happened, for a judge that does not read the events.

    `noted_at` is when it was recorded, where that was later than it happened.
    """

    did: str
    at: datetime
    noted_at: datetime | None = None
    with_: Mapping[str, Any] = msgspec.field(default_factory=dict, name="with")


@dataclass(slots=True)
class CaseRun:
    """A case at the end of the simulated time: its stream, its diary, and the commands that were carried out.

    `has_more` is whether acts of its plan were still to come.
    """

    plan: CasePlan
    stream: Stream
    procedure: Procedure
    diary: list[DiaryEntry] = field(default_factory=list)
    given: list[PlannedStep] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    letters: int = 0
    has_more: bool = False

    def for_judge(self) -> dict[str, Any]:
        """Return the diary for a judge that does not trust the events: what happened, and when."""
        return {"case": self.plan.number, "organisation": self.plan.organisation, "diary": self.diary}


def run_case(plan: CasePlan, until: datetime) -> CaseRun:
    """Run one case until a moment, and return what became of it."""
    return _CaseRunner(plan).live(until)


class _CaseRunner:
    """A case while it runs."""

    def __init__(self, plan: CasePlan) -> None:
        self._organisation: Organisation = with_demonstrations()[plan.organisation]
        reference = f"{self._organisation.code}-{plan.number:010d}"
        filing = file(_submission(plan), self._organisation, reference, plan.arrives_at)
        received = filing.event
        procedure = in_force(plan.organisation, received.received_on)
        stream = Stream(case_id_of(plan), plan.organisation)
        self._filing = filing
        self._subjects = subjects_of([filing.new.personal], self._organisation)
        self._has_mail = "email" in received.reachable_by
        self._agenda = Agenda(plan, frozenset(procedure.letters))
        self._next_look: datetime | None = None
        self._lived = CaseRun(plan, stream, procedure)

    def live(self, until: datetime) -> CaseRun:
        now = self._lived.plan.arrives_at
        self._record([self._filing.new], now, "channel")
        opening = open_case(self._case, self._lived.procedure, self._organisation, now)
        self._note("received", self._filing.new.happened_at, {"nature": self._filing.event.nature})
        self._record(opening, now, "service:workflow")
        while (at := self._next_moment()) is not None and at <= until:
            if self._next_look is not None and self._next_look <= at:
                self._look(at)
            else:
                self._act(*self._agenda.take())
        self._lived.has_more = self._agenda.next_at is not None
        return self._lived

    @property
    def _case(self) -> Case:
        case = self._lived.stream.case
        assert case is not None  # noqa: S101 - it begins with ComplaintReceived
        return case

    def _next_moment(self) -> datetime | None:
        moments = [at for at in (self._agenda.next_at, self._next_look) if at is not None]
        return min(moments, default=None)

    def _record(self, decided: Sequence[NewEvent], now: datetime, actor: str) -> None:
        """Append events, plan the letters that they owe, and let deadlines look where its consumer would."""
        added = self._lived.stream.append(decided, now, actor)
        for recorded in added:
            if recorded.type in OWING and (letter := owed_by(recorded.event)) is not None:
                self._agenda.owe(letter, recorded.event, now)
            for letter in getattr(recorded.event, "letters", ()):
                self._agenda.owe(letter, recorded.event, now)
        if any(recorded.type in _CAUSES_A_LOOK for recorded in added):
            self._look(now)

    def _look(self, now: datetime) -> None:
        seen = look(self._lived.stream.history, now)
        self._next_look = seen.next_at
        self._lived.stream.append(seen.events, now, "service:deadlines")

    def _act(self, at: datetime, act: PlannedStep | Dispatch) -> None:
        if isinstance(act, Dispatch):
            self._dispatch(at, act)
        elif act.command == "write":
            wrote = ComplainantWrote(
                channel="portal", sent_by="link", given=(), missing=self._case.life.receiving.missing
            )
            self._record(
                [NewEvent(wrote, at, {COMPLAINANT: {"message": act.body["message"]}})], at, "channel"
            )
        else:
            self._command(at, act)

    def _command(self, at: datetime, step: PlannedStep) -> None:
        spec = COMMANDS[step.command]
        person = f"embedded:{step.by}"
        context = CommandContext(
            person=person,
            roles=frozenset({step.by}),
            now=at,
            procedure=self._lived.procedure,
            organisation=self._organisation,
            subjects=self._subjects,
            terms=terms_of(self._lived.stream.events),
        )
        try:
            decided = decide(self._case, spec, _body(step), context)
        except CommandRefused as refused:
            self._lived.refused.append((step.command, refused.code))
            return
        happened_at = decided[0].happened_at if decided else at
        self._lived.given.append(step)
        self._note(step.command, happened_at, step.body, at if at > happened_at else None)
        self._record(decided, at, person)

    def _dispatch(self, at: datetime, act: Dispatch) -> None:
        """Send a letter as the notifier would; its planned delivery decides what becomes of it."""
        self._lived.letters += 1
        letter_id = command_id_of("letter", self._lived.stream.case_id, act.letter, act.occurrence)
        event: Event
        fields: dict[str, Any] = {
            "letter": act.letter,
            "letter_id": letter_id,
            "language": self._case.received.language,
            "dated_on": civil_date(at, self._lived.procedure.zone),
            "contents": self._lived.procedure.letters[act.letter].contents,
            "period_until": self._period(act),
        }
        message_id = f"<{letter_id}@example.org>"
        if not self._has_mail:
            event = LetterPrepared(**fields)
            self._agenda.after_printing(act.letter, act.delivery, at)
        elif act.delivery.is_refused:
            event = LetterRefused(
                letter=act.letter, letter_id=letter_id, message_id=message_id, reply_code=550,
                stage="recipient", attempts=1,
            )  # fmt: skip
        else:
            event = LetterSent(**fields, message_id=message_id, channel="email", attempts=1)
            self._agenda.after_sending(act.letter, act.delivery, at)
        day = day_to_tell(act.because)
        until = {"until": str(day)} if day else {}
        self._note(_DISPATCHED[event.type], at, {"letter": act.letter, **until})
        self._record([NewEvent(event, at)], at, "service:notifier")

    def _period(self, act: Dispatch) -> date | None:
        """Return the day that a letter names: the one a command set, else the end of its clock."""
        day = day_to_tell(act.because)
        if isinstance(day, date):
            return day
        name = self._lived.procedure.letters[act.letter].period_of
        return next((clock.due.on for clock in self._case.clocks if clock.clock == name), None)

    def _note(
        self, did: str, at: datetime, facts: Mapping[str, Any], noted_at: datetime | None = None
    ) -> None:
        self._lived.diary.append(DiaryEntry(did=did, at=at, noted_at=noted_at, with_=_without_words(facts)))


def case_id_of(plan: CasePlan) -> UUID:
    """Return the case id of a plan, the same in every run."""
    return command_id_of("simulated", plan.organisation, plan.number)


_DISPATCHED = {"LetterPrepared": "printed", "LetterRefused": "mail refused", "LetterSent": "mail sent"}
_KEPT_IN_DIARY = frozenset(
    {"letter", "until", "how", "satisfied", "because", "kind", "nature", "clock", "outcome", "hearing_at"}
)


def _without_words(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out words and names: a diary holds only what a judge needs."""
    return {name: value for name, value in facts.items() if name in _KEPT_IN_DIARY}


def _submission(plan: CasePlan) -> Submission:
    return Submission.model_validate(plan.submission)


def _body(step: PlannedStep) -> Any:
    try:
        return COMMANDS[step.command].body.model_validate(step.body)
    except ValidationError as wrong:
        raise ValueError(f"the plan gives {step.command} a body it does not have: {wrong}") from wrong
