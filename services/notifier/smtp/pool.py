"""A few open connections to the mail server, used again and again, and a breaker for when it is away.

Always holds: at most `CONNECTIONS` at once; a connection that saw anything unclear is closed, never used
again; while the server is away nobody waits for it, and one probe at a time finds out when it is back.
"""

import asyncio
from time import monotonic

import structlog
from aiosmtplib import SMTP, SMTPException

from events.failpoints import failpoint
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
"""As many as a mail server grants one client as a rule (Postfix allows 50)."""

IDLE_FOR_S = 30.0
"""A connection unused for longer is closed: servers drop idle ones without a word."""

CROWDED_FOR_S = 60.0
"""When the server wants no further connection beside those it has, we do with one less for so long."""

PROBE_STEPS_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_CLOSING = 421


class SmtpPool:
    """Hands mails over on pooled connections; `deliver` never raises for what a server or network does."""

    def __init__(self, server: SmtpServer, limit: int = CONNECTIONS) -> None:
        self._server = server
        self._free = asyncio.Semaphore(limit)
        self._idle: list[tuple[float, SMTP]] = []
        self._tls = server.tls_context()
        self._failures = 0
        self._probe_at_s = 0.0
        self._last_code = 0
        self._is_stopping = False
        self._waiting = 0
        self._in_use = 0
        self._is_crowded = False
        self._retired: list[asyncio.TimerHandle] = []

    @property
    def is_away(self) -> bool:
        """Tell whether the server could not be reached last time."""
        return self._failures > 0

    @property
    def probe_is_due(self) -> bool:
        return self.is_away and monotonic() >= self._probe_at_s

    async def deliver(self, to: str, message: bytes) -> SmtpResult:
        """Hand over one mail; while the server is away the answer is `MailDeferred` at once."""
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            result, reused = await self._try(to, message)
            if (
                reused
                and isinstance(result, MailDeferred)
                and result.stage == "mail from"
                and result.code in (0, _CLOSING)
            ):
                self._close_idle()  # the server had hung up meanwhile: nothing was handed over yet
                result, _ = await self._try(to, message)
            return result
        finally:
            if self._is_crowded:
                self._is_crowded = False
                loop = asyncio.get_running_loop()
                self._retired = [retired for retired in self._retired if retired.when() > loop.time()]
                self._retired.append(loop.call_later(CROWDED_FOR_S, self._free.release))
            else:
                self._free.release()

    async def probe(self) -> bool:
        """Try to reach a server that was away; true when it is back."""
        try:
            self._idle.append((monotonic(), await self._open()))
        except (SMTPException, OSError, ValueError) as error:
            self._failed(error)
            return False
        self._failures = 0
        log.info("smtp.back", host=self._server.host, port=self._server.port)
        return True

    def stop(self) -> None:
        """Begin no further conversation: what still waits for its turn is put off and has not left."""
        self._is_stopping = True
        for _ in range(self._waiting):
            self._free.release()

    async def close(self) -> None:
        """Say goodbye on idle connections; those in use are closed by whoever uses them."""
        self._close_idle()

    async def _try(self, to: str, message: bytes) -> tuple[SmtpResult, bool]:
        if self.is_away or self._is_stopping:
            return MailDeferred(self._last_code, "connect"), False
        connection, reused = self._take(), True
        if connection is None:
            reused = False
            self._in_use += 1
            try:
                connection = await self._open()
            except (SMTPException, OSError, ValueError) as error:
                if self._in_use > 1:
                    self._is_crowded = True  # the server speaks with us, only not on one more connection
                else:
                    self._failed(error)
                return MailDeferred(code_of(error), "connect"), False
            finally:
                self._in_use -= 1
        is_clean = False
        self._in_use += 1
        try:
            result = await deliver(connection, self._server.bounces, to, message, self._server.final_wait_s)
            is_clean = await self._is_usable_after(connection, result)
        finally:
            self._in_use -= 1
            if is_clean:
                self._idle.append((monotonic(), connection))
            else:
                connection.close()
        return result, reused

    async def _is_usable_after(self, connection: SMTP, result: SmtpResult) -> bool:
        match result:
            case MailAccepted():
                return connection.is_connected
            case MailRefused(code=code) | MailDeferred(code=code):
                if code < 400 or code == _CLOSING:
                    return False
                try:
                    return (await connection.execute_command(b"RSET")).code == 250
                except (SMTPException, OSError):
                    return False
            case MailUncertain():
                return False

    def _take(self) -> SMTP | None:
        while self._idle:
            since_s, connection = self._idle.pop()
            if connection.is_connected and monotonic() - since_s < IDLE_FOR_S:
                return connection
            connection.close()
        return None

    async def _open(self) -> SMTP:
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
        except BaseException:
            connection.close()
            raise
        return connection

    def _failed(self, error: BaseException) -> None:
        self._last_code = code_of(error)
        wait_s = PROBE_STEPS_S[min(self._failures, len(PROBE_STEPS_S) - 1)]
        self._failures += 1
        self._probe_at_s = monotonic() + wait_s
        self._close_idle()
        for retired in self._retired:  # it was no crowd, the server went away: all may try when it is back
            if retired.when() > asyncio.get_running_loop().time():
                retired.cancel()
                self._free.release()
        self._retired.clear()
        log.warning(
            "smtp.away", host=self._server.host, port=self._server.port, error=type(error).__name__,
            code=self._last_code, next_try_in_s=wait_s,
        )  # fmt: skip

    def _close_idle(self) -> None:
        for _, connection in self._idle:
            connection.close()
        self._idle.clear()
