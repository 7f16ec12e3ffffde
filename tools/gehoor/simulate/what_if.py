"""`gehoor simulate --what-if`: stored cases of one organisation under other rules, and who would be late.

It reads as the auditor does, opens nothing personal, and says for what it reads: a purpose that the register
of the procedure does not hold is refused.
"""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from events.catalogue import ComplaintReceived
from events.errors import Misconfigured
from events.record.envelope import History
from events.store.streams import Store
from gehoor.session import reader
from procedures.forecast import zone_of
from procedures.purposes import require_purpose
from simulation.replay import changed_clocks, deadline_events, differences, stored_clocks
from simulation.what_if import Difference, WhatIf, change_of, compare

_PAGE = 200
_CASES = """
SELECT case_id FROM gehoor.event WHERE version = 1 AND organisation = $1 AND case_id > $2
ORDER BY case_id LIMIT $3
"""


async def compare_stored(asked: WhatIf, purpose: str, token: Path | None, as_json: bool) -> int:
    """Run the stored cases again, print what was asked for, and give the exit code."""
    zone_of(asked.organisation)  # an unknown name is answered with those there are
    require_purpose(asked.organisation, purpose)
    async with reader(token) as caller:
        if not caller.access.reaches(asked.organisation):
            raise Misconfigured(f"this token does not reach {asked.organisation}: give another with --token")
        histories = _histories(caller.store, asked.organisation)
        if asked.is_nothing:
            return await _reproduce(histories, asked, as_json)
        return await _change(histories, asked, caller.clock.now(), as_json)


async def _histories(store: Store, organisation: str) -> AsyncIterator[History]:
    """Read all cases of an organisation, page by page."""
    after = UUID(int=0)
    while rows := await store.pool.fetch(_CASES, organisation, after, _PAGE):
        found = await store.histories([row["case_id"] for row in rows])
        for history in found.values():
            yield history
        after = rows[-1]["case_id"]


async def _reproduce(histories: AsyncIterator[History], asked: WhatIf, as_json: bool) -> int:
    cases, events, wrong = 0, 0, 0
    async for history in histories:
        cases, events = cases + 1, events + deadline_events(history)
        for line in differences(history):
            wrong += 1
            _say({"case": _reference(history), "differs": line} if as_json else line)
    told = {"organisation": asked.organisation, "cases": cases, "events": events, "differ": wrong}
    _say(told if as_json else f"{cases:,} cases, {events:,} events of deadlines told again, {wrong:,} differ")
    return 1 if wrong else 0


async def _change(histories: AsyncIterator[History], asked: WhatIf, until: Any, as_json: bool) -> int:
    changes = change_of(asked)
    counted: dict[str, Counter[str]] = {}
    cases = 0
    async for history in histories:
        cases += 1
        nature = history.events[0].event
        change = changes(nature.nature if isinstance(nature, ComplaintReceived) else "other")
        for found in compare(stored_clocks(history), changed_clocks(history, change, until)):
            counts = counted.setdefault(found.clock, Counter())
            counts["cases"] += 1
            counts["newly late"] += found.is_newly_late
            counts["no longer late"] += found.is_no_longer_late
            counts["otherwise"] += found.was != found.would_be
            if as_json:
                _say(_line(history, found))
            elif found.is_newly_late or found.is_no_longer_late:
                _say(f"{_reference(history)}  {found.clock}: {found.was} -> {found.would_be}")
    if not as_json:
        _print(counted, cases)
    return 0


def _line(history: History, found: Difference) -> dict[str, Any]:
    return {
        "case": _reference(history),
        "clock": found.clock,
        "kind": found.kind,
        "was": found.was,
        "would_be": found.would_be,
        "newly_late": found.is_newly_late,
        "no_longer_late": found.is_no_longer_late,
    }


def _print(counted: dict[str, Counter[str]], cases: int) -> None:
    columns = ("cases", "newly late", "no longer late", "otherwise")
    _say("\n" + "  ".join(["clock   ", *(f"{column:>14}" for column in columns)]))
    for clock, counts in counted.items():
        _say("  ".join([f"{clock:<8}", *(f"{counts[column]:>14,}" for column in columns)]))
    _say(f"\n{cases:,} cases; what people did, and the days their letters told, stayed as they were")


def _reference(history: History) -> str:
    first = history.events[0].event
    return first.reference if isinstance(first, ComplaintReceived) else str(history.case_id)


def _say(told: dict[str, Any] | str) -> None:
    sys.stdout.write((told if isinstance(told, str) else msgspec.json.encode(told).decode()) + "\n")
