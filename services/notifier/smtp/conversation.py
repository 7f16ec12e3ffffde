"""One mail handed over in one SMTP conversation, and exactly what is known about it afterwards.

Always holds: only an answer of 2xx after the final dot is `MailAccepted`; anything lost after the first byte
of the mail is `MailUncertain`, because a copy may have left; before that nothing can have left. The server's
words are never kept, they may hold an address: its code and the stage are.
"""

import re
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPException, SMTPResponse

from events.catalogue.words import SmtpStage
from events.failpoints import failpoint

_SETTING_IS_WRONG = frozenset({502, 503, 530, 534, 535, 538})
"""Codes about our set-up (authentication, encryption, commands) and not about this letter."""

_FIRST_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class MailAccepted:
    """The server has taken the mail over."""


@dataclass(frozen=True, slots=True)
class MailRefused:
    """The server refused this mail for good, by a code of 5xx."""

    code: int
    stage: SmtpStage


@dataclass(frozen=True, slots=True)
class MailDeferred:
    """Not now: a code of 4xx, or no code at all (0) where the connection failed before the mail was sent."""

    code: int
    stage: SmtpStage


@dataclass(frozen=True, slots=True)
class MailUncertain:
    """The answer to the whole mail never came: it may or may not have left."""


SmtpResult = MailAccepted | MailRefused | MailDeferred | MailUncertain


async def deliver(connection: SMTP, sender: str, to: str, message: bytes, final_wait_s: float) -> SmtpResult:
    """Hand over one mail. `sender` and `to` went through our own parser; the bytes end their lines in CRLF.

    After anything but `MailAccepted` the caller resets or drops the connection.
    """
    stage: SmtpStage = "mail from"
    try:
        answer = await connection.execute_command(b"MAIL", b"FROM:<" + sender.encode("ascii") + b">")
        if answer.code // 100 != 2:
            return _refusal(answer, stage)
        await failpoint("letters.mail_from")
        stage = "recipient"
        answer = await connection.execute_command(b"RCPT", b"TO:<" + to.encode("ascii") + b">")
        if answer.code // 100 != 2:
            return _refusal(answer, stage)
        await failpoint("letters.recipient")
        stage = "data"
        answer = await connection.execute_command(b"DATA")
        if answer.code != 354:
            return _refusal(answer, stage)
        await failpoint("letters.in_data")
    except (SMTPException, OSError) as error:
        return MailDeferred(code_of(error), stage)
    protocol = connection.protocol
    if protocol is None or not protocol.is_connected:
        return MailDeferred(0, stage)
    try:
        protocol.write(_FIRST_DOT.sub(b"..", message) + b".\r\n")
        await failpoint("letters.final_dot")
        answer = await protocol.read_response(timeout=final_wait_s)
    except (SMTPException, OSError):
        return MailUncertain()
    return MailAccepted() if answer.code // 100 == 2 else _refusal(answer, stage)


def code_of(error: BaseException) -> int:
    """Give the SMTP code an exception carries, or 0; never its words."""
    code = getattr(error, "code", 0)
    return code if isinstance(code, int) and 200 <= code <= 599 else 0


def _refusal(answer: SMTPResponse, stage: SmtpStage) -> SmtpResult:
    if answer.code // 100 == 5 and answer.code not in _SETTING_IS_WRONG:
        return MailRefused(answer.code, stage)
    if answer.code // 100 in (4, 5):
        return MailDeferred(answer.code, stage)
    if stage == "data" and not 200 <= answer.code <= 599:
        return MailUncertain()  # an answer nobody can read, where the mail may have been taken
    return MailDeferred(0, stage)
