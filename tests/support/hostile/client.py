"""Sends many requests, several at a time, and keeps what the answers were and which rules they broke."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic

import msgspec

from hostile.invariants import broken, is_busy, misshapen
from hostile.latency_budget import SLOW_AFTER_S, LatencyBudget
from hostile.raw_http import Reply, send
from hostile.requests import HostileRequest

AT_ONCE = 4
"""As many as a service has connections to its store: more would only wait for each other."""

TIMES_ASKED = 4
MOST_BUSY_OF = 1_000
"""Whoever is told `busy` asks again after Retry-After: once in so many requests; any other 503 is wrong."""

KEPT = 200
"""Findings kept with their request; the rest is only counted."""


class _Filed(msgspec.Struct):
    reference: str


class _Told(msgspec.Struct):
    type: str


class _Done(msgspec.Struct):
    events: list[_Told]


@dataclass(slots=True)
class Tally:
    """What a campaign has seen so far.

    `added` counts the additions of each complaint that were answered with 201, a repeated one once; `done`
    the events that workflow says it stored. Of what is `uncertain` no answer says whether it was added.
    """

    replies: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    count: int = 0
    busy: int = 0
    broken: int = 0
    filed: set[str] = field(default_factory=set)
    added: Counter[str] = field(default_factory=Counter)
    keys_used: set[tuple[str, bytes]] = field(default_factory=set)
    uncertain: int = 0
    done: Counter[str] = field(default_factory=Counter)
    took_s: list[float] = field(default_factory=list)
    latency_budget: LatencyBudget | None = None

    def take(self, request: HostileRequest, reply: Reply) -> None:
        """Judge an answer and count it."""
        self.count += 1
        self.replies[f"{request.service} {reply.status}"] += 1
        self.kinds[f"{request.kind} {reply.status // 100 if reply.status > 0 else reply.status}"] += 1
        found = list(broken(request, reply))
        if request.waits_s is None:
            self.took_s.append(reply.took_s)
            if self.latency_budget is not None:
                found += self.latency_budget.judge(reply.took_s, monotonic())
        self._keep(found, request, reply)
        self._believe(request, reply)

    def take_busy(self, request: HostileRequest, reply: Reply) -> None:
        """Count an answer after which the same is asked again; its form is judged as any other's."""
        self.busy += 1
        self._keep(list(misshapen(request, reply)), request, reply)

    @property
    def slow(self) -> int:
        """How many answers took more than a second, those included that the machine kept waiting."""
        return sum(took_s > SLOW_AFTER_S for took_s in self.took_s)

    @property
    def too_often_busy(self) -> list[str]:
        """Say it when more were told to come back than the limit for it explains."""
        if self.busy * MOST_BUSY_OF <= max(self.count, MOST_BUSY_OF):
            return []
        return [f"{self.busy} of {self.count} were told that too much happens at once"]

    def _keep(self, found: list[str], request: HostileRequest, reply: Reply) -> None:
        self.broken += bool(found)
        if found and len(self.findings) < KEPT:
            self.findings.append(
                f"{'; '.join(found)}\n    {request}\n    {reply.status} {reply.body[:200]!r}"
            )

    def _believe(self, request: HostileRequest, reply: Reply) -> None:
        """Keep what an answer says was stored, so that it can be compared with what stands."""
        if reply.status == 201 and b"status_url" in reply.body:
            self.filed.add(msgspec.json.decode(reply.body, type=_Filed).reference)
        elif reply.status == 201:
            self._add(request, msgspec.json.decode(reply.body, type=_Filed).reference)
        elif _is_lost_addition(request, reply):
            self.uncertain += 1
        elif _is_done(request, reply):
            self.done.update(one.type for one in msgspec.json.decode(reply.body, type=_Done).events)

    def _add(self, request: HostileRequest, reference: str) -> None:
        """Count an addition, unless its key says that it repeats an earlier one to the same complaint."""
        key = request.idempotency_key
        if key is not None and (reference, key) in self.keys_used:
            return
        if key is not None:
            self.keys_used.add((reference, key))
        self.added[reference] += 1


async def send_all(requests: Iterable[HostileRequest], ports: Mapping[str, int], tally: Tally) -> None:
    """Send all of them, whatever becomes of each."""
    rest: Iterator[HostileRequest] = iter(requests)

    async def work() -> None:
        for one in rest:
            for _ in range(TIMES_ASKED - 1):
                reply = await send(one, ports[one.service])
                if not is_busy(reply):
                    break
                tally.take_busy(one, reply)
                await asyncio.sleep(float(reply.headers["retry-after"]))
            else:
                reply = await send(one, ports[one.service])
            tally.take(one, reply)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


def _is_done(request: HostileRequest, reply: Reply) -> bool:
    """Return whether this is workflow's answer to a command, given for the first time."""
    is_command = reply.status == 200 and request.method == b"POST" and b"/commands/" in request.target
    return is_command and "idempotency-replayed" not in reply.headers


def _is_lost_addition(request: HostileRequest, reply: Reply) -> bool:
    """Return whether this may have been added without a word of it; half a request is never done."""
    is_whole = request.kind != "half" and b"/messages" in request.wire.partition(b"\n")[0]
    return is_whole and (reply.status <= 0 or reply.status >= 500)
