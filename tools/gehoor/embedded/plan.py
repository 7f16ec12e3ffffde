"""What is to be started with these settings: which servers are ours, which ports, which services.

Decided before anything is started, so that a wrong setting costs nothing. A server whose address is given is
used and not started; the clock can only be moved where the event store is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from events.errors import Misconfigured
from events.settings import Settings
from gehoor.embedded.home import RunRecord
from gehoor.embedded.ports import choose, require


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One service: the module it runs and the port on which it answers `/readyz`."""

    name: str
    module: str
    port: int


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything that will run. A server's port is None when somebody else runs that server."""

    settings: Settings
    database_port: int | None
    keys_port: int | None
    nats_port: int | None
    nats_monitor_port: int | None
    mailbox_port: int | None
    mailbox_smtp_port: int | None
    services: tuple[ServicePlan, ...]

    @property
    def ports(self) -> dict[str, int]:
        """Every port by name, to be remembered for the next start."""
        named = {
            "database": self.database_port,
            "keys": self.keys_port,
            "nats": self.nats_port,
            "nats-monitor": self.nats_monitor_port,
            "mailbox": self.mailbox_port,
            "mailbox-smtp": self.mailbox_smtp_port,
            **{service.name: service.port for service in self.services},
        }
        return {name: port for name, port in named.items() if port is not None}


def make_plan(settings: Settings, last: RunRecord) -> RunPlan:
    """Choose ports, those of the last run where they are free; raises `Misconfigured` naming the variable."""
    if settings.database_url is not None:
        if settings.demonstrations:
            raise Misconfigured(
                "GEHOOR_DEMONSTRATIONS: the demonstration organisations exist in the embedded set-up "
                "only, and GEHOOR_DATABASE_URL is set; unset one of the two"
            )
        for variable, value in (("START", settings.clock_start), ("SPEED", settings.clock_speed)):
            if value is not None:
                raise Misconfigured(
                    f"GEHOOR_CLOCK_{variable}: the clock can only be moved in the embedded set-up, and "
                    "GEHOOR_DATABASE_URL is set; unset one of the two"
                )
    public = _public_ports(settings)
    chosen = _Chooser(last.ports, frozenset(public.values()))
    own_mailbox = settings.smtp_url is None
    return RunPlan(
        settings=settings,
        database_port=chosen.port("database") if settings.database_url is None else None,
        keys_port=chosen.port("keys") if settings.keys_url is None else None,
        nats_port=chosen.port("nats") if settings.nats_url is None else None,
        nats_monitor_port=chosen.port("nats-monitor") if settings.nats_url is None else None,
        mailbox_port=public["GEHOOR_MAILBOX_PORT"] if own_mailbox else None,
        mailbox_smtp_port=public["GEHOOR_MAILBOX_SMTP_PORT"] if own_mailbox else None,
        services=(
            ServicePlan("relay", "service.relay", chosen.port("relay")),
            ServicePlan("intake", "intake", public["GEHOOR_INTAKE_PORT"]),
            ServicePlan("workflow", "workflow", public["GEHOOR_WORKFLOW_PORT"]),
            ServicePlan("deadlines", "deadlines", chosen.port("deadlines")),
            ServicePlan("notifier", "notifier", chosen.port("notifier")),
        ),
    )


def _public_ports(settings: Settings) -> dict[str, int]:
    """Check the ports people know; every one is checked before any is complained about twice."""
    wanted = {"GEHOOR_INTAKE_PORT": settings.intake_port, "GEHOOR_WORKFLOW_PORT": settings.workflow_port}
    if settings.smtp_url is None:
        wanted["GEHOOR_MAILBOX_PORT"] = settings.mailbox_port
        wanted["GEHOOR_MAILBOX_SMTP_PORT"] = settings.mailbox_smtp_port
    given: dict[int, str] = {}
    for variable, port in wanted.items():
        if port and port in given:
            raise Misconfigured(f"{variable}: port {port} is also {given[port]}; give each its own")
        given[port] = variable
    return {variable: require(variable, port) for variable, port in wanted.items()}


class _Chooser:
    def __init__(self, remembered: Mapping[str, int], taken: frozenset[int]) -> None:
        self._remembered = remembered
        self._taken = taken

    def port(self, name: str) -> int:
        port = choose(self._remembered.get(name), avoid=self._taken)
        self._taken |= {port}
        return port
