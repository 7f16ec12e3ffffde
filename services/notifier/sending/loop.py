"""The sending loop: claim, write, hand over, record; sent at least once, and every copy explained.

Always holds: the attempt is committed before it is made; nothing is rendered, decrypted or sent inside a
transaction; the outcome and the end of the outbox row are one transaction; an attempt whose outcome nobody
knows is recorded as `LetterUncertain` before the next one is made, under the same Message-ID.
"""

import asyncio
from time import monotonic
from typing import assert_never
from uuid import UUID

import structlog

from events.errors import Misconfigured
from events.failpoints import failpoint
from events.logs import describe
from events.platform import Platform
from notifier.sending import outbox
from notifier.sending.attempt import ReadyMail, lost, prepare
from notifier.sending.outcome import AttemptOutcome, postponed_unsent
from notifier.sending.results import RECORDED_TOGETHER, ResultRecorder
from notifier.smtp.conversation import MailUncertain, SmtpResult
from notifier.smtp.pool import SmtpPool

log = structlog.get_logger()

IN_HAND = 200
"""Letters claimed and not yet recorded: ten times the connections, so that these never wait for work."""

CLAIMED_WHILE_AWAY = 20
"""Letters tried per round while the server is away, so that a long queue costs little."""

LOOKED_AFTER_EVERY_S = 2.0
EXPLAINED_AGAIN_AFTER_S = 60.0
"""A lost attempt whose case cannot be read makes room for the others, and is looked at again."""

WAITS_FOR_A_RESULT_S = 0.25
GATHERS_FOR_S = 0.01
"""After a first result, how long to wait for others to be recorded with it: one commit instead of many."""

LEASE_MARGIN_S = 900.0
"""Beyond the longest wait for a server, an attempt of a living process counts as lost."""


class SendingLoop:
    """Sends what is due in the lanes this process owns; one `run_once` never waits for a slow server."""

    name = "letters"
    interval_s = 0.25

    def __init__(
        self,
        platform: Platform,
        connections: SmtpPool,
        final_wait_s: float,
        wake: asyncio.Event | None = None,
    ) -> None:
        self.wake = wake
        self._platform = platform
        self._connections = connections
        self._lease_s = final_wait_s + LEASE_MARGIN_S
        if platform.keys is None:
            raise Misconfigured("the notifier opens personal fields: start its service with keys")
        self._keys = platform.keys
        self._message_key = platform.settings.secret("message.key")
        self._public_url = platform.settings.public_url or ""
        self._sending: set[asyncio.Task[None]] = set()
        self._probing: asyncio.Task[None] | None = None
        self._release_is_owed = False
        self._results = ResultRecorder(platform)
        self._unexplained_until_s: dict[UUID, float] = {}
        self._looked_after_at_s = float("-inf")

    async def run_once(self) -> int:
        """Do one round and give the number of letters that moved on."""
        self._probe_if_due()
        moved = await self._results.record()
        moved += await self._explain_abandoned()
        await self._release()
        moved += await self._begin()
        if self._sending and not self._results.waiting:
            await asyncio.wait(
                self._sending, timeout=WAITS_FOR_A_RESULT_S, return_when=asyncio.FIRST_COMPLETED
            )
        if self._sending and self._results.waiting:
            await asyncio.wait(self._sending, timeout=GATHERS_FOR_S)
        return moved + self._results.waiting

    async def close(self, within_s: float = 5.0) -> None:
        """Let attempts in the air land, record what is known, hang up; the rest is explained later."""
        self._connections.stop()
        if self._sending:
            await asyncio.wait(self._sending, timeout=within_s)
        for task in (*self._sending, *((self._probing,) if self._probing else ())):
            task.cancel()
        while await self._results.record():  # one letter per case and round
            continue
        await self._connections.close()

    async def _begin(self) -> int:
        """Claim due letters, write them, and start handing them over."""
        room = IN_HAND - self._results.moving
        if self._connections.is_away:
            room = min(room, CLAIMED_WHILE_AWAY)
        owned = self._platform.ownership.owned
        if room <= 0 or not owned:
            return 0
        attempts = await outbox.claim(self._platform.pool, owned, room, self._platform.ownership.member_id)
        if not attempts:
            return 0
        await failpoint("letters.claimed")
        cases = {attempt.case_id for attempt in attempts}
        try:
            histories = await self._platform.store.histories(cases)
            await self._keys.load(cases)
        except Exception:  # nothing was sent: where this fails too, each is recorded as uncertain
            await outbox.postpone(self._platform.pool, [postponed_unsent(attempt) for attempt in attempts])
            raise
        for attempt in attempts:
            self._results.take(attempt)
        for attempt in attempts:
            prepared = prepare(
                attempt, histories[attempt.case_id], self._keys.open, self._message_key, self._public_url
            )
            match prepared:
                case ReadyMail():
                    task = asyncio.create_task(self._hand_over(prepared))
                    self._sending.add(task)
                    task.add_done_callback(self._sending.discard)
                    await asyncio.sleep(0)  # rendering must not keep the conversations waiting
                case AttemptOutcome():
                    self._results.add(prepared)
                case _:
                    assert_never(prepared)
        return len(attempts)

    async def _hand_over(self, ready: ReadyMail) -> None:
        result: SmtpResult = MailUncertain()
        try:
            result = await self._connections.deliver(ready.to, ready.message)
            await failpoint("letters.answered")
        except Exception as error:  # noqa: BLE001 - a letter nobody reports on would stay in hand for ever
            log.warning("letter.hand_over_failed", case=str(ready.attempt.case_id), **describe(error))
        self._results.add(ready.ended(result, self._platform.clock.now()))

    async def _explain_abandoned(self) -> int:
        """Turn attempts without a reporter into `LetterUncertain`, so that the next one is explained."""
        if monotonic() - self._looked_after_at_s < LOOKED_AFTER_EVERY_S or not self._platform.ownership.owned:
            return 0
        self._looked_after_at_s = now_s = monotonic()
        self._unexplained_until_s = {one: s for one, s in self._unexplained_until_s.items() if s > now_s}
        ownership = self._platform.ownership
        attempts = await outbox.abandoned(
            self._platform.pool,
            ownership.owned,
            ownership.member_id,
            [*self._results.letters, *self._unexplained_until_s],
            self._lease_s,
            RECORDED_TOGETHER,
        )
        if not attempts:
            return 0
        histories = await self._platform.store.histories({attempt.case_id for attempt in attempts})
        now = self._platform.clock.now()
        for attempt in attempts:
            try:
                done = lost(attempt, histories[attempt.case_id], self._message_key, now)
            except Exception as error:  # noqa: BLE001 - this one is looked at again, the others go on
                log.error("letter.not_explained", case=str(attempt.case_id), **describe(error))  # noqa: TRY400
                self._unexplained_until_s[attempt.letter_id] = now_s + EXPLAINED_AGAIN_AFTER_S
                continue
            self._results.take(attempt)
            self._results.add(done)
        return await self._results.record()

    def _probe_if_due(self) -> None:
        if self._connections.probe_is_due and (self._probing is None or self._probing.done()):
            self._probing = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        if await self._connections.probe():
            self._release_is_owed = True

    async def _release(self) -> None:
        """Let go at once, when the server is back, what only waited for it."""
        if self._release_is_owed:
            await outbox.release(self._platform.pool, self._platform.ownership.owned)
            self._release_is_owed = False
