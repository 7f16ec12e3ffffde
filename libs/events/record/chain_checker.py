"""Checks the chain of a case row by row: what is wrong with an event, given the one before it. No database.

A chain shows a changed client column and an event that was removed, inserted or swapped before the last event
of its case. It cannot show a removed tail, a removed whole case, or a forged epoch, xid or position: those
need the seals, which are kept outside. `LIMITS` is printed wherever a result is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import msgspec

from events.record.chain import commit_to_data, commit_to_pii, data_root, event_hash, join_roots
from events.record.encryption import person_roots
from events.record.envelope import Recorded

LIMITS = (
    "Not shown by chains, only by the later seals: a removed tail, a removed whole case, "
    "a forged epoch, xid or position."
)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that does not fit its chain."""

    case_id: UUID
    version: int
    problem: str

    def __str__(self) -> str:
        return f"case {self.case_id} version {self.version}: {self.problem}"


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was checked; `first_bad` is the first in the order of cases and versions."""

    events: int = 0
    cases: int = 0
    bad: int = 0
    first_bad: BadRow | None = None

    def __add__(self, other: "ChainReport") -> "ChainReport":
        first = min(
            (one for one in (self.first_bad, other.first_bad) if one is not None),
            key=lambda finding: (finding.case_id, finding.version),
            default=None,
        )
        return ChainReport(self.events + other.events, self.cases + other.cases, self.bad + other.bad, first)


class ChainChecker:
    """Checks rows as they come, ordered by case and version; holds one event at a time."""

    def __init__(self) -> None:
        self._before: Recorded | None = None
        self._events = self._cases = self._bad = 0
        self._first: BadRow | None = None

    @property
    def report(self) -> ChainReport:
        return ChainReport(self._events, self._cases, self._bad, self._first)

    def check(self, event: Recorded) -> None:
        """Take the next row into account."""
        before = self._before if self._before and self._before.case_id == event.case_id else None
        self._events += 1
        self._cases += before is None
        for problem in _problems_of_any(before, event):
            self._bad += 1
            if self._first is None:
                self._first = BadRow(event.case_id, event.version, problem)
        self._before = event


def _problems_of_any(before: Recorded | None, event: Recorded) -> list[str]:
    """Return what is wrong with an event, also with one whose contents cannot even be checked."""
    try:
        return list(problems(before, event))
    except Exception as error:  # noqa: BLE001 - who changes a row must not be able to end the search for it
        return [f"what stands in it cannot be checked ({type(error).__name__})"]


def problems(before: Recorded | None, event: Recorded) -> Iterator[str]:
    """Yield what is wrong with an event, given the one before it in its case."""
    expected = before.version + 1 if before else 1
    if event.version != expected:
        # Without its predecessor nothing can be computed, and every later check would only repeat this one.
        yield f"version {expected} is missing before it"
        return
    if hash_of(event, before.hash if before else b"") != event.hash:
        yield "its contents do not give its hash on top of the event before it"
    elif _root_differs(event):
        yield "its fields do not give its fields_root"
    if before is not None and event.place <= before.place:
        yield f"its feed position {event.place} does not follow {before.place}"
    if before is not None and event.organisation != before.organisation:
        yield "it belongs to another organisation than the event before it"


def _root_differs(event: Recorded) -> bool:
    try:
        return root_of(event) != event.fields_root
    except (msgspec.MsgspecError, ValueError):
        return True


def hash_of(event: Recorded, previous: bytes) -> bytes:
    """Compute what an event's hash has to be on top of another; both are 32 bytes."""
    return event_hash(
        previous=previous,
        case_id=event.case_id,
        version=event.version,
        organisation=event.organisation,
        type=event.type,
        schema_version=event.schema_version,
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        actor=event.actor,
        command_id=event.command_id,
        causation=event.causation,
        correlation=event.correlation,
        traceparent=event.traceparent,
        data_commitment=commit_to_data(event.salt, event.data),
        pii_commitment=commit_to_pii(event.pii),
        fields_root=event.fields_root,
    )


def root_of(event: Recorded) -> bytes:
    """Compute what an event's fields_root has to be; no key is needed."""
    return join_roots(data_root(event.salt, event.data), person_roots(event.pii))
