"""Sending letters as the simulation does it: the real outcomes and waits, around a model of a mail server.

An attempt is committed before it is made, and what became of it is recorded before the next one. The server
answers with 2xx, 4xx, 5xx or not at all; while it is away for days, letters climb the real ladder of waits
and are given up as the real ones are: then the same letter is owed on paper.
"""

import random
from collections.abc import Generator
from uuid import UUID

from events.catalogue.words import FORM_COPY
from model_world import IDLE, Conflict, ModelWorld, Outgoing, Transaction
from notifier.owed_letters import OwedLetter, is_settled
from notifier.sending.outbox import ClaimedLetter
from notifier.sending.outcome import AttemptEnd, AttemptOutcome, Printed
from notifier.sending.outcome_command import command_of
from notifier.sending.retry import wait_s
from notifier.smtp.conversation import MailAccepted, MailDeferred, MailRefused, MailUncertain
from notifier.writing.letter import WrittenLetter
from procedures.organisations import organisations

Steps = Generator[float, None, None]


def owe(world: ModelWorld, transaction: Transaction, letter: OwedLetter, organisation: str) -> None:
    """Put a letter on the to-do list with the transaction, unless it is there already."""
    of = organisations()[organisation]
    inbox = of.form_inbox if letter.letter == FORM_COPY else None
    row = Outgoing(
        case_id=letter.case_id,
        letter_id=letter.letter_id,
        letter=letter.letter,
        to=inbox or world.addresses[letter.case_id],
        by_post=inbox is None and (letter.on_paper or letter.letter in of.on_paper),
        owed_s=world.now_s,
    )
    transaction.changes.append(lambda: world.outbox.setdefault(letter.letter_id, row))


def sender(world: ModelWorld, chance: random.Random, me: str) -> Steps:
    """Commit an attempt, hand the letter over, record what became of it; explain what was left behind."""
    for row in world.outbox.values():
        if row.state == me:
            row.state = "lost"  # this process was born again: nobody will report on these
    while True:
        for row in list(world.outbox.values()):
            if row.state == "lost":
                yield from _record(world, chance, row, MailUncertain())
            elif row.state == "due" and row.at_s <= world.now_s:
                row.state, row.attempts = me, row.attempts + 1
                yield 0.0
                if is_settled(world.history(row.case_id), row.letter_id):
                    world.outbox.pop(row.letter_id, None)
                    continue
                end = yield from _converse(world, chance, row)
                yield from _record(world, chance, row, end)
        later = [row.at_s - world.now_s for row in world.outbox.values() if row.state == "due"]
        yield max(min(later, default=IDLE), 0.01)


def _converse(world: ModelWorld, chance: random.Random, row: Outgoing) -> Generator[float, None, AttemptEnd]:
    if row.by_post:
        yield 0.01
        return Printed()
    if world.now_s < world.mail_is_away_until_s:
        return MailDeferred(0, "connect")
    draw = chance.random()
    yield 0.01
    if row.to in world.refused or draw < 0.15:
        code = 550 if row.to in world.refused else 450
        world.say_no(row.to, code)
        yield chance.choice((0.0, 0.01, 0.2))
        is_final = (code == 550 and "ask again" not in world.bugs) or "give up early" in world.bugs
        return MailRefused(code, "recipient") if is_final else MailDeferred(code, "recipient")
    message_id = _message_id(row.letter_id)
    if "new identity" in world.bugs:
        message_id = f"<{chance.random()}@example.org>"
    accepted = draw > 0.25 or chance.random() < 0.5
    world.take_mail(row.to, message_id, str(row.letter_id), accepted=accepted)
    yield chance.choice((0.0, 0.01, 0.2))
    return MailAccepted() if draw > 0.25 else MailUncertain()


def _record(world: ModelWorld, chance: random.Random, row: Outgoing, end: AttemptEnd) -> Steps:
    """Write down what became of an attempt: in its case where it counts there, then on the to-do list."""
    me, attempts = row.state, row.attempts
    age_s = world.now_s - row.owed_s
    attempt = ClaimedLetter(row.letter_id, row.case_id, row.letter, attempts, world.now, age_s)
    cause = world.history(row.case_id).events[0]
    written = WrittenLetter(
        subject="", text="", html="", language="nl", dated_on=world.now.date(), contents=(), period_until=None
    )
    done = AttemptOutcome(
        attempt, end, world.now, cause, _message_id(row.letter_id), row.to, written
    ).without_text()
    command = command_of(done)
    if isinstance(end, MailUncertain) and "hide uncertain" in world.bugs:
        command = None
    while command is not None:
        transaction = world.begin()
        try:
            yield from world.lock(transaction, row.case_id)
            history = world.history(row.case_id)
            new = command.decide(history, world.now)
            world.append(transaction, history, new, command.cause(), history.organisation)
            yield chance.choice((0.0, 0.01))
            world.commit(transaction)
            command = None
        except Conflict:
            yield 0.01
        finally:
            world.end(transaction)
    if world.outbox.get(row.letter_id) is not row or (row.state, row.attempts) != (me, attempts):
        return
    if done.is_settled:
        world.outbox.pop(row.letter_id, None)
        world.changes += 1
    else:
        row.state, row.at_s = "due", world.now_s + wait_s(attempts, chance.random())


def _message_id(letter_id: UUID) -> str:
    return f"<{letter_id}@example.org>"
