"""Health: /livez says the process runs, /readyz that it can do its work, with what it sees.

Ready needs Postgres and loops that come through. The bus is shown but not needed: without it everything still
happens, only slower.
"""

import asyncio
import json
from time import monotonic
from typing import Any

import asyncpg

from events.version import VERSION
from service.running import RunningService

STALLED_AFTER_S = 60.0
"""A loop that fails, or is stuck in one step, for so long: no statement may take longer than that."""

ANSWERS_WITHIN_S = 2.0
"""Who asks waits no longer: a slower store, or a pool with no connection free, is told as a problem."""

_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


async def livez(scope: Any, receive: Any, send: Any) -> None:
    """Answer that the process runs."""
    await _answer(send, 200, {"status": "alive"})


async def unavailable(scope: Any, receive: Any, send: Any) -> None:
    """Answer for a service whose store is not reachable yet."""
    body = {
        "type": "urn:gehoor:problem:not-ready",
        "title": "Not ready yet",
        "status": 503,
        "detail": "The service is starting; try again in a moment.",
    }
    await _answer(send, 503, body, [(b"content-type", b"application/problem+json"), (b"retry-after", b"1")])


def readyz(running: RunningService) -> Any:
    """Make the endpoint that tells whether this service can do its work."""

    async def endpoint(scope: Any, receive: Any, send: Any) -> None:
        problems = await _problems(running)
        body = {
            "status": "not ready" if problems else "ready",
            "service": running.service.name,
            "version": VERSION,
            "problems": problems,
            "bus": "up" if running.bus_is_up() else "away",
            "lanes": sorted(running.ownership.owned),
            "loops": {
                name: {"failures": loop.failures, "last_error": loop.last_error}
                for name, loop in running.loops.items()
            },
        }
        await _answer(send, 503 if problems else 200, body)

    return endpoint


async def _problems(running: RunningService) -> list[str]:
    if running.platform is None:
        return [f"the event store is not reachable yet: {running.last_error}"]
    problems = []
    try:
        await _ask(running.platform.pool)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        problems.append(f"the event store does not answer: {type(error).__qualname__}")
    for name, loop in running.loops.items():
        if loop.hangs_for_s() > STALLED_AFTER_S:
            problems.append(f"loop {name} hangs: no step for {loop.hangs_for_s():.0f} s")
        elif loop.last_error and monotonic() - loop.good_at_s > STALLED_AFTER_S:
            problems.append(f"loop {name} fails: {loop.last_error}")
    return problems


async def _ask(pool: asyncpg.Pool) -> None:
    """Let the store answer, waiting for a free connection included; raises `TimeoutError`."""
    async with asyncio.timeout(ANSWERS_WITHIN_S):
        connection = await pool.acquire()
        try:
            await connection.fetchval("SELECT 1")
        except BaseException:
            connection.terminate()  # giving back one that does not answer would wait for its answer
            raise
        finally:
            await pool.release(connection)


async def _answer(
    send: Any, status: int, body: dict[str, Any], headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers or _JSON})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
