"""A desk on real databases, and a client that talks to it without a network."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import httpx2
import pytest

from events.platform import Platform
from events.testing import TestSystem
from intake.app import application
from intake_desk import Desk


@pytest.fixture(scope="module")
async def intake_platform(system: TestSystem) -> Platform:
    """What the intake process is given."""
    return await system.platform("intake", keys=True)


@pytest.fixture
async def desk(intake_platform: Platform, system: TestSystem) -> AsyncIterator[Desk]:
    """The whole application on real databases."""
    transport = httpx2.ASGITransport(app=application(intake_platform))
    async with httpx2.AsyncClient(transport=transport, base_url="http://intake.test") as client:
        yield Desk(client, intake_platform, system)


@pytest.fixture
def new_key() -> Callable[[], str]:
    """Makes Idempotency-Keys that nobody used."""
    return lambda: str(uuid4())
