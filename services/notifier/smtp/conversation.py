"""Delivers one mail in one SMTP conversation, and reports exactly what is known afterwards.

Always holds: only an answer of 2xx after the final dot is `MailAccepted`. A failure before the first byte of
the mail is `MailDeferred`: no copy can have left. A failure after that byte is `MailUncertain`: a copy may
have left. The result holds the server's code and the stage, and never its words: they may quote an address.
"""

import re
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPException, SMTPResponse

from events.catalogue.words import SmtpStage
from events.failpoints import failpoint

_CONCERNS_OUR_SETUP = frozenset({502, 503, 530, 534, 535, 538})
"""Codes of 5xx that concern our set-up (login, encryption, unknown commands) and not this mail.

Every letter gets such a code until somebody repairs the set-up, so it defers a letter and refuses none.
"""

_DOT_AT_LINE_START = re.compile(rb"(?m)^\.")
"""SMTP ends a mail with a line of one dot, so a dot that starts a line of ours is sent twice (RFC 5321,
4.5.2)."""


@dataclass(frozen=True, slots=True)
class MailAccepted:
    """The server accepted the whole mail and is responsible for it now."""


@dataclass(frozen=True, slots=True)
class MailRefused:
    """The server refused this mail for good, with a code of 5xx."""

    code: int
    stage: SmtpStage


@dataclass(frozen=True, slots=True)
class MailDeferred:
    """The mail has not left: a code of 4xx, or 0 where the connection failed before the mail was sent."""

    code: int
    stage: SmtpStage


@dataclass(frozen=True, slots=True)
class MailUncertain:
    """No answer to the whole mail came: the server may have accepted it or not."""


SmtpResult = MailAccepted | MailRefused | MailDeferred | MailUncertain


async def deliver(connection: SMTP, sender: str, to: str, message: bytes, final_wait_s: float) -> SmtpResult:
    """Deliver one mail over an open connection, and return what is known about it.

    `sender` and `to` have passed our own address parser; the lines of `message` end in CRLF. `final_wait_s`
    is how long the server may take to answer the whole mail. No fault of server or network is raised. After
    any result but `MailAccepted` the caller resets the connection or closes it.
    """
    stage: SmtpStage = "mail from"
    try:
        # Not `connection.mail` and `connection.rcpt`: those parse addresses with the standard library, which
        # reads some hostile address as another one. So the commands are written here, as bytes.
        answer = await connection.execute_command(b"MAIL", b"FROM:<" + sender.encode("ascii") + b">")
        if answer.code // 100 != 2:
            return _result_of(answer, stage)
        await failpoint("letters.mail_from")
        stage = "recipient"
        answer = await connection.execute_command(b"RCPT", b"TO:<" + to.encode("ascii") + b">")
        if answer.code // 100 != 2:
            return _result_of(answer, stage)
        await failpoint("letters.recipient")
        stage = "data"
        answer = await connection.execute_command(b"DATA")
        if answer.code != 354:
            return _result_of(answer, stage)
        await failpoint("letters.in_data")
    except (SMTPException, OSError) as error:
        return MailDeferred(code_of(error), stage)
    # aiosmtplib's `sendmail` would do all of this in one call. It hides whether a byte of the mail had left
    # when the line broke, and its one timeout is for every answer. So the last step uses the protocol object.
    protocol = connection.protocol
    if protocol is None or not protocol.is_connected:
        return MailDeferred(0, stage)  # the line broke after 354: not a byte of the mail was written
    try:
        # From this write on a copy may leave. The server may have accepted the mail although its answer is
        # lost, so every failure below is uncertain. Deferring it instead would send a second, unrecorded
        # copy.
        protocol.write(_DOT_AT_LINE_START.sub(b"..", message) + b".\r\n")
        # Nothing may wait here but the failpoint, which does not unless a test arms it: aiosmtplib drops an
        # answer that arrives before `read_response` is called, and we would wait for it in vain.
        await failpoint("letters.final_dot")
        answer = await protocol.read_response(timeout=final_wait_s)
    except (SMTPException, OSError):
        return MailUncertain()
    return MailAccepted() if answer.code // 100 == 2 else _result_of(answer, stage)


def code_of(error: BaseException) -> int:
    """Return the SMTP code that an exception carries, or 0 when it carries none."""
    code = getattr(error, "code", 0)
    return code if isinstance(code, int) and 200 <= code <= 599 else 0


def _result_of(answer: SMTPResponse, stage: SmtpStage) -> SmtpResult:
    """Return what an answer other than the hoped-for one means for the mail."""
    if answer.code // 100 == 5 and answer.code not in _CONCERNS_OUR_SETUP:
        return MailRefused(answer.code, stage)
    if answer.code // 100 in (4, 5):
        return MailDeferred(answer.code, stage)
    if stage == "data" and not 200 <= answer.code <= 599:
        # A code that SMTP does not have says nothing about the mail, which the server has read to its end.
        return MailUncertain()
    return MailDeferred(0, stage)
