"""Health: /livez says the process runs, /readyz that it can do its work, with what it sees.

Ready needs Postgres and loops that come through. The bus is shown but not needed: without it everything still
happens, only slower.
"""

import json
from time import monotonic
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from events.service import Running

STALLED_AFTER_S = 60.0
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


def readyz(running: "Running") -> Any:
    """Make the endpoint that tells whether this service can do its work."""

    async def endpoint(scope: Any, receive: Any, send: Any) -> None:
        problems = await _problems(running)
        body = {
            "status": "not ready" if problems else "ready",
            "service": running.service.name,
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


async def _problems(running: "Running") -> list[str]:
    if running.platform is None:
        return [f"the event store is not reachable yet: {running.last_error}"]
    problems = []
    try:
        await running.platform.pool.fetchval("SELECT 1", timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        problems.append(f"the event store does not answer: {type(error).__qualname__}")
    for name, loop in running.loops.items():
        if loop.last_error and monotonic() - loop.good_at_s > STALLED_AFTER_S:
            problems.append(f"loop {name} fails: {loop.last_error}")
    return problems


async def _answer(
    send: Any, status: int, body: dict[str, Any], headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers or _JSON})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
