"""The notifier on real databases, with a mail server that obeys the test: consumer and senders, no bus."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from events.catalogue import COMPLAINANT, Event, LetterPrepared, LetterRefused, LetterSent
from events.consumer.loop import ConsumerLoop
from events.identity import PARTITIONS
from events.partitions.ownership import Ownership
from events.platform import Platform
from events.record.envelope import History, NewEvent
from events.testing import A_COMPLAINANT, TestSystem
from events.transact import Command, transact
from notifier.sending.loop import SendingLoop
from notifier.smtp.pool import SmtpPool
from notifier.smtp.server_url import read_smtp_url
from notifier_cases import deadline, opened
from scripted_smtp import ScriptedServer

ALL_PARTITIONS = frozenset(range(PARTITIONS))
WITHIN_S = 60.0
_WRAPPED = "SELECT wrapped FROM gehoor.person_key WHERE case_id = $1"
_WRAP = "UPDATE gehoor.person_key SET wrapped = $2 WHERE case_id = $1"


@dataclass
class PostOffice:
    """The notifier without its bus: a consumer on the store, and senders that a test starts and kills."""

    system: TestSystem
    desks: "Desks"
    server: ScriptedServer
    consumer: ConsumerLoop
    senders: list[SendingLoop] = field(default_factory=list)

    @property
    def intake(self) -> Platform:
        return self.desks.intake

    @property
    def notifier(self) -> Platform:
        return self.desks.notifier

    async def erase(self, case_id: UUID) -> None:
        """Destroy the complainant's key, and let no cache remember it."""
        assert self.desks.keeper.keys is not None
        assert self.notifier.keys is not None
        await self.desks.keeper.keys.destroy(case_id, [COMPLAINANT])
        self.notifier.keys._cache.clear()

    async def damage_key(self, case_id: UUID) -> bytes:
        """Overwrite the stored key of a case's complainant; return what it was."""
        async with self._keys() as keys:
            whole: bytes = await keys.fetchval(_WRAPPED, case_id)
        await self.restore_key(case_id, bytes(len(whole)))
        return whole

    async def restore_key(self, case_id: UUID, wrapped: bytes) -> None:
        """Put a stored key back."""
        async with self._keys() as keys:
            await keys.execute(_WRAP, case_id, wrapped)
        assert self.notifier.keys is not None
        self.notifier.keys._cache.clear()

    @asynccontextmanager
    async def _keys(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.system.keys_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def owed(self, organisation: str = "destiny", *, clocks: int | None = None, **changes: Any) -> UUID:
        """Let a complaint come, be opened and get its clocks; its letter is then owed."""
        personal = changes.pop("personal", A_COMPLAINANT)
        language = changes.pop("language", "nl")
        case_id = await self.system.receive(self.intake, organisation, personal=personal)
        opening = opened(organisation, language, **changes)
        await self.append(case_id, opening, *(deadline(rule) for rule in opening.clocks[:clocks]))
        await self.consumer.sweep()
        return case_id

    async def append(self, case_id: UUID, *events: Event) -> None:
        """Append what other services would."""
        now = self.intake.clock.now()
        news = [NewEvent(event, now) for event in events]
        await self.system.append(case_id, *news, store=self.intake.store)

    async def say(self, case_id: UUID, event: Event, **words: str) -> None:
        """Append what a person decided, with their words encrypted, and let the notifier see it."""
        workflow = self.desks.workflow
        assert workflow.keys is not None
        await workflow.keys.load([case_id])

        def decide(history: History, now: datetime) -> Sequence[NewEvent]:
            personal: Mapping[str, Any] = {COMPLAINANT: words} if words else {}
            return [NewEvent(event, now, personal)]

        outcome = await transact(workflow, Command(case_id, uuid4(), "staff:test", decide))
        assert "ok" == outcome.status
        await self.consumer.sweep()

    async def sender(self, connections: int = 20) -> SendingLoop:
        """Start a sender that owns all partitions, as a process of its own would."""
        platform = replace(self.notifier, ownership=Ownership())
        await platform.ownership.beat(platform.pool)
        platform.ownership.owned = ALL_PARTITIONS
        server = read_smtp_url(self.server.url())
        sender = SendingLoop(platform, SmtpPool(server, connections), server.final_wait_s)
        self.senders.append(sender)
        return sender

    async def kill(self, sender: SendingLoop) -> None:
        """Let a sender die without a word: what it knew and had not recorded is lost."""
        self.senders.remove(sender)
        for task in tuple(sender._sending):
            task.cancel()
        await self.notifier.pool.execute(
            "DELETE FROM member WHERE member_id = $1", sender._platform.ownership.member_id
        )

    async def run_until(self, sender: SendingLoop, cases: list[UUID], *names: str) -> None:
        """Run a sender until each case has an event of one of these names."""
        async with asyncio.timeout(WITHIN_S):
            while not all([any(event.type in names for event in await self.events(case)) for case in cases]):
                await sender.run_once()
                await self.hurry()

    async def run_until_gone(self, sender: SendingLoop, case_id: UUID, letter: str) -> Event:
        """Run a sender until a letter of this name has its outcome, and give that."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                for event in await self.events(case_id):
                    if (
                        isinstance(event, LetterSent | LetterPrepared | LetterRefused)
                        and event.letter == letter
                    ):
                        return event
                await sender.run_once()
                await self.hurry()

    async def hurry(self) -> None:
        """Let no test wait for a back-off; that times are right is tested without a database."""
        await self.notifier.pool.execute("UPDATE letter SET next_attempt_at = now() WHERE state = 'due'")

    async def events(self, case_id: UUID) -> list[Event]:
        """Return what the notifier recorded in a case."""
        history = await self.notifier.store.history(case_id)
        return [recorded.event for recorded in history.events if recorded.type.startswith("Letter")]

    async def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.notifier.pool.fetch("SELECT * FROM letter ORDER BY owed_at")]


@dataclass
class Desks:
    """What the tests of this file share: the platforms of three services."""

    intake: Platform
    notifier: Platform
    keeper: Platform
    workflow: Platform
