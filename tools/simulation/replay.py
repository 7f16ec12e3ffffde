"""What deadlines recorded about a stored case, computed again from everything else that the case holds.

The events of deadlines follow from the others and from when it looked. So a stored history can be checked:
take its events away, look again at each place where they stand, and the same events must come, byte for byte.
And it can be asked what would have been: with other rules, looking after every event and whenever something
falls due. What people did stays as it was, and so do the days that letters named.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from msgspec.structs import replace as with_rules

from deadlines.look import BRINGS_RULES, EMITS, Clocks, fold, look
from events.catalogue import ClockRule, DeadlineSet, Event, OpenEndedSet, encode
from events.record.envelope import START, History, NewEvent, Recorded
from procedures.counting.facts import TELLING

Rules = tuple[ClockRule, ...]
Change = Callable[[Rules], Rules]

_BY_TIME = frozenset({"DeadlineBreached", "TargetMissed", "DeadlineWarned", "NormPassed", "WindowLapsed"})
_BEFORE_ALL_TIME = datetime.min.replace(tzinfo=UTC)
_CAUSES_A_LOOK = BRINGS_RULES | TELLING


def differences(history: History) -> Iterator[str]:
    """Name where deadlines would record something else now, under the rules that the case holds."""
    stored = history.events
    for first, events in _looks(stored):
        before = History(history.case_id, stored[:first])
        if not any(_is_same(_look(before, now, events), events) for now in _moments(events)):
            again = (
                ", ".join(new.event.type for new in _look(before, events[-1].recorded_at, events))
                or "nothing"
            )
            yield f"{events[0].id}: {', '.join(each.type for each in events)} was told, now it is {again}"


def deadline_events(history: History) -> int:
    """Count the events that can be computed again."""
    return sum(recorded.type in EMITS for recorded in history.events)


def stored_clocks(history: History) -> Clocks:
    """Return how the clocks of a case stand by what is stored."""
    return fold(history)


def changed_clocks(history: History, change: Change, until: datetime) -> Clocks:
    """Return the clocks of a case at `until` as they would be under changed rules from its beginning."""
    rerun = _Rerun(history.case_id)
    for recorded in history.events:
        if recorded.type not in EMITS:
            rerun.go_on_until(recorded.recorded_at)
            rerun.take(_under(recorded, change))
    rerun.go_on_until(until)
    return fold(rerun.history)


class _Rerun:
    """A stream that grows once more, with deadlines looking at once and whenever something falls due."""

    def __init__(self, case_id: UUID) -> None:
        self._case_id = case_id
        self._events: list[Recorded] = []
        self._next_look: datetime | None = None

    @property
    def history(self) -> History:
        return History(self._case_id, tuple(self._events))

    def take(self, recorded: Recorded) -> None:
        """Append an event of somebody else, and look where deadlines would."""
        again = replace(recorded, version=len(self._events) + 1)
        again.__dict__["event"] = recorded.event
        self._events.append(again)
        if recorded.type in _CAUSES_A_LOOK:
            self._look(recorded.recorded_at)

    def go_on_until(self, moment: datetime) -> None:
        """Let time pass: look whenever something falls due."""
        while self._next_look is not None and self._next_look <= moment:
            self._look(self._next_look)

    def _look(self, now: datetime) -> None:
        seen = look(self.history, now)
        self._next_look = seen.next_at
        last = self._events[-1]
        for new in seen.events:
            self._events.append(_recorded(new, last, len(self._events) + 1, now))


def _recorded(new: NewEvent, last: Recorded, version: int, now: datetime) -> Recorded:
    data = encode(new.event) if isinstance(new.event, DeadlineSet) else b""
    events = replace(
        last, version=version, type=new.event.type, schema_version=new.event.schema_version,
        happened_at=new.happened_at, recorded_at=now, data=data, pii=None, place=START,
    )  # fmt: skip
    events.__dict__["event"] = new.event
    return events


def _under(recorded: Recorded, change: Change) -> Recorded:
    """Return an event that brings rules with the other ones."""
    rules: Rules = getattr(recorded.event, "clocks", ())
    if not rules:
        return recorded
    other: Event = with_rules(recorded.event, clocks=change(rules))
    again = replace(recorded, data=encode(other))
    again.__dict__["event"] = other
    return again


def _looks(stored: Sequence[Recorded]) -> Iterator[tuple[int, list[Recorded]]]:
    """Find each look that recorded something: the version before it, and what it recorded."""
    for (_, is_ours), group in groupby(stored, lambda each: (each.command_id, each.type in EMITS)):
        events = list(group)
        if is_ours:
            yield events[0].version - 1, events


def _moments(events: Sequence[Recorded]) -> list[datetime]:
    """List the moments at which the look may have been: only what was set records its moment."""
    exact = [each.happened_at for each in events if isinstance(each.event, DeadlineSet | OpenEndedSet)]
    return [*dict.fromkeys([*exact[:1], events[-1].recorded_at, *(each.happened_at for each in events)])]


def _look(before: History, now: datetime, events: Sequence[Recorded]) -> tuple[NewEvent, ...]:
    """Look again; what had passed then is at least the newest moment that was recorded as passed."""
    passed = max((each.happened_at for each in events if each.type in _BY_TIME), default=_BEFORE_ALL_TIME)
    return look(before, now, passed=passed).events


def _is_same(again: Sequence[NewEvent], events: Sequence[Recorded]) -> bool:
    return [(new.event.type, new.happened_at, encode(new.event)) for new in again] == [
        (each.type, each.happened_at, each.data) for each in events
    ]
