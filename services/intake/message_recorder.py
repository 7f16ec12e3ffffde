"""Recording what is added to a complaint: one event of its case, once, also when the case is closed.

What always holds: an answer is returned only after its commit. A repeat gets the earlier answer for ninety
days from the table of keys, and after that out of the stream, which knows the command id for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from cases.state import fold
from events.canonical import to_json
from events.catalogue import ABOUT, COMPLAINANT, ComplainantWrote
from events.errors import CommandRefused, NoSuchCase
from events.platform import Platform
from events.record.envelope import History, NewEvent
from events.store.new_cases import REQUEST_KEYS
from events.transact import Command, CommandOutcome, transact
from intake.message import Addition, written
from intake.recorder import NotRecorded
from intake.sender import Writer
from web.idempotency import recall, remember
from web.idempotency_keys import RequestKey
from web.problems import Problem

_AFTER_FORGETTING = (
    "This person was forgotten, at their wish or by law, and nothing more is recorded about them here. "
    "Nothing was stored. File a new complaint where they want to write again."
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MessageToRecord:
    """What somebody adds, who they are, and how a repeat of it is recognised."""

    message: Addition
    writer: Writer
    key: RequestKey


async def record_message(platform: Platform, wanted: MessageToRecord) -> bytes:
    """Record a message, or find that it was recorded before; return the content of the 201.

    Raises `Problem` when it cannot be recorded (fields, a forgotten person, a key of another request), and
    one of `recorder.UNRECORDED` when it may be sent again. A platform without keys is a bug: `TypeError`.
    """
    if (earlier := await recall(platform.pool, REQUEST_KEYS, wanted.key)) is not None:
        return earlier
    if platform.keys is None:
        raise TypeError("intake writes personal fields: its platform needs the key store")
    # Before the transaction, and committed in the other cluster: no event may wait for its key.
    about = [ABOUT] if wanted.message.about else []
    await platform.keys.ensure(wanted.writer.case_id, [COMPLAINANT, *about])
    recording = _Recording(wanted)
    try:
        outcome = await transact(platform, recording.command(), recording.remember)
    except asyncpg.UniqueViolationError:
        # The same key was stored at this moment, for this case or another. All of ours is rolled back.
        outcome = CommandOutcome("duplicate")
    except CommandRefused as refused:
        detail = _AFTER_FORGETTING if refused.code == "person-erased" else refused.detail
        raise Problem(409, refused.code, "This cannot be recorded", detail) from refused
    if outcome.status == "duplicate":
        return await _earlier_answer(platform, wanted, outcome)
    log.info("complaint.added_to", case=str(wanted.writer.case_id), by_link=wanted.writer.by_link)
    return recording.answer


class _Recording:
    """One message on its way into the stream: decided under the lock of its case, then remembered."""

    def __init__(self, wanted: MessageToRecord) -> None:
        self._wanted = wanted
        self.answer = b""

    def command(self) -> Command:
        """Return the command that appends the message."""
        writer, key = self._wanted.writer, self._wanted.key
        return Command(
            writer.case_id,
            key.command_id,
            writer.sender.actor,
            self._decide,
            traceparent=writer.sender.traceparent,
        )

    def _decide(self, history: History, now: datetime) -> list[NewEvent]:
        writer = self._wanted.writer
        case = fold(history)
        if case is None:
            raise NoSuchCase(f"case {writer.case_id} has no events")
        new = written(self._wanted.message, case, writer.by_link, now)
        assert isinstance(new.event, ComplainantWrote)  # noqa: S101 - `written` makes no other
        # Written each time it is decided: after a conflict the case is another one, and more may be given.
        self.answer = _answer(writer, new.event)
        return [new]

    async def remember(
        self, connection: asyncpg.Connection, done: Sequence[tuple[Command, CommandOutcome]]
    ) -> None:
        """Store the answer under the key of the request, in the transaction of the event."""
        wanted = self._wanted
        if done and done[0][1].status == "ok":
            await remember(connection, REQUEST_KEYS, wanted.key, wanted.writer.case_id, self.answer)


async def _earlier_answer(platform: Platform, wanted: MessageToRecord, outcome: CommandOutcome) -> bytes:
    """Return the answer to what is recorded already: as it was kept, or out of the stream.

    Raises `NotRecorded` when nothing is recorded: its key was taken and forgotten in the same moment.
    """
    if (earlier := await recall(platform.pool, REQUEST_KEYS, wanted.key)) is not None:
        return earlier
    for recorded in outcome.events:
        if isinstance(recorded.event, ComplainantWrote):
            return _answer(wanted.writer, recorded.event)
    raise NotRecorded(f"an addition to case {wanted.writer.case_id} met another one with its key")


def _answer(writer: Writer, event: ComplainantWrote) -> bytes:
    return to_json({"reference": writer.reference, "missing": list(event.missing)})
