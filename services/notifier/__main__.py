"""`python -m notifier`: the service as a process."""

import asyncio
import sys

from events.errors import Misconfigured
from events.platform import Platform
from events.settings import load
from notifier.consumer import LetterConsumer
from notifier.sending.loop import SendingLoop
from notifier.smtp.pool import SmtpPool
from notifier.smtp.server_url import read_smtp_url
from procedures.library import library
from procedures.organisations import admit_demonstrations
from service.host import run
from service.running import Service


def main() -> None:
    """Check the settings that only the notifier has, then run until a signal stops the process."""
    try:
        server = read_smtp_url(load().smtp_url)
    except Misconfigured as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(2)
    library()  # reads every procedure now: a broken file stops the start, and not the first letter
    wake = asyncio.Event()

    def consumer(platform: Platform) -> LetterConsumer:
        if platform.settings.demonstrations:
            admit_demonstrations()
        return LetterConsumer(wake)

    def sending(platform: Platform) -> SendingLoop:
        return SendingLoop(platform, SmtpPool(server), server.final_wait_s, wake)

    run(Service(name="notifier", consumer=consumer, loops=(sending,), keys=True))


if __name__ == "__main__":
    main()
