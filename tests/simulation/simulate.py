"""One seed, one world: a scheduler that lets the services run, die, pause and meet in every order.

Everything comes from the seed, time included: the same seed gives the same history, byte for byte. Faults
stop after a minute of virtual time; then the world runs on until every clock has ended, months later, in as
many steps as there is something to do.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from model_services import Steps, client, consumer, firing, relay, sender
from model_world import IDLE, LANES, ModelWorld

from chaos.record import AnyLine, Began, Checkpoint, Due, Ended, Event, Letter, Row, Sampled
from chaos.run import CONSUMERS

FAULTS_FOR_S = 60.0
STEPS_LIMIT = 60_000
MOST_COMPLAINTS = 3


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
    world: ModelWorld = field(init=False)
    chance: random.Random = field(init=False)
    processes: list[Process] = field(default_factory=list)
    steps: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.world = ModelWorld(self.bugs)
        world, chance = self.world, self.chance
        for number in range(chance.randint(1, MOST_COMPLAINTS)):
            key = f"{self.seed}-{number}"
            self._add(f"client {number}", partial(client, world, chance, key))
            self.processes[-1].wakes_s = chance.uniform(0, FAULTS_FOR_S / 2)
        self._add("relay", lambda: relay(world, chance))
        for name in CONSUMERS:
            for _ in range(2):
                self._add(name, partial(consumer, world, chance, name))
        self._add("firing", lambda: firing(world, chance))
        self._add("firing", lambda: firing(world, chance))
        for me in ("notifier a", "notifier b"):
            self._add("sender", partial(sender, world, chance, me))

    def _add(self, name: str, make: Callable[[], Steps]) -> None:
        self.processes.append(Process(name, make))

    def run(self) -> list[AnyLine]:
        """Run until nothing is left to do; gives the history."""
        world = self.world
        world.lines.append(
            Began(
                seed=self.seed, commit="", mix="simulation", bus_is_absent=True, at_s=world.at_s, mono_s=0.0
            )
        )
        world.lines.append(Sampled(simulated_s=world.at_s, at_s=world.at_s, mono_s=world.now_s))
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
        if world.now_s < FAULTS_FOR_S and chance.random() < 0.03:
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
            for one in self.processes:
                if one.is_idle and one.wakes_s > world.now_s + 0.3:
                    one.wakes_s = world.now_s + chance.uniform(0.0, 0.3)

    def _break(self, process: Process) -> None:
        world, chance = self.world, self.chance
        world.disturb(process.name, 30.0)
        match chance.randrange(6):
            case 0 | 1 if not process.name.startswith("client"):
                assert process.steps is not None
                process.steps.close()
                process.steps = process.make()
                process.wakes_s = world.now_s + chance.uniform(0.0, 3.0)
            case 2:
                process.wakes_s, process.is_idle = world.now_s + chance.uniform(5, 30), False
            case 3:
                world.bus.clear()
            case 4:
                for messages in world.bus.values():
                    del messages[:1]
            case _:
                for messages in world.bus.values():
                    messages += messages[:2]
                    chance.shuffle(messages)

    def _is_over(self) -> bool:
        world = self.world
        return (
            world.now_s > FAULTS_FOR_S + 60
            and not world.due
            and not world.outbox
            and not any(process.name.startswith("client") for process in self.processes)
            and not world.running
            and all(
                not world.visible(world.checkpoints[name, lane], lane)
                for name in CONSUMERS
                for lane in range(LANES)
            )
        )

    def _write_down(self) -> None:
        world = self.world
        is_quiet = self._is_over()
        world.read_all()
        for row in world.feed:
            world.lines.append(
                Event(
                    case=str(row.case_id), version=row.version, type=row.type, actor=row.actor,
                    command=str(row.command_id), causation=row.causation or "", place=row.place[:3],
                    happened_s=row.happened_at.timestamp(), recorded_s=row.recorded_at.timestamp(),
                    data=json.loads(row.data),
                    content=world.contents[row.case_id] if row.type == "ComplaintReceived" else "",
                )
            )  # fmt: skip
        world.lines += [Row(case=str(case_id), stored=None, folded=None) for case_id in world.streams]
        for name in CONSUMERS:
            for lane in range(LANES):
                world.lines.append(
                    Checkpoint(consumer=name, partition=lane, place=world.checkpoints[name, lane][:3])
                )
        for letter_id, one in world.outbox.items():
            world.lines.append(Letter(case=str(one["case"]), letter_id=str(letter_id), state=one["state"]))
        for case_id, at in world.due.items():
            world.lines.append(Due(case=str(case_id), fire_s=at.timestamp(), blocked=""))
        world.lines.append(Sampled(simulated_s=world.at_s, at_s=world.at_s, mono_s=world.now_s))
        world.lines.append(
            Ended(
                is_quiet=is_quiet,
                quiet_after_s=world.now_s,
                waits_for=f"{self.steps} steps",
                at_s=world.at_s,
                mono_s=world.now_s,
            )
        )
