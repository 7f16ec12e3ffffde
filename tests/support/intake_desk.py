"""Intake as its tests talk to it: the canonical complaint, and a desk on real databases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from events.platform import Platform
from events.testing import TestSystem

BODY: Mapping[str, Any] = {
    "organisation": "supportoplus",
    "channel": "portal",
    "description": "De monteur is twee keer niet gekomen.",
    "complainant": {"name": "Sanne de Wit", "email": "sanne.dewit@klant.example"},
}
"""The canonical complaint; a test changes only the field that matters."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Intake, as a client sees it, with a way to look into its store."""

    client: httpx2.AsyncClient
    platform: Platform
    system: TestSystem

    async def file(self, key: str | None = None, **changes: Any) -> httpx2.Response:
        """File the canonical complaint with changes."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.client.post("/v1/complaints", json={**BODY, **changes}, headers=headers)

    async def post(self, body: bytes, **headers: str) -> httpx2.Response:
        """Send bytes as a complaint."""
        return await self.client.post(
            "/v1/complaints", content=body, headers={"Content-Type": "application/json", **headers}
        )

    async def stored(self) -> int:
        """Count the rows that intake writes, over all its tables."""
        count: int = await self.platform.pool.fetchval(
            "SELECT (SELECT count(*) FROM gehoor.event) + (SELECT count(*) FROM gehoor.case_reference)"
            " + (SELECT count(*) FROM gehoor.idempotency)"
        )
        return count
