"""A history, sorted into what the invariants look at; everything here is linear in its length."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from chaos.record import (
    Answered,
    AnyLine,
    Began,
    Canary,
    Checkpoint,
    Due,
    Durable,
    Ended,
    Erased,
    Event,
    Fault,
    Grant,
    Invoked,
    Letter,
    Mail,
    Move,
    Parked,
    Place,
    Poisoned,
    Read,
    Row,
    Said,
    Sampled,
    Usage,
)  # fmt: skip

RECOVERS_WITHIN_S = 10.0
"""After the last fault that touches it, everything answers again."""

CONSUMERS = ("workflow", "deadlines", "notifier")
LANES = 16
NOWHERE: Place = (0, 0, 0)
ERASED = "erased"
"""The content of a complaint whose complainant was forgotten."""


@dataclass
class Run:
    """One run; the lists are in the order of the history."""

    began: Began
    ended: Ended
    invoked: list[Invoked] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    erased: list[Erased] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    poisoned: list[Poisoned] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    durables: list[Durable] = field(default_factory=list)
    samples: list[Sampled] = field(default_factory=list)
    canaries: list[Canary] = field(default_factory=list)
    usage: list[Usage] = field(default_factory=list)

    @cached_property
    def cases(self) -> dict[str, list[Event]]:
        """The streams, each in the order of its versions."""
        streams: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            streams[event.case].append(event)
        for stream in streams.values():
            stream.sort(key=lambda event: event.version)
        return dict(streams)

    @cached_property
    def received(self) -> list[Event]:
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
    def heads(self) -> dict[int, Place]:
        """The newest event of each lane."""
        heads: dict[int, Place] = {}
        for event in self.events:
            lane = int(event.case[-1], 16)
            heads[lane] = max(heads.get(lane, NOWHERE), event.place)
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
        """Tell whether anything was broken between two moments of wall time."""
        return any(begin <= end_s and begin_s <= end for begin, end in self.fault_windows)

    def undisturbed_until(self, since_s: float, within_s: float) -> float:
        """Give the moment by which something is done `within_s` undisturbed seconds after a moment.

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
        unreadable = {str(event.data["reference"]) for event in self.received if event.content == ERASED}
        return frozenset(unreadable & {one.reference for one in self.erased})

    @cached_property
    def forgotten_cases(self) -> frozenset[str]:
        return frozenset(event.case for event in self.events if event.type == "ErasureRequested")

    def wall_s(self, simulated_s: float) -> float:
        """Give the wall time at which the system's clock showed this, between two samples of it."""
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


_PLACES: dict[type[AnyLine], str] = {
    Invoked: "invoked", Answered: "answered", Fault: "faults", Erased: "erased", Read: "reads", Mail: "mails",
    Said: "said", Event: "events", Row: "rows", Move: "moves", Checkpoint: "checkpoints", Parked: "parked",
    Poisoned: "poisoned", Letter: "letters", Due: "due", Grant: "grants", Durable: "durables",
    Sampled: "samples", Canary: "canaries", Usage: "usage",
}  # fmt: skip


def sort(lines: Iterable[AnyLine]) -> Run:
    """Sort a history; raises ValueError when it has no beginning, no end or no look at the clock."""
    lines = list(lines)
    began = next((line for line in lines if isinstance(line, Began)), None)
    ended = next((line for line in reversed(lines) if isinstance(line, Ended)), None)
    if began is None or ended is None:
        raise ValueError("a history begins with `began` and ends with `ended`: this run was cut off")
    run = Run(began, ended)
    for line in lines:
        place = _PLACES.get(type(line))
        if place is not None:
            getattr(run, place).append(line)
    if not run.samples:
        raise ValueError("the history holds no look at the system's clock: moments cannot be compared")
    return run
