"""One of the 16 partitions of the feed, as a consumer knows it: its checkpoint, and what waits in it."""

from collections import deque
from dataclasses import dataclass, field

from events.record.envelope import START, FeedPosition
from events.store.feed import EventRef

WAITING_LIMIT = 4_000
"""Messages of one partition that wait here; beyond that the store is read instead."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the bus: the event it announces, and the place of the event before it in its partition.

    Nobody acknowledges it: one of our durables sends each message once, and the checkpoint says how far we
    are.
    """

    ref: EventRef
    after: FeedPosition


@dataclass(slots=True)
class Partition:
    """One partition as this process knows it; `checkpoint` is what Postgres returned last.

    `sweep` means that the store has to be read before any message is believed. `swept_for` is the place of
    the message whose gap the store was last read for.
    """

    number: int
    checkpoint: FeedPosition = START
    waiting: deque[Message] = field(default_factory=deque)
    sweep: bool = True
    swept_for: FeedPosition | None = None

    def wait(self, message: Message) -> None:
        """Keep a message until its turn; the same event waits once, and at most `WAITING_LIMIT` wait."""
        if len(self.waiting) >= WAITING_LIMIT:
            # Nothing is lost: every message announces an event of the store, and the sweep reads it there.
            self.waiting.clear()
            self.sweep = True
        newest = self.waiting[-1].ref.place if self.waiting else START
        # Messages nearly always come in order, so one comparison is enough. Only a late or repeated one pays
        # for the search; without it a bus that repeats itself would fill this queue.
        if message.ref.place > newest or all(message.ref.place != other.ref.place for other in self.waiting):
            self.waiting.append(message)

    def let_go(self) -> None:
        """Drop the messages that the checkpoint has passed."""
        while self.waiting and self.waiting[0].ref.place <= self.checkpoint:
            self.waiting.popleft()
