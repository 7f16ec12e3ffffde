"""`python -m gehoor.mailbox`: the mailbox as a process of its own, on loopback unless GEHOOR_BIND is set.

In a container it listens on its network; the page still answers only to a browser on this machine.
"""

import asyncio
import socket
import sys

import structlog
import uvicorn
import uvloop

from events.errors import Misconfigured
from events.logs import configure
from events.settings import Settings, load
from gehoor.mailbox.http import application
from gehoor.mailbox.kept import MailFolder
from gehoor.mailbox.sink import Sink, conversation_with

log = structlog.get_logger()

BACKLOG = 256


async def serve(settings: Settings) -> None:
    """Serve SMTP and HTTP until a signal asks to stop; raises `Misconfigured` when a port is taken."""
    smtp_socket = _listen("GEHOOR_MAILBOX_SMTP_PORT", settings.bind, settings.mailbox_smtp_port)
    http_socket = _listen("GEHOOR_MAILBOX_PORT", settings.bind, settings.mailbox_port)
    folder = MailFolder(settings.home / "mailbox")
    sink = Sink(folder)
    config = uvicorn.Config(application(folder), log_config=None, access_log=False, lifespan="off")
    log.info(
        "mailbox.started",
        smtp_port=smtp_socket.getsockname()[1],
        http_port=http_socket.getsockname()[1],
        mails=len(folder),
    )
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: conversation_with(sink), sock=smtp_socket):
        await uvicorn.Server(config).serve(sockets=[http_socket])


def main() -> None:
    """Run until a signal asks to stop; a wrong setting is one line and exit status 2."""
    try:
        settings = load()
        configure("mailbox", settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _listen(variable: str, host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        raise Misconfigured(
            f"{variable}: port {port} cannot be used ({error.strerror}); choose another one, or 0 for any"
        ) from error


if __name__ == "__main__":
    main()
