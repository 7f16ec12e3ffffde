"""The Docker engine as `prove.py` uses it: start a compose project, look at its containers, kill them, wait.

Needs only Python and the programs `docker` and `docker compose` (or the older `docker-compose`). A kill is
the death of the process itself, seen from outside, so that the engine's own restart policy brings it back:
`docker kill` would count as somebody's wish that it stay down.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LOOK_EVERY_S = 0.5
COMMAND_WITHIN_S = 120.0
STOPS_WITHIN_S = 60
"""As `stop_grace_period` in compose.yaml: a service's own limits for stopping add up to less than 30 s."""


class EngineFailed(Exception):
    """A command of the engine ended with an error; its last words are the reason."""


def run(
    *command: str,
    within_s: float = COMMAND_WITHIN_S,
    environment: dict[str, str] | None = None,
    answers: tuple[int, ...] = (0,),
) -> str:
    """Run a command and give its output; raises `EngineFailed` with the end of what it complained about.

    `answers` are the exit statuses that are answers and not failures.
    """
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=within_s, env=environment, check=False
    )
    if done.returncode not in answers:
        reason = done.stderr.strip()[-800:] or done.stdout.strip()[-800:]
        raise EngineFailed(f"{' '.join(command)}: {reason}")
    return done.stdout


@dataclass(frozen=True)
class Container:
    """One container of the project; it keeps its identity when its process dies and comes back."""

    id: str
    name: str
    service: str

    @property
    def state(self) -> dict[str, Any]:
        return self._inspect["State"]  # type: ignore[no-any-return]

    @property
    def addresses(self) -> set[str]:
        networks = self._inspect["NetworkSettings"]["Networks"]
        return {network["IPAddress"] for network in networks.values()}

    @cached_property
    def health_test(self) -> list[str]:
        """The container's own health check, as a command to run inside it."""
        kind, *command = self._inspect["Config"]["Healthcheck"]["Test"]
        return ["sh", "-c", command[0]] if kind == "CMD-SHELL" else command

    def crash(self) -> str | None:
        """Let the process die at once, as if the machine had killed it."""
        pid = int(self.state["Pid"])
        try:
            os.kill(pid, signal.SIGKILL)
        except (
            PermissionError,
            ProcessLookupError,
        ):  # the engine runs elsewhere: kill and start by its means
            run("docker", "kill", self.id)
            run("docker", "start", self.id)
        return None

    def stop_in_order(self) -> str | None:
        """Ask the process to end, and start it again; gives what was wrong with its end, if anything."""
        began_s = time.monotonic()
        run("docker", "stop", "--time", str(STOPS_WITHIN_S), self.id)
        took_s, status = time.monotonic() - began_s, self.state["ExitCode"]
        run("docker", "start", self.id)
        return f"{self.name} ended with status {status} after {took_s:.0f} s" if status else None

    def publishes(self, port: int) -> str | None:
        """Give the address under which this machine reaches a port now; None while it is down."""
        try:
            return run("docker", "port", self.id, f"{port}/tcp").split()[0]
        except (EngineFailed, IndexError):
            return None

    def inside(self, *command: str, user: str | None = None) -> str:
        """Run a command in the container and give its output."""
        return run("docker", "exec", *(["--user", user] if user else []), self.id, *command)

    def is_well(self) -> bool:
        try:
            self.inside(*self.health_test)
        except (EngineFailed, subprocess.TimeoutExpired):
            return False
        return True

    def wait_until_well(self, within_s: float) -> float:
        """Wait until the container's own health check passes; gives how long it took, in seconds."""
        began_s = time.monotonic()
        while not (self.state["Running"] and self.is_well()):
            if time.monotonic() - began_s > within_s:
                raise EngineFailed(f"{self.name} is not well after {within_s:.0f} s: {self.state['Status']}")
            time.sleep(LOOK_EVERY_S)
        return time.monotonic() - began_s

    @property
    def _inspect(self) -> dict[str, Any]:
        (found,) = json.loads(run("docker", "inspect", self.id))
        return found  # type: ignore[no-any-return]


class Project:
    """A compose project of its own name, so that it never touches one that somebody uses."""

    def __init__(self, name: str, settings: dict[str, str]) -> None:
        self.name = name
        self._environment = {**os.environ, **settings}
        self._label = f"label=com.docker.compose.project={name}"

    def compose(self, *arguments: str, within_s: float = 600.0, answers: tuple[int, ...] = (0,)) -> str:
        program = ["docker", "compose"] if _has_plugin() else ["docker-compose"]
        files = ["--file", str(HERE / "compose.yaml")]
        if (HERE / ".env").exists():
            files += ["--env-file", str(HERE / ".env")]
        return run(
            *program, "--project-name", self.name, *files, *arguments,
            within_s=within_s, environment=self._environment, answers=answers,
        )  # fmt: skip

    def remove(self) -> None:
        """Take the project away with all its data.

        An engine that thinks a network is still in use keeps it; then compose stops before the volumes.
        """
        try:
            self.compose("down", "--volumes", "--timeout", "10")
        except EngineFailed:
            if containers := run("docker", "ps", "--all", "--quiet", "--filter", self._label).split():
                run("docker", "rm", "--force", *containers)
            if volumes := run("docker", "volume", "ls", "--quiet", "--filter", self._label).split():
                run("docker", "volume", "rm", *volumes)

    def containers(self, *services: str) -> list[Container]:
        """Give the project's containers, of these services or of all, without one-off runs."""
        labels = (f'{{{{.Label "com.docker.compose.{label}"}}}}' for label in ("service", "oneoff"))
        shape = "\t".join(("{{.ID}}", "{{.Names}}", *labels))
        lines = run("docker", "ps", "--all", "--filter", self._label, "--format", shape).splitlines()
        found = [Container(*line.split("\t")[:3]) for line in lines if not line.lower().endswith("true")]
        return sorted(
            (one for one in found if not services or one.service in services), key=lambda one: one.name
        )

    def one(self, service: str) -> Container:
        return self.containers(service)[0]

    def ask_store(self, question: str) -> Any:
        """Ask the event store one SQL question whose answer is one JSON value."""
        answer = self.one("postgres").inside(
            "psql", "-U", "postgres", "-d", "gehoor", "-qAtX", "-c", question, user="postgres"
        )
        return json.loads(answer)

    def ask_bus(self, server: str, path: str) -> Any:
        """Ask a NATS server's monitor, which listens inside its container only."""
        return json.loads(self.one(server).inside("wget", "-q", "-O", "-", f"http://127.0.0.1:8222/{path}"))


def _has_plugin() -> bool:
    if shutil.which("docker") is None:
        raise EngineFailed("the program docker is not installed")
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
