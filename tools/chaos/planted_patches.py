"""The patches themselves: each makes one service wrong in one way, in the process that calls it.

Whatever is replaced must be there: a patch of something that was renamed raises, and the test of all patches
says so.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any


def _replace(owner: Any, name: str, value: Any) -> Any:
    """Put `value` in the place of an attribute that must exist; gives the old one."""
    old = getattr(owner, name)
    setattr(owner, name, value)
    return old


def _real(owner: Any, name: str) -> Any:
    """Give what a module uses under this name, wherever it comes from."""
    return getattr(owner, name)


def _reword(owner: Any, name: str, old: str, new: str) -> None:
    """Change a statement; the part to change must stand in it."""
    text: str = getattr(owner, name)
    if old not in text:
        raise LookupError(f"{owner.__name__}.{name} does not hold {old!r}: correct the planted bug")
    setattr(owner, name, text.replace(old, new))


def answers_before_commit() -> None:
    from intake import recorder

    tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def late(pool: Any) -> AsyncIterator[Any]:
        connection = await pool.acquire()
        transaction = connection.transaction()
        await transaction.start()
        yield connection

        async def commit() -> None:
            await asyncio.sleep(0.7)
            await transaction.commit()
            await pool.release(connection)

        task = asyncio.create_task(commit())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    _replace(recorder, "transaction", late)


def forgets_keys_of_requests() -> None:
    from intake.channels import sender

    _replace(sender.Sender, "repeatable", lambda *_: None)


def leaves_actor_out_of_chain() -> None:
    from events.record import sealing

    real = _real(sealing, "event_hash")
    _replace(sealing, "event_hash", lambda **columns: real(**{**columns, "actor": ""}))


def answers_500_now_and_then() -> None:
    from intake.channels import api

    real = api.Desk.take

    async def take(self: Any, *arguments: Any) -> Any:
        if random.random() < 0.05:
            raise RuntimeError("planted")
        return await real(self, *arguments)

    _replace(api.Desk, "take", take)


def leaks_files() -> None:
    from intake.channels import api

    real, kept = api.Desk.take, []

    async def take(self: Any, *arguments: Any) -> Any:
        kept.append(Path("/dev/null").open("rb"))  # noqa: SIM115, ASYNC230 - it is never closed: that is the bug
        return await real(self, *arguments)

    _replace(api.Desk, "take", take)


def echoes_what_was_sent() -> None:
    from web import problems

    real = problems.Problem.__init__

    def init(self: Any, status: int, code: str, title: str, detail: str, **more: Any) -> None:
        real(self, status, code, title, f"{detail} You sent: kanarie", **more)

    _replace(problems.Problem, "__init__", init)


def reads_feed_by_position_alone() -> None:
    from events.store import feed

    condition = feed.VISIBLE.split("\n", 1)[1]
    for name in ("EVENT_REFS", "PAGE", "PUBLIC_PAGE"):
        _reword(feed, name, condition, "")


def moves_checkpoint_first() -> None:
    from events.consumer import applier, batch
    from events.store.database import transaction

    real = batch.transact_batch

    async def wrong(platform: Any, who: Any, moves: Any, refs: Any, **more: Any) -> int:
        async with transaction(platform.pool) as connection:
            await batch._move(connection, moves)
        return await real(platform, who, (), refs, **more)

    _replace(applier, "transact_batch", wrong)


def moves_any_checkpoint() -> None:
    from events.consumer import batch

    compared = " AND (c.epoch, c.xid, c.position) = (n.old_epoch, n.old_xid, n.old_position)"
    _reword(batch, "_MOVE", compared, "")


def drops_poison() -> None:
    from events.consumer import batch

    real = batch._decide_all

    def decide(*arguments: Any) -> None:
        real(*arguments)
        arguments[5].parked.clear()

    _replace(batch, "_decide_all", decide)


def lets_poison_block_all() -> None:
    from events.consumer import batch

    def reason(error: BaseException) -> str:
        raise error

    _replace(batch, "reason_of", reason)


def skips_some_events() -> None:
    from events.consumer.applier import Applier

    real = Applier.apply

    async def apply(self: Any, planned: Any, goals: Any) -> None:
        await real(self, [ref for ref in planned if (ref.case_id.int >> 8) % 7], goals)

    _replace(Applier, "apply", apply)


def never_pulls() -> None:
    import asyncio

    from events.bus import pull

    async def nothing(*_: Any) -> None:
        await asyncio.sleep(3600)

    _replace(pull.PartitionPull, "_one_pull", nothing)


def loses_messages() -> None:
    from events.bus import subscriber

    real = subscriber.understand

    def understand(messages: Any) -> Any:
        return [message for message in real(messages) if message.ref.place.position % 3]

    _replace(subscriber, "understand", understand)


def keeps_first_row() -> None:
    from workflow import worklist

    text: str = worklist._WRITE
    _replace(worklist, "_WRITE", text.partition("ON CONFLICT")[0] + "ON CONFLICT (case_id) DO NOTHING")


def never_makes_stream_again() -> None:
    from events.bus import relay

    real, calls = _real(relay, "reconcile"), []

    async def reconcile(*arguments: Any) -> list[str]:
        calls.append(1)
        return await real(*arguments) if len(calls) == 1 else []

    _replace(relay, "reconcile", reconcile)


def moves_cursor_without_acks() -> None:
    from events.bus import relay

    real = relay.RelayLoop._publish

    async def publish(self: Any, client: Any, window: Any, afters: Any) -> int:
        await real(self, client, window, afters)
        return len(window)

    _replace(relay.RelayLoop, "_publish", publish)


def ignores_summer_time() -> None:
    from procedures.counting import derivation

    def end_of(day: Any, zone: str) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(0), timezone(timedelta(hours=1))).astimezone(
            UTC
        )

    _replace(derivation, "end_of", end_of)


def shifts_holidays() -> None:
    from procedures.counting.calendars import Calendar

    real = Calendar._free_in

    def shifted(self: Any, year: int) -> Mapping[Any, str]:
        return {day + timedelta(days=1): why for day, why in real(self, year).items()}

    _replace(Calendar, "_free_in", shifted)


def breaks_clocks_early() -> None:
    from deadlines import consumer, firing

    real = _real(firing, "look")

    def early(history: Any, now: datetime, passed: datetime) -> Any:
        return real(history, now, passed=passed + timedelta(days=30))

    for module in (consumer, firing):
        _replace(module, "look", early)


def tells_breaches_twice() -> None:
    from dataclasses import replace

    from deadlines import firing

    real = _real(firing, "look")

    def twice(history: Any, now: datetime, passed: datetime) -> Any:
        seen = real(history, now, passed=passed)
        return replace(seen, events=seen.events + seen.events)

    _replace(firing, "look", twice)


def forgets_due_cases() -> None:
    from deadlines import consumer, due_table

    real = due_table.write

    async def write(connection: Any, looks: Any) -> None:
        await real(connection, [one for one in looks if (one.case_id.int >> 8) % 3])

    _replace(due_table, "write", write)
    _replace(consumer, "write", write)


def logs_addresses() -> None:
    from notifier.sending import results

    real = _real(results, "report")

    def report(done: Any) -> None:
        results.log.info("letter.to", to=done.to)
        real(done)

    _replace(results, "report", report)


def gives_every_copy_a_new_identity() -> None:
    from notifier.sending import attempt

    def identity(*_: Any) -> str:
        return f"<{secrets.token_hex(20)}@example.org>"

    _replace(attempt, "message_id_of", identity)


def tries_again_after_5xx() -> None:
    from notifier.smtp import conversation

    real = conversation._refusal

    def refusal(answer: Any, stage: Any) -> Any:
        found = real(answer, stage)
        return (
            conversation.MailDeferred(found.code, stage)
            if isinstance(found, conversation.MailRefused)
            else found
        )

    _replace(conversation, "_refusal", refusal)


def gives_up_after_4xx() -> None:
    from notifier.smtp import conversation

    real = conversation._refusal

    def refusal(answer: Any, stage: Any) -> Any:
        found = real(answer, stage)
        return (
            conversation.MailRefused(found.code, stage)
            if isinstance(found, conversation.MailDeferred)
            else found
        )

    _replace(conversation, "_refusal", refusal)


def hides_uncertain_attempts() -> None:
    from notifier.sending import results
    from notifier.smtp.conversation import MailUncertain

    real = _real(results, "command_of")
    _replace(results, "command_of", lambda done: None if isinstance(done.end, MailUncertain) else real(done))


def sends_before_the_attempt_stands() -> None:
    from notifier.sending import outbox

    _reword(outbox, "_CLAIM", "state = 'sending', attempts", "state = 'due', attempts")


PATCHES: Mapping[str, Callable[[], None]] = {
    patch.__name__: patch
    for patch in (
        answers_before_commit, forgets_keys_of_requests, leaves_actor_out_of_chain, answers_500_now_and_then,
        leaks_files, echoes_what_was_sent, reads_feed_by_position_alone, moves_checkpoint_first,
        moves_any_checkpoint, drops_poison, lets_poison_block_all, skips_some_events, never_pulls,
        loses_messages, keeps_first_row, never_makes_stream_again, moves_cursor_without_acks,
        ignores_summer_time, shifts_holidays, breaks_clocks_early, tells_breaches_twice, forgets_due_cases,
        logs_addresses, gives_every_copy_a_new_identity, tries_again_after_5xx, gives_up_after_4xx,
        hides_uncertain_attempts, sends_before_the_attempt_stands,
    )
}  # fmt: skip
"""By name."""
