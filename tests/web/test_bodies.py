"""What a request body must be before anybody looks at its meaning."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request

from web.answers import install
from web.bodies import BodyGuard
from web.problems import Problem
from web.strict_json import strict_json

JSON = {"Content-Type": "application/json"}


def guarded(**limits: Any) -> FastAPI:
    """Make an application that gives back how long the body was, behind a guard."""
    app = FastAPI()

    @app.post("/")
    async def length(request: Request) -> int:
        return len(await request.body())

    app.add_middleware(BodyGuard, **limits)
    install(app)
    return app


def client_of(app: FastAPI) -> httpx2.AsyncClient:
    """Talk to an application without a network."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")


async def test_a_body_within_its_bounds_arrives_whole() -> None:
    """The guard hands on what it read, byte for byte."""
    async with client_of(guarded(limit_bytes=10)) as client:
        answer = await client.post("/", content=b"x" * 10, headers=JSON)

    assert (200, 10) == (answer.status_code, answer.json())


async def test_reading_stops_at_the_limit() -> None:
    """Of an endless body only so much is taken as it takes to say no."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b"x"

    guard = BodyGuard(guarded(), limit_bytes=10)
    source = endless()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": await anext(source), "more_body": True}

    with pytest.raises(Problem) as refused:
        await guard(scope([(b"content-type", b"application/json")]), receive, refuse_to_send)

    assert (413, 11) == (refused.value.status, taken)


async def test_all_bodies_together_are_bounded() -> None:
    """A crowd of large bodies is asked to come back; when one is done, there is room again."""
    guard = BodyGuard(guarded(), limit_bytes=100, most_held_bytes=150)
    may_end = asyncio.Event()
    reading = asyncio.Event()

    async def slow() -> dict[str, Any]:
        if reading.is_set():
            await may_end.wait()
            return {"type": "http.disconnect"}
        reading.set()
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    async def quick() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 100, "more_body": False}

    json_head = scope([(b"content-type", b"application/json"), (b"content-length", b"100")])
    first = asyncio.create_task(guard(json_head, slow, refuse_to_send))
    await reading.wait()
    await asyncio.sleep(0)

    with pytest.raises(Problem) as refused:
        await guard(json_head, quick, refuse_to_send)
    may_end.set()
    await first

    assert 503 == refused.value.status
    assert 0 == guard._held_bytes


async def test_a_request_without_a_body_needs_no_type() -> None:
    """A command that says everything in its address is not asked for a content type."""
    async with client_of(guarded()) as client:
        answer = await client.post("/")

    assert (200, 0) == (answer.status_code, answer.json())


def test_json_is_read_as_everybody_reads_it() -> None:
    """Ordinary JSON, with or without a byte order mark, gives its value."""
    assert {"a": [1, "é", None]} == strict_json('\ufeff{"a": [1, "é", null]}'.encode())


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'a': 1}", b'{"a": 1} x', b'{"a":1,"a":2}', b"[NaN]", b"[-Infinity]", b"[" * 10**6]
)
def test_json_that_means_different_things_to_different_readers_is_refused(body: bytes) -> None:
    """What is broken, double or bottomless is refused, with the place where it goes wrong."""
    with pytest.raises(Problem) as refused:
        strict_json(body)

    assert (400, "json") == (refused.value.status, refused.value.code)


def scope(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Give the scope of a request as a server makes it."""
    return {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}


async def refuse_to_send(message: Any) -> None:
    """Stand in for a connection on which nothing may be said."""
    raise AssertionError(message)


@pytest.mark.parametrize("name", ["Authorization", "Content-Type", "Idempotency-Key"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_header_that_decides_is_there_once(name: str, method: str) -> None:
    """Two tokens, two types or two keys: nobody can know which was meant, so neither is taken."""
    twice = [("Content-Type", "application/json"), (name, "application/json"), (name, "application/json")]

    async with client_of(guarded()) as client:
        answer = await client.request(method, "/", headers=twice)

    assert (400, "urn:gehoor:problem:header-twice") == (answer.status_code, answer.json()["type"])
    assert name in answer.json()["detail"]
