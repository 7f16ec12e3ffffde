"""`gehoor simulate --live`: cases through the real services, on a clock in which days pass in seconds.

A home of its own is started with everything in it. Complaints are filed over HTTP and commands given at their
simulated moments, letters go to the mailbox; then every clock that the services kept is compared with the one
of the pure core. A clock that runs that fast makes hours of every delay, so only cases are taken in which a
day more or less changes no end: it is the ends that are compared, not how late something was.
"""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events.errors import Misconfigured
from events.settings import Settings
from gehoor.embedded.ports import choose
from gehoor.embedded.run import keep_the_screen_tidy
from gehoor.embedded.screen import Screen
from gehoor.embedded.supervisor import Supervisor
from gehoor.simulate.driver import Driver, LiveOutcome
from simulation.arrivals import Season
from simulation.case_run import CaseRun
from simulation.stable_cases import DISTANCE, steady_plans

DRAWN_PER_CASE = 400
_BEFORE_S = 10.0


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What is asked for: how many cases, received when, how long each may take, and how fast time goes."""

    count: int
    seed: int
    season: Season
    longest: timedelta
    speed: float

    def cases(self) -> list[CaseRun]:
        """Draw steady cases, and live through them in the pure core."""
        drawn = range(self.count * DRAWN_PER_CASE)
        return list(steady_plans(self.seed, self.season, self.count, self.longest, DISTANCE, drawn))


async def live_through(cases: Sequence[CaseRun], asked: LiveRun, settings: Settings) -> LiveOutcome:
    """Start everything in a home of its own, live through the cases, stop, and give what became of them."""
    home = settings.home / "simulation"
    if home.exists():
        raise Misconfigured(f"{home} holds an earlier simulation: remove it, or set GEHOOR_HOME elsewhere")
    ports: list[int] = []
    for _ in range(4):
        ports.append(choose(avoid=frozenset(ports)))
    settings = settings.model_copy(
        update={
            "home": home,
            "clock_start": begins_at(cases, asked.speed),
            "clock_speed": asked.speed,
            "intake_port": ports[0],
            "workflow_port": ports[1],
            "mailbox_port": ports[2],
            "mailbox_smtp_port": ports[3],
        }
    )
    keep_the_screen_tidy()
    driver = Driver(cases)
    failures: list[Exception] = []

    async def when_up(supervisor: Supervisor) -> None:
        try:
            await driver.drive(supervisor.settings, supervisor.record.urls)
        except Exception as error:  # noqa: BLE001 - raised below, once everything has stopped
            failures.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C would: everything stops, in order

    await Supervisor(settings, _Quiet()).run(when_up)
    if failures:
        raise failures[0]
    return driver.outcome


def begins_at(cases: Sequence[CaseRun], speed: float) -> datetime:
    """Say when the clock is to start: some real seconds before the first complaint."""
    return min(lived.plan.arrives_at for lived in cases) - timedelta(seconds=_BEFORE_S * speed)


class _Quiet(Screen):
    """Shows progress on the error output, and no line per event."""

    def __init__(self) -> None:
        super().__init__(total=3, out=sys.stderr)

    def line(self, text: str = "") -> None:
        if text.startswith(("[", "  !")):
            super().line(text)
