"""The services as the simulation runs them: real deciders, and around them the promises of the shell.

Each is a generator that gives seconds to wait wherever something else may happen: another process, a crash, a
long pause. What stands in a `finally` is what a database does by itself when a connection dies.
"""

import random
from collections.abc import Generator
from typing import Any
from uuid import UUID, uuid5

from model_world import IDLE, Conflict, Fenced, ModelWorld, in_lane

from cases.state import fold
from chaos.load import ORGANISATIONS, digest
from chaos.record import Answered, Invoked
from deadlines.clocks import look
from events.catalogue import LetterSent, LetterUncertain
from events.envelope import START, Cause, FeedPosition, History, NewEvent, Recorded, follow
from events.identity import command_id_of, reaction_id
from intake.form import Submission
from intake.submission import file
from notifier.owed import fold as fold_letters
from notifier.owed import is_explained, is_settled, owed
from procedures.library import in_force
from procedures.organisations import organisations
from workflow.case import open_case

_NAMES = UUID("2f0a6f5e-1c9e-5d0e-9b51-6765686f6f72")
ANSWER_LOST, SEND_AGAIN_S = 0.15, 2.0
Steps = Generator[float, None, None]


def client(world: ModelWorld, chance: random.Random, key: str) -> Steps:
    """File a complaint under a key until the answer comes through, or give up."""
    organisation = chance.choice(ORGANISATIONS)
    text = f"complaint {key}"
    address = f"k-{key}@example.org"
    for _ in range(6):
        world.lines.append(
            Invoked(key=key, content=digest(text), address=address, at_s=world.at_s, mono_s=world.now_s)
        )
        reference = yield from intake(world, chance, key, organisation, text, address)
        is_lost = chance.random() < ANSWER_LOST
        if is_lost:
            world.disturb("a lost answer")
        world.lines.append(
            Answered(
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
    case_id = in_lane(uuid5(_NAMES, f"{key} {chance.random()}"), chance.choice((3, 12)))
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
            lane = row.case_id.int & 15
            for consumer in ("workflow", "deadlines", "notifier"):
                world.bus[consumer, lane].append((row, tails.get(lane, START)))
            tails[lane] = row.place
            yield 0.001
        if window:
            world.tails.update(tails)
            world.relayed = window[-1].place
            world.changes += 1
        yield 0.02 if window else IDLE


def consumer(world: ModelWorld, chance: random.Random, name: str) -> Steps:
    """Follow the consumer rule in every lane; two replicas do so at once, only the fence keeps them apart."""
    while True:
        worked = False
        for lane in sorted({case.int & 15 for case in world.streams}):
            known = world.checkpoints[name, lane]
            planned = _planned(world, chance, name, lane, known)
            if planned:
                worked = True
                yield from _react(world, chance, name, lane, known, planned)
        yield 0.01 if worked else IDLE


def _planned(
    world: ModelWorld, chance: random.Random, name: str, lane: int, checkpoint: FeedPosition
) -> list[Recorded]:
    """Old: drop. Next: apply. Beyond a gap, or on a sweep: read from the store."""
    messages = world.bus[name, lane]
    if chance.random() < 0.2 or not messages:
        return world.visible(checkpoint, lane)
    planned, reached = [], checkpoint
    for row, after in messages[:10]:
        if row.place <= reached:
            continue
        if after > reached and "trust the bus" not in world.bugs:
            return world.visible(checkpoint, lane)
        planned.append(row)
        reached = row.place
    del messages[:10]
    return planned


def _react(
    world: ModelWorld,
    chance: random.Random,
    name: str,
    lane: int,
    known: FeedPosition,
    planned: list[Recorded],
) -> Steps:
    yield chance.choice((0.0, 0.0, 0.01))
    transaction = world.begin()
    try:
        histories: dict[UUID, History] = {}
        for case_id in sorted({row.case_id for row in planned}):
            yield from world.lock(transaction, case_id)
        for case_id in {row.case_id for row in planned}:
            histories[case_id] = world.history(case_id)
        world.move(transaction, name, lane, known, planned[-1].place)
        for row in planned:
            history = histories[row.case_id]
            command_id = reaction_id(name, row.case_id, row.version)
            events = decide(world, transaction, name, history)
            if events and not history.has_command(command_id):
                cause = follow(row, f"service:{name}", command_id)
                histories[row.case_id] = world.append(transaction, history, events, cause, row.organisation)
        yield chance.choice((0.0, 0.01, 0.3))
        world.commit(transaction)
    except (Fenced, Conflict):
        return
    finally:
        world.end(transaction)
    yield 0.0


def decide(world: ModelWorld, transaction: Any, name: str, history: History) -> tuple[NewEvent, ...]:
    """Ask the real decider of a consumer; what it wants for its own tables joins the transaction."""
    if name == "workflow":
        case = fold(history)
        assert case is not None
        if case.opened is not None:
            return ()
        procedure = in_force(case.organisation, case.received.received_on)
        return tuple(open_case(case, procedure, organisations()[case.organisation], world.now))
    if name == "deadlines":
        seen = look(history, world.now)
        transaction.changes.append(lambda: _set_due(world, history.case_id, seen.next_at))
        return seen.events
    for letter in owed(fold_letters(history)):
        row = {"case": history.case_id, "letter": letter.letter, "state": "due", "attempts": 0, "at": 0.0}
        transaction.changes.append(lambda key=letter.letter_id, row=row: world.outbox.setdefault(key, row))
    return ()


def _set_due(world: ModelWorld, case_id: UUID, at: Any) -> None:
    if at is None:
        world.due.pop(case_id, None)
    else:
        world.due[case_id] = at


def firing(world: ModelWorld, chance: random.Random) -> Steps:
    """Fire what time has made due, under the lock of the case and folded up to its last row."""
    while True:
        ready = [case_id for case_id, at in world.due.items() if at <= world.now]
        for case_id in ready[:5]:
            transaction = world.begin()
            try:
                if "no lock" not in world.bugs:
                    yield from world.lock(transaction, case_id)
                history = world.history(case_id)
                yield chance.choice((0.0, 0.01))
                seen = look(history, world.now)
                command = command_id_of("fire", case_id, chance.random())
                cause = Cause("service:deadlines", command, case_id)
                world.number(transaction)
                twice = seen.events + seen.events if "fire twice" in world.bugs else seen.events
                world.append(transaction, history, twice, cause, history.organisation)
                transaction.changes.append(lambda c=case_id, s=seen: _set_due(world, c, s.next_at))
                yield chance.choice((0.0, 0.01))
                world.commit(transaction)
            except Conflict:
                pass
            finally:
                world.end(transaction)
        yield 0.05 if ready else _until_next(world)


def _until_next(world: ModelWorld) -> float:
    soonest = min(world.due.values(), default=None)
    return IDLE if soonest is None else max((soonest - world.now).total_seconds(), 0.01)


def sender(world: ModelWorld, chance: random.Random, me: str) -> Steps:
    """Commit an attempt, hand the letter over, record what became of it; explain what was left behind."""
    for row in world.outbox.values():
        if row["state"] == me:
            row["state"] = "lost"  # this process was born again: nobody will report on these
    while True:
        for letter_id, row in list(world.outbox.items()):
            if row["state"] == "lost":
                yield from _record(world, chance, letter_id, row, "uncertain")
            elif row["state"] == "due" and row["at"] <= world.now_s:
                row["state"], row["attempts"] = me, row["attempts"] + 1
                yield 0.0
                if is_settled(world.history(row["case"]), letter_id):
                    world.outbox.pop(letter_id, None)
                    continue
                end = yield from _converse(world, chance, letter_id, row)
                yield from _record(world, chance, letter_id, row, end)
        later = [row["at"] - world.now_s for row in world.outbox.values() if row["state"] == "due"]
        yield max(min(later, default=IDLE), 0.01)


def _converse(
    world: ModelWorld, chance: random.Random, letter_id: UUID, row: dict[str, Any]
) -> Generator[float, None, str]:
    mood = chance.random()
    if mood < 0.15:
        return "deferred"
    yield 0.01
    message_id = f"<{letter_id if 'new identity' not in world.bugs else chance.random()}@example.org>"
    accepted = mood > 0.25 or chance.random() < 0.5
    world.take_mail(world.addresses[row["case"]], message_id, str(letter_id), accepted=accepted)
    yield chance.choice((0.0, 0.01, 0.2))
    return "sent" if mood > 0.25 else "uncertain"


def _record(
    world: ModelWorld, chance: random.Random, letter_id: UUID, row: dict[str, Any], end: str
) -> Steps:
    me = row["state"]
    event: Any = None
    message_id, attempt = f"<{letter_id}@example.org>", row["attempts"]
    if end == "sent":
        event = LetterSent(
            letter=row["letter"], letter_id=letter_id, message_id=message_id, channel="email", language="nl",
            dated_on=world.now.date(), contents=(), attempts=attempt,
        )  # fmt: skip
    elif end == "uncertain" and "hide uncertain" not in world.bugs:
        event = LetterUncertain(
            letter=row["letter"], letter_id=letter_id, message_id=message_id, attempt=attempt
        )
    while event is not None:
        transaction = world.begin()
        try:
            yield from world.lock(transaction, row["case"])
            history = world.history(row["case"])
            known = (
                is_explained(history, letter_id, attempt)
                if end == "uncertain"
                else is_settled(history, letter_id)
            )
            cause = Cause("service:notifier", command_id_of("letter", letter_id, attempt, end), row["case"])
            new = () if known else (NewEvent(event, world.now),)
            world.append(transaction, history, new, cause, history.organisation)
            yield chance.choice((0.0, 0.01))
            world.commit(transaction)
            event = None
        except Conflict:
            yield 0.01
        finally:
            world.end(transaction)
    if world.outbox.get(letter_id) is not row or row["state"] != me:
        return
    if end == "sent":
        world.outbox.pop(letter_id, None)
    else:
        row["state"], row["at"] = "due", world.now_s + min(2.0**attempt, 60.0)
        world.changes += 1
