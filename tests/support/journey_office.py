"""A running system whose calendar the tests turn: time jumps to the day that matters, and all of it knows.

Between two turns the clock runs at its usual pace, so what a test does on a day happens on that day
however slow the machine is. A turn goes to any day, also back: cases do not know each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx2

from events.record.envelope import History
from events.store.streams import STREAM, recorded
from journey_staff import Complaint
from whole_system import BEHIND, CONSUMERS, LETTERS_IN_HAND, WholeSystem, until

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ANY_MORNING = time(9, 30)
AN_HOUR = timedelta(hours=1)
ALL_KNOW_IT_WITHIN_S = 60.0

CASE = "SELECT case_id FROM gehoor.case_reference WHERE reference = $1"
TURN = "UPDATE gehoor.clock_anchor SET simulated_at = $1, real_at = clock_timestamp()"
BUSY = " OR ".join(f"({query})" for query in (*(BEHIND.format(schema=s) for s in CONSUMERS), LETTERS_IN_HAND))
DUE = "EXISTS (SELECT FROM deadlines.due WHERE blocked IS NULL AND fire_at <= gehoor.clock_now())"
AT_REST = f"SELECT NOT ({BUSY.replace('SELECT EXISTS', 'EXISTS')} OR {DUE})"

A_TRIFLE = {"organisation": "bc", "channel": "phone", "description": "Hoe laat is het?",
            "complainant": {"email": "joost.de.wit@example.org"}}  # fmt: skip
"""What makes every service append something with the moment it believes in."""
TOLD_BY_EACH = frozenset({"ComplaintReceived", "CaseOpened", "DeadlineSet", "LetterSent"})
"""Of intake, workflow, deadlines and notifier."""


@dataclass
class Office:
    """The running system with its calendar, and somebody who files complaints in it."""

    system: WholeSystem
    http: httpx2.AsyncClient
    database: asyncpg.Connection

    async def turn_to(self, day: str, at: time = ANY_MORNING) -> None:
        """Make it the morning of `day`, and wait until all know it and what falls due by then has
        happened."""
        await self.rest()
        moment = datetime.combine(date.fromisoformat(day), at, AMSTERDAM)
        await self.database.execute(TURN, moment)

        async def all_know_it() -> bool:
            told = (await self.history((await self._file(A_TRIFLE))["reference"])).events
            believed = [one.happened_at for one in told if one.type in TOLD_BY_EACH]
            return len(believed) >= len(TOLD_BY_EACH) and all(
                timedelta(0) <= at - moment < AN_HOUR for at in believed
            )

        await until(all_know_it, f"every service knows that it is {day}", within_s=ALL_KNOW_IT_WITHIN_S)

    async def history(self, reference: str) -> History:
        """Read the stream of a case as it is stored."""
        case_id = await self.database.fetchval(CASE, reference)
        return History(case_id, tuple(recorded(row) for row in await self.database.fetch(STREAM, case_id)))

    async def rest(self) -> None:
        """Wait until nothing follows any more from what happened."""

        async def at_rest() -> bool:
            return bool(await self.database.fetchval(AT_REST))

        await until(at_rest, "everything has been reacted to, every letter sent and every due clock fired")

    async def receives(self, organisation: str, day: str, **changes: Any) -> Complaint:
        """Turn to `day` and file a complaint, which is opened and confirmed at once."""
        await self.turn_to(day)
        complaint = {
            "organisation": organisation,
            "channel": "email",
            "description": "De factuur klopt al drie maanden niet.",
            "complainant": {"name": "Noor Jansen", "email": "noor.jansen@example.org"},
            "language": "nl",
            **changes,
        }
        return Complaint(self, organisation, await self._file(complaint))

    async def _file(self, complaint: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.http.post(f"{self.system.intake}/v1/complaints", json=complaint)
        assert answer.status_code == 201, answer.text
        await self.rest()
        content: dict[str, Any] = answer.json()
        return content
