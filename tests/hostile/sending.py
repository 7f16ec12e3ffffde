"""Sends many requests, several at a time, and keeps what the answers were and which rules they broke."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from hostile.asked import Asked
from hostile.rules import broken
from hostile.wire import Reply, send

AT_ONCE = 4
"""As many as a service has connections to its store: more would only wait for each other."""

TIMES_ASKED = 4
BUSY_FOR_S = 0.5
"""A 503 with Retry-After is an answer, on a machine too busy to reach the store in time; it is counted."""

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
    """What a campaign has seen so far. `done` counts the events that workflow says it stored."""

    replies: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    count: int = 0
    told_to_come_back: int = 0
    broken: int = 0
    filed: set[str] = field(default_factory=set)
    added: int = 0
    done: Counter[str] = field(default_factory=Counter)
    took_s: list[float] = field(default_factory=list)
    slow_after_s: float | None = None

    def take(self, asked: Asked, reply: Reply) -> None:
        """Judge an answer and count it."""
        self.count += 1
        self.replies[f"{asked.service} {reply.status}"] += 1
        self.kinds[f"{asked.kind} {reply.status // 100 if reply.status > 0 else reply.status}"] += 1
        found = list(broken(asked, reply))
        if asked.waits_s is None:
            self.took_s.append(reply.took_s)
            if self.slow_after_s is not None and reply.took_s > self.slow_after_s:
                found.append(f"took {reply.took_s:.1f} s")
        self.broken += bool(found)
        if found and len(self.findings) < KEPT:
            self.findings.append(f"{'; '.join(found)}\n    {asked}\n    {reply.status} {reply.body[:200]!r}")
        self._believe(asked, reply)

    def _believe(self, asked: Asked, reply: Reply) -> None:
        """Keep what an answer says was stored, so that it can be compared with what stands."""
        if reply.status == 201 and b"status_url" in reply.body:
            self.filed.add(msgspec.json.decode(reply.body, type=_Filed).reference)
        elif reply.status == 201:
            self.added += 1
        elif _is_done(asked, reply):
            self.done.update(one.type for one in msgspec.json.decode(reply.body, type=_Done).events)


async def send_all(asked: Iterable[Asked], ports: Mapping[str, int], tally: Tally) -> None:
    """Send all of them, whatever becomes of each."""
    rest: Iterator[Asked] = iter(asked)

    async def work() -> None:
        for one in rest:
            for _ in range(TIMES_ASKED):
                reply = await send(one, ports[one.service])
                if reply.status != 503 or "retry-after" not in reply.headers:
                    break
                tally.told_to_come_back += 1
                await asyncio.sleep(BUSY_FOR_S)
            tally.take(one, reply)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


def _is_done(asked: Asked, reply: Reply) -> bool:
    """Tell whether this is workflow's answer to a command, given for the first time."""
    is_command = reply.status == 200 and asked.method == b"POST" and b"/commands/" in asked.target
    return is_command and "idempotency-replayed" not in reply.headers
