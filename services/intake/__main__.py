"""The intake process: `python -m intake`."""

from events.service import Service, run
from intake.application import application
from intake.forgetting import ForgettingLoop


def main() -> None:
    """Serve until told to stop."""
    run(
        Service(
            name="intake",
            http=application,
            port=lambda settings: settings.intake_port,
            loops=(ForgettingLoop,),
            keys=True,
        )
    )


if __name__ == "__main__":
    main()
