"""The intake process: `python -m intake`."""

from functools import partial

from intake.channels.api import application
from service.host import run
from service.idempotency_expiry import IdempotencyExpiryLoop
from service.running import Service


def main() -> None:
    """Serve until told to stop."""
    run(
        Service(
            name="intake",
            http=application,
            port=lambda settings: settings.intake_port,
            loops=(partial(IdempotencyExpiryLoop, table="gehoor.idempotency"),),
            keys=True,
        )
    )


if __name__ == "__main__":
    main()
