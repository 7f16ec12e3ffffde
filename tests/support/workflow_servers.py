"""Workflow on real databases, as the fixture `desk` hands it to tests: consumer, API and tokens."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from events.access_tokens import Access, Role, issue
from events.consumer.loop import ConsumerLoop
from events.platform import Platform
from events.testing import TestSystem


@dataclass
class Desk:
    """Workflow as it runs, without its bus: its consumer on the store, its API in this process."""

    system: TestSystem
    platform: Platform
    consumer_loop: ConsumerLoop
    client: httpx2.AsyncClient

    async def receive(self, organisation: str = "destiny", **changes: Any) -> tuple[UUID, str]:
        """File a complaint as intake would; return case and reference."""
        case_id = await self.system.receive(self.platform, organisation, **changes)
        reference: str = await self.platform.pool.fetchval(
            "SELECT reference FROM gehoor.case_reference WHERE case_id = $1", case_id
        )
        return case_id, reference

    async def catch_up(self) -> None:
        """Let the consumer react to everything that stands in the store."""
        while await self.consumer_loop.sweep():
            pass

    async def opened(self, organisation: str = "destiny", **changes: Any) -> tuple[UUID, str]:
        """File a complaint and let workflow open its case."""
        filed = await self.receive(organisation, **changes)
        await self.catch_up()
        return filed

    def token(self, *roles: Role, organisations: str = "*", actor: str = "staff:test") -> dict[str, str]:
        """Make the header of somebody with these roles."""
        access = Access(actor, frozenset(roles), frozenset(organisations.split()))
        key = self.platform.settings.secret("token.key")
        token = issue(key, access, self.platform.clock.now(), timedelta(hours=1))
        return {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, *roles: Role, **token: str) -> httpx2.Response:
        """Ask as somebody with these roles."""
        return await self.client.get(path, headers=self.token(*(roles or ("handler",)), **token))

    async def command(
        self, reference: str, command: str, body: Any, *roles: Role, **headers: str
    ) -> httpx2.Response:
        """Issue a command; `if_match` and `idempotency_key` become headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            f"/v1/cases/{reference}/commands/{command}",
            content=json.dumps(body),
            headers=self.token(*(roles or ("handler",))) | named | {"Content-Type": "application/json"},
        )
