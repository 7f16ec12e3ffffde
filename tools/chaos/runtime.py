"""The system under test: the embedded set-up with two of everything, started again quickly, breakable.

`python -m chaos.runtime` is `gehoor up` with a second process of each service and of the relay, failpoints
that listen to files under `$GEHOOR_HOME/failpoints`, and waits of at most a second before a child is started
again. What the campaign wants different comes as JSON in `CHAOS_RUNTIME`.
"""

import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from events.errors import Misconfigured
from events.settings import Settings, load
from gehoor.embedded import processes
from gehoor.embedded.backoff import Backoff
from gehoor.embedded.children import Children
from gehoor.embedded.logs import LogWatch
from gehoor.embedded.plan import RunPlan, ServicePlan
from gehoor.embedded.ports import choose
from gehoor.embedded.processes import Launch
from gehoor.embedded.restarter import Ready, Restarter
from gehoor.embedded.run import keep_the_screen_tidy
from gehoor.embedded.screen import Screen
from gehoor.embedded.services import start_service
from gehoor.embedded.supervisor import Supervisor

OPTIONS_VARIABLE = "CHAOS_RUNTIME"
TWICE = ("intake", "workflow", "deadlines", "notifier", "relay")


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """What differs from `gehoor up`; `planted` is a bug's name, ports are those of fault proxies."""

    planted: str = ""
    database_port: int | None = None
    nats_port: int | None = None
    nats_is_absent: bool = False
    log_level: str = "INFO"
    twice: tuple[str, ...] = field(default=TWICE)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_environment(cls) -> "RuntimeOptions":
        return cls(**json.loads(os.environ.get(OPTIONS_VARIABLE, "{}")))


class QuickBackoff(Backoff):
    """At most a second between a death and the next start: the campaign measures recovery, not patience."""

    def next_s(self, lived_s: float) -> float:
        return min(super().next_s(lived_s), 0.5)


class ChaosSupervisor(Supervisor):
    """The embedded supervisor with twins."""

    def __init__(self, settings: Settings, screen: Screen, options: RuntimeOptions) -> None:
        super().__init__(settings, screen)
        self.options = options
        self.children = ChaosChildren(self)

    def start_services(self, plan: RunPlan) -> None:
        """Start everybody, then the twins."""
        twins = [
            ServicePlan(f"{service.name}-2", service.module, self._port_of(f"{service.name}-2"))
            for service in plan.services
            if service.name in self.options.twice
        ]
        self.record.ports |= {twin.name: twin.port for twin in twins}
        super().start_services(plan)
        for twin in twins:
            start_service(self.home, self.settings, self.children, self.record, twin)

    def _port_of(self, twin: str) -> int:
        """Return a twin the port of the last start, as the supervisor does for everybody it knows."""
        note = self.home.folder / f".{twin}.port"
        port = choose(int(note.read_text()) if note.exists() else None)
        note.write_text(str(port))
        return port


class ChaosChildren(Children):
    """Children that can be broken on purpose, and come back at once."""

    def __init__(self, supervisor: ChaosSupervisor) -> None:
        super().__init__(supervisor.home, supervisor.screen, supervisor.note)
        self.supervisor = supervisor

    def keep(
        self,
        group: list[Restarter],
        launch: Launch,
        until_ready: Ready,
        port: int,
        *,
        must_start: bool = False,
    ) -> Restarter:
        """Start a child as the campaign wants it, and keep it running."""
        self.watches.append(LogWatch(launch.name, launch.log, self.screen.problem))
        options = self.supervisor.options
        keeper = Restarter(
            self._changed_launch(launch), until_ready, self.screen.problem, changed=self.changed, port=port,
            must_start=must_start, backoff=QuickBackoff(),
            start=processes.start if options.planted else self.fork_client.start,
        )  # fmt: skip
        group.append(keeper)
        keeper.start()
        return keeper

    def _changed_launch(self, launch: Launch) -> Launch:
        options, supervisor = self.supervisor.options, self.supervisor
        module = launch.command[2] if launch.command[1:2] == ("-m",) else ""
        if not module:
            return launch
        environment = dict(launch.environment)
        if launch.name.startswith("intake"):
            environment["GEHOOR_INTAKE_PORT"] = str(supervisor.record.ports[launch.name])
        if launch.name.startswith("workflow"):
            environment["GEHOOR_WORKFLOW_PORT"] = str(supervisor.record.ports[launch.name])
        environment["GEHOOR_FAILPOINTS"] = f"@{supervisor.home.folder}/failpoints/{launch.name}"
        for variable, port in (
            ("GEHOOR_DATABASE_URL", options.database_port),
            ("GEHOOR_NATS_URL", options.nats_port),
        ):
            if port is not None:
                environment[variable] = _at_port(environment[variable], port)
        if options.nats_is_absent:
            environment["GEHOOR_NATS_URL"] = _at_port(environment["GEHOOR_NATS_URL"], choose())
        command = launch.command
        if options.planted:
            command = (sys.executable, "-m", "chaos.planted", options.planted, module)
        return replace(launch, environment=environment, command=command)


def _at_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{port}"))


def main() -> None:
    """Run until stopped."""
    keep_the_screen_tidy()
    settings = load()
    (settings.home / "failpoints").mkdir(parents=True, exist_ok=True)
    supervisor = ChaosSupervisor(settings, Screen(total=3), RuntimeOptions.from_environment())
    try:
        asyncio.run(supervisor.run())
    except Misconfigured as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
