"""How each clock of a case ended, in the words of a reader: a line per case and clock, and a table."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Literal

import msgspec

from deadlines.look import ClockOutcome, Clocks, fold
from events.catalogue import ClockRule, DeadlineSet
from events.catalogue.words import ClockKind
from events.record.envelope import History
from simulation.case_run import CaseRun
from simulation.plan import CasePlan

End = Literal[
    "met in time",
    "disputed",
    "breached, fulfilled later",
    "breached",
    "target missed, reached later",
    "target missed",
    "used",
    "lapsed",
    "dropped",
    "open",
    "not begun",
]
"""Exactly one of these. "disputed" lies between the two readings, met or not; "lapsed" also of a window that
was used too late; "not begun" waits for a start that never came, such as the window of an objection."""

ENDS: tuple[End, ...] = End.__args__  # type: ignore[attr-defined]

_OF_A_DUTY: Mapping[ClockOutcome, End] = {
    "met in time": "met in time",
    "met in dispute": "disputed",
    "broken in dispute": "disputed",
    "met late": "breached, fulfilled later",
    "broken": "breached",
    "dropped": "dropped",
    "lapsed": "lapsed",
    "open": "open",
    "waiting": "not begun",
}
_OF_A_TARGET: Mapping[ClockOutcome, End] = {
    **_OF_A_DUTY,
    "met late": "target missed, reached later",
    "broken": "target missed",
}
_OF_A_WINDOW: Mapping[ClockOutcome, End] = {
    **_OF_A_DUTY,
    "met in time": "used",
    "met in dispute": "used",
    "met late": "lapsed",
}
_OF_A_RIGHT: Mapping[ClockOutcome, End] = {**_OF_A_WINDOW, "met late": "used"}
_WORDS: Mapping[ClockKind, Mapping[ClockOutcome, End]] = {
    "duty": _OF_A_DUTY,
    "target": _OF_A_TARGET,
    "window": _OF_A_WINDOW,
    "right": _OF_A_RIGHT,
}


class ClockEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How one clock of one case ended, and its last interval, where it had one."""

    case: int
    organisation: str
    clock: str
    kind: ClockKind
    end: End
    outcome: ClockOutcome
    strict: date | None
    lenient: date | None


def ends(lived: CaseRun) -> Iterator[ClockEnd]:
    """Yield how every clock that applies to the case ended, in the order of the procedure."""
    yield from ends_of(lived.plan, lived.stream.history)


def ends_of(plan: CasePlan, history: History) -> Iterator[ClockEnd]:
    """Yield the same for a case that ran through the services."""
    clocks = fold(history)
    for rule in clocks.rules:
        yield _ended(plan, rule, clocks)


def end_in_words(kind: ClockKind, outcome: ClockOutcome) -> End:
    """Return a reader's word for the outcome of a clock of this kind."""
    return _WORDS[kind][outcome]


def table(counted: Mapping[tuple[str, str], Counter[End]]) -> list[str]:
    """Write one line per clock with how many ended how; what never occurs has no column."""
    shown = [end for end in ENDS if any(counts[end] for counts in counted.values())]
    rows = [["clock", *shown]]
    rows += [[clock, *(f"{counts[end]:,}" for end in shown)] for (_, clock), counts in counted.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def count(ended: Iterable[ClockEnd], counted: dict[tuple[str, str], Counter[End]]) -> None:
    """Add ends to a table."""
    for one in ended:
        counted.setdefault((one.organisation, one.clock), Counter())[one.end] += 1


def _ended(plan: CasePlan, rule: ClockRule, clocks: Clocks) -> ClockEnd:
    outcome = clocks.outcome(rule.clock)
    running = clocks.running.get(rule.clock)
    deadline = running.deadline if running is not None else None
    timed = deadline if isinstance(deadline, DeadlineSet) else None
    return ClockEnd(
        case=plan.number,
        organisation=plan.organisation,
        clock=rule.clock,
        kind=rule.kind,
        end=end_in_words(rule.kind, outcome),
        outcome=outcome,
        strict=timed.strict.on if timed else None,
        lenient=timed.lenient.on if timed else None,
    )
