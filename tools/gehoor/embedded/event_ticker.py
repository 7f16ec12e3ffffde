"""One line per event that a person wants to see, read from the store as the auditor, in feed order.

It shows what an auditor may see: nothing personal. Only what happens from now on is shown; under load the
ordinary is counted instead of listed, and what matters (a breach, a letter that could not go out) still gets
its own line.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from events import catalogue
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
    ticker = EventTicker()
    after: FeedPosition | None = None
    while True:
        try:
            connection = await asyncpg.connect(settings.database_for("auditor"))
            try:
                after = await head(connection) if after is None else after
                while True:
                    after = await _look(connection, after, ticker, show)
                    await asyncio.sleep(_LOOK_EVERY_S)
            finally:
                connection.terminate()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(1.0)  # Postgres is away: its restarter starts it again


async def _look(
    connection: asyncpg.Connection, after: FeedPosition, ticker: "EventTicker", show: Callable[[str], None]
) -> FeedPosition:
    events = await page(connection, after, 500)
    for case_id in {event.case_id for event in events if event.version > 1} - ticker.references.keys():
        ticker.remember(case_id, await connection.fetchval(_REFERENCE, case_id) or str(case_id))
    for line in ticker.lines(events):
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

    def lines(self, events: Sequence[Recorded]) -> list[str]:
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
        if isinstance(event, catalogue.ComplaintReceived):
            self.remember(recorded.case_id, event.reference)
        return words(event, recorded.organisation)


def words(event: catalogue.Event, organisation: str) -> str | None:
    """Describe an event in one line; None for one that is not shown by itself."""
    match event:
        case catalogue.ComplaintReceived():
            missing = f"; missing: {', '.join(event.missing)}" if event.missing else ""
            return f"complaint received for {organisation} by {event.channel}{missing}"
        case catalogue.CaseOpened():
            return (
                f"case opened, procedure {event.procedure} version {event.procedure_version}, "
                f"handler {event.handler}, {len(event.clocks)} clocks"
            )
        case catalogue.DeadlineSet():
            return f"clock {event.clock} ({event.kind}) runs until {_interval(event)}"
        case catalogue.DeadlineWarned():
            return f"clock {event.clock} ends soon: {event.due.on}"
        case catalogue.DeadlineMet():
            return f"clock {event.clock} met, {event.standing}"
        case catalogue.DeadlineBreached():
            return f"BREACH of {event.clock}: was due {event.due.on} ({_READINGS[event.reading]})"
        case catalogue.TargetMissed():
            return f"target {event.clock} missed: was due {event.due.on}"
        case catalogue.LetterSent():
            return f"letter sent: {event.letter} ({event.language})"
        case catalogue.LetterPrepared():
            return f"letter to be posted: {event.letter} ({event.language})"
        case catalogue.LetterRefused():
            return f"LETTER REFUSED: {event.letter}, reply {event.reply_code} at {event.stage}"
        case catalogue.LetterUncertain():
            return f"LETTER UNCERTAIN: {event.letter}, attempt {event.attempt}"
        case catalogue.SubjectErased():
            return f"persons erased: {len(event.persons)}"
        case _:
            return None


def _interval(event: catalogue.DeadlineSet) -> str:
    if event.strict.on == event.lenient.on:
        return str(event.strict.on)
    return f"{event.strict.on}, at the latest {event.lenient.on}"
