"""One seed, one world: a scheduler that lets the services run, die, pause and meet in every order.

Everything comes from the seed, time included: the same seed gives the same history, byte for byte. Faults
strike in the first minute, while complaints are filed, and again around several moments at which clocks fall
due, days and weeks later: while warnings and breaches are decided, committed and read on, and while letters
leave that were waiting for the mail server or are owed anew because it refused them. Then the world runs on
until every clock has ended, in as many steps as there is something to do.

What the judge can find here: I1 to I8 (chains, rows of the worklist and cases set aside included), I10 to I13
(answers of 4xx and 5xx included), I16, I17, and of I18 lost answers. What it cannot: grants (I4), durables
(I17), a 5xx of intake (I18), something personal in clear (I19: nothing is encrypted here) and memory (I21).
Those are the campaign's. As there, no handler acts, so the only letters are those that an opening owes, and
the same on paper once their mail was refused or given up.
"""

import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial

from chaos.chain import fits
from chaos.record import (
    AnyLine,
    ClockSample,
    DueRow,
    OutboxRow,
    ParkedCase,
    PoisonedCase,
    RunBegan,
    RunEnded,
    StoredCheckpoint,
    StoredEvent,
    WorklistRow,
)
from events.errors import MalformedEvent
from events.record.envelope import History
from model_letters import Steps, sender
from model_services import CONSUMERS, client, consumer, firing, poisoner, relay
from model_world import EPOCH, IDLE, PARTITIONS, ModelWorld
from workflow.worklist import project

FAULTS_FOR_S = 60.0
FAULTS_SHARE = 0.03
"""Of the steps in the first minute."""

STRUCK_MOMENTS = 5
"""Most moments at which clocks fall due with faults around them; then the world may come to rest."""

STRUCK_BEFORE_S, STRUCK_AFTER_S = 2.0, 20.0
STRUCK_SHARE = 0.15
"""Of the steps around such a moment, which are few: a firing is over in some dozens of them."""

MAIL_AWAY_AT_MOST_S = timedelta(days=5, hours=12).total_seconds()
"""Longer than a letter is tried for."""

STEPS_LIMIT = 60_000
MOST_COMPLAINTS = 3
FIRED = frozenset({"DeadlineWarned", "DeadlineBreached", "TargetMissed", "NormPassed", "WindowLapsed"})
"""What time alone brings about."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault around a moment at which clocks fell due: of which kind, and what it met."""

    kind: str
    met: frozenset[str]


@dataclass(slots=True)
class Process:
    """A service that can die and be born again; `wakes_s` is when it goes on."""

    name: str
    make: Callable[[], Steps]
    steps: Steps | None = None
    wakes_s: float = 0.0
    is_idle: bool = False

    def __post_init__(self) -> None:
        self.steps = self.make()


@dataclass(slots=True)
class Simulation:
    """One seed's world and those who live in it."""

    seed: int
    bugs: frozenset[str] = frozenset()
    struck_moments: int = STRUCK_MOMENTS
    world: ModelWorld = field(init=False)
    chance: random.Random = field(init=False)
    processes: list[Process] = field(default_factory=list)
    steps: int = 0
    strikes: list[Strike] = field(default_factory=list)
    _foreseen: set[float] = field(default_factory=set)
    _struck: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.world = ModelWorld(self.bugs)
        world, chance = self.world, self.chance
        for number in range(chance.randint(1, MOST_COMPLAINTS)):
            key = f"{self.seed}-{number}"
            self._add(f"client {number}", partial(client, world, chance, key))
            self.processes[-1].wakes_s = chance.uniform(0, FAULTS_FOR_S / 2)
        if chance.random() < 0.3:
            world.mail_is_away_until_s = MAIL_AWAY_AT_MOST_S
        self._add("relay", lambda: relay(world, chance))
        for name in CONSUMERS:
            for _ in range(2):
                self._add(name, partial(consumer, world, chance, name))
        self._add("firing", lambda: firing(world, chance))
        self._add("firing", lambda: firing(world, chance))
        for me in ("notifier a", "notifier b"):
            self._add("sender", partial(sender, world, chance, me))
        if chance.random() < 0.1:
            self._add("poisoner", lambda: poisoner(world, chance))
            self.processes[-1].wakes_s = chance.uniform(0, FAULTS_FOR_S)

    def _add(self, name: str, make: Callable[[], Steps]) -> None:
        self.processes.append(Process(name, make))

    def run(self) -> list[AnyLine]:
        """Run until nothing is left to do; return the history."""
        world = self.world
        world.lines.append(
            RunBegan(
                seed=self.seed, commit="", mix="simulation", bus_is_absent=True, at_s=world.at_s, mono_s=0.0
            )
        )
        world.lines.append(ClockSample(simulated_s=world.at_s, at_s=world.at_s, mono_s=world.now_s))
        while self.steps < STEPS_LIMIT and not self._is_over():
            self._step()
        self._write_down()
        return world.lines

    def _step(self) -> None:
        self.steps += 1
        world, chance = self.world, self.chance
        changes = world.changes
        soonest_s = min(process.wakes_s for process in self.processes)
        if soonest_s == IDLE:  # nobody has anything to do: time passes
            world.now_s += 60.0
            return
        world.now_s = max(world.now_s, soonest_s)
        process = chance.choice([one for one in self.processes if one.wakes_s <= world.now_s + 0.05])
        world.now_s = max(world.now_s, process.wakes_s)
        if chance.random() < self._share_of_faults():
            self._break(process)
            return
        try:
            assert process.steps is not None
            wait_s = next(process.steps)
            process.wakes_s, process.is_idle = world.now_s + wait_s + 1e-6, wait_s > 1.0
        except StopIteration:
            self.processes.remove(process)
        if world.changes != changes:
            world.read_all()
            self._foresee()
            for one in self.processes:
                if one.is_idle and one.wakes_s > world.now_s + 0.3:
                    one.wakes_s = world.now_s + chance.uniform(0.0, 0.3)

    def _foresee(self) -> None:
        """Decide, as soon as a moment is the next to fall due, whether it is struck and who comes to it."""
        world, chance = self.world, self.chance
        due = world.next_due_at
        due_s = IDLE if due is None else (due - EPOCH).total_seconds()
        if due_s == IDLE or due_s in self._foreseen or due_s < world.now_s:
            return
        self._foreseen.add(due_s)
        is_first = not self._struck
        if len(self._struck) >= self.struck_moments or not (is_first or chance.random() < 0.6):
            return
        self._struck.append(due_s)
        if world.now_s < world.mail_is_away_until_s and chance.random() < 0.5:
            self._mail_comes_back(due_s + chance.uniform(-1.0, 1.0))
        if chance.random() < 0.15:
            key = f"{self.seed}-late-{len(self._struck)}"
            self._add(f"client {key}", partial(client, world, chance, key))
            self.processes[-1].wakes_s = due_s + chance.uniform(-0.5, 0.5)

    def _mail_comes_back(self, at_s: float) -> None:
        """Let the mail server be there again from a moment on; the letters that waited for it go then."""
        world = self.world
        world.mail_is_away_until_s = min(world.mail_is_away_until_s, at_s)
        for row in world.outbox.values():
            if row.state == "due" and row.at_s > at_s:
                row.at_s = at_s
        for process in self.processes:
            if process.name == "sender" and process.wakes_s > at_s:
                process.wakes_s = at_s

    def _share_of_faults(self) -> float:
        now_s = self.world.now_s
        if now_s < FAULTS_FOR_S:
            return FAULTS_SHARE
        for due_s in self._struck:
            if due_s - STRUCK_BEFORE_S <= now_s < due_s + STRUCK_AFTER_S:
                return STRUCK_SHARE
        return 0.0

    def _break(self, process: Process) -> None:
        world, chance = self.world, self.chance
        met = self._met()
        match chance.randrange(6):
            case 0 | 1 if not process.name.startswith("client"):
                kind = "crash"
                assert process.steps is not None
                process.steps.close()
                process.steps = process.make()
                process.wakes_s = world.now_s + chance.uniform(0.0, 3.0)
            case 2:
                kind = "pause"
                process.wakes_s, process.is_idle = world.now_s + chance.uniform(5, 30), False
            case 3:
                kind = "all messages lost"
                world.bus.clear()
            case 4:
                kind = "messages lost"
                for messages in world.bus.values():
                    del messages[:1]
            case _:
                kind = "messages doubled"
                for messages in world.bus.values():
                    messages += messages[:2]
                    chance.shuffle(messages)
        world.disturb(process.name, 30.0, process.name if kind in ("crash", "pause") else "")
        if world.now_s >= FAULTS_FOR_S:
            self.strikes.append(Strike(kind, met))

    def _met(self) -> frozenset[str]:
        """Name what is going on: a clock is due, its end is being committed or read on, a letter is owed."""
        world = self.world
        if world.now_s < FAULTS_FOR_S:
            return frozenset()
        told = (row for row in world.feed if row.type in FIRED)
        going_on = {
            "due": world.next_due_at is not None and world.next_due_at <= world.now,
            "commit": any(row.type in FIRED for one in world.running.values() for row in one.rows),
            "reading": any(
                row.place > world.checkpoints[name, row.case_id.int & 15]
                for row in told
                for name in CONSUMERS
            ),
            "letter": bool(world.outbox),
        }
        return frozenset(name for name, is_so in going_on.items() if is_so)

    def _is_over(self) -> bool:
        world = self.world
        return (
            world.now_s > FAULTS_FOR_S + 60
            and world.due.keys() <= world.blocked
            and not world.outbox
            and not any(process.name.startswith(("client", "poisoner")) for process in self.processes)
            and not world.running
            and all(
                not world.visible(world.checkpoints[name, partition], partition)
                for name in CONSUMERS
                for partition in range(PARTITIONS)
            )
        )

    def _write_down(self) -> None:
        world = self.world
        is_quiet = self._is_over()
        world.read_all()
        hashes: dict[str, bytes] = {}
        for row in world.feed:
            case = str(row.case_id)
            world.lines.append(
                StoredEvent(
                    case=case, version=row.version, type=row.type, actor=row.actor,
                    command=str(row.command_id), causation=row.causation or "", place=row.place[:3],
                    happened_s=row.happened_at.timestamp(), recorded_s=row.recorded_at.timestamp(),
                    data=json.loads(row.data), hash_fits=fits(row, hashes.get(case, b"")),
                    content=world.contents[row.case_id] if row.type == "ComplaintReceived" else "",
                )
            )  # fmt: skip
            hashes[case] = row.hash
        for case_id in world.streams:
            world.lines.append(self._row(world.history(case_id)))
        for case_id, version in world.poisoned.items():
            world.lines.append(PoisonedCase(case=str(case_id), version=version))
        for (name, case_id), version in world.parked.items():
            world.lines.append(ParkedCase(consumer=name, case=str(case_id), version=version))
        for name in CONSUMERS:
            for partition in range(PARTITIONS):
                world.lines.append(
                    StoredCheckpoint(
                        consumer=name, partition=partition, place=world.checkpoints[name, partition][:3]
                    )
                )
        for letter_id, one in world.outbox.items():
            world.lines.append(OutboxRow(case=str(one.case_id), letter_id=str(letter_id), state=one.state))
        for case_id, at in world.due.items():
            blocked = "unreadable" if case_id in world.blocked else ""
            world.lines.append(DueRow(case=str(case_id), fire_s=at.timestamp(), blocked=blocked))
        world.lines.append(ClockSample(simulated_s=world.at_s, at_s=world.at_s, mono_s=world.now_s))
        world.lines.append(
            RunEnded(
                is_quiet=is_quiet,
                quiet_after_s=world.now_s,
                waits_for=f"{self.steps} steps",
                at_s=world.at_s,
                mono_s=world.now_s,
            )
        )

    def _row(self, history: History) -> WorklistRow:
        """Put the worklist's row beside the one folded from zero; there is none of what is unreadable."""
        stored = self.world.worklist.get(history.case_id)
        try:
            folded = asdict(project(history))
        except MalformedEvent:
            folded = None
        return WorklistRow(
            case=str(history.case_id), stored=None if stored is None else asdict(stored), folded=folded
        )
