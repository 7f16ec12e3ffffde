"""Driving a running set-up through invented cases: requests over HTTP, at their simulated moments.

Each case is a task that waits for its next moment on the system's own clock. A command that is not allowed
yet, because what it follows from is still on its way, is given again for a while, as any client would.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from events.errors import Misconfigured
from events.identity import parse_reference
from events.settings import Settings
from events.store.database import close_pool, open_pool
from events.store.store_clock import StoreClock
from events.store.streams import Store
from gehoor.client import send
from simulation.case_run import CaseRun
from simulation.clock_ends import ClockEnd, ends_of
from simulation.plan import PlannedStep
from simulation.stable_cases import DISTANCE, is_delayed

SIDE_BY_SIDE = 12
"""Requests at one moment: enough for every case, few enough to leave the processors to the services."""

ASK_AGAIN_S = 0.1
GIVES_UP_AFTER_S = 20.0
"""Of real time, for a command that is not allowed yet because an event is still on its way."""

QUIET_S = 4.0
ANSWERS_WITHIN_S = 30.0
_AFTERWARDS = timedelta(days=4)


@dataclass(slots=True)
class LiveOutcome:
    """What the services made of the cases: how every clock ended, and which commands did not go through.

    `delayed` are cases in which something happened so much later than planned that nothing can be compared.
    """

    ended: dict[int, list[ClockEnd]] = field(default_factory=dict)
    troubles: dict[int, list[str]] = field(default_factory=dict)
    delayed: set[int] = field(default_factory=set)
    events: int = 0
    took_s: float = 0.0


class Driver:
    """Files complaints and gives commands at their moments, case by case side by side."""

    def __init__(self, cases: Sequence[CaseRun]) -> None:
        self._cases = cases
        self.outcome = LiveOutcome()
        self._clock = StoreClock()
        self._at_once = asyncio.Semaphore(SIDE_BY_SIDE)
        self._urls: Mapping[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._references: dict[int, str] = {}
        self._given = 0

    async def drive(self, settings: Settings, urls: Mapping[str, str]) -> None:
        """Live through all cases in what runs, wait until all is quiet, and read how the clocks ended."""
        self._urls = urls
        self._tokens = {path.name: path.read_text().strip() for path in (settings.home / "tokens").iterdir()}
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        pool = await open_pool(settings.database_for("auditor"), "auditor", 2)
        try:
            await self._clock.measure(pool)
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self._tell())
                cases = [group.create_task(self._live(lived)) for lived in self._cases]
                await asyncio.wait(cases)
                await self._until(max(_last_moment(lived) for lived in self._cases) + _AFTERWARDS)
                watching.cancel()
            await self._until_quiet(pool)
            self.outcome.took_s = loop.time() - began_s
            await self._read(Store(pool, self._clock))
        finally:
            await close_pool(pool)

    async def _live(self, lived: CaseRun) -> None:
        await self._until(lived.plan.arrives_at)
        reference = await self._file(lived)
        self._references[lived.plan.number] = reference
        for step in lived.given:
            await self._until(step.at)
            await self._command(reference, step, lived.plan.number)

    async def _file(self, lived: CaseRun) -> str:
        key = f"simulated-{lived.plan.number}"
        async with self._at_once:
            status, answer = await asyncio.to_thread(
                send, self._urls["intake"], dict(lived.plan.submission), key
            )
        if status != 201:
            raise Misconfigured(f"case {lived.plan.number}: intake answered {status}: {answer}")
        return str(answer["reference"])

    async def _command(self, reference: str, step: PlannedStep, number: int) -> None:
        """Give a command; one that is not allowed yet is given again until what it waits for has arrived."""
        loop = asyncio.get_running_loop()
        gives_up_s = loop.time() + GIVES_UP_AFTER_S
        while True:
            async with self._at_once:
                status, answer = await asyncio.to_thread(self._give, reference, step)
            if status == 200:
                self._given += 1
                return
            if status not in (404, 409, 412, 503) or loop.time() > gives_up_s:
                told = f"case {number} ({reference}): {step.command} at {step.at}: {status} {answer}"
                self.outcome.troubles.setdefault(number, []).append(told)
                return
            await asyncio.sleep(ASK_AGAIN_S)

    def _give(self, reference: str, step: PlannedStep) -> tuple[int, str]:
        """Read the case for its version, then give the command, as a person's program would."""
        case_url = f"{self._urls['workflow']}v1/cases/{reference}"
        headers = {"Authorization": f"Bearer {self._tokens[step.by]}", "Content-Type": "application/json"}
        try:
            with _asked(case_url, headers) as seen:
                headers["If-Match"] = seen.headers["ETag"]
            body = json.dumps(dict(step.body)).encode()
            with _asked(f"{case_url}/commands/{step.command}", headers, body) as done:
                return done.status, ""
        except HTTPError as refused:
            return refused.code, refused.read().decode(errors="replace")[:300]
        except OSError as away:
            return 503, str(away)

    async def _until(self, moment: datetime) -> None:
        """Wait until the simulated clock shows a moment."""
        while (left_s := (moment - self._clock.now()).total_seconds() / self._clock.speed) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left_s)

    async def _until_quiet(self, pool: Any) -> None:
        """Wait until no event has been added for some seconds: what follows from anything has followed."""
        loop = asyncio.get_running_loop()
        count, since_s = -1, loop.time()
        while loop.time() - since_s < QUIET_S:
            now_there = int(await pool.fetchval("SELECT count(*) FROM gehoor.event"))
            if now_there != count:
                count, since_s = now_there, loop.time()
            await asyncio.sleep(0.5)
        self.outcome.events = count

    async def _read(self, store: Store) -> None:
        for lived in self._cases:
            case_id = await store.find(parse_reference(self._references[lived.plan.number]))
            if case_id is not None:
                history = await store.history(case_id)
                if is_delayed(lived, history, DISTANCE):
                    self.outcome.delayed.add(lived.plan.number)
                self.outcome.ended[lived.plan.number] = list(ends_of(lived.plan, history))

    async def _tell(self) -> None:
        """Say every few seconds how far the clock is."""
        if not sys.stderr.isatty():
            return
        while True:
            today, filed = self._clock.now().date(), len(self._references)
            sys.stderr.write(
                f"\r{today}: {filed:,} of {len(self._cases):,} filed, {self._given:,} commands   "
            )
            sys.stderr.flush()
            await asyncio.sleep(1)


def _asked(url: str, headers: dict[str, str], body: bytes | None = None) -> Any:
    return urlopen(Request(url, body, headers), timeout=ANSWERS_WITHIN_S)  # noqa: S310 - an address of ours


def _last_moment(lived: CaseRun) -> datetime:
    """The last moment at which anything happened or fell due in the pure run of a case."""
    return max(recorded.recorded_at for recorded in lived.stream.events)


def compare(
    cases: Sequence[CaseRun], outcome: LiveOutcome, expected: dict[tuple[int, str], str]
) -> list[str]:
    """Say where a clock ended otherwise than it should have; a case that was delayed cannot tell."""
    found: list[str] = []
    for lived in cases:
        number = lived.plan.number
        if number in outcome.delayed:
            continue
        found += outcome.troubles.get(number, ())
        ended = {one.clock: one.end for one in outcome.ended.get(number, ())}
        wanted = {clock: end for (case, clock), end in expected.items() if case == number}
        found += [
            f"case {number} of {lived.plan.organisation}: {clock} should have ended as {end}, "
            f"it ended as {ended.get(clock, 'nothing')}"
            for clock, end in wanted.items()
            if ended.get(clock) != end
        ]
    return found
