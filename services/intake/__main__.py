"""The intake process: `python -m intake`."""

from functools import partial

from events.forgetting import ForgettingLoop
from events.service import Service, run
from intake.application import application


def main() -> None:
    """Serve until told to stop."""
    run(
        Service(
            name="intake",
            http=application,
            port=lambda settings: settings.intake_port,
            loops=(partial(ForgettingLoop, table="gehoor.idempotency"),),
            keys=True,
        )
    )


if __name__ == "__main__":
    main()
