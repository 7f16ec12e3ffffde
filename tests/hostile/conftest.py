"""Intake and workflow on real databases and real sockets, with cases that are open to be attacked."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import httpx2
import pytest

from application_server import serving
from events.consumer.loop import ConsumerLoop
from events.testing import TestSystem
from gehoor.embedded.ports import choose
from hostile.callers import tokens
from hostile.mutations import ORGANISATIONS, KnownCases
from hostile.target import Target
from intake.app import application as intake
from workflow.api.app import application as workflow
from workflow.consumer import WorkflowConsumer


@pytest.fixture(scope="module")
async def target(system: TestSystem) -> AsyncIterator[Target]:
    """Both services, ten cases that workflow has opened, and tokens of everybody."""
    filing = await system.platform("intake", keys=True)
    working = await system.platform("workflow", keys=True)
    for pool in (filing.pool, working.pool):
        await _open_all(pool)
    intake_port = choose()
    ports = {"intake": intake_port, "workflow": choose(avoid=frozenset({intake_port}))}
    async with serving(intake(filing), ports["intake"]), serving(workflow(working), ports["workflow"]):
        links = {}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{intake_port}") as client:
            for organisation in ORGANISATIONS * 2:
                body = {"organisation": organisation, "channel": "portal", "description": "De lijn valt weg."}
                answer = (await client.post("/v1/complaints", json=body)).json()
                links[answer["reference"]] = answer["status_url"].rpartition("/")[2]
        loop = ConsumerLoop(working, WorkflowConsumer())
        await loop.own(frozenset(range(16)))
        while await loop.sweep():
            pass
        key = working.settings.secret("token.key")
        known = list(links)
        known_cases = KnownCases(
            {"intake": known, "workflow": known}, links, tokens(key, working.clock.now())
        )
        admin = await system.admin()
        yield Target(known_cases, ports, admin)
        await admin.close()


async def _open_all(pool: asyncpg.Pool) -> None:
    """Open every connection beforehand: on a busy machine a new one can take longer than it may."""
    async with AsyncExitStack() as stack:
        for _ in range(pool.get_max_size()):
            await stack.enter_async_context(pool.acquire())
