"""Whole systems for all journeys: one on the real clock, one in which a day passes in two seconds, and one
whose calendar the tests turn."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from journey_office import Office
from whole_system import HAPPENS_WITHIN_S, WholeSystem

BEFORE_EASTER = "2026-03-23T08:00:00+01:00"
"""Monday; Good Friday is the 3rd of April, Easter Monday the 6th."""
SECONDS_PER_SECOND = 43_200


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[WholeSystem]:
    """The whole system on the real clock; stopped by Ctrl-C at the end, in time and without leftovers."""
    async for system in _started():
        yield system


@pytest.fixture(scope="session")
async def hurried() -> AsyncIterator[WholeSystem]:
    """The whole system on an accelerated clock that begins eleven days before Good Friday 2026."""
    async for system in _started(
        GEHOOR_CLOCK_START=BEFORE_EASTER, GEHOOR_CLOCK_SPEED=str(SECONDS_PER_SECOND)
    ):
        yield system


@pytest.fixture(scope="session")
async def office() -> AsyncIterator[Office]:
    """The whole system on a clock of usual pace, with a calendar that every test turns to its own days."""
    async for system in _started(GEHOOR_CLOCK_START=BEFORE_EASTER, GEHOOR_CLOCK_SPEED="1"):
        async with (
            system.database() as connection,
            httpx2.AsyncClient(timeout=HAPPENS_WITHIN_S) as client,
        ):
            yield Office(system, client, connection)


async def _started(**settings: str) -> AsyncIterator[WholeSystem]:
    folder = Path(tempfile.mkdtemp(prefix="gj-", dir="/tmp"))
    system = WholeSystem(folder / "h", **settings)
    try:
        await system.start()
        yield system
    finally:
        try:
            await system.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
