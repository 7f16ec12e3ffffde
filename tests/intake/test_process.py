"""Intake as a process of its own, with no bus anywhere."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from events.bus import asyncapi
from events.testing import TestSystem
from events.version import VERSION
from intake_desk import BODY

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def running(system: TestSystem, free_port: int, tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """Start `python -m intake` with a bus that is not there; gives its address and its log."""
    log = tmp_path / "intake.log"
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'libs'}:{ROOT / 'services'}:{ROOT / 'tools'}",
        "GEHOOR_HOME": str(system.home),
        "GEHOOR_DATABASE_URL": system.database_url,
        "GEHOOR_KEYS_URL": system.keys_url,
        "GEHOOR_NATS_URL": "nats://127.0.0.1:9",
        "GEHOOR_INTAKE_PORT": str(free_port),
    }
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "intake", env=environment, stdout=file, stderr=file, start_new_session=True
        )
    yield f"http://127.0.0.1:{free_port}", log
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(15):
            assert await process.wait() in (0, -signal.SIGTERM)
    finally:
        if process.returncode is None:
            process.kill()


@pytest.mark.postgres
async def test_intake_needs_no_bus_to_take_a_complaint(running: tuple[str, Path]) -> None:
    """With NATS away a complaint is recorded and answered all the same, and no word of it is logged."""
    address, log = running

    async with httpx2.AsyncClient(base_url=address) as client:
        async with asyncio.timeout(30):
            while not await is_ready(client):  # noqa: ASYNC110 - nothing else tells it
                await asyncio.sleep(0.1)
        answer = await client.post("/v1/complaints", json=BODY)
        refusal = await client.post("/v1/complaints", json={**BODY, "channel": "pigeon"})
        page = await client.get(answer.json()["status_url"])
        described = await client.get("/openapi.json")
        metrics = await client.get("/metrics")
        events = await client.get("/asyncapi")

    assert asyncapi.text() == events.text
    assert (201, 422, 200, 200) == tuple(one.status_code for one in (answer, refusal, page, described))
    assert answer.json()["status_url"].startswith(address)
    assert 'gehoor_intake_complaints_total{organisation="supportoplus",outcome="created"} 1.0' in metrics.text
    assert f'gehoor_build_info{{version="{VERSION}"}} 1.0' in metrics.text
    told = log.read_text()
    assert "complaint.accepted" in told
    assert "complaint.refused" in told
    assert not any(word in told for word in ("Sanne", "monteur", "pigeon", "klant.example"))


async def is_ready(client: httpx2.AsyncClient) -> bool:
    """Ask whether the process can do its work."""
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False
