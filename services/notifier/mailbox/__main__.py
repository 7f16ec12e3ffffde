"""`python -m notifier.mailbox`: the mailbox as a process of its own, on loopback only."""

import asyncio
import sys

import structlog
import uvicorn
from events.errors import Misconfigured
from events.settings import Settings, load

from notifier.mailbox.http import application
from notifier.mailbox.kept import MailFolder
from notifier.mailbox.sink import Sink, conversation_with

log = structlog.get_logger()

HOST = "127.0.0.1"


async def serve(settings: Settings) -> None:
    """Serve SMTP and HTTP until told to stop."""
    folder = MailFolder(settings.home / "mailbox")
    sink = Sink(folder)
    try:
        smtp = await asyncio.get_running_loop().create_server(
            lambda: conversation_with(sink), HOST, settings.mailbox_smtp_port
        )
    except OSError as error:
        raise Misconfigured(
            f"GEHOOR_MAILBOX_SMTP_PORT: port {settings.mailbox_smtp_port} cannot be used ({error.strerror}); "
            "choose another one, or 0 for any"
        ) from error
    server = uvicorn.Server(
        uvicorn.Config(
            application(folder), host=HOST, port=settings.mailbox_port, log_config=None, access_log=False, lifespan="off"
        )
    )
    smtp_port = smtp.sockets[0].getsockname()[1]
    log.info("mailbox.started", smtp_port=smtp_port, http_port=settings.mailbox_port, mails=len(folder))
    async with smtp:
        await server.serve()
    if not server.started:
        raise Misconfigured(f"GEHOOR_MAILBOX_PORT: port {settings.mailbox_port} cannot be used; choose another one")


def main() -> None:
    try:
        uvicorn_loop().run(serve(load()))
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def uvicorn_loop() -> asyncio.Runner:
    """Run on uvloop: the sink is busy."""
    import uvloop  # noqa: PLC0415 - only this process needs it

    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


if __name__ == "__main__":
    main()
