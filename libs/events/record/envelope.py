"""The envelope around an event: what is about to be appended, and what stands in the store.

Two times: `happened_at` as stated by whoever did it, `recorded_at` as measured by the database clock. The
identity of an event is (case_id, version). `follow` is the only way to record what caused what.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from events.catalogue import Event, Personal, decode


class FeedPosition(NamedTuple):
    """A place in the feed. Feed order is the order of these triples, never of `position` alone.

    `epoch` counts incarnations of the database cluster, `xid` is the full transaction identifier.
    """

    epoch: int
    xid: int
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.xid}.{self.position}"

    @classmethod
    def parse(cls, text: str) -> "FeedPosition":
        """Read `epoch.xid.position`; raises ValueError for anything else."""
        epoch, xid, position = text.split(".")
        return cls(int(epoch), int(xid), int(position))


START = FeedPosition(0, 0, 0)
"""Before the first event."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who acts, under which command, and what led to it."""

    actor: str
    command_id: UUID
    correlation: UUID
    causation: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that was decided and is not yet appended; `happened_at` is aware, in UTC."""

    event: Event
    happened_at: datetime
    personal: Personal = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """An event as it stands in the store: every column, with the bytes that were hashed."""

    case_id: UUID
    version: int
    organisation: str
    type: str
    schema_version: int
    happened_at: datetime
    recorded_at: datetime
    actor: str
    command_id: UUID
    causation: str | None
    correlation: UUID
    traceparent: str | None
    data: bytes
    pii: bytes | None
    salt: bytes
    fields_root: bytes
    hash: bytes
    place: FeedPosition

    @cached_property
    def event(self) -> Event:
        """The decoded event in its newest schema version; raises `MalformedEvent`: the caller parks it."""
        return decode(self.type, self.schema_version, self.data)

    @property
    def id(self) -> str:
        return f"{self.case_id}/{self.version}"

    @classmethod
    def of(cls, columns: Iterable[Any], place: FeedPosition) -> "Recorded":
        """Make one from its columns in order, in a third of the time: they are read by the million."""
        # A frozen dataclass sets each field through `object.__setattr__`. This writes all of them at once, so
        # it must stay without slots, and without a `__post_init__` that this would skip.
        made = object.__new__(cls)
        made.__dict__.update(zip(_COLUMNS, columns, strict=True), place=place)
        return made


_COLUMNS = tuple(field.name for field in fields(Recorded))[:-1]


@dataclass(frozen=True)
class History:
    """The stream of one case, versions 1..n without gap; empty for a case that does not exist yet."""

    case_id: UUID
    events: tuple[Recorded, ...] = ()

    @property
    def version(self) -> int:
        return len(self.events)

    @property
    def organisation(self) -> str:
        return self.events[0].organisation

    @property
    def last(self) -> Recorded | None:
        return self.events[-1] if self.events else None

    @property
    def last_hash(self) -> bytes:
        return self.events[-1].hash if self.events else b""

    def has_command(self, command_id: UUID) -> bool:
        """Return whether this command was already carried out."""
        return any(event.command_id == command_id for event in self.events)


def follow(cause: Recorded, actor: str, command_id: UUID) -> Cause:
    """Return the cause of what is done because of a recorded event: correlation and trace go on."""
    return Cause(
        actor=actor,
        command_id=command_id,
        correlation=cause.correlation,
        causation=cause.id,
        traceparent=cause.traceparent,
    )
