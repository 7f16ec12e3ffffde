"""What a run leaves: one history of typed lines, from the first request to the last row of the store.

Every line is a fact that somebody outside the services saw: the load driver, the mail server, a reader of the
feed, the nemesis, or whoever read the databases at the end. `at_s` is wall time, `mono_s` monotonic time of
the campaign's process; `happened_s` and `recorded_s` of events are the system's clock, which may be faster.
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

Outcome = Literal["ok", "fail", "info"]

Place = tuple[int, int, int]
"""A place in the feed: epoch, transaction, position."""


class Line(msgspec.Struct, frozen=True, tag_field="kind", kw_only=True):
    """One line of the history."""


class Timed(Line, frozen=True, kw_only=True):
    """A line that was written when something happened."""

    at_s: float = msgspec.field(default_factory=time.time)
    mono_s: float = msgspec.field(default_factory=time.monotonic)


class Began(Timed, frozen=True, tag="began"):
    """The run: what makes it repeatable, and what holds for all of it."""

    seed: int
    commit: str
    mix: str
    speed: float = 1.0
    planted: str = ""
    bus_is_absent: bool = False
    is_whole: bool = False
    """Databases, bus and processes are looked at too: every kind of fact must then be in the history."""


class Invoked(Timed, frozen=True, tag="invoked"):
    """A complaint was sent under a key; `content` is the digest of what it says."""

    key: str
    content: str
    address: str


class Answered(Timed, frozen=True, tag="answered"):
    """The answer: ok (201), fail (certainly not stored by this request), info (nobody knows)."""

    key: str
    content: str
    outcome: Outcome
    status: int = 0
    reference: str = ""
    echoes: bool = False


class Fault(Timed, frozen=True, tag="fault"):
    """The nemesis began or ended something; `what` says at the end what was hit, if anything was."""

    name: str
    begins: bool
    what: str = ""


class Reached(Timed, frozen=True, tag="reached"):
    """A process met its fate at a failpoint."""

    name: str
    action: str
    process: str


class Erased(Timed, frozen=True, tag="erased"):
    """Somebody was forgotten on purpose."""

    reference: str


class Read(Line, frozen=True, tag="read"):
    """A reader of the feed saw this event next."""

    place: Place
    case: str
    version: int


class Mail(Timed, frozen=True, tag="mail"):
    """A mail whose final dot the server saw; `accepted` says whether it took it over."""

    to: str
    message_id: str
    digest: str
    accepted: bool


class Said(Timed, frozen=True, tag="said"):
    """The mail server answered a recipient or a whole mail with a code, and the answer was sent."""

    to: str
    code: int
    is_final: bool


class Event(Line, frozen=True, tag="event"):
    """A row of the store at the end; `content` is the digest of the decrypted text, or "erased"."""

    case: str
    version: int
    type: str
    actor: str
    command: str
    causation: str
    place: Place
    happened_s: float
    recorded_s: float
    data: dict[str, Any]
    content: str = ""
    hash_fits: bool = True


class Row(Line, frozen=True, tag="row"):
    """A row of the worklist, as stored and as folded from zero; None where there is none."""

    case: str
    stored: dict[str, Any] | None
    folded: dict[str, Any] | None


class Move(Line, frozen=True, tag="move"):
    """A checkpoint that moved, in the order of the table's own trigger."""

    consumer: str
    partition: int
    old: Place
    new: Place
    xid: int


class Checkpoint(Line, frozen=True, tag="checkpoint"):
    """How far a consumer came in a lane; partition -1 is the relay's."""

    consumer: str
    partition: int
    place: Place


class Parked(Line, frozen=True, tag="parked"):
    """A case that a consumer has set aside."""

    consumer: str
    case: str
    version: int


class Poisoned(Line, frozen=True, tag="poisoned"):
    """An event that no service can read was put into a case on purpose."""

    case: str
    version: int


class Letter(Line, frozen=True, tag="letter"):
    """A row of the notifier's to-do list that is still there."""

    case: str
    letter_id: str
    state: str


class Due(Line, frozen=True, tag="due"):
    """A case that waits for a moment."""

    case: str
    fire_s: float
    blocked: str


class Grant(Line, frozen=True, tag="grant"):
    """What a role may do with the event table."""

    role: str
    privilege: str


class Durable(Line, frozen=True, tag="durable"):
    """A consumer of the bus."""

    name: str
    ack_pending: int
    pending: int


class Sampled(Timed, frozen=True, tag="sampled"):
    """What the system's clock showed at a moment of wall time."""

    simulated_s: float


class Canary(Line, frozen=True, tag="canary"):
    """A file in which something personal was found in clear."""

    file: str


class Usage(Line, frozen=True, tag="usage"):
    """What a process used before the faults and after them."""

    name: str
    at: Literal["start", "end"]
    rss_mb: float
    descriptors: int
    pid: int = 0


class Ended(Timed, frozen=True, tag="ended"):
    """The end: whether and when everything came to rest, and what it still waited for."""

    is_quiet: bool
    quiet_after_s: float
    waits_for: str = ""


AnyLine = (
    Began | Invoked | Answered | Fault | Reached | Erased | Read | Mail | Said | Event | Row | Move
    | Checkpoint | Parked | Poisoned | Letter | Due | Grant | Durable | Sampled | Canary | Usage | Ended
)  # fmt: skip

_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)
_encode = msgspec.json.Encoder().encode


class History:
    """A growing history in a file, and in memory for who asks while it runs."""

    def __init__(self, path: Path | None = None) -> None:
        self.lines: list[AnyLine] = []
        self._file = path.open("ab") if path is not None else None

    def write(self, line: AnyLine) -> None:
        """Add a line; it is on its way to the file when this returns."""
        self.lines.append(line)
        if self._file is not None:
            self._file.write(_encode(line) + b"\n")

    def extend(self, lines: Iterable[AnyLine]) -> None:
        for line in lines:
            self.write(line)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def read_history(path: Path) -> Iterator[AnyLine]:
    """Read a history that was written before."""
    with path.open("rb") as file:
        for line in file:
            yield _decoder.decode(line)
