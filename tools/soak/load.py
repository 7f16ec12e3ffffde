"""The load of a soak: people who complain, look, ask again and make mistakes, at a steady rate.

Each visit is one complaint and what its people do with it. Everything is drawn from the seed; what a request
was answered is counted by kind and status, and what it should not have been answered is kept in words.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx2

from chaos.load import complaint

ANSWERS_WITHIN_S = 15.0
MOST_AT_ONCE = 100
OPENED_WITHIN_S = 30.0
LOOKS_AGAIN_AFTER_S = 0.5
WHY = "Om deze reden."

COMMANDS: dict[str, dict[str, Any]] = {
    "record-contact-attempt": {"how": "phone"},
    "record-contact": {"how": "phone"},
    "ask-information": {"question": WHY},
    "record-information": {"channel": "phone", "message": WHY},
    "consult": {"party": "staff", "question": WHY},
    "propose": {"proposal": WHY},
    "react": {"reaction": WHY},
    "lodge-objection": {"channel": "email", "objection": WHY},
    "withdraw": {"channel": "phone"},
    "close": {"because": "handled"},
}
"""Commands with a body that fits whatever the case; which of them is allowed, the case itself tells."""

MALFORMED: tuple[tuple[bytes, dict[str, str], int], ...] = (
    (b'{"organisation": "nobody", "channel": "portal", "description": "x"}', {}, 422),
    (b'{"organisation": "destiny", "channel": "portal"}', {}, 422),
    (b'{"organisation": "destiny", "channel": "portal", "description": 7}', {}, 422),
    (b"<complaint/>", {}, 400),
    (b"\xff\xfe\x00", {}, 400),
    (b'{"description": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", {}, 400),
    (b'{"description": "' + b"x" * 600_000 + b'"}', {}, 413),
    (b"{}", {"Content-Type": "text/xml"}, 415),
    (b'{"organisation": "destiny", "channel": "portal", "description": "x"}',
     {"Authorization": "Bearer e30.e30.e30"}, 401),
    (b'{"organisation": "destiny", "channel": "portal", "description": "x"}',
     {"Idempotency-Key": "a b"}, 400),
)  # fmt: skip
"""Body, headers, and the status that answers it."""


@dataclass(slots=True)
class VisitLoad:
    """Sends visits until stopped; `filed` are references that were promised."""

    intake: str
    workflow: str
    token: str
    seed: int
    rate: float
    filed: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    visits: int = 0

    async def run(self, seconds: float) -> None:
        """Visit at random intervals for so long, and wait until everybody has gone."""
        chance = random.Random(f"{self.seed}/{self.visits}")
        under_way: set[asyncio.Task[None]] = set()
        limits = httpx2.Limits(max_connections=MOST_AT_ONCE, keepalive_expiry=10)
        async with httpx2.AsyncClient(timeout=ANSWERS_WITHIN_S, limits=limits) as client:
            ends_s = asyncio.get_running_loop().time() + seconds
            while (left_s := ends_s - asyncio.get_running_loop().time()) > 0:
                if len(under_way) < MOST_AT_ONCE:
                    self.visits += 1
                    visit = Visit(self, client, f"{self.seed}-{self.visits}", random.Random(chance.random()))
                    task = asyncio.create_task(visit.happen())
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                await asyncio.sleep(min(chance.expovariate(self.rate), left_s))
            if under_way:
                await asyncio.wait(under_way, timeout=OPENED_WITHIN_S + ANSWERS_WITHIN_S)


@dataclass(slots=True)
class Visit:
    """One complaint and what follows, each with its chance."""

    load: VisitLoad
    client: httpx2.AsyncClient
    key: str
    chance: random.Random

    async def happen(self) -> None:
        """File, then whatever these people do."""
        try:
            await self._happen()
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            self.load.answers["no answer"] += 1
            self.load.wrong.append(f"{self.key}: {type(error).__name__}")

    async def _happen(self) -> None:
        body = complaint(self.key, self.chance)
        filed = await self._file(body)
        if filed is None:
            return
        self.load.filed.append(filed["reference"])
        if self._happens(0.2):
            again = await self._file(body)
            if again is not None and again != filed:
                self.load.wrong.append(f"{self.key}: another answer to the same request")
        if self._happens(0.6):
            await self._asked("status page", 200, "GET", filed["status_url"])
        if self._happens(0.2):
            await self._add(filed)
        if self._happens(0.5):
            await self._work_on(filed["reference"])
        if self._happens(0.3):
            content, headers, status = self.chance.choice(MALFORMED)
            headers = {"Content-Type": "application/json", **headers}
            url = f"{self.load.intake}/v1/complaints"
            await self._asked("malformed", status, "POST", url, content=content, headers=headers)

    async def _file(self, body: dict[str, object]) -> dict[str, str] | None:
        url, headers = f"{self.load.intake}/v1/complaints", {"Idempotency-Key": self.key}
        answer = await self._asked("complaint", 201, "POST", url, json=body, headers=headers)
        return dict(answer.json()) if answer.status_code == 201 else None

    async def _add(self, filed: dict[str, str]) -> None:
        link = filed["status_url"].rpartition("/")[2]
        url = f"{self.load.intake}/v1/complaints/{filed['reference']}/messages"
        headers = {"Authorization": f"Bearer {link}"}
        await self._asked("message", 201, "POST", url, json={"message": WHY}, headers=headers)

    async def _work_on(self, reference: str) -> None:
        """Read the case once it is open, and half of the time do something that it allows."""
        url, headers = f"{self.load.workflow}/v1/cases/{reference}", {"Authorization": self.load.token}
        for _ in range(int(OPENED_WITHIN_S / LOOKS_AGAIN_AFTER_S)):
            answer = await self._asked("case", 200, "GET", url, headers=headers)
            if answer.json()["opened"] is not None:
                break
            await asyncio.sleep(LOOKS_AGAIN_AFTER_S)
        else:
            self.load.wrong.append(f"{self.key}: not open within {OPENED_WITHIN_S:.0f} s")
            return
        may = [one for one in answer.json()["commands"] if one in COMMANDS]
        if may and self._happens(0.5):
            command = self.chance.choice(may)
            headers |= {"If-Match": answer.headers["etag"], "Idempotency-Key": f"{self.key}-{command}"}
            send = f"{url}/commands/{command}"
            # 412: a service or another person was quicker, which is an answer as good as any
            await self._asked(command, (200, 412), "POST", send, json=COMMANDS[command], headers=headers)

    async def _asked(
        self, kind: str, expected: int | tuple[int, ...], method: str, url: str, **sent: Any
    ) -> httpx2.Response:
        answer = await self.client.request(method, url, **sent)
        self.load.answers[f"{kind} {answer.status_code}"] += 1
        if answer.status_code not in (expected if isinstance(expected, tuple) else (expected,)):
            problem = (
                answer.json().get("type", "") if "json" in answer.headers.get("content-type", "") else ""
            )
            self.load.wrong.append(f"{self.key}: {kind} was answered {answer.status_code} {problem}")
        return answer

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share
