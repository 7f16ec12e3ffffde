"""Starts the service: `python -m workflow`. Its API answers on `GEHOOR_WORKFLOW_PORT`."""

from events.service import Service, run
from workflow.consumer import WorkflowConsumer
from workflow.http import application


def main() -> None:
    run(
        Service(
            name="workflow",
            consumer=lambda _platform: WorkflowConsumer(),
            http=application,
            port=lambda settings: settings.workflow_port,
            keys=True,
        )
    )


if __name__ == "__main__":
    main()
