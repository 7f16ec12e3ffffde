"""A history, sorted by kind of line for the invariants; everything here is linear in its length."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from chaos.record import (
    AnyLine,
    CanaryFound,
    ClockSample,
    DueRow,
    DurableState,
    FaultMark,
    FeedPlace,
    FeedRead,
    OutboxRow,
    ParkedCase,
    PersonErased,
    PoisonedCase,
    ProcessUsage,
    ReceivedMail,
    RecordedMove,
    RequestAnswered,
    RequestSent,
    RoleGrant,
    RunBegan,
    RunEnded,
    SmtpReply,
    StoredCheckpoint,
    StoredEvent,
    WorklistRow,
)  # fmt: skip

RECOVERS_WITHIN_S = 10.0
"""After the last fault that touches it, everything answers again."""

CONSUMERS = ("workflow", "deadlines", "notifier")
PARTITIONS = 16
NOWHERE: FeedPlace = (0, 0, 0)
ERASED_CONTENT = "erased"
"""The content of a complaint whose complainant was forgotten."""


@dataclass
class SortedRun:
    """One run; the lists are in the order of the history."""

    began: RunBegan
    ended: RunEnded
    invoked: list[RequestSent] = field(default_factory=list)
    answered: list[RequestAnswered] = field(default_factory=list)
    faults: list[FaultMark] = field(default_factory=list)
    erased: list[PersonErased] = field(default_factory=list)
    reads: list[FeedRead] = field(default_factory=list)
    mails: list[ReceivedMail] = field(default_factory=list)
    replies: list[SmtpReply] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    rows: list[WorklistRow] = field(default_factory=list)
    moves: list[RecordedMove] = field(default_factory=list)
    checkpoints: list[StoredCheckpoint] = field(default_factory=list)
    parked: list[ParkedCase] = field(default_factory=list)
    poisoned: list[PoisonedCase] = field(default_factory=list)
    letters: list[OutboxRow] = field(default_factory=list)
    due: list[DueRow] = field(default_factory=list)
    grants: list[RoleGrant] = field(default_factory=list)
    durables: list[DurableState] = field(default_factory=list)
    samples: list[ClockSample] = field(default_factory=list)
    canaries: list[CanaryFound] = field(default_factory=list)
    usage: list[ProcessUsage] = field(default_factory=list)

    @cached_property
    def cases(self) -> dict[str, list[StoredEvent]]:
        """The streams, each in the order of its versions."""
        streams: dict[str, list[StoredEvent]] = defaultdict(list)
        for event in self.events:
            streams[event.case].append(event)
        for stream in streams.values():
            stream.sort(key=lambda event: event.version)
        return dict(streams)

    @cached_property
    def received(self) -> list[StoredEvent]:
        return [event for event in self.events if event.type == "ComplaintReceived"]

    @cached_property
    def poisoned_cases(self) -> frozenset[str]:
        return frozenset(poison.case for poison in self.poisoned)

    @cached_property
    def case_of_address(self) -> dict[str, str]:
        """The case of each address that may be written to, also where its complainant was forgotten."""
        by_content = {event.content: event.case for event in self.received}
        by_reference = {str(event.data["reference"]): event.case for event in self.received}
        for answer in self.answered:
            if answer.outcome == "ok" and answer.reference in by_reference:
                by_content[answer.content] = by_reference[answer.reference]
        return {
            one.address: by_content[one.content]
            for one in self.invoked
            if one.address and one.content in by_content
        }

    @cached_property
    def heads(self) -> dict[int, FeedPlace]:
        """The newest event of each partition."""
        heads: dict[int, FeedPlace] = {}
        for event in self.events:
            partition = int(event.case[-1], 16)
            heads[partition] = max(heads.get(partition, NOWHERE), event.place)
        return heads

    @cached_property
    def fault_windows(self) -> list[tuple[float, float]]:
        """When something was broken, in wall time, with the time to recover; merged, in order."""
        open_since: dict[str, float] = {}
        windows: list[tuple[float, float]] = []
        for fault in self.faults:
            if fault.begins:
                open_since.setdefault(fault.name, fault.at_s)
            else:
                since_s = open_since.pop(fault.name, fault.at_s)
                windows.append((since_s - 0.5, fault.at_s + RECOVERS_WITHIN_S))
        windows += [(since_s - 0.5, self.ended.at_s) for since_s in open_since.values()]
        merged: list[tuple[float, float]] = []
        for begin_s, end_s in sorted(windows):
            if merged and begin_s <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end_s, merged[-1][1]))
            else:
                merged.append((begin_s, end_s))
        return merged

    def is_disturbed(self, begin_s: float, end_s: float) -> bool:
        """Return whether anything was broken between two moments of wall time."""
        return any(begin <= end_s and begin_s <= end for begin, end in self.fault_windows)

    def undisturbed_until(self, since_s: float, within_s: float) -> float:
        """Return the moment by which something is done `within_s` undisturbed seconds after a moment.

        What was broken meanwhile, its recovery included, begins the time anew, however often.
        """
        until_s = since_s + within_s
        for begin_s, end_s in self.fault_windows:
            if begin_s <= until_s and end_s >= since_s:
                until_s = max(until_s, end_s + within_s)
        return until_s

    @cached_property
    def judged_s(self) -> float:
        """How long complaints were sent while nothing was broken: only then I10 and I18 can fail."""
        sent = [one.at_s for one in self.invoked]
        if not sent:
            return 0.0
        first_s, last_s = min(sent), max(sent)
        broken_s = sum(
            max(0.0, min(end_s, last_s) - max(begin_s, first_s)) for begin_s, end_s in self.fault_windows
        )
        return last_s - first_s - broken_s

    @cached_property
    def forgotten_references(self) -> frozenset[str]:
        """The complaints that cannot be read any more because somebody was forgotten on purpose."""
        unreadable = {
            str(event.data["reference"]) for event in self.received if event.content == ERASED_CONTENT
        }
        return frozenset(unreadable & {one.reference for one in self.erased})

    @cached_property
    def forgotten_cases(self) -> frozenset[str]:
        return frozenset(event.case for event in self.events if event.type == "ErasureRequested")

    def wall_s(self, simulated_s: float) -> float:
        """Return the wall time at which the system's clock showed this, between two samples of it."""
        at = bisect_left(self._simulated, simulated_s)
        if at == 0 or at == len(self._simulated):
            edge = self.samples[0 if at == 0 else -1]
            speed = self.began.speed if at == 0 else 1.0
            return edge.at_s + (simulated_s - edge.simulated_s) / speed
        before, after = self.samples[at - 1], self.samples[at]
        share = (simulated_s - before.simulated_s) / max(after.simulated_s - before.simulated_s, 1e-9)
        return before.at_s + share * (after.at_s - before.at_s)

    @cached_property
    def _simulated(self) -> list[float]:
        return [sample.simulated_s for sample in self.samples]


_LIST_OF: dict[type[AnyLine], str] = {
    RequestSent: "invoked", RequestAnswered: "answered", FaultMark: "faults", PersonErased: "erased",
    FeedRead: "reads", ReceivedMail: "mails", SmtpReply: "replies", StoredEvent: "events",
    WorklistRow: "rows", RecordedMove: "moves", StoredCheckpoint: "checkpoints", ParkedCase: "parked",
    PoisonedCase: "poisoned", OutboxRow: "letters", DueRow: "due", RoleGrant: "grants",
    DurableState: "durables", ClockSample: "samples", CanaryFound: "canaries", ProcessUsage: "usage",
}  # fmt: skip


def sort_history(lines: Iterable[AnyLine]) -> SortedRun:
    """Sort a history; raises ValueError when it has no beginning, no end or no look at the clock."""
    lines = list(lines)
    began = next((line for line in lines if isinstance(line, RunBegan)), None)
    ended = next((line for line in reversed(lines) if isinstance(line, RunEnded)), None)
    if began is None or ended is None:
        raise ValueError("a history begins with `began` and ends with `ended`: this run was cut off")
    run = SortedRun(began, ended)
    for line in lines:
        name = _LIST_OF.get(type(line))
        if name is not None:
            getattr(run, name).append(line)
    if not run.samples:
        raise ValueError("the history holds no look at the system's clock: moments cannot be compared")
    return run
