"""The history of a run: typed lines, from the first request to the last row of the store.

Every line is a fact that somebody outside the services observed: the load driver, the mail server, a reader
of the feed, the fault injector, or whoever read the databases at the end. So the judge has its own types: it
must not see a run through the types of the services that it judges. `at_s` is wall time, and `mono_s`
monotonic time of the campaign's process. `happened_s` and `recorded_s` of events are the system's clock,
which may be faster. The tags ("began", "invoked", …) stand in stored histories and do not follow the class
names.
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

RequestOutcome = Literal["ok", "fail", "info"]

FeedPlace = tuple[int, int, int]
"""A position in the feed: epoch, transaction, position."""


class HistoryLine(msgspec.Struct, frozen=True, tag_field="kind", kw_only=True):
    """One line of the history."""


class TimedLine(HistoryLine, frozen=True, kw_only=True):
    """A line that was written when something happened."""

    at_s: float = msgspec.field(default_factory=time.time)
    mono_s: float = msgspec.field(default_factory=time.monotonic)


class RunBegan(TimedLine, frozen=True, tag="began"):
    """The start of the run: what makes it repeatable, and what holds for all of it."""

    seed: int
    commit: str
    mix: str
    speed: float = 1.0
    planted: str = ""
    bus_is_absent: bool = False
    is_whole: bool = False
    """Databases, bus and processes are recorded too, so every kind of line must be in the history."""


class RequestSent(TimedLine, frozen=True, tag="invoked"):
    """A complaint was sent under a key; `content` is the digest of what it says."""

    key: str
    content: str
    address: str


class RequestAnswered(TimedLine, frozen=True, tag="answered"):
    """The answer: ok (201), fail (certainly not stored by this request), info (nobody knows)."""

    key: str
    content: str
    outcome: RequestOutcome
    status: int = 0
    reference: str = ""
    echoes: bool = False


class FaultMark(TimedLine, frozen=True, tag="fault"):
    """A fault began or ended; at its end `what` names what was hit, if anything was."""

    name: str
    begins: bool
    what: str = ""


class FailpointReached(TimedLine, frozen=True, tag="reached"):
    """A process passed an armed failpoint, and its action was carried out."""

    name: str
    action: str
    process: str


class PersonErased(TimedLine, frozen=True, tag="erased"):
    """The complainant of a case was erased on purpose."""

    reference: str


class FeedRead(HistoryLine, frozen=True, tag="read"):
    """The event that a reader of the feed read next."""

    place: FeedPlace
    case: str
    version: int


class ReceivedMail(TimedLine, frozen=True, tag="mail"):
    """A mail that the mail server read to its final dot; `accepted` is whether it kept the mail."""

    to: str
    message_id: str
    digest: str
    accepted: bool


class SmtpReply(TimedLine, frozen=True, tag="said"):
    """A refusal that the mail server sent, to a recipient or to a whole mail."""

    to: str
    code: int
    is_final: bool


class StoredEvent(HistoryLine, frozen=True, tag="event"):
    """A row of the store at the end; `content` is the digest of the decrypted text, or "erased"."""

    case: str
    version: int
    type: str
    actor: str
    command: str
    causation: str
    place: FeedPlace
    happened_s: float
    recorded_s: float
    data: dict[str, Any]
    content: str = ""
    hash_fits: bool = True


class WorklistRow(HistoryLine, frozen=True, tag="row"):
    """A row of the worklist, as stored and as folded from zero; None where there is none."""

    case: str
    stored: dict[str, Any] | None
    folded: dict[str, Any] | None


class RecordedMove(HistoryLine, frozen=True, tag="move"):
    """A move of a checkpoint, in the order of a trigger on its table."""

    consumer: str
    partition: int
    old: FeedPlace
    new: FeedPlace
    xid: int


class StoredCheckpoint(HistoryLine, frozen=True, tag="checkpoint"):
    """The checkpoint of a consumer in a partition at the end; partition -1 is the relay's."""

    consumer: str
    partition: int
    place: FeedPlace


class ParkedCase(HistoryLine, frozen=True, tag="parked"):
    """A case that a consumer has parked."""

    consumer: str
    case: str
    version: int


class PoisonedCase(HistoryLine, frozen=True, tag="poisoned"):
    """A case into which an event was put that no service can read."""

    case: str
    version: int


class OutboxRow(HistoryLine, frozen=True, tag="letter"):
    """A row of the notifier's outbox that is left at the end."""

    case: str
    letter_id: str
    state: str


class DueRow(HistoryLine, frozen=True, tag="due"):
    """A row of the table of due cases at the end."""

    case: str
    fire_s: float
    blocked: str


class RoleGrant(HistoryLine, frozen=True, tag="grant"):
    """What a role may do with the event table."""

    role: str
    privilege: str


class DurableState(HistoryLine, frozen=True, tag="durable"):
    """A consumer of the bus."""

    name: str
    ack_pending: int
    pending: int


class ClockSample(TimedLine, frozen=True, tag="sampled"):
    """The time of the system's clock at a moment of wall time."""

    simulated_s: float


class CanaryFound(HistoryLine, frozen=True, tag="canary"):
    """A file in which something personal was found in clear."""

    file: str


class ProcessUsage(HistoryLine, frozen=True, tag="usage"):
    """What a process used before the faults and after them."""

    name: str
    at: Literal["start", "end"]
    rss_mb: float
    descriptors: int
    pid: int = 0


class RunEnded(TimedLine, frozen=True, tag="ended"):
    """The end: whether and when everything came to rest, and what it still waited for."""

    is_quiet: bool
    quiet_after_s: float
    waits_for: str = ""


AnyLine = (
    RunBegan | RequestSent | RequestAnswered | FaultMark | FailpointReached | PersonErased | FeedRead
    | ReceivedMail | SmtpReply | StoredEvent | WorklistRow | RecordedMove | StoredCheckpoint | ParkedCase
    | PoisonedCase | OutboxRow | DueRow | RoleGrant | DurableState | ClockSample | CanaryFound | ProcessUsage
    | RunEnded
)  # fmt: skip

_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)
_encode = msgspec.json.Encoder().encode


class RunHistory:
    """A growing history, in a file and in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self.lines: list[AnyLine] = []
        self._file = path.open("ab") if path is not None else None

    def write(self, line: AnyLine) -> None:
        """Append a line; it is buffered for the file when this returns."""
        self.lines.append(line)
        if self._file is not None:
            self._file.write(_encode(line) + b"\n")

    def extend(self, lines: Iterable[AnyLine]) -> None:
        """Append several lines."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Write out what is buffered, and close the file."""
        if self._file is not None:
            self._file.close()


def read_history(path: Path) -> Iterator[AnyLine]:
    """Read a history from a file, line by line."""
    with path.open("rb") as file:
        for line in file:
            yield _decoder.decode(line)
