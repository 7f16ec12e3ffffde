"""The intake process: `python -m intake`."""

from functools import partial

from events.store.new_cases import REQUEST_KEYS
from intake.app import application
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
            loops=(partial(IdempotencyExpiryLoop, table=REQUEST_KEYS),),
            keys=True,
        )
    )


if __name__ == "__main__":
    main()
