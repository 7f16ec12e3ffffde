"""One line per notable event, while the system runs: read from the store as the auditor, in feed order.

It shows what an auditor may see: nothing personal. Only what happens from now on is shown; under load the
ordinary is counted instead of listed, and what matters (a breach, a letter that could not go out) still gets
its own line.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from events import catalogue as told
from events.errors import MalformedEvent
from events.record.envelope import FeedPosition, Recorded
from events.settings import Settings
from events.store.feed import head, page

_LOOK_EVERY_S = 0.3
_AT_MOST_PER_LOOK = 40
_REFERENCES_KEPT = 10_000
_ALWAYS_SHOWN = ("DeadlineBreached", "LetterRefused", "LetterUncertain", "SubjectErased")
_READINGS = {
    "strict": "by the strict reading",
    "lenient": "by the lenient reading",
    "both": "by every reading",
}

_REFERENCE = """
SELECT convert_from(data, 'UTF8')::jsonb ->> 'reference' FROM gehoor.event WHERE case_id = $1 AND version = 1
"""


async def follow_events(settings: Settings, show: Callable[[str], None]) -> None:
    """Show events from now on, until cancelled; goes on by itself after the database was away."""
    teller = EventTicker()
    after: FeedPosition | None = None
    while True:
        try:
            connection = await asyncpg.connect(settings.database_for("auditor"))
            try:
                after = await head(connection) if after is None else after
                while True:
                    after = await _look(connection, after, teller, show)
                    await asyncio.sleep(_LOOK_EVERY_S)
            finally:
                connection.terminate()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(1.0)  # Postgres is away; its keeper tells so and brings it back


async def _look(
    connection: asyncpg.Connection, after: FeedPosition, teller: "EventTicker", show: Callable[[str], None]
) -> FeedPosition:
    events = await page(connection, after, 500)
    for case_id in {event.case_id for event in events if event.version > 1} - teller.references.keys():
        teller.remember(case_id, await connection.fetchval(_REFERENCE, case_id) or str(case_id))
    for line in teller.tell(events):
        show(line)
    return events[-1].place if events else after


class EventTicker:
    """Turns events into lines; remembers the references of cases it has seen."""

    def __init__(self) -> None:
        self.references: dict[UUID, str] = {}

    def remember(self, case_id: UUID, reference: str) -> None:
        if len(self.references) >= _REFERENCES_KEPT:
            self.references.clear()
        self.references[case_id] = reference

    def tell(self, events: Sequence[Recorded]) -> list[str]:
        """Give the lines for a page of the feed: all of them, or under load what matters and a count."""
        lines = []
        counted: Counter[str] = Counter()
        for event in events:
            text = self._words(event)
            if text is None:
                continue
            if len(events) > _AT_MOST_PER_LOOK and event.type not in _ALWAYS_SHOWN:
                counted[event.type] += 1
                continue
            reference = self.references.get(event.case_id, str(event.case_id))
            lines.append(f"{event.recorded_at:%Y-%m-%d %H:%M:%S}Z  {reference:<20}  {text}")
        if counted:
            lines.append("  and " + ", ".join(f"{number} × {name}" for name, number in counted.most_common()))
        return lines

    def _words(self, recorded: Recorded) -> str | None:
        try:
            event = recorded.event
        except MalformedEvent as problem:
            return f"UNREADABLE {recorded.type}: {problem}"
        if isinstance(event, told.ComplaintReceived):
            self.remember(recorded.case_id, event.reference)
        return words(event, recorded.organisation)


def words(event: told.Event, organisation: str) -> str | None:
    """Say what happened in one line, or None for what is not notable by itself."""
    match event:
        case told.ComplaintReceived():
            missing = f"; missing: {', '.join(event.missing)}" if event.missing else ""
            return f"complaint received for {organisation} by {event.channel}{missing}"
        case told.CaseOpened():
            return (
                f"case opened, procedure {event.procedure} version {event.procedure_version}, "
                f"handler {event.handler}, {len(event.clocks)} clocks"
            )
        case told.DeadlineSet():
            return f"clock {event.clock} ({event.kind}) runs until {_interval(event)}"
        case told.DeadlineWarned():
            return f"clock {event.clock} ends soon: {event.due.on}"
        case told.DeadlineMet():
            return f"clock {event.clock} met, {event.standing}"
        case told.DeadlineBreached():
            return f"BREACH of {event.clock}: was due {event.due.on} ({_READINGS[event.reading]})"
        case told.TargetMissed():
            return f"target {event.clock} missed: was due {event.due.on}"
        case told.LetterSent():
            return f"letter sent: {event.letter} ({event.language})"
        case told.LetterPrepared():
            return f"letter to be posted: {event.letter} ({event.language})"
        case told.LetterRefused():
            return f"LETTER REFUSED: {event.letter}, reply {event.reply_code} at {event.stage}"
        case told.LetterUncertain():
            return f"LETTER UNCERTAIN: {event.letter}, attempt {event.attempt}"
        case told.SubjectErased():
            return f"persons erased: {len(event.persons)}"
        case _:
            return None


def _interval(event: told.DeadlineSet) -> str:
    if event.strict.on == event.lenient.on:
        return str(event.strict.on)
    return f"{event.strict.on}, at the latest {event.lenient.on}"
