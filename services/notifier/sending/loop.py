"""The sending loop: claims due letters, writes them, sends them, and records what became of each.

The order is record, send, record: an attempt is committed, then the mail is sent, then the outcome and the
outbox row are committed in one transaction. So a letter is sent at least once, and a crash anywhere leaves a
committed attempt that somebody finds. It becomes `LetterUncertain` before the next attempt, which has the
same Message-ID. Nothing is rendered, decrypted or sent inside a transaction.
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
from notifier.sending.attempt import lost_attempt, prepare
from notifier.sending.outcome import AttemptOutcome
from notifier.sending.postponement import postponement_before_writing
from notifier.sending.ready_mail import ReadyMail
from notifier.sending.results import RECORDED_TOGETHER, ResultRecorder
from notifier.smtp.conversation import MailUncertain, SmtpResult
from notifier.smtp.pool import SmtpPool

log = structlog.get_logger()

IN_HAND = 200
"""Letters claimed and not yet recorded at most: ten times the connections, so that none is idle."""

CLAIMED_WHILE_AWAY = 20
"""Letters claimed per round while the server is away, so that a long queue costs little."""

ABANDONED_EVERY_S = 2.0
"""How often to look for attempts that nobody will report."""

EXPLAINED_AGAIN_AFTER_S = 60.0
"""How long an abandoned attempt whose case cannot be read leaves its place to others."""

RESULT_WAIT_S = 0.25
"""How long one round waits for a first result: a slow server must not stop claiming and recording."""

GATHER_WAIT_S = 0.01
"""How long to wait after a first result for others: one commit then records many."""

LEASE_MARGIN_S = 900.0
"""Added to the longest wait for a server; an attempt that is older counts as lost, even of a living
process."""


class SendingLoop:
    """Sends due letters of the partitions that this process owns; no round waits for a slow server."""

    name = "letters"
    interval_s = 0.25

    def __init__(
        self,
        platform: Platform,
        smtp_pool: SmtpPool,
        final_wait_s: float,
        wake: asyncio.Event | None = None,
    ) -> None:
        self.wake = wake
        self._platform = platform
        self._smtp_pool = smtp_pool
        self._lease_s = final_wait_s + LEASE_MARGIN_S
        if platform.keys is None:
            raise Misconfigured("the notifier opens personal fields: start its service with keys")
        self._keys = platform.keys
        self._message_key = platform.settings.secret("message.key")
        self._public_url = platform.settings.public_url or ""
        self._sending: set[asyncio.Task[None]] = set()
        self._probe_task: asyncio.Task[None] | None = None
        self._is_server_back = False
        self._results = ResultRecorder(platform)
        self._unexplained_until_s: dict[UUID, float] = {}
        self._abandoned_looked_at_s = float("-inf")

    async def run_once(self) -> int:
        """Do one round; return the number of letters that moved on."""
        self._probe_if_due()
        moved = await self._results.record()
        moved += await self._explain_abandoned()
        await self._make_due_after_outage()
        moved += await self._claim_and_send()
        if self._sending and not self._results.waiting:
            await asyncio.wait(self._sending, timeout=RESULT_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        if self._sending and self._results.waiting:
            await asyncio.wait(self._sending, timeout=GATHER_WAIT_S)
        return moved + self._results.waiting

    async def close(self, within_s: float = 5.0) -> None:
        """Wait for running attempts, record what is known, and close; another process explains the rest."""
        self._smtp_pool.stop()
        if self._sending:
            await asyncio.wait(self._sending, timeout=within_s)
        for task in (*self._sending, *((self._probe_task,) if self._probe_task else ())):
            task.cancel()
        while await self._results.record():  # each call records one letter per case
            continue
        await self._smtp_pool.close()

    async def _claim_and_send(self) -> int:
        """Claim due letters, write them, and start to send them; return how many were claimed."""
        room = IN_HAND - self._results.moving
        if self._smtp_pool.is_away:
            room = min(room, CLAIMED_WHILE_AWAY)
        owned = self._platform.ownership.owned
        if room <= 0 or not owned:
            return 0
        letters = await outbox.claim(self._platform.pool, owned, room, self._platform.ownership.member_id)
        if not letters:
            return 0
        await failpoint("letters.claimed")
        cases = {claimed.case_id for claimed in letters}
        try:
            histories = await self._platform.store.histories(cases)
            await self._keys.load(cases)
        except Exception:
            # Nothing was sent, and only this process knows it. If `postpone` fails too, each attempt is found
            # as abandoned and recorded as uncertain: untrue, and on the safe side.
            postponed = [postponement_before_writing(claimed) for claimed in letters]
            await outbox.postpone(self._platform.pool, postponed)
            raise
        for claimed in letters:  # all of them first: a letter not in hand is taken for abandoned
            self._results.take(claimed)
        for claimed in letters:
            prepared = prepare(
                claimed, histories[claimed.case_id], self._keys.open, self._message_key, self._public_url
            )
            match prepared:
                case ReadyMail():
                    task = asyncio.create_task(self._send(prepared))
                    self._sending.add(task)
                    task.add_done_callback(self._sending.discard)
                    await asyncio.sleep(0)  # writing many in a row would keep the conversations waiting
                case AttemptOutcome():
                    self._results.add(prepared)
                case _:
                    assert_never(prepared)
        return len(letters)

    async def _send(self, ready: ReadyMail) -> None:
        result: SmtpResult = MailUncertain()  # what is known if `deliver` raises, against its promise
        try:
            result = await self._smtp_pool.deliver(ready.to, ready.message)
            await failpoint("letters.answered")
        except Exception as error:  # noqa: BLE001 - without a result the letter would stay in hand for ever
            log.warning("letter.hand_over_failed", case=str(ready.claimed.case_id), **describe(error))
        self._results.add(ready.outcome(result, self._platform.clock.now()))

    async def _explain_abandoned(self) -> int:
        """Record attempts that nobody will report as `LetterUncertain`; return how many were recorded."""
        now_s = monotonic()
        if now_s - self._abandoned_looked_at_s < ABANDONED_EVERY_S or not self._platform.ownership.owned:
            return 0
        self._abandoned_looked_at_s = now_s
        self._unexplained_until_s = {
            letter_id: until_s for letter_id, until_s in self._unexplained_until_s.items() if until_s > now_s
        }
        ownership = self._platform.ownership
        letters = await outbox.abandoned(
            self._platform.pool,
            ownership.owned,
            ownership.member_id,
            [*self._results.letters, *self._unexplained_until_s],
            self._lease_s,
            RECORDED_TOGETHER,
        )
        if not letters:
            return 0
        histories = await self._platform.store.histories({claimed.case_id for claimed in letters})
        now = self._platform.clock.now()
        for claimed in letters:
            try:
                outcome = lost_attempt(claimed, histories[claimed.case_id], self._message_key, now)
            except Exception as error:  # noqa: BLE001 - this one is looked at again, the others go on
                log.error("letter.not_explained", case=str(claimed.case_id), **describe(error))  # noqa: TRY400
                # The query returns the oldest attempts first, up to a limit: without this, such letters
                # would fill every answer, and no other abandoned letter would be found.
                self._unexplained_until_s[claimed.letter_id] = now_s + EXPLAINED_AGAIN_AFTER_S
                continue
            self._results.take(claimed)
            self._results.add(outcome)
        return await self._results.record()

    def _probe_if_due(self) -> None:
        if self._smtp_pool.probe_is_due and (self._probe_task is None or self._probe_task.done()):
            self._probe_task = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        if await self._smtp_pool.probe():
            self._is_server_back = True

    async def _make_due_after_outage(self) -> None:
        """Make letters due now that only waited for the server, once it is back."""
        if self._is_server_back:
            await outbox.make_due_after_outage(self._platform.pool, self._platform.ownership.owned)
            self._is_server_back = False
