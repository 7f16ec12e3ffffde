"""A provisioned pair of databases for the tests of workflow that need real servers."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from events.consumer.loop import ConsumerLoop
from events.testing import make_system
from servers import PostgresServer
from workflow.api.app import application
from workflow.consumer import WorkflowConsumer
from workflow_servers import Desk


@pytest.fixture(scope="session")
async def desk(
    short_folder: Path, postgres_server: PostgresServer, keys_server: PostgresServer
) -> AsyncIterator[Desk]:
    system = await make_system(short_folder / "home", postgres_server.admin_url, keys_server.admin_url)
    platform = await system.platform("workflow", keys=True)
    # Filing belongs to intake, which alone may name a new case: the tests lend workflow that right.
    admin = await system.admin()
    await admin.execute("GRANT INSERT ON gehoor.case_reference TO gehoor_workflow")
    await admin.close()
    loop = ConsumerLoop(platform, WorkflowConsumer())
    await loop.own(frozenset(range(16)))
    transport = httpx2.ASGITransport(app=application(platform))
    async with httpx2.AsyncClient(transport=transport, base_url="http://workflow.example") as client:
        yield Desk(system, platform, loop, client)
    await system.close()
