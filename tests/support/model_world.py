"""A small model of what the services stand on: a store, a bus, a mail server, and virtual time.

Only for the simulation, never for a test of SQL: it says what the real ones promise, in the fewest words.
The store chains rows with the services' own code, gives transaction numbers at the first write and shows the
feed only below the oldest open one; the bus may lose, repeat and reorder everything; the mail server takes
copies over and may not say so, refuses some people for good, and may be away for days.
"""

from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from chaos.chain import hash_of
from chaos.record import AnyLine, FaultMark, FeedRead, ReceivedMail, RecordedMove, SmtpReply
from events.record.envelope import START, Cause, FeedPosition, History, NewEvent, Recorded
from events.record.sealing import next_rows
from workflow.worklist import WorklistRow

IDLE = float("inf")
"""What a process waits that has nothing to do until somebody changes something."""

EPOCH = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
PARTITIONS = 16
UNREADABLE = "NotYetInvented"


class Fenced(Exception):
    """The checkpoint is not where it was when the work was planned."""


class Conflict(Exception):
    """Somebody else appended first."""


@dataclass(slots=True)
class Transaction:
    """What will stand together; rolled back when nobody commits it."""

    xid: int = 0
    locks: set[UUID] = field(default_factory=set)
    rows: list[Recorded] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)
    moves: list[tuple[str, int, FeedPosition, FeedPosition]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Outgoing:
    """A row of the notifier's to-do list; `state` is "due", "lost", or the name of the sender that has it."""

    case_id: UUID
    letter_id: UUID
    letter: str
    to: str
    by_post: bool
    owed_s: float
    state: str = "due"
    attempts: int = 0
    at_s: float = 0.0


@dataclass
class ModelWorld:
    """Everything outside the deciders, in one thread of virtual time."""

    bugs: frozenset[str] = frozenset()
    now_s: float = 0.0
    lines: list[AnyLine] = field(default_factory=list)
    streams: dict[UUID, list[Recorded]] = field(default_factory=dict)
    feed: list[Recorded] = field(default_factory=list)
    keys: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    contents: dict[UUID, str] = field(default_factory=dict)
    addresses: dict[UUID, str] = field(default_factory=dict)
    reader: FeedPosition = START
    checkpoints: dict[tuple[str, int], FeedPosition] = field(
        default_factory=lambda: defaultdict(lambda: START)
    )
    relayed: FeedPosition = START
    tails: dict[int, FeedPosition] = field(default_factory=lambda: defaultdict(lambda: START))
    bus: dict[tuple[str, int], list[tuple[Recorded, FeedPosition]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    due: dict[UUID, datetime] = field(default_factory=dict)
    blocked: set[UUID] = field(default_factory=set)
    outbox: dict[UUID, Outgoing] = field(default_factory=dict)
    worklist: dict[UUID, WorklistRow] = field(default_factory=dict)
    parked: dict[tuple[str, UUID], int] = field(default_factory=dict)
    poisoned: dict[UUID, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    mail_is_away_until_s: float = 0.0
    remembered: dict[tuple[UUID, datetime], tuple[NewEvent, ...]] = field(default_factory=dict)
    locked: dict[UUID, Transaction] = field(default_factory=dict)
    running: dict[int, Transaction] = field(default_factory=dict)
    next_xid: int = 1
    next_position: int = 1
    changes: int = 0

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now_s)

    @property
    def at_s(self) -> float:
        return self.now.timestamp()

    @property
    def next_due_at(self) -> datetime | None:
        """Return the earliest moment at which a clock may fire."""
        return min((at for case_id, at in self.due.items() if case_id not in self.blocked), default=None)

    def disturb(self, name: str, lasts_s: float = 0.0, hit: str = "") -> None:
        """Note that something was broken, and who was hit by it."""
        self.lines.append(FaultMark(name=name, begins=True, at_s=self.at_s, mono_s=self.now_s))
        self.lines.append(
            FaultMark(name=name, begins=False, what=hit, at_s=self.at_s + lasts_s, mono_s=self.now_s)
        )

    def history(self, case_id: UUID) -> History:
        return History(case_id, tuple(self.streams.get(case_id, ())))

    def begin(self) -> Transaction:
        return Transaction()

    def lock(self, transaction: Transaction, case_id: UUID) -> Generator[float, None, None]:
        """Wait for a case, then hold it until the transaction ends."""
        while self.locked.get(case_id, transaction) is not transaction:
            yield 0.01
        self.locked[case_id] = transaction
        transaction.locks.add(case_id)

    def number(self, transaction: Transaction) -> int:
        """Return the transaction's number, as the first write does."""
        if not transaction.xid:
            transaction.xid, self.next_xid = self.next_xid, self.next_xid + 1
            self.running[transaction.xid] = transaction
        return transaction.xid

    def append(
        self, transaction: Transaction, history: History, events: Sequence[NewEvent], cause: Cause, org: str
    ) -> History:
        """Add rows to a transaction; raises `Conflict` when the stream is longer than the one decided on."""
        if len(self.streams.get(history.case_id, ())) > history.version and "append blindly" not in self.bugs:
            raise Conflict
        if not events:
            return history
        rows = next_rows(
            case_id=history.case_id,
            organisation=org,
            after=history.last,
            events=[replace(new, personal={}) for new in events],
            cause=cause,
            recorded_at=self.now,
            keys=None,
        )
        for row in rows:
            self._put(transaction, row)
        return History(history.case_id, (*history.events, *rows))

    def append_unreadable(self, transaction: Transaction, history: History) -> None:
        """Add an event of a type that nobody knows, by the rules: right version, right chain."""
        last = history.events[-1]
        row = replace(
            last, version=last.version + 1, type=UNREADABLE, recorded_at=self.now, actor="service:future",
            command_id=uuid5(history.case_id, UNREADABLE), causation=None, data=b"{}",
        )  # fmt: skip
        self._put(transaction, replace(row, hash=hash_of(row, last.hash)))
        transaction.changes.append(lambda: self.poisoned.setdefault(history.case_id, row.version))

    def _put(self, transaction: Transaction, row: Recorded) -> None:
        row.__dict__["place"] = FeedPosition(1, self.number(transaction), self.next_position)
        self.next_position += 1
        transaction.rows.append(row)

    def move(
        self, transaction: Transaction, consumer: str, partition: int, old: FeedPosition, new: FeedPosition
    ) -> None:
        """Move a checkpoint from where it was read; raises `Fenced` when it is elsewhere."""
        if self.checkpoints[consumer, partition] != old and "no fence" not in self.bugs:
            raise Fenced
        self.number(transaction)
        transaction.moves.append((consumer, partition, old, new))

    def commit(self, transaction: Transaction) -> None:
        """Let everything stand at once; raises `Fenced` or `Conflict` when it cannot any more."""
        for consumer, partition, old, _ in transaction.moves:
            if self.checkpoints[consumer, partition] != old and "no fence" not in self.bugs:
                raise Fenced
        for row in transaction.rows:
            if len(self.streams.get(row.case_id, ())) >= row.version and "append blindly" not in self.bugs:
                raise Conflict
        for row in transaction.rows:
            stream = self.streams.setdefault(row.case_id, [])
            stands = row if len(stream) < row.version else replace(row, version=len(stream) + 1)
            stream.append(stands)
            self.feed.append(stands)
        for consumer, partition, _, new in transaction.moves:
            there = self.checkpoints[consumer, partition]
            self.lines.append(
                RecordedMove(
                    consumer=consumer, partition=partition, old=there[:3], new=new[:3], xid=transaction.xid
                )
            )
            self.checkpoints[consumer, partition] = new
        for change in transaction.changes:
            change()
        self.end(transaction)

    def end(self, transaction: Transaction) -> None:
        """Release what a transaction held, and roll back what was not committed. Harmless to repeat."""
        if transaction.xid:
            self.running.pop(transaction.xid, None)
            self.changes += 1
            transaction.xid = 0
        for case_id in transaction.locks:
            if self.locked.get(case_id) is transaction:
                del self.locked[case_id]
        transaction.locks.clear()

    def visible(self, after: FeedPosition, partition: int | None = None) -> list[Recorded]:
        """Read the feed below the oldest open transaction, in its order."""
        mark = min(self.running, default=self.next_xid)
        if "position only" in self.bugs:
            mark = self.next_xid
        found = [
            row
            for row in self.feed
            if row.place > after
            and row.place.xid < mark
            and (partition is None or row.case_id.int & 15 == partition)
        ]
        return sorted(found, key=lambda row: row.place)

    def read_all(self) -> None:
        """Let the reader of the feed see what it has not seen yet."""
        for row in self.visible(self.reader):
            self.lines.append(FeedRead(place=row.place[:3], case=str(row.case_id), version=row.version))
            self.reader = row.place

    def take_mail(self, to: str, message_id: str, digest: str, *, accepted: bool) -> None:
        self.lines.append(
            ReceivedMail(
                to=to,
                message_id=message_id,
                digest=digest,
                accepted=accepted,
                at_s=self.at_s,
                mono_s=self.now_s,
            )
        )

    def say_no(self, to: str, code: int) -> None:
        """Let the mail server answer a recipient with a code."""
        self.lines.append(SmtpReply(to=to, code=code, is_final=False, at_s=self.at_s, mono_s=self.now_s))


def in_partition(case_id: UUID, partition: int) -> UUID:
    """Return a case identifier of this partition, so that cases of a small world meet."""
    return UUID(int=(case_id.int & ~(PARTITIONS - 1)) | partition)
