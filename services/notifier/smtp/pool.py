"""Keeps a few connections to the mail server open for reuse, and stops trying while it is away.

Always holds: at most `CONNECTIONS` are open at once. A connection is used again only when its state is known:
after an accepted mail, or after the server answered RSET. While the server is away `deliver` returns at once,
and one probe at a time finds out when it is back.
"""

import asyncio
from time import monotonic

import structlog
from aiosmtplib import SMTP, SMTPException

from events.failpoints import failpoint
from notifier.smtp.breaker import Breaker
from notifier.smtp.conversation import (
    MailAccepted,
    MailDeferred,
    MailRefused,
    MailUncertain,
    SmtpResult,
    code_of,
    deliver,
)
from notifier.smtp.server_url import SmtpServer

log = structlog.get_logger()

CONNECTIONS = 20
"""Open connections at most. Mail servers limit each client; Postfix allows 50."""

IDLE_FOR_S = 30.0
"""A connection that is unused for longer is closed, because servers drop idle ones without notice."""

CROWDED_FOR_S = 60.0
"""How long we open one connection less after the server refused another beside those in use."""

_SERVICE_CLOSING = 421
"""The server closes this connection; it may give this code to any command (RFC 5321, 4.2.3)."""

_CANNOT_CONNECT = (SMTPException, OSError, ValueError)
"""What connecting raises: a fault of SMTP or of the network, or ValueError for options that it rejects."""


class SmtpPool:
    """Delivers mails over pooled connections; no fault of server or network is raised."""

    def __init__(self, server: SmtpServer, limit: int = CONNECTIONS) -> None:
        self._server = server
        self._slots = asyncio.Semaphore(limit)
        self._idle: list[tuple[float, SMTP]] = []
        self._tls = server.tls_context()
        self._breaker = Breaker()
        self._is_stopping = False
        self._waiting = 0
        self._in_use = 0
        self._is_crowded = False
        self._withheld_slots: list[asyncio.TimerHandle] = []

    @property
    def is_away(self) -> bool:
        """Return whether the last try to reach the server failed."""
        return self._breaker.is_away

    @property
    def probe_is_due(self) -> bool:
        """Return whether the server is away and the wait until the next probe is over."""
        return self._breaker.probe_is_due(monotonic())

    async def deliver(self, to: str, message: bytes) -> SmtpResult:
        """Deliver one mail and return the result; while the server is away that is `MailDeferred` at once.

        Waits for a free slot when all connections are in use.
        """
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            result, reused = await self._try(to, message)
            if (
                reused
                and isinstance(result, MailDeferred)
                and result.stage == "mail from"
                and result.code in (0, _SERVICE_CLOSING)
            ):
                # The server closed this pooled connection while it was idle. MAIL FROM failed, so no mail
                # left: one more try, on a new connection, sends no second copy. The other idle ones are stale
                # too.
                self._close_idle()
                result, _ = await self._try(to, message)
            return result
        finally:
            if self._is_crowded:
                self._is_crowded = False
                self._withhold_slot()
            else:
                self._slots.release()

    async def probe(self) -> bool:
        """Try to reach a server that was away; return whether it is back."""
        try:
            self._idle.append((monotonic(), await self._open()))
        except _CANNOT_CONNECT as error:
            self._failed(error)
            return False
        self._breaker.recovered()
        log.info("smtp.back", host=self._server.host, port=self._server.port)
        return True

    def stop(self) -> None:
        """Start no further conversation: letters that wait for a slot are deferred and have not left."""
        self._is_stopping = True
        # Free a slot for each waiter, above the limit: it wakes up, sees `_is_stopping` and connects to
        # nothing. Without this, waiters would hold `close` until the conversations before them have ended.
        for _ in range(self._waiting):
            self._slots.release()

    async def close(self) -> None:
        """Close idle connections; one in use is closed by the `deliver` that uses it."""
        self._close_idle()

    async def _try(self, to: str, message: bytes) -> tuple[SmtpResult, bool]:
        """Deliver once; return the result, and whether the connection had been used before."""
        if self.is_away or self._is_stopping:
            return MailDeferred(self._breaker.last_code, "connect"), False
        connection, reused = self._take_idle(), True
        if connection is None:
            reused = False
            self._in_use += 1
            try:
                connection = await self._open()
            except _CANNOT_CONNECT as error:
                if self._in_use > 1:
                    # Others are in conversation, so the server is there and only allows no more connections.
                    # Counting this as "away" would stop the ones that work.
                    self._is_crowded = True
                else:
                    self._failed(error)
                return MailDeferred(code_of(error), "connect"), False
            finally:
                self._in_use -= 1
        is_usable = False  # also when `deliver` is cancelled: a half-done conversation must not be reused
        self._in_use += 1
        try:
            result = await deliver(connection, self._server.bounces, to, message, self._server.final_wait_s)
            is_usable = await self._is_usable_after(connection, result)
        finally:
            self._in_use -= 1
            if is_usable:
                self._idle.append((monotonic(), connection))
            else:
                connection.close()
        return result, reused

    async def _is_usable_after(self, connection: SMTP, result: SmtpResult) -> bool:
        match result:
            case MailAccepted():
                return connection.is_connected  # the server has already forgotten the mail: no RSET is needed
            case MailRefused(code=code) | MailDeferred(code=code):
                if code < 400 or code == _SERVICE_CLOSING:
                    return False  # 0 is a broken line; an unexpected 2xx or 3xx leaves an unknown state
                try:
                    # After a refusal the server keeps the sender (and the recipient) of the failed mail.
                    # Without RSET the next MAIL FROM is refused, or the next mail goes to both recipients.
                    return (await connection.execute_command(b"RSET")).code == 250
                except (SMTPException, OSError):
                    return False
            case MailUncertain():
                return False  # the answer may still come, and would be read as the answer to the next command

    def _take_idle(self) -> SMTP | None:
        """Return the idle connection that was used last, and close those that are too old."""
        while self._idle:
            since_s, connection = self._idle.pop()
            if connection.is_connected and monotonic() - since_s < IDLE_FOR_S:
                return connection
            connection.close()
        return None

    async def _open(self) -> SMTP:
        """Connect, log in and greet; raises one of `_CANNOT_CONNECT` when any of that fails."""
        server = self._server
        connection = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=server.helo,
            timeout=server.command_wait_s,
            use_tls=server.encryption == "implicit",
            start_tls={"always": True, "opportunistic": None}.get(server.encryption, False),
            tls_context=self._tls,
        )
        try:
            await connection.connect()
            if connection.is_ehlo_or_helo_needed:
                await connection.ehlo()
            await failpoint("letters.connected")
        except BaseException:  # CancelledError too: an open socket that nobody holds would stay open
            connection.close()
            raise
        return connection

    def _failed(self, error: BaseException) -> None:
        """Take the server for away: plan the next probe, and close what was open."""
        wait_s = self._breaker.failed(code_of(error), monotonic())
        self._close_idle()
        self._return_withheld_slots()
        log.warning(
            "smtp.away", host=self._server.host, port=self._server.port, error=type(error).__name__,
            code=self._breaker.last_code, next_try_in_s=wait_s,
        )  # fmt: skip

    def _withhold_slot(self) -> None:
        """Give this slot back later: until then one connection less is open at once."""
        loop = asyncio.get_running_loop()
        self._withheld_slots = [slot for slot in self._withheld_slots if slot.when() > loop.time()]
        self._withheld_slots.append(loop.call_later(CROWDED_FOR_S, self._slots.release))

    def _return_withheld_slots(self) -> None:
        """Give withheld slots back now: the server was going away and not crowded."""
        now_s = asyncio.get_running_loop().time()
        for slot in self._withheld_slots:
            if slot.when() > now_s:  # a timer that has run has released its slot already
                slot.cancel()
                self._slots.release()
        self._withheld_slots.clear()

    def _close_idle(self) -> None:
        for _, connection in self._idle:
            connection.close()
        self._idle.clear()
