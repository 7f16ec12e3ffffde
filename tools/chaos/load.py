"""The load driver: seeded complaints over plain sockets, each under a key, with a canary in every field.

An answer is only believed when it came whole. What was refused, lost or cut is sent again with the same key
and the same body, as a careful client does; some are given up, so that a lost answer stays a lost answer.
"""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.record import RequestAnswered, RequestOutcome, RequestSent, RunHistory
from events.catalogue.words import CHANNELS

CANARY = "kanarie"
"""Stands in every personal field of every complaint, and nowhere in the code of a service."""

ORGANISATIONS = ("destiny", "bc", "supportoplus", "preact", "ingressus")
ANSWERS_WITHIN_S = 15.0
MOST_AT_ONCE = 200
ATTEMPTS = 40


@dataclass(slots=True)
class ComplaintLoad:
    """Sends complaints to any of `ports()` until stopped; `filed` are references that were promised."""

    history: RunHistory
    seed: int
    rate: float
    ports: Callable[[], list[int]]
    filed: list[str] = field(default_factory=list)
    sent: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, until: asyncio.Event) -> None:
        """Send at the rate, at random intervals, until stopped; then wait for what is under way."""
        chance = random.Random(self.seed)
        while not until.is_set():
            if len(self._tasks) < MOST_AT_ONCE:
                self.sent += 1
                task = asyncio.create_task(
                    self._file(f"{self.seed}-{self.sent}", random.Random(chance.random()))
                )
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            try:
                async with asyncio.timeout(chance.expovariate(self.rate)):
                    await until.wait()
            except TimeoutError:
                continue
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * ANSWERS_WITHIN_S)
        for task in self._tasks:
            task.cancel()

    async def _file(self, key: str, chance: random.Random) -> None:
        body = complaint(key, chance)
        if chance.random() < 0.05:  # two impatient clicks
            await asyncio.gather(self._once(key, body, chance), self._once(key, body, chance))
        for attempt in range(ATTEMPTS):
            outcome = await self._once(key, body, chance)
            if outcome == "ok" or (attempt and chance.random() < 0.02):
                break
            await asyncio.sleep(min(0.1 * 2**attempt, 2.0) * chance.uniform(0.5, 1.0))
        if chance.random() < 0.03:
            await self._once(key, {**body, "description": f"{CANARY} something else {key}"}, chance)

    async def _once(self, key: str, body: dict[str, object], chance: random.Random) -> RequestOutcome:
        content = digest(str(body["description"]))
        complainant = body["complainant"]
        assert isinstance(complainant, dict)
        self.history.write(RequestSent(key=key, content=content, address=complainant.get("email", "")))
        status, text, is_sent = await post(chance.choice(self.ports()), key, json.dumps(body).encode())
        outcome = meaning(status, text, is_sent=is_sent)
        reference = str(json.loads(text)["reference"]) if outcome == "ok" else ""
        self.history.write(
            RequestAnswered(
                key=key,
                content=content,
                outcome=outcome,
                status=status,
                reference=reference,
                echoes=CANARY in text,
            )
        )
        if reference:
            self.filed.append(reference)
        return outcome


def complaint(key: str, chance: random.Random) -> dict[str, object]:
    """Write a complaint; the same key and chance give the same one."""
    complainant = {
        "name": f"Kanarie {CANARY} {key}",
        "company": f"{CANARY} {key} BV",
        "phone": f"+31 6 5550 {chance.randrange(10_000):04d}",
    }
    way = chance.random()
    if way > 0.1:
        complainant["email"] = f"{'refused' if way < 0.15 else 'k'}-{CANARY}-{key}@example.org"
    return {
        "organisation": chance.choice(ORGANISATIONS),
        "channel": chance.choice(CHANNELS),
        "description": f"{CANARY} {key}: de lijn valt elke dag uit {'x' * chance.randrange(400)}.",
        "complainant": complainant,
        "about": {"name": f"{CANARY} {key}", "function": "planner"},
    }


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def meaning(status: int, text: str, *, is_sent: bool) -> RequestOutcome:
    """Return what an answer means: ok, fail (certainly not stored by this request) or info (nobody knows)."""
    if status == 201:
        return "ok"
    if not is_sent or 400 <= status < 500:
        return "fail"
    if status == 503 and any(f"problem:{code}" in text for code in ("busy", "not-ready")):
        return "fail"
    return "info"


async def post(port: int, key: str, body: bytes) -> tuple[int, str, bool]:
    """Send one request on a connection of its own: status, body, and whether any of it was sent."""
    head = (
        f"POST /v1/complaints HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    is_sent = False
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                is_sent = True
                writer.write(head.encode() + body)
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0, "", is_sent
    first, _, text = answer.decode(errors="replace").partition("\r\n\r\n")
    words = first.split(" ", 2)
    length = next(
        (int(line.split(":")[1]) for line in first.lower().splitlines() if line.startswith("content-length")),
        -1,
    )
    if len(words) < 2 or not words[1].isdigit() or len(text.encode()) != length:
        return 0, "", True
    return int(words[1]), text, True
