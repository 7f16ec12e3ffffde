"""A lane of the feed, one of the 16 partitions, as a consumer knows it: checkpoint, and what waits in it."""

from collections import deque
from dataclasses import dataclass, field

from events.record.envelope import START, FeedPosition
from events.store.feed import EventRef

WAITING_LIMIT = 4_000
"""Messages of one lane that wait here; beyond that the store is read instead."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the bus: what it announces, and what came before it in its lane.

    Nobody acknowledges it: a durable of ours sends it once, and the checkpoint says how far we are.
    """

    notice: EventRef
    after: FeedPosition


@dataclass(slots=True)
class Partition:
    """One partition as this process knows it; `checkpoint` is what Postgres said last."""

    partition: int
    checkpoint: FeedPosition = START
    waiting: deque[Message] = field(default_factory=deque)
    sweep: bool = True
    swept_for: FeedPosition | None = None

    def wait(self, message: Message) -> None:
        """Let a message wait for its turn; the same event waits once, and not too many wait at all."""
        if len(self.waiting) >= WAITING_LIMIT:
            self.waiting.clear()  # the store has them
            self.sweep = True
        places = self.waiting[-1].notice.place if self.waiting else START
        if message.notice.place > places or all(
            message.notice.place != other.notice.place for other in self.waiting
        ):
            self.waiting.append(message)

    def let_go(self) -> None:
        """Drop the messages that the checkpoint has passed."""
        while self.waiting and self.waiting[0].notice.place <= self.checkpoint:
            self.waiting.popleft()
