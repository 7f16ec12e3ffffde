"""Every state of every procedure that people can bring a case into, walked through: none is a trap.

The walk is bounded: one measure and one consultation at a time, one extension and no second round, because
a second one of each opens nothing that the first did not. What changes no answer (notes, contacts beyond the
first, who exactly handles) is not told apart.
"""

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, get_args
from uuid import UUID

import pytest
from msgspec import structs

from cases.clocks.clock import Clock
from cases.letters import owed_by
from cases.life.state import Stage
from cases.state import Case, with_decided
from events.catalogue import ClockRule, DeadlineSet, Moment
from events.errors import CommandRefused
from events.record.envelope import NewEvent
from procedures import organisations as people
from procedures.counting.facts import facts_of
from procedures.counting.zones import end_of
from procedures.library import files
from procedures.organisations import organisations
from procedures.pinning import pinned_procedure
from procedures.schema.model import ProcedureFile
from procedures.toml_files import read
from procedures.transitions import BROUGHT_BY, LEADS, leads_to
from procedures.words import CommandName
from workflow.commands.context import CommandContext
from workflow.commands.registry import COMMANDS, allowed
from workflow_bodies import bodies
from workflow_life import WHO
from workflow_stories import NOW, ORGANISATIONS, Story, opened

EVERY = (*ORGANISATIONS, "awb", "fca-disp")
LATER = timedelta(days=15)
END = date(2026, 5, 29)
MOST_STATES = 40_000
"""Far more than any procedure has: a walk that grows beyond it has lost its bounds."""

LEFT_OUT = frozenset(
    {
        "link",
        "unlink",
        "merge",
        "unmerge",
        "move-to-version",
        "record-posted",
        "record-returned",
        "correct-receipt",
        "correct-letter-date",
        "renew-calendars",
    }
)
"""Commands about two cases, versions, letters and corrections: they have tests of their own."""

THE_COMPLAINANTS = frozenset(
    {
        "withdraw",
        "record-acceptance",
        "record-refusal",
        "record-information",
        "record-satisfaction",
        "lodge-objection",
        "agree-hearing",
        "record-hearing",
        "waive-hearing",
    }
)
"""Commands that record what a complainant does: nobody may depend on it, but on who did not come."""

REPORTS: dict[str, tuple[dict[str, Any], ...]] = {
    "ingressus": ({}, {"channel": "phone", "channel_named": False}),
    "bc": ({}, {"nature": "incident"}, {"nature": "technical"}),
}


@dataclass(frozen=True)
class State:
    """A case at a moment."""

    case: Case
    now: datetime

    def key(self) -> Hashable:
        """Tell apart what may get different answers."""
        life = self.case.life
        objection = life.objecting.objection
        if life.stage is Stage.CLOSED:
            settled = objection is not None and objection.outcome is not None
            return (
                life.stage,
                life.answering.outcome is not None,
                life.closing.withdrawn,
                settled,
                bool(life.handling.open_measures),
            )
        waited = life.waiting.since is not None and self.now >= life.waiting.since + timedelta(weeks=2)
        waiting = (life.waiting.since is not None, waited, life.waiting.reminders)
        left = (bool(life.handling.open_measures), life.answering.outcome == "inadmissible")
        match life.stage:
            case Stage.HANDLING:
                in_touch = bool(life.handling.contacts or life.handling.attempts)
                kind = self.case.kind if self.case.kind in ("incident", "both") else None
                ways = (
                    life.opening.refused_with_route,
                    life.opening.handed_over,
                    min(life.handling.extensions, 1),
                )
                return life.stage, waiting, left, in_touch, kind, ways, bool(life.handling.consultations)
            case Stage.ANSWERED:
                window = next((clock for clock in self.case.clocks if clock.kind == "window"), None)
                over = window and self.now >= window.lenient.at
                satisfied = over is not None and life.answering.satisfaction == "satisfied"
                return (
                    life.stage,
                    waiting,
                    left,
                    life.answering.solved,
                    life.answering.reported_back,
                    satisfied,
                    over,
                )
            case Stage.OBJECTION | Stage.HEARD | Stage.DECIDED | Stage.PROPOSED | Stage.AGREED:
                heard = None if objection is None else structs.replace(objection, invited_at=None)
                silent = bool(objection and objection.invited_at and self.now >= objection.invited_at + LATER)
                return life.stage, waiting, left, heard, silent, life.objecting.outer_route
            case _:
                return life.stage


def asking_of(state: State, by: str) -> CommandContext:
    person, roles = WHO[by]
    return CommandContext(
        person=person,
        roles=frozenset(roles),
        now=state.now,
        procedure=pinned_procedure(state.case),
        organisation=organisations()[state.case.organisation],
    )


def is_enough(state: State, command: str) -> bool:
    """Bound the walk."""
    life = state.case.life
    return (
        (command == "agree-measure" and bool(life.handling.open_measures))
        or (command == "consult" and bool(life.handling.consultations))
        or (command == "extend" and life.handling.extensions >= 1)
        or (command == "make-plan" and life.handling.plan_until is not None and life.stage is Stage.HANDLING)
        or command == "reopen"
    )


@dataclass
class Seen:
    """What commands were seen to do on a walk: where they lead, and which facts and letters they bring."""

    leads: set[tuple[str, str, str]] = field(default_factory=set)
    brings: set[tuple[str, str]] = field(default_factory=set)

    def note(self, command: str, state: State, decided: Sequence[NewEvent], after: State) -> None:
        self.leads.add((command, str(state.case.life.stage), str(after.case.life.stage)))
        letters = {letter for new in decided if (letter := owed_by(new.event)) is not None}
        facts = {fact for new in decided for fact in facts_of_new(new)}
        self.brings |= {(command, name) for name in letters | facts}


def facts_of_new(new: NewEvent) -> tuple[str, ...]:
    row = Story(case_id=UUID(int=1)).tell(new.event).history.events[0]
    return facts_of(row)


def steps(state: State, noted: Seen) -> Iterator[tuple[str, State]]:
    """Give what people can do, what other services tell, and the passing of time."""
    done: set[str] = set()
    for by in WHO:
        asking = asking_of(state, by)
        for command in allowed(state.case, asking):
            if command in done or command in LEFT_OUT or is_enough(state, command):
                continue
            done.add(command)
            after = list(results(state, command, asking, noted))
            assert after, f"{command} is said to be allowed in {state.case.life.stage}, and no body does it"
            yield from ((f"{by}: {command}", one) for one in after)
    yield "two weeks pass", replace(state, now=state.now + LATER)
    window = asking.conduct.objection_window
    if window is not None and state.case.life.answering.outcome is not None:
        running = next((clock for clock in state.case.clocks if clock.clock == window), None)
        if running is None:
            rule = asking.procedure.clock(window)
            yield "the response arrives", replace(state, case=with_window(state.case, rule))
        elif state.now < running.lenient.at:
            yield "the window lapses", replace(state, now=running.lenient.at + LATER)


def needs_the_complainant(state: State, command: str) -> bool:
    objection = state.case.life.objecting.objection
    did_not_come = command == "waive-hearing" and objection is not None and objection.hearing == "agreed"
    return command in THE_COMPLAINANTS and not did_not_come


def results(state: State, command: str, asking: CommandContext, noted: Seen) -> Iterator[State]:
    known = COMMANDS[command]
    for body in bodies(command, state.case, asking):
        try:
            decided = known.decide(state.case, known.body.model_validate(body), asking)
        except CommandRefused:
            continue  # this body does not fit; another one must
        assert decided, f"{command} is accepted and records nothing"
        after = State(with_decided(state.case, decided), state.now)
        noted.note(command, state, decided, after)
        yield after


def with_window(case: Case, rule: ClockRule) -> Case:
    end = Moment(on=END, at=end_of(END, "Europe/Amsterdam"))
    setting = DeadlineSet(
        clock=rule.clock, kind=rule.kind, binds=rule.binds, zone="Europe/Amsterdam", timezone_data="",
        strict=end, lenient=end, working="lenient", warn_at=None, readings=(), rule=rule,
    )  # fmt: skip
    return structs.replace(case, clocks=(*case.clocks, Clock(setting, end.at)))


@dataclass
class Walk:
    """Every state that can be reached, from which others without the complainant, and what commands did."""

    states: dict[Hashable, State]
    before: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    noted: Seen = field(default_factory=Seen)


@pytest.fixture(autouse=True)
def everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two procedures that demonstrate a statute are walked too."""
    monkeypatch.setattr(people, "_admitted", True)


@cache
def walk(organisation: str) -> Walk:
    starts = [
        State(opened(organisation, **report).case, NOW + timedelta(minutes=1))
        for report in REPORTS.get(organisation, ({},))
    ]
    walked = Walk({state.key(): state for state in starts})
    queue = deque(starts)
    while queue:
        state = queue.popleft()
        for said, after in steps(state, walked.noted):
            key = after.key()
            if not needs_the_complainant(state, said.rpartition(": ")[2]):
                walked.before.setdefault(key, set()).add(state.key())
            if key not in walked.states:
                walked.states[key] = after
                queue.append(after)
        assert len(walked.states) <= MOST_STATES
    return walked


@pytest.mark.parametrize("organisation", EVERY)
def test_every_state_that_can_be_reached_has_a_way_to_an_end(organisation: str) -> None:
    """Whatever people do, nothing crashes, what is shown as allowed is, and the case can be ended.

    The organisation can do that although the complainant does nothing more: silence keeps no case open.
    """
    walked = walk(organisation)
    seen = walked.states

    reaching = {key for key, state in seen.items() if state.case.life.stage is Stage.CLOSED}
    keys = deque(reaching)
    while keys:
        for key in walked.before.get(keys.popleft(), set()) - reaching:
            reaching.add(key)
            keys.append(key)

    assert [] == [key for key in seen if key not in reaching]
    assert {state.case.life.stage.value for state in seen.values()} >= {"handling", "answered", "closed"}


@pytest.mark.parametrize("organisation", EVERY)
def test_commands_lead_where_the_checker_says(organisation: str) -> None:
    """What the checker and the drawing tell of stages is what the cases do, and nothing leads elsewhere."""
    (path,) = [path for path in files() if path.stem == organisation]
    file, _ = read(path, ProcedureFile)
    mine = {command for stage in file.stage for command in stage.may}

    told: set[tuple[str, str]] = {(name, leads_to(name, file)) for name in LEADS if name in mine}
    stay = {(name, before) for name, before, _ in walk(organisation).noted.leads if name not in LEADS}
    seen = {(name, after) for name, _, after in walk(organisation).noted.leads if name in mine}

    ends_an_incident = {("hand-over", "closed")}
    assert set() == seen - told - stay - ends_an_incident
    assert set() == {(name, stage) for name, stage in told if name in {one for one, _ in seen}} - seen


def test_what_brings_a_fact_or_a_letter_is_what_the_checker_says() -> None:
    """A duty has an owner if somebody may give a command that meets it: the table tells the truth."""
    brings = set[tuple[str, str]]().union(*(walk(organisation).noted.brings for organisation in EVERY))
    of_procedures = set(get_args(CommandName))
    for name, commands in BROUGHT_BY.items():
        seen = {command for command, brought in brings if brought == name and command in of_procedures}
        beside = {"hand-over", "lodge-objection"} if name == "complaint handled" else set()

        assert set(commands) == seen - beside, name
