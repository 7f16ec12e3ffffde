"""Starts the service: `python -m workflow`. Its API answers on `GEHOOR_WORKFLOW_PORT`."""

from functools import partial

from events.platform import Platform
from procedures.organisations import admit_demonstrations
from service.host import run
from service.idempotency_expiry import IdempotencyExpiryLoop
from service.running import Service
from workflow.api.app import application
from workflow.command_handler import REQUEST_KEYS
from workflow.consumer import WorkflowConsumer


def make_consumer(platform: Platform) -> WorkflowConsumer:
    if platform.settings.demonstrations:
        admit_demonstrations()
    return WorkflowConsumer()


def main() -> None:
    run(
        Service(
            name="workflow",
            consumer=make_consumer,
            http=application,
            port=lambda settings: settings.workflow_port,
            loops=(partial(IdempotencyExpiryLoop, table=REQUEST_KEYS),),
            keys=True,
        )
    )


if __name__ == "__main__":
    main()
