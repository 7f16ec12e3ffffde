"""The services as the simulation runs them: real deciders, and around them the promises of the shell.

Each is a generator that gives seconds to wait wherever something else may happen: another process, a crash, a
long pause. What stands in a `finally` is what a database does by itself when a connection dies.
"""

import asyncio
import random
from collections.abc import Generator, Mapping
from typing import Any
from uuid import UUID, uuid5

from chaos.load import ORGANISATIONS, digest
from chaos.record import RequestAnswered, RequestSent
from deadlines.consumer import DeadlinesConsumer
from deadlines.look import look
from events.catalogue import CATALOGUE
from events.consumer.batch import Consumer
from events.errors import MalformedEvent
from events.identity import command_id_of, reaction_id
from events.record.envelope import START, Cause, FeedPosition, History, Recorded, follow
from intake.complaint_form import Submission
from intake.submission import file
from model_letters import Steps, owe
from model_world import IDLE, Conflict, Fenced, ModelWorld, Transaction, in_partition
from notifier.consumer import LetterConsumer
from procedures.organisations import organisations
from workflow.consumer import WorkflowConsumer

_NAMES = UUID("2f0a6f5e-1c9e-5d0e-9b51-6765686f6f72")
ANSWER_LOST, SEND_AGAIN_S = 0.15, 2.0
REFUSED_FOR_GOOD = 0.1
CONSUMERS: Mapping[str, Consumer] = {
    "workflow": WorkflowConsumer(),
    "deadlines": DeadlinesConsumer(asyncio.Event()),
    "notifier": LetterConsumer(),
}
"""The services' own: what they decide is theirs, what they write goes into the model's tables."""


def client(world: ModelWorld, chance: random.Random, key: str) -> Steps:
    """File a complaint under a key until the answer comes through, or give up."""
    organisation = chance.choice(ORGANISATIONS)
    text = f"complaint {key}"
    address = f"k-{key}@example.org"
    if chance.random() < REFUSED_FOR_GOOD:
        world.refused.add(address)
    for _ in range(6):
        world.lines.append(
            RequestSent(key=key, content=digest(text), address=address, at_s=world.at_s, mono_s=world.now_s)
        )
        reference = yield from intake(world, chance, key, organisation, text, address)
        is_lost = chance.random() < ANSWER_LOST
        if is_lost:
            world.disturb("a lost answer")
        world.lines.append(
            RequestAnswered(
                key=key, content=digest(text), outcome="info" if is_lost else "ok", at_s=world.at_s,
                mono_s=world.now_s, status=0 if is_lost else 201, reference="" if is_lost else reference,
            )
        )  # fmt: skip
        if not is_lost or chance.random() < 0.1:
            return
        yield SEND_AGAIN_S


def intake(
    world: ModelWorld, chance: random.Random, key: str, organisation: str, text: str, address: str
) -> Generator[float, None, str]:
    """Append one ComplaintReceived, or find the answer that the key got before."""
    yield 0.01
    if key in world.keys and "no keys" not in world.bugs:
        return world.keys[key][1]
    of = organisations()[organisation]
    submission = Submission.model_validate(
        {
            "organisation": organisation,
            "channel": "portal",
            "description": text,
            "complainant": {"email": address},
        }
    )
    filing = file(submission, of, f"{of.code}-{chance.getrandbits(40):010X}", world.now)
    case_id = in_partition(uuid5(_NAMES, f"{key} {chance.random()}"), chance.choice((3, 12)))
    cause = Cause("anonymous", command_id_of("intake", key, case_id), case_id)
    transaction = world.begin()
    try:
        world.append(transaction, History(case_id), (filing.new,), cause, organisation)
        yield chance.choice((0.0, 0.01, 0.5))
        if key in world.keys and "no keys" not in world.bugs:
            return world.keys[key][1]
        world.commit(transaction)
        world.keys[key] = (case_id, filing.event.reference)
        world.contents[case_id], world.addresses[case_id] = digest(text), address
    finally:
        world.end(transaction)
    yield 0.0
    return filing.event.reference


def relay(world: ModelWorld, chance: random.Random) -> Steps:
    """Publish the feed to every durable, then move on; a crash in between repeats messages."""
    while True:
        window = world.visible(world.relayed)[:20]
        tails = dict(world.tails)
        for row in window:
            partition = row.case_id.int & 15
            for consumer in CONSUMERS:
                world.bus[consumer, partition].append((row, tails.get(partition, START)))
            tails[partition] = row.place
            yield 0.001
        if window:
            world.tails.update(tails)
            world.relayed = window[-1].place
            world.changes += 1
        yield 0.02 if window else IDLE


def consumer(world: ModelWorld, chance: random.Random, name: str) -> Steps:
    """Follow the consumer rule in every partition; of two replicas at once the checkpoint fences one."""
    while True:
        worked = False
        for partition in sorted({case.int & 15 for case in world.streams}):
            known = world.checkpoints[name, partition]
            planned = _planned(world, chance, name, partition, known)
            if planned:
                worked = True
                yield from _react(world, chance, name, partition, known, planned)
        yield 0.01 if worked else IDLE


def _planned(
    world: ModelWorld, chance: random.Random, name: str, partition: int, checkpoint: FeedPosition
) -> list[Recorded]:
    """Old: drop. Next: apply. Beyond a gap, or on a sweep: read from the store."""
    messages = world.bus[name, partition]
    if chance.random() < 0.2 or not messages:
        return world.visible(checkpoint, partition)
    planned, reached = [], checkpoint
    for row, after in messages[:10]:
        if row.place <= reached:
            continue
        if after > reached and "trust the bus" not in world.bugs:
            return world.visible(checkpoint, partition)
        planned.append(row)
        reached = row.place
    del messages[:10]
    return planned


def _react(
    world: ModelWorld,
    chance: random.Random,
    name: str,
    partition: int,
    known: FeedPosition,
    planned: list[Recorded],
) -> Steps:
    asked = CONSUMERS[name]
    turns: dict[UUID, list[Recorded]] = {}
    for row in planned:
        if row.type in asked.reacts_to or row.type not in CATALOGUE:
            turns.setdefault(row.case_id, []).append(row)
    yield chance.choice((0.0, 0.0, 0.01))
    transaction = world.begin()
    try:
        for case_id in sorted(turns):
            yield from world.lock(transaction, case_id)
        world.move(transaction, name, partition, known, planned[-1].place)
        for case_id, rows in turns.items():
            if (name, case_id) not in world.parked:
                _decide(world, transaction, name, world.history(case_id), rows)
        yield chance.choice((0.0, 0.01, 0.3))
        world.commit(transaction)
    except (Fenced, Conflict):
        return
    finally:
        world.end(transaction)
    yield 0.0


def _decide(
    world: ModelWorld, transaction: Transaction, name: str, history: History, rows: list[Recorded]
) -> None:
    """Ask the real consumer about the newest event of a case; what it wants written joins the transaction."""
    case_id, first, newest = history.case_id, rows[0], rows[-1]
    try:
        for recorded in history.events[first.version - 1 : newest.version]:
            _ = recorded.event
        reaction = CONSUMERS[name].react(history, newest, world.now)
    except MalformedEvent:
        if "drop poison" not in world.bugs:
            transaction.changes.append(lambda: world.parked.setdefault((name, case_id), first.version))
        return
    for effect in reaction.effects:
        match name:
            case "workflow":
                transaction.changes.append(lambda row=effect: _write(world, row))
            case "deadlines":
                transaction.changes.append(lambda seen=effect: _set_due(world, case_id, seen.fire_at))
            case _:
                owe(world, transaction, effect, history.organisation)
    command_id = reaction_id(name, case_id, newest.version)
    if reaction.events and not history.has_command(command_id):
        cause = follow(newest, f"service:{name}", command_id)
        world.append(transaction, history, reaction.events, cause, history.organisation)


def _write(world: ModelWorld, row: Any) -> None:
    stands = world.worklist.get(row.case_id)
    if stands is None or (stands.version < row.version and "first row stays" not in world.bugs):
        world.worklist[row.case_id] = row


def _set_due(world: ModelWorld, case_id: UUID, at: Any) -> None:
    if at is None:
        world.due.pop(case_id, None)
    else:
        world.due[case_id] = at


def firing(world: ModelWorld, chance: random.Random) -> Steps:
    """Fire what time has made due, under the lock of the case and folded up to its last row."""
    world.blocked.clear()
    while True:
        ready = [
            case_id for case_id, at in world.due.items() if at <= world.now and case_id not in world.blocked
        ]
        for case_id in ready[:5]:
            transaction = world.begin()
            try:
                if "strike off first" in world.bugs:
                    world.due.pop(case_id, None)
                old = world.history(case_id)
                if "append blindly" not in world.bugs:
                    yield from world.lock(transaction, case_id)
                history = world.history(case_id)
                yield chance.choice((0.0, 0.01))
                seen = look(old if "old fold" in world.bugs else history, world.now)
                command = command_id_of("fire", case_id, chance.random())
                cause = Cause("service:deadlines", command, case_id)
                world.number(transaction)
                events = seen.events + seen.events if "fire twice" in world.bugs else seen.events
                if "fire again" in world.bugs:
                    yield from _fire_again(world, transaction, history, cause)
                    continue
                world.append(transaction, history, events, cause, history.organisation)
                transaction.changes.append(lambda c=case_id, s=seen: _set_due(world, c, s.next_at))
                yield chance.choice((0.0, 0.01))
                world.commit(transaction)
            except Conflict:
                pass
            except MalformedEvent:
                world.blocked.add(case_id)
            finally:
                world.end(transaction)
        yield 0.05 if ready else _until_next(world)


def _fire_again(world: ModelWorld, transaction: Transaction, history: History, cause: Cause) -> Steps:
    """Believe the due row instead of the stream, and strike it off after the commit: a planted mistake."""
    case_id = history.case_id
    at = world.due.get(case_id)
    if at is None or at > world.now:
        return
    seen = look(history, world.now)
    owed = world.remembered.setdefault((case_id, at), seen.events)
    world.append(transaction, history, owed, cause, history.organisation)
    yield 0.0
    world.commit(transaction)
    yield from world.lock(transaction, case_id)
    yield 0.01
    _set_due(world, case_id, look(world.history(case_id), world.now).next_at)


def _until_next(world: ModelWorld) -> float:
    soonest = world.next_due_at
    return IDLE if soonest is None else max((soonest - world.now).total_seconds(), 0.01)


def poisoner(world: ModelWorld, chance: random.Random) -> Steps:
    """Put an event that nobody can read into some case, once."""
    while not world.streams:
        yield 1.0
    case_id = chance.choice(sorted(world.streams))
    transaction = world.begin()
    try:
        yield from world.lock(transaction, case_id)
        world.append_unreadable(transaction, world.history(case_id))
        yield 0.01
        world.commit(transaction)
    finally:
        world.end(transaction)
