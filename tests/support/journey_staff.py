"""One complaint of a running system, with those who work on it and those who look back at it.

Everybody acts over HTTP with a token of their own; what became of it is read from the stored history and
the mailbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2

from events.access_tokens import Access, Role, issue
from events.catalogue import (
    CaseOpened,
    DeadlineBreached,
    DeadlineDropped,
    DeadlineMet,
    DeadlineMoved,
    DeadlineReopened,
    DeadlineSet,
    DeadlineWarned,
    Event,
    LetterSent,
    NormPassed,
    OpenEndedSet,
    TargetMissed,
    WindowLapsed,
)
from events.record.envelope import History

if TYPE_CHECKING:
    from journey_office import Office

BOARD = {"preact": "pre-03", "ingressus": "ing-03", "supportoplus": "sup-03"}
AS_LONG_AS_ALL_CALENDARS = timedelta(days=3650)


@dataclass
class Complaint:
    """One complaint, as those who work on it and those who look back at it see it."""

    office: "Office"
    organisation: str
    answer: Mapping[str, Any]

    @property
    def reference(self) -> str:
        return str(self.answer["reference"])

    # --- working on it ----------------------------------------------------------------------------------

    async def handler(self, command: str, **body: Any) -> None:
        """Let the one who handles it give a command, as handler."""
        await self._does(command, body, "handler")

    async def quality_manager(self, command: str, **body: Any) -> None:
        await self._does(command, body, "quality_manager")

    async def board(self, command: str, **body: Any) -> None:
        await self._does(command, body, "board")

    async def is_refused(self, role: Role, command: str, **body: Any) -> str:
        """Try a command that may not be given now; return the reason."""
        answer = await self._ask(command, body, role)
        assert answer.status_code in (403, 409), (answer.status_code, answer.text)
        return str(answer.json()["detail"])

    async def writes(self, **what: Any) -> None:
        """Let the complainant add something by their own link."""
        answer = await self.office.http.post(
            f"{self.office.system.intake}/v1/complaints/{self.reference}/messages",
            json=what,
            headers={"Authorization": f"Bearer {self.answer['status_url'].rpartition('/')[2]}"},
        )
        assert answer.status_code == 201, answer.text
        await self.office.rest()

    async def shown(self) -> dict[str, Any]:
        """Read the case as its handler sees it."""
        answer = await self.office.http.get(self._address, headers=self._token("handler", "staff:reader"))
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    @property
    def _address(self) -> str:
        return f"{self.office.system.workflow}/v1/cases/{self.reference}"

    async def _does(self, command: str, body: dict[str, Any], role: Role) -> None:
        answer = await self._ask(command, body, role)
        assert answer.status_code == 200, (command, answer.text)
        await self.office.rest()

    async def _ask(self, command: str, body: dict[str, Any], role: Role) -> httpx2.Response:
        person = BOARD[self.organisation] if role == "board" else await self._who_handles()
        return await self.office.http.post(
            f"{self._address}/commands/{command}",
            json=body,
            headers=self._token(role, f"staff:{person}")
            | {"If-Match": f'"{(await self.shown())["version"]}"'},
        )

    async def _who_handles(self) -> str:
        history = await self.history()
        return next(one.event.handler for one in history.events if isinstance(one.event, CaseOpened))

    def _token(self, role: Role, actor: str) -> dict[str, str]:
        key = (self.office.system.home / "secrets" / "token.key").read_bytes()
        access = Access(actor, frozenset({role}), frozenset({self.organisation}))
        token = issue(key, access, datetime.now(UTC), AS_LONG_AS_ALL_CALENDARS)
        return {"Authorization": f"Bearer {token}"}

    # --- looking back -----------------------------------------------------------------------------------

    async def history(self) -> History:
        return await self.office.history(self.reference)

    async def letters(self) -> list[str]:
        """Name the letters that were sent, in order."""
        return [
            one.event.letter for one in (await self.history()).events if isinstance(one.event, LetterSent)
        ]

    async def mail(self, subject: str) -> str:
        """Return the text of the newest mail about it whose subject begins so."""
        mailbox, http = f"{self.office.system.mailbox}/api/v1", self.office.http
        listed = (await http.get(f"{mailbox}/messages", params={"limit": 100})).json()["messages"]
        mails = [mail for mail in listed if self.reference in mail["Subject"]]
        found = [mail["ID"] for mail in mails if mail["Subject"].startswith(subject)]
        assert found, f"no mail {subject!r} among {[mail['Subject'] for mail in mails]}"
        return str((await http.get(f"{mailbox}/message/{found[0]}")).json()["Text"])

    async def course_of(self, clock: str) -> list[str]:
        """Tell in short what became of a clock, in order; warnings apart."""
        told = [_in_short(event) for event in await self._about(clock)]
        return [words for words in told if words]

    async def warnings_of(self, clock: str) -> list[str]:
        """Tell of which last day the team was warned."""
        return [str(one.due.on) for one in await self._about(clock) if isinstance(one, DeadlineWarned)]

    async def _about(self, clock: str) -> list[Event]:
        events = [one.event for one in (await self.history()).events]
        return [event for event in events if getattr(event, "clock", None) == clock]


def _in_short(event: Event) -> str:
    match event:
        case DeadlineSet() | DeadlineMoved():
            word = "until" if isinstance(event, DeadlineSet) else "moved to"
            days = dict.fromkeys(str(moment.on) for moment in (event.strict, event.lenient))
            return f"{word} {' or '.join(days)}"
        case OpenEndedSet():
            return "open"
        case NormPassed():
            return "norm passed"
        case DeadlineMet():
            return f"met {event.standing}"
        case DeadlineBreached() | TargetMissed():
            word = "breached" if isinstance(event, DeadlineBreached) else "missed"
            return f"{word} {event.due.on}{'' if event.beyond_dispute else ', disputed'}"
        case DeadlineDropped():
            return f"dropped: {event.because}"
        case DeadlineReopened():
            return "reopened"
        case WindowLapsed():
            return f"lapsed {event.due.on}"
        case _:
            return ""
