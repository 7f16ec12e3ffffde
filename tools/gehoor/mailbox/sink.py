"""The SMTP side of the mailbox: accepts every mail and keeps it before it answers 250."""

from datetime import UTC, datetime
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from gehoor.mailbox.kept import MailFolder

log = structlog.get_logger()

MOST_MAIL_BYTES = 30 * 1024 * 1024


class Sink:
    """Hands each mail to the folder; a full disk is reported to the sender as a temporary failure."""

    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        try:
            mail = self._folder.add(
                content,
                envelope.mail_from or "",
                envelope.rcpt_tos,
                datetime.now(UTC),  # when it came in reality: this page is about mail, not about cases
            )
        except OSError as error:
            log.error("mailbox.cannot_keep", error=error.strerror)  # noqa: TRY400 - a trace holds no more
            return "452 4.3.1 cannot keep this mail now"
        return f"250 2.0.0 kept as {mail.id}"


def conversation_with(sink: Sink) -> SMTP:
    """Make the server's side of one connection."""
    options: dict[str, Any] = {"ident": "Gehoor mailbox", "hostname": "localhost", "enable_SMTPUTF8": True}
    return SMTP(sink, data_size_limit=MOST_MAIL_BYTES, timeout=300.0, **options)
