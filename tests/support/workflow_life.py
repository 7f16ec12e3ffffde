"""Whole lives of cases for the tests of workflow: a desk without databases, where people give commands.

Each stage path starts from `Life(organisation)`: a complaint of Monday 30 March 2026 that was opened. `give`
decides a command as the service would and records what follows; `refused` gives the code of a refusal.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from cases.state import Case
from events.access_tokens import Role
from events.catalogue import DeadlineSet, Event, LetterSent, Moment, WindowLapsed
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures.counting.terms import terms_of
from procedures.counting.zones import end_of
from procedures.organisations import organisations
from procedures.pinning import pinned_procedure
from workflow.commands.context import CommandContext
from workflow.commands.registry import COMMANDS, allowed, decide
from workflow_stories import CASE, NOW, SECOND, Story, opened

DAY = timedelta(days=1)
BOARD: Sequence[Role] = ("board",)
HANDLER: Sequence[Role] = ("handler",)
QUALITY: Sequence[Role] = ("quality_manager",)
WHO: dict[str, tuple[str, Sequence[Role]]] = {
    "handler": ("staff-h", HANDLER),
    "quality": ("staff-q", QUALITY),
    "board": ("staff-b", BOARD),
}
"""Who gives a command in these tests: three people, each with one role."""


class Life:
    """One case as people work on it, with a clock that only the test moves."""

    def __init__(self, organisation: str, case_id: UUID = CASE, **complaint: Any) -> None:
        self.story: Story = opened(organisation, case_id, **complaint)
        self.now = NOW + 3 * SECOND
        self.subjects: frozenset[str] = frozenset()
        self.masks: tuple[str, ...] = ()

    @property
    def case(self) -> Case:
        return self.story.case

    @property
    def stage(self) -> str:
        return str(self.case.life.stage)

    def asking(self, by: str = "handler", other: Case | None = None) -> CommandContext:
        person, roles = WHO.get(by, (by, HANDLER))
        return CommandContext(
            person=person,
            roles=frozenset(roles),
            now=self.now,
            procedure=pinned_procedure(self.case),
            organisation=organisations()[self.case.organisation],
            subjects=self.subjects,
            masks=self.masks,
            other=other,
            terms=terms_of(self.story.history.events),
        )

    def decide(
        self, command: str, by: str = "handler", other: Case | None = None, **body: Any
    ) -> list[NewEvent]:
        known = COMMANDS[command]
        read: BaseModel = known.body.model_validate(body)
        return list(decide(self.case, known, read, self.asking(by, other)))  # type: ignore[arg-type]

    def give(self, command: str, by: str = "handler", **body: Any) -> list[str]:
        """Issue a command and record what follows; return the types of the events."""
        decided = self.decide(command, by, **body)
        for new in decided:
            self.story.tell(new.event, new.happened_at)
        self.now += SECOND
        return [new.event.type for new in decided]

    def refused(self, command: str, by: str = "handler", **body: Any) -> str:
        """Issue a command that is not allowed; return the code of the refusal, and checks what it says."""
        with pytest.raises(CommandRefused, match="allowed") as refusal:
            self.decide(command, by, **body)
        return refusal.value.code

    def allowed(self, by: str = "handler") -> tuple[str, ...]:
        return allowed(self.case, self.asking(by))

    def tell(self, *events: Event) -> "Life":
        """Let another service record something."""
        for event in events:
            self.story.tell(event, self.now)
        self.now += SECOND
        return self

    def wait(self, days: float) -> "Life":
        self.now += days * DAY
        return self

    def window_runs(self, clock: str, until: date = date(2026, 5, 29)) -> "Life":
        """Let deadlines set the window of an objection, as it does when the response arrived."""
        end = Moment(on=until, at=end_of(until, "Europe/Amsterdam"))
        rule = next(rule for rule in self.asking().procedure.clocks if rule.clock == clock)
        return self.tell(
            DeadlineSet(
                clock=clock, kind="window", binds="customer", zone="Europe/Amsterdam", timezone_data="",
                strict=end, lenient=end, working="lenient", warn_at=None, readings=(), rule=rule,
            )
        )  # fmt: skip

    def window_lapses(self, clock: str) -> "Life":
        end = next(one for one in self.case.clocks if one.clock == clock).lenient
        self.now = max(self.now, end.at + SECOND)
        return self.tell(WindowLapsed(clock=clock, due=end))

    def sent(self, letter: str) -> "Life":
        """Let the notifier send a letter."""
        return self.tell(
            LetterSent(
                letter=letter, letter_id=UUID(int=self.case.version), message_id="<1@destiny.example>",
                channel="email", language="nl", dated_on=self.now.date(), contents=(), attempts=1,
            )
        )  # fmt: skip


def soon(days: int = 14) -> str:
    """A day after the complaint came in, as a command states it."""
    return str((datetime(2026, 3, 30, tzinfo=UTC) + days * DAY).date())
