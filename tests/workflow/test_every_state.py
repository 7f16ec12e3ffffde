"""Every state of every procedure that people can bring a case into, walked through: none is a trap.

The walk is bounded: one measure and one consultation at a time, one extension and no second round, because
a second one of each opens nothing that the first did not. What changes no answer (notes, contacts beyond the
first, who exactly handles) is not told apart.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from cases.life import Stage
from cases.state import Case, Clock, ClockStatus, with_decided
from events.catalogue import Moment
from events.errors import CommandRefused
from procedures.organisations import organisations
from procedures.zones import end_of
from workflow.commands import COMMANDS, allowed
from workflow.known import Asking
from workflow.pinned import pinned_procedure
from workflow_bodies import bodies
from workflow_life import WHO
from workflow_stories import NOW, ORGANISATIONS, opened

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
        objection = life.objection
        if life.stage is Stage.CLOSED:
            settled = objection is not None and objection.outcome is not None
            return life.stage, life.outcome is not None, life.withdrawn, settled, bool(life.open_measures)
        waited = life.waiting_since is not None and self.now >= life.waiting_since + timedelta(weeks=2)
        waiting = (life.waiting_since is not None, waited, life.reminders)
        left = (bool(life.open_measures), life.outcome == "inadmissible")
        match life.stage:
            case Stage.HANDLING:
                in_touch = bool(life.contacts or life.attempts)
                kind = self.case.kind if self.case.kind in ("incident", "both") else None
                ways = (life.refused_with_route, life.handed_over, min(life.extensions, 1))
                return life.stage, waiting, left, in_touch, kind, ways, bool(life.consultations)
            case Stage.ANSWERED:
                window = next((clock for clock in self.case.clocks if clock.kind == "window"), None)
                over = window and self.now >= window.lenient.at
                satisfied = over is not None and life.satisfaction == "satisfied"
                return life.stage, waiting, left, life.solved, life.reported_back, satisfied, over
            case Stage.OBJECTION | Stage.HEARD | Stage.DECIDED | Stage.PROPOSED | Stage.AGREED:
                heard = None if objection is None else replace(objection, invited_at=None)
                silent = bool(objection and objection.invited_at and self.now >= objection.invited_at + LATER)
                return life.stage, waiting, left, heard, silent, life.outer_route
            case _:
                return life.stage


def asking_of(state: State, by: str) -> Asking:
    person, roles = WHO[by]
    return Asking(
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
        (command == "agree-measure" and bool(life.open_measures))
        or (command == "consult" and bool(life.consultations))
        or (command == "extend" and life.extensions >= 1)
        or (command == "make-plan" and life.plan_until is not None and life.stage is Stage.HANDLING)
        or command == "reopen"
    )


def steps(state: State) -> Iterator[tuple[str, State]]:
    """Give what people can do, what other services tell, and the passing of time."""
    done: set[str] = set()
    for by in WHO:
        asking = asking_of(state, by)
        for command in allowed(state.case, asking):
            if command in done or command in LEFT_OUT or is_enough(state, command):
                continue
            done.add(command)
            after = list(results(state, command, asking))
            assert after, f"{command} is said to be allowed in {state.case.life.stage}, and no body does it"
            yield from ((f"{by}: {command}", one) for one in after)
    yield "two weeks pass", replace(state, now=state.now + LATER)
    window = asking.conduct.objection_window
    if window is not None and state.case.life.outcome is not None:
        running = next((clock for clock in state.case.clocks if clock.clock == window), None)
        if running is None:
            yield "the response arrives", replace(state, case=with_window(state.case, window))
        elif state.now < running.lenient.at:
            yield "the window lapses", replace(state, now=running.lenient.at + LATER)


def needs_the_complainant(state: State, command: str) -> bool:
    objection = state.case.life.objection
    did_not_come = command == "waive-hearing" and objection is not None and objection.hearing == "agreed"
    return command in THE_COMPLAINANTS and not did_not_come


def results(state: State, command: str, asking: Asking) -> Iterator[State]:
    known = COMMANDS[command]
    for body in bodies(command, state.case, asking):
        try:
            decided = known.decide(state.case, known.body.model_validate(body), asking)
        except CommandRefused:
            continue  # this body does not fit; another one must
        yield State(with_decided(state.case, decided), state.now)


def with_window(case: Case, name: str) -> Case:
    end = Moment(on=END, at=end_of(END, "Europe/Amsterdam"))
    clock = Clock(
        clock=name, kind="window", binds="customer", strict=end, lenient=end, working="lenient",
        status=ClockStatus.RUNNING,
    )  # fmt: skip
    return structs.replace(case, clocks=(*case.clocks, clock))


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_state_that_can_be_reached_has_a_way_to_an_end(organisation: str) -> None:
    """Whatever people do, nothing crashes, what is shown as allowed is, and the case can be ended.

    The organisation can do that although the complainant does nothing more: silence keeps no case open.
    """
    starts = [
        State(opened(organisation, **report).case, NOW + timedelta(minutes=1))
        for report in REPORTS.get(organisation, ({},))
    ]
    seen: dict[Hashable, State] = {state.key(): state for state in starts}
    before: dict[Hashable, set[Hashable]] = {}
    queue = deque(starts)
    while queue:
        state = queue.popleft()
        for said, after in steps(state):
            key = after.key()
            if not needs_the_complainant(state, said.rpartition(": ")[2]):
                before.setdefault(key, set()).add(state.key())
            if key not in seen:
                seen[key] = after
                queue.append(after)
        assert len(seen) <= MOST_STATES

    reaching = {key for key, state in seen.items() if state.case.life.stage is Stage.CLOSED}
    keys = deque(reaching)
    while keys:
        for key in before.get(keys.popleft(), set()) - reaching:
            reaching.add(key)
            keys.append(key)

    assert [] == [key for key in seen if key not in reaching]
    assert {state.case.life.stage.value for state in seen.values()} >= {"handling", "answered", "closed"}
